/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cells.h - the figures of a comparison as cells of text, for pages and papers.
 *
 * Unlike the terminal's table, whose columns and units depend on its width and values, these are
 * always the same columns in the same units, so that tables of several experiments can be laid side
 * by side.
 */
#ifndef AGENTCG_REPORT_CELLS_H
#define AGENTCG_REPORT_CELLS_H

#include "stat/results.h"

struct cells_column {
	const char *head, *unit; /* unit "" for counts and ratios */
};

#define CELLS_COLUMNS 11
const struct cells_column *cells_column(unsigned int i); /* i < CELLS_COLUMNS */

/* One session under one policy, or undisturbed. */
struct cells_row {
	const char *policy; /* "none", "alone" */
	const char *session;
	bool first;    /* of its policy */
	bool baseline; /* its policy is it */
	uint32_t runs, survived;
	const char *cells[CELLS_COLUMNS]; /* "-": no such value */
};

/* All rows, in the order of policies; in `a`.  Returns how many. */
uint32_t cells_make(const struct results *r, struct arena *a, const struct cells_row **out);

/* What a policy did for the sessions of one role, beside the baseline: one metric. */
#define CELLS_CONTRASTS 8
#define CELLS_PAPER	7 /* of these, what a column of a paper has room for */
const char *cells_contrast_head(unsigned int i); /* i < CELLS_CONTRASTS */
struct cells_contrast {
	const char *policy, *role, *metric;
	bool first; /* of its policy */
	const char *cells[CELLS_CONTRASTS];
};
/* None where there is no baseline.  In `a`.  Returns how many. */
uint32_t cells_contrasts(const struct results *r, struct arena *a,
			 const struct cells_contrast **out);

#endif
