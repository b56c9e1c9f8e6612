/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cpio.h - an archive in the "newc" format, as the kernel unpacks it into its first root
 * (Documentation/driver-api/early-userspace/buffer-format.rst).
 *
 * Paths are given with their leading slash and written without.  A folder must come before what is
 * in it.  Everything belongs to root and has the time 0, so that the same files make the same
 * bytes.  Errors stick: cpio_end returns the first.
 */
#ifndef AGENTCG_VM_CPIO_H
#define AGENTCG_VM_CPIO_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct cpio {
	int fd; /* written to; the caller's */
	struct buf out;
	uint64_t bytes; /* so far */
	uint32_t ino;
	int err;
};

void cpio_begin(struct cpio *c, int fd);
void cpio_dir(struct cpio *c, const char *path, uint32_t mode);
void cpio_link(struct cpio *c, const char *path, const char *target);
void cpio_text(struct cpio *c, const char *path, uint32_t mode, const void *bytes, size_t n);
/* n bytes of `from`, from its beginning; -EIO when it is shorter.  Files over 4 GiB: -EFBIG. */
void cpio_file(struct cpio *c, const char *path, uint32_t mode, int from, uint64_t n);
/* 0 or the first -errno; frees what c holds. */
int cpio_end(struct cpio *c);

#endif
