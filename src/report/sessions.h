/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sessions.h - the middle of the table: one row per policy and session, means over runs.
 */
#ifndef AGENTCG_REPORT_SESSIONS_H
#define AGENTCG_REPORT_SESSIONS_H

#include <stdbool.h>

#include "base/buf.h"
#include "stat/results.h"

void sessions_print(const struct results *r, unsigned int width, struct buf *out);

/*
 * The columns there can be, from the left, for those who read a printed table: which of them are
 * there depends on its width and its figures.
 */
struct sessions_column {
	const char *group; /* first heading, behind which a unit may stand; NULL: none */
	const char *head; /* second heading; "" where a unit stands there, as also over the names */
	const char *metric; /* the metric's spelling; NULL for names and survivors */
	bool where_used;    /* left out where it is 0 throughout */
	bool deviation;	    /* of the mean beside it */
	bool ratio;	    /* of the mean beside it to another; without unit */
};
#define SESSIONS_MAX_COLUMNS 32
/* False past the last. */
bool sessions_column(unsigned int i, struct sessions_column *out);

#endif
