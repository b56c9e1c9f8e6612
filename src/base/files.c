/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define PIPE_BYTES ((size_t)64 << 10)

int files_slurp(int fd, size_t limit, size_t spare, char **bytes, size_t *len)
{
	struct stat st;
	size_t n = 0, cap = PIPE_BYTES;
	char *s;

	if (fstat(fd, &st))
		return -errno;
	if (S_ISREG(st.st_mode)) {
		if ((uint64_t)st.st_size > limit)
			return -EFBIG;
		/* One byte more than it should need, so that the read that finds the end fits. */
		cap = (size_t)st.st_size + 1;
	}
	s = mem_realloc(NULL, cap + spare);
	for (;;) {
		ssize_t got = read(fd, s + n, cap - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			int err = -errno;

			free(s);
			return err;
		}
		if (!got)
			break;
		n += (size_t)got;
		if (n > limit) {
			free(s);
			return -EFBIG;
		}
		if (n == cap) {
			cap *= 2;
			s = mem_realloc(s, cap + spare);
		}
	}
	memset(s + n, 0, spare);
	*bytes = s;
	*len = n;
	return 0;
}

void files_free(struct files *f)
{
	struct file *it;

	vec_foreach (it, &f->list) {
		free(it->path);
		free(it->real);
		free(it->bytes);
	}
	vec_free(&f->list);
}

static struct file *find(const struct files *f, const char *path)
{
	struct file *it;

	vec_foreach (it, &f->list)
		if (!strcmp(it->path, path))
			return it;
	return NULL;
}

static struct file *remember(struct files *f, const char *path)
{
	struct file *it = find(f, path);

	if (it)
		return it;
	vec_push(&f->list, (struct file){.path = mem_strndup(path, strlen(path))});
	return vec_last(&f->list);
}

void files_add(struct files *f, const char *path, const char *real, const char *bytes, size_t len)
{
	struct file *it;

	if (!f)
		return;
	it = remember(f, path);
	if (real && !it->real)
		it->real = mem_strndup(real, strlen(real));
	if (bytes && !it->bytes) {
		it->bytes = mem_strndup(bytes, 0);
		it->bytes = mem_realloc(it->bytes, len + 1);
		memcpy(it->bytes, bytes, len);
		it->bytes[len] = '\0';
		it->len = len;
	}
}

/* What is remembered, as a file to read. */
static int give(const struct file *it, int *out)
{
	int fd = memfd_create("agentcg", MFD_CLOEXEC);
	size_t done = 0;

	if (fd < 0)
		return -errno;
	while (done < it->len) {
		ssize_t n = write(fd, it->bytes + done, it->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int err = -errno;

			close(fd);
			return err;
		}
		done += (size_t)n;
	}
	if (lseek(fd, 0, SEEK_SET) < 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	*out = fd;
	return 0;
}

int files_open(struct files *f, const char *path, int *fd)
{
	struct file *it = f ? find(f, path) : NULL;
	char *bytes, *real;
	size_t len;
	int err;

	/* A second look sees what the first saw. */
	if (it && it->bytes)
		return give(it, fd);
	if (f && f->replay)
		return -ENOENT;
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (*fd < 0)
		return -errno;
	if (!f)
		return 0;
	err = files_slurp(*fd, FILES_MOST, 1, &bytes, &len);
	close(*fd);
	if (err)
		return err;
	real = realpath(path, NULL);
	it = remember(f, path);
	it->bytes = bytes;
	it->len = len;
	if (it->real)
		free(real);
	else
		it->real = real;
	return give(it, fd);
}

int files_access(struct files *f, const char *path)
{
	if (f && f->replay)
		return find(f, path) ? 0 : -ENOENT;
	return access(path, R_OK) ? -errno : 0;
}

char *files_real(struct files *f, const char *path)
{
	struct file *it = f ? find(f, path) : NULL;
	char *real;

	if (it && it->real)
		return mem_strndup(it->real, strlen(it->real));
	if (f && f->replay)
		return NULL;
	real = realpath(path, NULL);
	if (f && real)
		files_add(f, path, real, NULL, 0);
	return real;
}

bool files_is_folder(struct files *f, const char *path)
{
	size_t n = strlen(path);
	struct file *it;
	struct stat st;

	if (!f || !f->replay)
		return !stat(path, &st) && S_ISDIR(st.st_mode);
	if (n && path[n - 1] == '/')
		n--;
	vec_foreach (it, &f->list)
		if (!strncmp(it->path, path, n) && it->path[n] == '/' && it->bytes)
			return !find(f, path);
	return false;
}
