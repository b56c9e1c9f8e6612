/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * worker_file.c - the file that `read` reads: clean pages in the page cache, charged to the worker.
 *
 * It is made without the page cache (O_DIRECT; where a file system has none, written piece by
 * piece and dropped), so that nothing of it is cached at first, and has no name.  The pages are
 * read into one and the same page of the worker: only the page cache grows.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "backend/cgroup/worker.h"
#include "base/units.h"

#define PIECE_BYTES (UINT64_C(1) << 20)

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* A file without a name. fd or -errno. */
static int open_nameless(const char *dir, int flags)
{
	char path[PATH_MAX + 16];
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC | flags, 0600);

	if (fd >= 0)
		return fd;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL)
		return -errno;
	snprintf(path, sizeof path, "%s/.agentcg-XXXXXX", dir);
	fd = mkostemp(path, O_CLOEXEC | flags);
	if (fd < 0)
		return -errno;
	unlink(path);
	return fd;
}

static int open_file(struct hand *w)
{
	int fd = open_nameless(w->seat.shared->file_dir, O_DIRECT);

	if (fd == -EINVAL)
		fd = open_nameless(w->seat.shared->file_dir, 0);
	if (fd < 0)
		return fd;
	w->file_fd = fd;
	return 0;
}

/* Nothing that a file system could compress or leave out. */
static void fill(uint64_t *v, uint64_t bytes, uint64_t seed)
{
	uint64_t x = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;

	for (uint64_t i = 0; i < bytes / sizeof *v; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		v[i] = x;
	}
}

static int write_piece(struct hand *w, const void *from, uint64_t bytes, uint64_t at)
{
	const char *c = from;

	while (bytes) {
		ssize_t n = pwrite(w->file_fd, c, bytes, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EINVAL && fcntl(w->file_fd, F_GETFL) & O_DIRECT) {
			fcntl(w->file_fd, F_SETFL, 0); /* it said it could */
			continue;
		}
		if (n <= 0)
			return n ? -errno : -EIO;
		c += n;
		at += (uint64_t)n;
		bytes -= (uint64_t)n;
	}
	if (fcntl(w->file_fd, F_GETFL) & O_DIRECT)
		return 0;
	if (fdatasync(w->file_fd))
		return -errno;
	posix_fadvise(w->file_fd, 0, 0, POSIX_FADV_DONTNEED);
	return 0;
}

int worker_file_need(struct hand *w, uint64_t bytes)
{
	uint64_t whole = (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
	uint64_t *piece;
	int err = 0, direct;

	if (w->file_fd < 0)
		err = open_file(w);
	if (err || whole <= w->file_bytes)
		return err;
	piece = mmap(NULL, PIECE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (piece == MAP_FAILED)
		return -errno;
	direct = fcntl(w->file_fd, F_GETFL);
	while (w->file_bytes < whole && !err) {
		uint64_t n = least(PIECE_BYTES, whole - w->file_bytes);

		fill(piece, n, w->file_bytes + n);
		err = write_piece(w, piece, n, w->file_bytes);
		if (!err)
			w->file_bytes += n;
	}
	munmap(piece, PIECE_BYTES);
	if (!err && fdatasync(w->file_fd))
		err = -errno;
	/* Without O_DIRECT from now on, and without reading more than what is asked for. */
	fcntl(w->file_fd, F_SETFL, direct & ~O_DIRECT);
	posix_fadvise(w->file_fd, 0, 0, POSIX_FADV_RANDOM);
	return err;
}

static int read_pages(struct hand *w, uint64_t from, uint64_t to)
{
	static char page[PAGE_BYTES] __attribute__((aligned(PAGE_BYTES)));
	struct iovec v[WORKER_CHUNK_PAGES];
	uint64_t n = to - from;

	for (uint64_t i = 0; i < n; i++)
		v[i] = (struct iovec){.iov_base = page, .iov_len = PAGE_BYTES};
	for (;;) {
		ssize_t got = preadv(w->file_fd, v, (int)n, (off_t)(from * PAGE_BYTES));

		if (got == (ssize_t)(n * PAGE_BYTES))
			return 0;
		if (got < 0 && errno != EINTR && errno != ENOMEM)
			return -errno;
		if (!got)
			return -EIO;
	}
}

void worker_file_read(struct hand *w)
{
	uint64_t span = w->op.bytes / PAGE_BYTES + (w->op.bytes % PAGE_BYTES != 0);
	int err = worker_file_need(w, w->op.bytes);

	for (uint64_t at = 0; at < span && !err;) {
		uint64_t to = least(span, at + WORKER_CHUNK_PAGES);

		if (w->op.ns)
			worker_rest(w, worker_pace(w, at, span));
		err = read_pages(w, at, to);
		at = to;
	}
	w->code = err;
	if (!err)
		w->done_bytes = w->op.bytes;
}

/* By trying: a page that is on a disk can be dropped from memory. */
int pool_file_probe(const char *dir, char *why, size_t why_size)
{
	static const char text[] = "agentcg";
	unsigned char resident = 0;
	void *map;
	int fd = open_nameless(dir, 0), err = 0;

	if (fd < 0) {
		snprintf(why, why_size, "no file can be made in %s: %s", dir, strerror(-fd));
		return 0;
	}
	if (pwrite(fd, text, sizeof text, 0) < 0 || fdatasync(fd)) {
		err = errno;
	} else {
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		map = mmap(NULL, PAGE_BYTES, PROT_READ, MAP_SHARED, fd, 0);
		if (map == MAP_FAILED || mincore(map, PAGE_BYTES, &resident))
			err = errno;
		if (map != MAP_FAILED)
			munmap(map, PAGE_BYTES);
	}
	close(fd);
	if (err)
		snprintf(why, why_size, "a file in %s: %s", dir, strerror(err));
	else if (resident & 1)
		snprintf(why, why_size, "%s keeps its files in memory, not on a disk", dir);
	return !err && !(resident & 1);
}
