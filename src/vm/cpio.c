/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpio.c - an archive that the kernel can unpack (cpio.h) */
#include "vm/cpio.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FLUSH_BYTES (256u << 10)
#define CHUNK	    (64u << 10)

static void flush(struct cpio *c)
{
	int err = c->err ? 0 : buf_write_fd(&c->out, c->fd);

	if (err)
		c->err = err;
	buf_clear(&c->out);
}

static void put(struct cpio *c, const void *bytes, size_t n)
{
	buf_put(&c->out, bytes, n);
	c->bytes += n;
	if (c->out.n >= FLUSH_BYTES)
		flush(c);
}

static void pad(struct cpio *c)
{
	static const char zero[4];

	put(c, zero, (size_t)(-c->bytes & 3));
}

static void header(struct cpio *c, const char *path, uint32_t mode, uint64_t size)
{
	char h[6 + 13 * 8 + 1];
	size_t n;

	while (*path == '/')
		path++;
	n = strlen(path) + 1;
	if (size > UINT32_MAX && !c->err)
		c->err = -EFBIG;
	/* magic ino mode uid gid nlink mtime filesize maj min rmaj rmin namesize check */
	snprintf(h, sizeof h, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
		 ++c->ino, mode, 0u, 0u, S_ISDIR(mode) ? 2u : 1u, 0u, (uint32_t)size, 0u, 0u, 0u,
		 0u, (uint32_t)n, 0u);
	put(c, h, sizeof h - 1);
	put(c, path, n);
	pad(c);
}

void cpio_begin(struct cpio *c, int fd)
{
	*c = (struct cpio){.fd = fd};
}

void cpio_dir(struct cpio *c, const char *path, uint32_t mode)
{
	header(c, path, S_IFDIR | (mode & 07777), 0);
}

void cpio_link(struct cpio *c, const char *path, const char *target)
{
	size_t n = strlen(target);

	header(c, path, S_IFLNK | 0777, n);
	put(c, target, n);
	pad(c);
}

void cpio_text(struct cpio *c, const char *path, uint32_t mode, const void *bytes, size_t n)
{
	header(c, path, S_IFREG | (mode & 07777), n);
	put(c, bytes, n);
	pad(c);
}

void cpio_file(struct cpio *c, const char *path, uint32_t mode, int from, uint64_t n)
{
	char chunk[CHUNK];

	header(c, path, S_IFREG | (mode & 07777), n);
	for (uint64_t done = 0; done < n && !c->err;) {
		uint64_t some = n - done < sizeof chunk ? n - done : sizeof chunk;
		ssize_t got = pread(from, chunk, (size_t)some, (off_t)done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			c->err = got ? -errno : -EIO;
			return;
		}
		put(c, chunk, (size_t)got);
		done += (uint64_t)got;
	}
	pad(c);
}

int cpio_end(struct cpio *c)
{
	header(c, "TRAILER!!!", 0, 0);
	flush(c);
	buf_free(&c->out);
	return c->err;
}
