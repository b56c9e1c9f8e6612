/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * judge.h - what the parts of verdict.h's judgement share.
 */
#ifndef AGENTCG_STAT_JUDGE_H
#define AGENTCG_STAT_JUDGE_H

#include "base/vec.h"
#include "stat/results.h"

struct judge {
	struct results *r;
	VEC(const char *) reasons;
};

enum verdict judge_worse(enum verdict a, enum verdict b);
void judge_note(struct judge *j, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same, and the verdict is VOID. */
void judge_void(struct judge *j, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* ... only where something is claimed or compared: a report of what was is never VOID. */
void judge_void_claims(struct judge *j, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* In r's arena. */
const char *judge_size(struct judge *j, uint64_t bytes);
const char *judge_time(struct judge *j, uint64_t ns);
/* "bpf", "alone.high" */
const char *judge_run_name(struct judge *j, const struct run_summary *run);

/* Were the runs a test of what is claimed?  void.c */
void judge_runs(struct judge *j);
/* What qualifies the figures, beside a PASS as beside a FAIL.  trust.c */
void judge_trust(struct judge *j);

#endif
