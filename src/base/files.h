/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * files.h - the files that a scenario is made of: read, remembered, or given again.
 *
 * What is kept of an experiment must be able to say later what it was, on a machine that has none
 * of its files.  So everything that decides a plan (scenario, used files, recordings) is read
 * through here: recording remembers each file by the path that asked for it; replaying answers
 * from what was remembered, and the disk is not looked at.
 *
 * Every function takes NULL for the plain disk.
 */
#ifndef AGENTCG_BASE_FILES_H
#define AGENTCG_BASE_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/vec.h"

#define FILES_MOST ((size_t)1 << 30) /* bytes of one file that are remembered */

struct file {
	char *path;  /* as it was asked for; "-": standard input */
	char *real;  /* realpath, or NULL */
	char *bytes; /* NULL: its real path was asked for, and what is there was read already */
	size_t len;
};

/* All-zero: nothing is remembered yet, and reading remembers. */
struct files {
	bool replay;
	VEC(struct file) list; /* in order of asking */
};

void files_free(struct files *f);

/* A descriptor to read from, to be closed.  0 or -errno; when remembering, also of reading it. */
int files_open(struct files *f, const char *path, int *fd);
/* 0, or -errno when it cannot be read. */
int files_access(struct files *f, const char *path);
/* To free(); NULL when there is none. */
char *files_real(struct files *f, const char *path);
bool files_is_folder(struct files *f, const char *path);
/* Remember what came another way.  Takes no ownership. */
void files_add(struct files *f, const char *path, const char *real, const char *bytes, size_t len);

/*
 * All of fd, at most `limit` bytes, with `spare` NULs behind, to free().  0, -errno of read, or
 * -EFBIG.
 */
int files_slurp(int fd, size_t limit, size_t spare, char **bytes, size_t *len);

#endif
