/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * root.h - the root of a machine: what is in its first file system, and what init is told.
 */
#ifndef AGENTCG_VM_ROOT_H
#define AGENTCG_VM_ROOT_H

#include "base/arena.h"
#include "base/diag.h"
#include "plan/plan.h"

/* In the machine; the executable is the init. */
#define ROOT_DIR   "/.agentcg"
#define ROOT_INIT  ROOT_DIR "/agentcg"
#define ROOT_SETUP ROOT_DIR "/setup"
#define ROOT_STDIN ROOT_DIR "/stdin"
#define ROOT_DISK  "/dev/nvme0n1"

/* What init is told; all of it lives as long as the arena it was read into. */
struct root_setup {
	uint64_t realtime_ns; /* what time it is */
	const char *cwd;
	uint32_t uid, gid;
	bool has_stdin, has_disk;
	const char *const *words; /* [nwords] of the command line, from argv[1] on */
	size_t nwords;
	const char *const *environment; /* [nenvironment], "NAME=value" */
	size_t nenvironment;
	const char *command; /* for the shell, in place of a scenario; "": none */
	const char *backend; /* for tests: "sim", "recorder"; "" is the real one */
};

/*
 * Write the archive to fd: the executable, the texts, recordings and programs of the plan (NULL:
 * there is none), those of the command, what is named in `more`, and the setup.  0 with its size in
 * *bytes, or -errno, reported.
 */
int root_pack(const struct plan *p, const struct root_setup *s, const char *const *more,
	      size_t nmore, int fd, struct arena *a, struct diags *d, uint64_t *bytes);

/* Inside: read ROOT_SETUP.  0, -errno. */
int root_read_setup(struct arena *a, struct root_setup *out);

#endif
