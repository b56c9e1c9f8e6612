/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cgfs.h - the files of a cgroup's directory, and the directory itself.
 *
 * All of a live run's doings with cgroup2 go through here, relative to open directories, so that
 * tests can play a cgroup with plain files and let any single call fail.  Functions return 0 or
 * -errno and leave their outputs alone on failure.
 */
#ifndef AGENTCG_BACKEND_CGROUP_CGFS_H
#define AGENTCG_BACKEND_CGROUP_CGFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum cgfs_call {
	CGFS_READ,
	CGFS_WRITE,
	CGFS_MKDIR,
	CGFS_RMDIR,
	CGFS_OPEN, /* a directory */
};

/* For tests: called before each call with what it is about; not 0 is the call's outcome. */
extern int (*cgfs_fault)(enum cgfs_call call, int dirfd, const char *name);

/* The whole of a small file (at most size - 1 bytes of it), without its last newline. */
int cgfs_read(int dirfd, const char *file, char *text, size_t size);
/* The same from an open file, from its start; how many bytes, or -errno. */
ssize_t cgfs_pread(int fd, char *text, size_t size);
/* A file with one number, or `max`, which is NO_LIMIT; -EINVAL for something else. */
int cgfs_read_value(int dirfd, const char *file, uint64_t *out);
int cgfs_write(int dirfd, const char *file, const char *text);
int cgfs_write_value(int dirfd, const char *file, uint64_t value); /* NO_LIMIT: `max` */
bool cgfs_there(int dirfd, const char *file);

/* A directory below dirfd; the path may have several parts.  The descriptor or -errno. */
int cgfs_open(int dirfd, const char *path);
int cgfs_mkdir(int dirfd, const char *name); /* -EEXIST when it is there */
int cgfs_rmdir(int dirfd, const char *name);

/* The number behind a key, as in memory.events and memory.stat: "oom_kill 2". */
bool cgfs_key(const char *text, const char *key, uint64_t *out);
/* Is this one of the words between blanks, as in cgroup.controllers? */
bool cgfs_has_word(const char *text, const char *word);

/*
 * Processes in the cgroup itself, not in those below.  each returns false to stop.  0 or -errno;
 * -EOPNOTSUPP for a threaded cgroup, which has no such list.
 */
int cgfs_each_pid(int dirfd, bool (*each)(void *ctx, pid_t pid), void *ctx);
/* "bash (pid 812)", or "pid 812" when it has ended. */
void cgfs_name_pid(pid_t pid, char *text, size_t size);
/* The first few processes of the subtree as one phrase; "" when there is none. */
void cgfs_name_pids(int dirfd, char *text, size_t size);

/*
 * Why the kernel refuses, in a phrase without a full stop, for what was done to a cgroup; the
 * system's own text for what has no meaning of its own here.
 */
const char *cgfs_why(enum cgfs_call call, const char *name, int err);

#endif
