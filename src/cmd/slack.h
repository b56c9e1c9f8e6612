/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * slack.h - how far the figures of two tables may lie apart (`agentcg test --slack`).
 *
 * What is measured on a live machine is never the same twice; who lived and what was judged should
 * be.  So figures are compared as values, whatever unit and how many digits they are written with,
 * and everything else as text: names, survivors, kills, conditions, verdicts, the exit status.
 */
#ifndef AGENTCG_CMD_SLACK_H
#define AGENTCG_CMD_SLACK_H

#include "base/buf.h"
#include "base/diag.h"
#include "report/sessions.h"

struct slack {
	bool any;			      /* false: tables are compared byte by byte */
	double columns[SESSIONS_MAX_COLUMNS]; /* 0.05 is 5%; in the order of sessions_column */
	double claims;			      /* the two sides of a claim */
};

/*
 * Read `5%`, `time=5%,alloc.p99=20%`: a percentage for all figures, and by the heading of a column
 * or the spelling of its metric for some; of several the last counts.  False on a mistake,
 * reported.
 */
bool slack_parse(const char *text, struct slack *out, struct diags *d);

/*
 * Append the text `got` with all that is within slack of `want` written as it stands there, so
 * that the result equals `want` where nothing lies beyond; what does is named in *notes, a line
 * each.  Texts that hold no table of sessions are compared as they are.
 */
void slack_apply(const struct slack *s, const struct buf *want, const struct buf *got,
		 struct buf *out, struct buf *notes);

#endif
