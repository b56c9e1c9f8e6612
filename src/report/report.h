/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.h - results for people and for programs.  Every report is deterministic: same results,
 * same bytes.
 */
#ifndef AGENTCG_REPORT_REPORT_H
#define AGENTCG_REPORT_REPORT_H

#include <stdbool.h>

#include "base/buf.h"
#include "stat/results.h"

struct report_style {
	unsigned width; /* columns; at least 40 is assumed */
	bool colour;
};

void report_table(const struct results *r, const struct report_style *style, struct buf *out);
void report_json(const struct results *r, struct buf *out); /* agentcg-json(5) */
void report_csv(const struct results *r,
		struct buf *out); /* one row per run and cgroup; agentcg-json(5) */

void report_markdown(const struct results *r, struct buf *out);
void report_latex(const struct results *r, struct buf *out); /* a table, with booktabs */
void report_junit(const struct results *r, struct buf *out); /* a test case an expectation */
void report_tap(const struct results *r, struct buf *out);
/* A page for a browser, complete in itself; its charts are of the runs that have a timeline. */
void report_html(const struct results *r, struct buf *out);

/*
 * Charts for a terminal: usage over time in the first run of each policy (of runs that have a
 * timeline), and demand of a plan, which need not be run.  0 or -errno (demand_compute).
 */
void report_plot(const struct results *r, const struct report_style *style, struct buf *out);
int report_plot_demand(const struct plan *p, const struct report_style *style, struct buf *out);

#endif
