/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.c - results for people: what was run, who fared how, was it a contest, what holds. */
#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "report/claims.h"
#include "report/contrasts.h"
#include "report/fidelity.h"
#include "report/lateness.h"
#include "report/pool.h"
#include "report/report.h"
#include "report/sessions.h"
#include "report/text.h"

static void plural(struct buf *b, uint32_t n, const char *one, const char *many)
{
	buf_printf(b, "%u %s", n, n == 1 ? one : many);
}

static void wrap(struct buf *out, struct buf *line, unsigned int indent, unsigned int width)
{
	if (line->n)
		text_wrap(out, buf_str(line), 0, indent, width);
	buf_clear(line);
}

static void put_title(const struct results *r, const struct report_style *style, struct buf *out)
{
	if (style->colour)
		buf_puts(out, "\033[1m");
	text_wrap(out, r->plan->title, 0, 0, style->width);
	if (style->colour)
		buf_puts(out, "\033[0m");
}

static void put_header(const struct results *r, const struct report_style *style, struct buf *out)
{
	const struct plan *p = r->plan;
	struct buf line = {0};
	/* `until` decides how many; what was interrupted or aborted still meant to make all. */
	uint32_t repeat = p->repeat_until && r->repetitions ? r->repetitions : p->repeat;

	put_title(r, style, out);
	buf_printf(&line, "%s: %s", r->backend,
		   pool_mechanisms_named(r) ? "mechanisms as policies name them"
		   : r->mechanism	    ? r->mechanism
					    : "no policy mechanism");
	if (r->kernel)
		buf_printf(&line, ", kernel %s", r->kernel);
	wrap(out, &line, 2, style->width);

	lateness_text(r, &line);
	wrap(out, &line, 2, style->width);

	plural(&line, p->npolicies, p->baseline >= 0 ? "policy" : "setting",
	       p->baseline >= 0 ? "policies" : "settings");
	buf_puts(&line, " x ");
	plural(&line, repeat, "run", "runs");
	if (p->uses_alone) {
		buf_puts(&line, ", ");
		plural(&line, r->nsessions, "session", "sessions");
		buf_printf(&line, " alone x %u", repeat);
	}
	buf_printf(&line, "; seed %" PRIu64 ", digest %016" PRIx64, r->seed, r->digest);
	wrap(out, &line, 2, style->width);

	for (uint32_t i = 0; i < p->nparams; i++)
		buf_printf(&line, "%s%s = %s%s", i ? "; " : "", p->params[i].name,
			   p->params[i].value, p->params[i].overridden ? " (given)" : "");
	wrap(out, &line, 2, style->width);
	for (uint32_t i = 0; i < p->ntraces; i++)
		buf_printf(&line, "%strace %s: %s (%s units, %016" PRIx64 ")", i ? "; " : "",
			   p->traces[i].name, p->traces[i].path, p->traces[i].units,
			   p->traces[i].digest);
	wrap(out, &line, 2, style->width);
	buf_free(&line);
}

/* 1m30s, but 6.13s: what matters is the second. */
static void put_moment(struct buf *b, uint64_t ns)
{
	if (ns % NS_PER_SEC)
		fmt_seconds_short(b, (double)ns / (double)NS_PER_SEC);
	else
		fmt_duration(b, ns);
}

static void put_budget(const struct results *r, const struct budget *b, unsigned int width,
		       struct buf *out)
{
	const struct demand_over *over = &b->over;
	struct buf line = {0};

	buf_printf(&line, "%s", b->machine ? "the machine" : r->plan->cgroups[b->cgroup].name);
	buf_puts(&line, " has ");
	fmt_size_short(&line, b->limit_bytes);
	buf_printf(&line, " for %u sessions. Unlimited they would hold ", b->nsessions);
	fmt_size_short(&line, over->peak_bytes);
	buf_puts(&line, " at ");
	put_moment(&line, over->peak_ns);
	if (over->first_ns == NEVER) {
		buf_puts(&line, ", never more than that");
	} else {
		if (over->first_ns != over->peak_ns) {
			buf_puts(&line, "; they pass the limit at ");
			put_moment(&line, over->first_ns);
		}
		buf_puts(&line, ", over the limit for ");
		put_moment(&line, over->total_ns);
		buf_puts(&line, " in all");
	}
	buf_printf(&line, ". The limit was met in %u of ", b->contended);
	plural(&line, b->nruns, "run", "runs");
	if (r->plan->baseline >= 0)
		buf_printf(&line, " of %s", r->plan->policies[r->plan->baseline].name);
	buf_puts(&line, ".");
	wrap(out, &line, 2, width);
	buf_free(&line);
}

/* Lines of words are read best below a hundred columns; only the figures use more. */
#define MAX_TEXT 100

/* A scenario of many teams has a limit each; the first few and the met ones say enough. */
#define MAX_BUDGETS 8

static void put_budgets(const struct results *r, unsigned int width, struct buf *out)
{
	struct buf line = {0};
	uint32_t shown = r->nbudgets < MAX_BUDGETS ? r->nbudgets : MAX_BUDGETS;

	for (uint32_t i = 0; i < shown; i++)
		put_budget(r, &r->budgets[i], width, out);
	if (shown < r->nbudgets) {
		buf_printf(&line, "... and %u more shared limits, which --json has",
			   r->nbudgets - shown);
		wrap(out, &line, 2, width);
	}
	if (r->nbudgets && r->demand.reactive) {
		buf_puts(&line, "(Demand leaves out what `when` and `after` do.)");
		wrap(out, &line, 2, width);
	}
	buf_free(&line);
}

void report_table(const struct results *r, const struct report_style *style, struct buf *out)
{
	struct report_style fixed = *style;
	unsigned int width, sheet = style->width < 40 ? 40 : style->width;

	fixed.width = width = sheet < MAX_TEXT ? sheet : MAX_TEXT;
	put_header(r, &fixed, out);
	if (r->nruns) {
		buf_putc(out, '\n');
		sessions_print(r, sheet, out);
	}
	if (contrasts_any(r)) {
		buf_putc(out, '\n');
		contrasts_print(r, width, out);
	}
	if (r->nbudgets) {
		buf_putc(out, '\n');
		put_budgets(r, width, out);
	}
	if (r->nclaims) {
		buf_putc(out, '\n');
		claims_print(r, &fixed, out);
	}
	if (r->prediction) {
		buf_putc(out, '\n');
		fidelity_print(r, width, out);
	}
	buf_putc(out, '\n');
	for (uint32_t i = 0; i < r->nreasons; i++) {
		buf_puts(out, "note: ");
		text_wrap(out, r->reasons[i], 6, 6, width);
	}
	if (r->verdict == VERDICT_NONE)
		return;
	buf_puts(out, "verdict: ");
	claims_put_verdict(r->verdict, &fixed, out);
	buf_putc(out, '\n');
}
