/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * html.h - the parts of a page, for one experiment or several.
 */
#ifndef AGENTCG_REPORT_HTML_H
#define AGENTCG_REPORT_HTML_H

#include "base/buf.h"
#include "stat/results.h"

/* What a part is of.  letter: of which of several; it makes headings and ids unique.  Or NULL. */
struct html_of {
	const struct results *r;
	const char *letter;
};

/* To within <header>, after the title; and from after </main> on, program included. */
void html_put_head(const char *title, struct buf *out);
void html_put_end(struct buf *out);

/* The box that a wide table is moved in; </div> ends it.  label: plain text. */
void html_begin_table(const char *letter, const char *label, struct buf *out);
void html_put_verdict(const struct results *r, struct buf *out);
void html_put_claims(const struct html_of *of, struct buf *out);
void html_put_figures(const struct html_of *of, struct buf *out);
void html_put_contrasts(const struct html_of *of, struct buf *out);
void html_put_environment(const struct html_of *of, struct buf *out);

/* Where timelines and latencies are drawn, and the data that they are drawn from. */
void html_put_charts(struct buf *out);
/* of[n]: with the same cgroups and sessions, in the same order; of none nothing is drawn. */
void html_put_data(const struct html_of *of, uint32_t n, struct buf *out);
/* Is there a run with one, other than those alone? */
bool html_has_timelines(const struct results *r);

#endif
