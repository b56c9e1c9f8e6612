/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test.h - the parts of `agentcg test`: which scenarios, running them, saying what came of it.
 */
#ifndef AGENTCG_CMD_TEST_H
#define AGENTCG_CMD_TEST_H

#include "base/arena.h"
#include "base/vec.h"
#include "cmd/cmd.h"

enum test_outcome {
	TEST_NOT_RUN, /* interrupted before */
	TEST_PASSED,
	TEST_FAILED, /* its table is another one */
	TEST_BROKEN, /* it gave no table that could be compared: too slow, crashed */
	TEST_SKIPPED,
};

struct test {
	const char *scenario, *table; /* paths: X.acg and X.table */
	enum test_outcome outcome;
	const char *reason; /* in a few words, unless it passed */
	struct buf details; /* the difference, what the scenario said: lines */
	uint64_t took_ns;   /* by the wall clock */
};

struct tests {
	VEC(struct test) list;
	struct arena arena; /* paths and reasons */
};

/* ---- test_list.c ---------------------------------------------------------------------------- */

/*
 * The scenarios that the operands mean, folders with all that lies in them (not what is hidden), in
 * the order of the operands and, in folders, of their names.  False when one cannot be read or is
 * no scenario, all of them reported.
 */
bool tests_find(struct cmd *c, struct tests *out);
/* Of NAME, NAME.acg or NAME.table. */
struct test test_named(struct tests *t, const char *name);
void tests_free(struct tests *t);

/* 0 or -errno. */
int test_read_file(const char *path, struct buf *out);

/* ---- test_run.c ----------------------------------------------------------------------------- */

/* What `agentcg run` of a scenario gave. */
struct test_ran {
	struct buf out;	    /* standard output, and a last line `exit N` unless that is 0 */
	struct buf said;    /* standard error */
	const char *broken; /* NULL, or why there is nothing to compare: in the arena */
	uint64_t took_ns;
};

struct test_running {
	struct tests *tests;
	uint32_t jobs, timeout_s;
	/* Of each that has ended, in any order; *ran is freed afterwards. */
	void (*ended)(void *ctx, size_t i, struct test_ran *ran);
	void *ctx;
};

/*
 * Run all tests whose outcome is TEST_NOT_RUN, each in a process of its own, this very executable,
 * so that a crash or an endless run is one failed test.  After a signal to stop (signals.h) the
 * processes are ended and nothing more is reported.  No process is left in any case.
 */
void tests_run(const struct test_running *r);

/* ---- test_report.c -------------------------------------------------------------------------- */

struct test_counts {
	uint32_t passed, failed, skipped, not_run;
};

struct test_counts tests_count(const struct tests *t);
/* `N passed, N failed, N skipped` and, before it, that not all were run. */
void tests_put_summary(const struct tests *t, const char *prefix, struct buf *out);
/* What one test is in text; nothing for what passed unless `verbose`. */
void test_put_text(const struct test *t, bool verbose, struct buf *out);
/* TAP 13: a version and a plan, a line for each test with its details as comments. */
void tests_put_tap_plan(const struct tests *t, struct buf *out);
void test_put_tap(const struct test *t, size_t number, struct buf *out);
/* JUnit XML, UTF-8 whatever the texts hold; a test case for each scenario. */
void tests_put_junit(const struct tests *t, struct buf *out);

#endif
