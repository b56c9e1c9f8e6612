/* SPDX-License-Identifier: GPL-2.0-or-later */
/* csv.c - one row per run and cgroup, RFC 4180 but for plain newlines.  See agentcg-json(5). */
#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "report/fields.h"
#include "report/pool.h"
#include "report/csv.h"
#include "report/report.h"

void csv_text(struct buf *out, const char *s)
{
	if (!s[strcspn(s, ",\"\r\n")]) {
		buf_puts(out, s);
		return;
	}
	buf_putc(out, '"');
	for (; *s; s++) {
		if (*s == '"')
			buf_putc(out, '"');
		buf_putc(out, *s);
	}
	buf_putc(out, '"');
}

static void put_seconds(struct buf *out, uint64_t ns)
{
	if (ns != NEVER)
		buf_printf(out, "%.12g", (double)ns / (double)NS_PER_SEC);
}

static void put_header(struct buf *out)
{
	buf_puts(out, "digest,run,policy,repetition,end,end_s,contended,cgroup,session,oom_killed,"
		      "killed,finished,killed_at_s");
	for (enum metric m = 0; m < M_COUNT; m++)
		buf_printf(out, ",%s", field_name(m));
	buf_putc(out, '\n');
}

static void put_row(const struct results *r, uint32_t k, uint32_t cgroup, struct buf *out)
{
	const struct run_summary *run = &r->runs[k];
	const struct cg_summary *s = &run->cgroups[cgroup];

	buf_printf(out, "%016" PRIx64 ",%u,", r->digest, k + 1);
	csv_text(out, pool_name(r, run->policy));
	buf_printf(out, ",%u,%s,", run->rep + 1, summary_end_name((enum summary_end)run->end));
	put_seconds(out, run->end_ns);
	buf_printf(out, ",%d,", run->contended);
	csv_text(out, r->plan->cgroups[cgroup].name);
	buf_printf(out, ",%d,%d,%d,%d,", s->has_workers, s->oom_killed,
		   s->oom_killed || s->other_killed, s->finished);
	put_seconds(out, s->killed_ns);
	for (enum metric m = 0; m < M_COUNT; m++) {
		double v;

		buf_putc(out, ',');
		if (results_metric(run, cgroup, m, &v))
			buf_printf(out, "%.12g", v);
	}
	buf_putc(out, '\n');
}

void report_csv(const struct results *r, struct buf *out)
{
	put_header(out);
	for (uint32_t k = 0; k < r->nruns; k++)
		for (uint32_t c = 0; c < r->plan->ncgroups; c++)
			if (r->runs[k].policy != PX_ALONE || c == r->runs[k].alone)
				put_row(r, k, c, out);
}
