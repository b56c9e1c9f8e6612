/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * limits.h - attributes as the kernel's files hold them: written, read back, watched.
 *
 * What a file should say is kept beside what was asked, as the kernel counts memory in pages
 * (mm/page_counter.c, page_counter_memparse: rounded down) and a file that says something else
 * later was changed by somebody else.
 */
#ifndef AGENTCG_BACKEND_CGROUP_LIMITS_H
#define AGENTCG_BACKEND_CGROUP_LIMITS_H

#include <stdint.h>

#include "backend/op.h"

struct limits {
	uint64_t expected[CGA_COUNT]; /* as limits_of() says it; of attributes that have a file */
	uint32_t there;		      /* CGA_BIT()s of those whose file exists */
	uint32_t strange;	      /* ... that were reported as changed, until written again */
};

/* A limit that is not in force. */
struct limit_miss {
	enum cg_attr attr;
	int err; /* writing or reading failed: -errno; 0: the file says something else */
	uint64_t asked, found;
};

/* "memory.high"; NULL for an attribute that is no file. */
const char *limits_file(enum cg_attr attr);
/* The attributes that have one. */
#define LIMITS_FILES                                                                               \
	(CGA_BIT(CGA_MIN) | CGA_BIT(CGA_LOW) | CGA_BIT(CGA_HIGH) | CGA_BIT(CGA_MAX) |              \
	 CGA_BIT(CGA_SWAP) | CGA_BIT(CGA_OOM) | CGA_BIT(CGA_WEIGHT) | CGA_BIT(CGA_CPU))

/*
 * One attribute as a number: bytes, rounded to what the kernel keeps; 0 or 1 for oom; a weight;
 * millionths of a CPU, NO_LIMIT for none.
 */
uint64_t limits_of(const struct cg_attrs *a, enum cg_attr attr);

/* A new cgroup: what it says now is what is expected.  0 or -errno. */
int limits_begin(struct limits *l, int dirfd);
/*
 * Write the attributes in mask that have a file, each read back at once.  0, or -errno with *miss
 * for the first that is not in force (-EIO when the file says something else).  An attribute that
 * says what is true of a kernel without its file (no swap where there is none) needs none.
 */
int limits_write(struct limits *l, int dirfd, const struct cg_attrs *a, uint32_t mask,
		 struct limit_miss *miss);
/* The same for one value of memory.min, .low or .high that is not the scenario's. */
int limits_write_value(struct limits *l, int dirfd, enum cg_attr attr, uint64_t bytes,
		       struct limit_miss *miss);
/*
 * Find the next one, from *attr on, that has changed since it was written, and move *attr past it.
 * False: no more.  Each is said once.
 */
bool limits_changed(struct limits *l, int dirfd, uint32_t *attr, struct limit_miss *miss);

#endif
