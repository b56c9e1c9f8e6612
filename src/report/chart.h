/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chart.h - memory over time in a terminal: sessions stacked, the limit they share, what befell
 * them.
 *
 * Plain ASCII: the same bytes on every terminal, and a page that can be pasted into a mail.
 */
#ifndef AGENTCG_REPORT_CHART_H
#define AGENTCG_REPORT_CHART_H

#include <stdint.h>

#include "report/report.h"

#define CHART_GUTTER 10 /* columns left of the chart */

struct chart_layer {
	const char *name;
	const uint64_t *bytes; /* [ncolumns] the highest in each column's time */
	const char *events;    /* [ncolumns] a letter each, blank for none; or NULL: no row */
	const char *note;      /* beside its name in the legend, or NULL */
};

struct chart {
	const struct chart_layer *layers; /* from the bottom up */
	const uint64_t *total;		  /* [ncolumns] what they held together */
	unsigned int nlayers, ncolumns;
	uint64_t from_ns, to_ns;
	uint64_t limit_bytes;	 /* NO_LIMIT: none */
	const char *limit_label; /* "root max" */
};

/* How many columns a chart of this width has. */
unsigned int chart_columns(const struct report_style *style);
void chart_print(const struct chart *c, const struct report_style *style, struct buf *out);

#endif
