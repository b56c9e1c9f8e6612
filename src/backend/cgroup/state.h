/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.h - a file that says which cgroups a live run has made, for whoever has to clean up.
 *
 * One file per run, named after it, in /run/agentcg for root, $XDG_RUNTIME_DIR/agentcg or
 * /tmp/agentcg-UID for others.  It is written before the first cgroup is made and taken away after
 * the last one is removed.  Its owner holds a lock on it (flock), which ends with the process,
 * however it ends; pid, the process's start time and the boot's id say the same a second time.  A
 * cgroup is only ever removed because such a file names it: never by the look of its name.
 */
#ifndef AGENTCG_BACKEND_CGROUP_STATE_H
#define AGENTCG_BACKEND_CGROUP_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define STATE_PATH 4096

struct state {
	char id[24];		 /* of the run: 16 hex digits */
	pid_t pid;		 /* owner */
	uint64_t start_ticks;	 /* its start, as in /proc/PID/stat */
	char boot[40];		 /* /proc/sys/kernel/random/boot_id */
	char parent[STATE_PATH]; /* folder in which the cgroup is */
	char cgroup[64];	 /* its name there: "agentcg-<id>" */
	char enabled[64];	 /* controllers that the run enabled in parent, with blanks */
};

/* Another folder than the user's, for tests; NULL. */
extern const char *state_folder_instead;
/* Where this user's state files are; made when make is set.  0 or -errno, path is set anyway. */
int state_folder(char *path, size_t size, bool make);

/* This process, now, with a new id. */
void state_init(struct state *s);
/* Make its file, locked, or write it anew.  *fd is the lock; -1 before the first time. */
int state_write(const struct state *s, int *fd);
/* Take it away and give the lock back. */
void state_drop(const struct state *s, int fd);

enum state_owner {
	STATE_ALIVE, /* its run goes on */
	STATE_DEAD,  /* ... has ended, and what it names may be there */
	STATE_GONE,  /* ... was before the last boot: nothing of it is there */
};

/*
 * Call each for every state file of this user; of those that are not alive it holds the lock
 * meanwhile and is taken away when each returns true.  Files that are no state files are left.
 */
int state_each(bool (*each)(void *ctx, const struct state *s, enum state_owner owner), void *ctx);

/* Parse a file's text; false when it is none. For state_each and tests. */
bool state_parse(const char *text, struct state *out);
void state_print(const struct state *s, char *text, size_t size);

#endif
