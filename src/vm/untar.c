/* SPDX-License-Identifier: GPL-2.0-or-later */
/* untar.c - one file out of a tar archive (untar.h) */
#include "vm/untar.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BLOCK 512

/* All n bytes: 0; -EBADMSG at a premature end, -ENODATA when there is nothing at all. */
static int read_all(int fd, void *to, size_t n)
{
	for (size_t done = 0; done < n;) {
		ssize_t got = read(fd, (char *)to + done, n - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			return done ? -EBADMSG : -ENODATA;
		done += (size_t)got;
	}
	return 0;
}

static int write_all(int fd, const void *from, size_t n)
{
	for (size_t done = 0; done < n;) {
		ssize_t put = write(fd, (const char *)from + done, n - done);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		done += (size_t)put;
	}
	return 0;
}

/* Octal digits up to a blank or NUL; false when there is anything else. */
static bool octal(const unsigned char *s, size_t n, uint64_t *out)
{
	uint64_t v = 0;
	size_t i = 0;

	while (i < n && s[i] == ' ')
		i++;
	for (; i < n && s[i] && s[i] != ' '; i++) {
		if (s[i] < '0' || s[i] > '7' || v >> 60)
			return false;
		v = v << 3 | (uint64_t)(s[i] - '0');
	}
	*out = v;
	return true;
}

static bool checksum_holds(const unsigned char *h)
{
	uint64_t stated, sum = 0;

	if (!octal(h + 148, 8, &stated))
		return false;
	for (size_t i = 0; i < BLOCK; i++)
		sum += i >= 148 && i < 156 ? ' ' : h[i];
	return sum == stated;
}

/* Copy a member of n bytes to fd, or pass over it with fd -1; with its padding. */
static int take(int in, uint64_t n, int fd)
{
	unsigned char block[64 * BLOCK];

	while (n) {
		uint64_t some = n < sizeof block ? n : sizeof block;
		int err =
		    read_all(in, block, (size_t)((some + BLOCK - 1) & ~(uint64_t)(BLOCK - 1)));

		if (!err && fd >= 0)
			err = write_all(fd, block, (size_t)some);
		if (err)
			return err == -ENODATA ? -EBADMSG : err;
		n -= some;
	}
	return 0;
}

int untar_one(int in, bool (*wanted)(void *ctx, const char *path), void *ctx, int out)
{
	static const unsigned char zero[BLOCK];
	unsigned char h[BLOCK];
	char path[100 + 155 + 2];
	uint64_t size;

	for (;;) {
		int err = read_all(in, h, sizeof h);
		bool regular;

		if (err)
			return err == -ENODATA ? -EBADMSG : err;
		if (!memcmp(h, zero, BLOCK))
			return -ENOENT;
		if (!checksum_holds(h) || !octal(h + 124, 12, &size))
			return -EBADMSG;
		if (!memcmp(h + 257, "ustar\0", 6) && h[345])
			snprintf(path, sizeof path, "%.155s/%.100s", (char *)h + 345, (char *)h);
		else
			snprintf(path, sizeof path, "%.100s", (char *)h);
		regular = h[156] == '0' || !h[156];
		if (regular && wanted(ctx, path))
			return take(in, size, out);
		err = take(in, size, -1);
		if (err)
			return err;
	}
}
