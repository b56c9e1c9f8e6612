/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * child.h - other programs, run to their end: apt, dpkg-deb, mke2fs.
 *
 * They get no standard input, the C locale, and die with agentcg.
 */
#ifndef AGENTCG_VM_CHILD_H
#define AGENTCG_VM_CHILD_H

#include <signal.h>
#include <sys/types.h>

#include "base/buf.h"

struct child {
	pid_t pid;
	int out, err; /* what it says; err is non-blocking */
};

/* argv[0] is looked for in PATH.  0 or -errno; -ENOENT: there is no such program. */
int child_start(const char *const *argv, struct child *c);
/* Close its pipes, wait: its exit status, 128 + signal, or -errno.  errors may be NULL. */
int child_end(struct child *c, struct buf *errors);
/*
 * Run it and keep what it says; out and errors may be NULL.  When *stop is set it is asked to end
 * (SIGINT), which apt uses to keep what it has: -EINTR.  Else as child_end.
 */
int child_run(const char *const *argv, const volatile sig_atomic_t *stop, struct buf *out,
	      struct buf *errors);

/* The first `name` in PATH that can be executed, or name itself when it has a slash; 0, -ENOENT. */
int child_find(const char *name, struct buf *path);

#endif
