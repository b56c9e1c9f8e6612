/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reports.c - the reports that options ask for (reports.h) */
#include "cmd/reports.h"

#include <string.h>

#include "backend/backend.h"
#include "cmd/output.h"

bool reports_want_timelines(const struct cmd *c, const struct plan *p)
{
	bool calls = p->needs & (CAP_EXEC | CAP_LIKE);

	return c->opt.plot || c->opt.reports[REPORT_HTML] || (c->opt.reports[REPORT_JSON] && calls);
}

int reports_write(struct cmd *c, const struct results *r)
{
	static void (*const writers[REPORT_COUNT])(const struct results *, struct buf *) = {
	    [REPORT_JSON] = report_json,	 [REPORT_CSV] = report_csv,
	    [REPORT_MARKDOWN] = report_markdown, [REPORT_LATEX] = report_latex,
	    [REPORT_JUNIT] = report_junit,	 [REPORT_HTML] = report_html,
	    [REPORT_TAP] = report_tap,
	};
	const struct options *o = &c->opt;
	struct report_style style = output_style(c);
	bool table = !o->quiet;
	struct buf out = {0};
	int status = STATUS_OK;

	for (int i = 0; i < REPORT_COUNT; i++) {
		if (!o->reports[i])
			continue;
		writers[i](r, &out);
		status = status_of_both(status, output_file(c, o->reports[i], &out));
		buf_clear(&out);
		table &= strcmp(o->reports[i], "-") != 0;
	}
	if (table) {
		report_table(r, &style, &out);
		if (o->plot) {
			buf_putc(&out, '\n');
			report_plot(r, &style, &out);
		}
		status = status_of_both(status, output_stdout(c, &out));
	}
	buf_free(&out);
	return status;
}
