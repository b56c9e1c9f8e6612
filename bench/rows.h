/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rows.h - whole programs run in turn (A B A B ...), so that a drifting machine moves both, and
 * rows of medians and minima.
 *
 * CPU is user + system time of a process and of those that it waited for, as the kernel accounts
 * it.
 */
#ifndef AGENTCG_BENCH_ROWS_H
#define AGENTCG_BENCH_ROWS_H

#include <stdbool.h>

#define MAX_RUNS 400

struct cost {
	double cpu_s, wall_s, rss_mb;
};

struct series {
	struct cost v[MAX_RUNS];
	int n;
};

enum figure {
	CPU,
	WALL,
	RSS
};

extern int missed; /* rows whose target was not met */

_Noreturn void die(const char *what); /* says errno */
/* Run argv with output thrown away; its exit status must be `expect`. */
struct cost run_once(const char *const *argv, int expect);
/* Interleaved, after one uncounted run of each. b may be NULL. */
void run_pair(const char *const *a, int expect_a, const char *const *b, int expect_b, int runs,
	      struct series *sa, struct series *sb);
double quantile(const struct series *s, enum figure f, bool minimum); /* else the median */
bool installed(const char *program);

void print_head(void);
void print_row(const char *name, const char *figure, const char *peer, double ratio,
	       double ratio_min, const char *target, bool met); /* ratio_min 0: none */
void print_skipped(const char *name, const char *peer);

#endif
