/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scale.h - units and digits of figures, one choice a column.
 */
#ifndef AGENTCG_REPORT_SCALE_H
#define AGENTCG_REPORT_SCALE_H

#include <stdbool.h>

#include "base/arena.h"
#include "plan/expr.h"

struct unit {
	const char *name;
	double one; /* in the metric's own unit */
};

struct scale {
	struct unit unit;
	int decimals;
};

/* The absolute values of a column that are not 0. */
struct extent {
	double smallest, largest; /* 0 when all are */
	bool fractions;		  /* some is no whole number */
};

void scale_extend(struct extent *e, double v);
struct unit scale_unit(enum metric m, const struct extent *e);
int scale_decimals(enum metric m, const struct extent *e, double one);
const char *scale_figure(struct arena *a, enum metric m, double v, const struct scale *scale);

#endif
