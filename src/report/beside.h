/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * beside.h - several experiments in one report, each held against the first.
 */
#ifndef AGENTCG_REPORT_BESIDE_H
#define AGENTCG_REPORT_BESIDE_H

#include "report/report.h"
#include "stat/compare.h"

/* An experiment has a capital letter. */
#define BESIDE_MOST 26

struct beside_one {
	const struct results *r;
	const char *name, *state, *digest; /* as it was kept */
	const char *mechanism, *kernel;	   /* NULL: none, not known */
	const char *differs;		   /* from the first in what; NULL: in nothing */
	bool paired;			   /* compared with the first by repetition */
};

/* Two of them at least. */
struct beside {
	const struct beside_one *v;
	uint32_t n;
};

/* What one experiment says of a metric. */
struct beside_cell {
	bool there;    /* it has this session under this policy */
	struct dist d; /* of all its runs */
	struct interval mean_in;
	uint32_t runs, survived;
	struct comparison vs; /* with the first; nothing where that has none */
	bool some;	      /* `vs` is of fewer runs than have a value on either side */
};

/* A policy, a session and a metric; M_COUNT: who survived. */
struct beside_row {
	const char *policy, *session;
	enum metric metric;
	bool first_of_policy, first_of_session;
	const struct beside_cell *cells; /* [n] */
};

/* In the order of the first experiment, then what only later ones have; returns how many. */
uint32_t beside_rows(const struct beside *b, struct arena *a, const struct beside_row **out);

/* Texts of a cell, "-" where there is none; c's, not the first's: ratio, its interval, p. */
const char *beside_mean(struct arena *a, const struct beside_row *row, uint32_t i);
const char *beside_ratio(struct arena *a, const struct beside_cell *c);
const char *beside_interval(struct arena *a, const struct beside_cell *c);
const char *beside_p(struct arena *a, const struct beside_cell *c);
bool beside_compared(const struct beside_cell *c);
const char *beside_metric(enum metric m); /* "alive" for M_COUNT */
/* "by repetition: ...": after "compared with A " */
const char *beside_how(const struct beside_one *x);
/* "A"; points into static memory. */
const char *beside_letter(uint32_t i);

void beside_table(const struct beside *b, const struct report_style *style, struct buf *out);
void beside_markdown(const struct beside *b, struct buf *out);
void beside_json(const struct beside *b, struct buf *out);
/* Timelines of all, with one zoom, where all have the same cgroups. */
void beside_html(const struct beside *b, struct buf *out);

#endif
