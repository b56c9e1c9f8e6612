/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * untar.h - one regular file out of a tar archive that is read from a pipe (POSIX ustar; what GNU
 * and pax add to it is passed over).
 */
#ifndef AGENTCG_VM_UNTAR_H
#define AGENTCG_VM_UNTAR_H

#include <stdbool.h>

/*
 * Write the first regular file whose path `wanted` likes to fd `out`, and read no further.  0;
 * -ENOENT: the archive has none; -EBADMSG: it is no archive, or was cut off; -errno from reading
 * or writing.
 */
int untar_one(int in, bool (*wanted)(void *ctx, const char *path), void *ctx, int out);

#endif
