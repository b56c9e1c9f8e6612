/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compare.h - two kept experiments held against each other, for `agentcg compare` and `report`.
 */
#ifndef AGENTCG_CMD_COMPARE_H
#define AGENTCG_CMD_COMPARE_H

#include "base/vec.h"
#include "cmd/cmd.h"
#include "cmd/kept.h"
#include "stat/compare.h"

/* One way in which two experiments differ. */
struct unlike {
	const char *kind; /* as --across names it */
	const char *text; /* "pause: 2s, 500ms" */
};

/* One --fail-if, under one policy. */
struct condition {
	const char *text;     /* as written */
	const char *policy;   /* under which it was judged */
	enum verdict verdict; /* FAIL: it holds; PASS: it does not; UNDECIDED */
	const char *why;      /* "+7.1% (+5.5% to +8.9%)" */
};

struct pair {
	struct cmd *c;
	struct arena a;
	struct kept *before, *after;
	struct results *ra, *rb;
	bool paired;
	VEC(struct unlike) unlike;
	VEC(struct condition) conditions;
	enum verdict verdict; /* of the conditions; NONE without any */
};

/*
 * Of c, before and after: fill in p->unlike and p->paired; false when some of it was not said to be
 * meant: reported.  pair_free it in any case; the experiments stay their owner's.
 */
bool pair_make(struct pair *p);
void pair_free(struct pair *p);
/* Fill in p->conditions and verdict; false when one is not understood: reported. */
bool conditions_judge(struct pair *p);

void pair_table(const struct pair *p, const struct report_style *style, struct buf *out);
void pair_markdown(const struct pair *p, struct buf *out);
void pair_json(const struct pair *p, struct buf *out);

#endif
