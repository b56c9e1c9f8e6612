/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * html.c - one page that needs nothing else: verdict, claims, figures, and data that page.js draws.
 *
 * What is to be read stands in the page itself, so that it can be read without scripts and by a
 * screen reader; only the charts are drawn by the program.
 */
#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "report/asked.h"
#include "report/lateness.h"
#include "report/cells.h"
#include "report/claims.h"
#include "report/page.h"
#include "report/pool.h"
#include "report/report.h"
#include "report/xml.h"
#include "stat/timeline.h"

/* Buckets in the page altogether: about ten bytes each, and no screen has more columns. */
#define MAX_BUCKETS 250000
#define MIN_BUCKETS 64
/* Actions of a run that are drawn, and tool calls: the longest ones. */
#define MAX_ACTIONS 400

/* ---- what is read --------------------------------------------------------------------------- */

static void put_head(const struct results *r, struct buf *out)
{
	buf_puts(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		      "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
		      "<title>");
	xml_puts(out, r->plan->title);
	buf_puts(out, " - agentcg</title>\n<style>\n");
	buf_put(out, page_css, (size_t)(page_css_end - page_css));
	buf_puts(out, "</style>\n</head>\n<body>\n"
		      "<a class=\"skip\" href=\"#figures\">To the figures</a>\n<header>\n"
		      "<div class=\"top\"><h1>");
	xml_puts(out, r->plan->title);
	buf_puts(out, "</h1><button type=\"button\" id=\"theme\" "
		      "aria-label=\"light or dark\">&#9680;</button></div>\n");
}

static void put_verdict(const struct results *r, struct buf *out)
{
	if (r->verdict != VERDICT_NONE)
		buf_printf(out, "<p><span class=\"badge %s\">%s</span></p>\n",
			   verdict_name(r->verdict), verdict_name(r->verdict));
	for (uint32_t i = 0; i < r->nreasons; i++) {
		buf_puts(out, "<p>");
		xml_puts(out, r->reasons[i]);
		buf_puts(out, "</p>\n");
	}
	buf_puts(out, "</header>\n<main>\n");
}

static void put_claims(const struct results *r, struct buf *out)
{
	struct buf sides = {0};

	if (!r->nclaims)
		return;
	buf_puts(out,
		 "<section aria-labelledby=\"claims\">\n<h2 id=\"claims\">Claims</h2>\n"
		 "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"claims\">\n"
		 "<table>\n<thead><tr><th class=\"l\">claim</th><th class=\"l\">verdict</th>"
		 "<th class=\"l\">expected</th><th>measured</th></tr></thead>\n<tbody>\n");
	for (uint32_t i = 0; i < r->nclaims; i++)
		for (uint32_t k = 0; k < r->claims[i].nexpects; k++) {
			const struct expect_result *x = &r->claims[i].expects[k];

			buf_puts(out, "<tr><td class=\"l\">");
			xml_puts(out, r->claims[i].name && !k ? r->claims[i].name : "");
			buf_printf(out, "</td><td class=\"l\"><b class=\"%s\">%s</b></td>",
				   verdict_name(x->verdict), verdict_name(x->verdict));
			buf_puts(out, "<td class=\"l wrap\">");
			xml_puts(out, x->expect->text);
			if (x->policy != PX_ANY_POLICY && r->plan->baseline >= 0) {
				buf_puts(out, " (");
				xml_puts(out, pool_name(r, x->policy));
				buf_putc(out, ')');
			}
			if (x->why) {
				buf_puts(out, "<br><span class=\"soft\">");
				xml_puts(out, x->why);
				buf_puts(out, "</span>");
			}
			buf_puts(out, "</td><td>");
			if (x->has_sides)
				claims_put_sides(x, &sides);
			xml_puts(out, buf_str(&sides));
			buf_puts(out, "</td></tr>\n");
			buf_clear(&sides);
		}
	buf_puts(out, "</tbody>\n</table>\n</div>\n</section>\n");
	buf_free(&sides);
}

static void put_figures(const struct results *r, struct buf *out)
{
	const struct cells_row *rows;
	struct arena a = {0};
	uint32_t n = cells_make(r, &a, &rows);

	buf_puts(out,
		 "<section aria-labelledby=\"figures\">\n<h2 id=\"figures\">Figures</h2>\n"
		 "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"figures\">\n"
		 "<table>\n<thead><tr><th class=\"l\">policy</th><th class=\"l\">session</th>");
	for (unsigned int c = 0; c < CELLS_COLUMNS; c++) {
		const struct cells_column *h = cells_column(c);

		buf_printf(out, "<th>%s", h->head);
		if (*h->unit)
			buf_printf(out, " <span class=\"unit\">%s</span>", h->unit);
		buf_puts(out, "</th>");
	}
	buf_puts(out, "</tr></thead>\n");
	for (uint32_t i = 0; i < n; i++) {
		if (rows[i].first)
			buf_printf(out, "%s<tbody class=\"first\">\n", i ? "</tbody>\n" : "");
		buf_puts(out, "<tr><th class=\"l\" scope=\"row\">");
		xml_puts(out, rows[i].first ? rows[i].policy : "");
		buf_puts(out, rows[i].first && rows[i].baseline ? " (baseline)" : "");
		buf_puts(out, "</th><td class=\"l\">");
		xml_puts(out, rows[i].session);
		buf_puts(out, "</td>");
		for (unsigned int c = 0; c < CELLS_COLUMNS; c++)
			buf_printf(out, "<td%s>%s</td>",
				   !c && rows[i].survived < rows[i].runs ? " class=\"dead\"" : "",
				   rows[i].cells[c]);
		buf_puts(out, "</tr>\n");
	}
	buf_puts(out, n ? "</tbody>\n" : "");
	buf_puts(out,
		 "</table>\n</div>\n<p class=\"soft\">Means over the runs. alive: runs in which "
		 "no OOM killer ended the session. *: of the runs in which it finished; "
		 "killed or cut off, it has no time. !: some run lies far outside of the "
		 "others; it is named above, and counted.</p>\n</section>\n");
	arena_free(&a);
}

static void put_contrasts(const struct results *r, struct buf *out)
{
	const struct cells_contrast *rows;
	struct arena a = {0};
	uint32_t n = cells_contrasts(r, &a, &rows);

	if (!n) {
		arena_free(&a);
		return;
	}
	buf_puts(out, "<section aria-labelledby=\"contrasts\">\n<h2 id=\"contrasts\">Against ");
	xml_puts(out, r->plan->policies[r->plan->baseline].name);
	buf_puts(out, "</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
		      "aria-label=\"comparison with the baseline\">\n<table>\n<thead><tr>"
		      "<th class=\"l\">policy</th><th class=\"l\">sessions</th>"
		      "<th class=\"l\">metric</th>");
	for (unsigned int c = 0; c < CELLS_CONTRASTS; c++)
		buf_printf(out, "<th>%s</th>", cells_contrast_head(c));
	buf_puts(out, "</tr></thead>\n");
	for (uint32_t i = 0; i < n; i++) {
		if (rows[i].first)
			buf_printf(out, "%s<tbody class=\"first\">\n", i ? "</tbody>\n" : "");
		buf_puts(out, "<tr><th class=\"l\" scope=\"row\">");
		xml_puts(out, rows[i].first ? rows[i].policy : "");
		buf_printf(out, "</th><td class=\"l\">%s</td><td class=\"l\">%s</td>", rows[i].role,
			   rows[i].metric);
		for (unsigned int c = 0; c < CELLS_CONTRASTS; c++) {
			buf_puts(out, "<td>");
			xml_puts(out, rows[i].cells[c]);
			buf_puts(out, "</td>");
		}
		buf_puts(out, "</tr>\n");
	}
	buf_puts(out,
		 "</tbody>\n</table>\n</div>\n<p class=\"soft\">Paired by repetition. p: "
		 "randomisation test of pairs, not corrected for how many are looked at. A: the "
		 "chance that a run is larger than one of the baseline, half where equal; the "
		 "difference is the mean less that of "
		 "the baseline. *: of "
		 "the sessions and repetitions that have it under both.</p>\n</section>\n");
	arena_free(&a);
}

static void put_charts(struct buf *out)
{
	buf_puts(
	    out,
	    "<section aria-labelledby=\"timelines\">\n<h2 id=\"timelines\">Timelines</h2>\n"
	    "<noscript><p>The charts need scripts; all figures are above.</p></noscript>\n"
	    "<div class=\"controls\"><span id=\"keys\" class=\"controls\"></span></div>\n"
	    "<div class=\"controls\"><label>repetition <select id=\"rep\"></select></label>"
	    "<span>showing <span id=\"range\">the whole run</span></span>"
	    "<button type=\"button\" id=\"reset\" disabled>whole run</button></div>\n"
	    "<p class=\"soft\">Dashed: memory.high. Solid red: memory.max. Shaded: delayed by "
	    "the policy. Triangle: killed. Grey at the foot: replays and commands; blocks on it: "
	    "tool calls, red where one was killed, timed out or failed. Drag to zoom, "
	    "double-click to see all. With the keyboard: arrows move, n and p go to the next "
	    "and the previous tool call or kill, + and - zoom, 0 shows all.</p>\n"
	    "<p id=\"said\" class=\"skip\" aria-live=\"polite\"></p>\n"
	    "<div id=\"cards\" class=\"cards\"></div>\n<div id=\"readout\"></div>\n"
	    "<details id=\"calls\" hidden><summary>Tool calls</summary></details>\n"
	    "</section>\n"
	    "<section id=\"latency\" aria-labelledby=\"latencies\">\n"
	    "<h2 id=\"latencies\">Allocation latencies</h2>\n"
	    "<p class=\"soft\">All repetitions of a policy together. The height of a bar is the "
	    "square root of its count.</p>\n"
	    "<div id=\"bars\" class=\"cards\"></div>\n</section>\n");
}

static void put_term(struct buf *out, const char *term, const char *text)
{
	buf_printf(out, "<dt>%s</dt><dd>", term);
	xml_puts(out, text);
	buf_puts(out, "</dd>\n");
}

static void put_environment(const struct results *r, struct buf *out)
{
	const struct plan *p = r->plan;
	struct buf b = {0};

	buf_puts(out, "<section aria-labelledby=\"environment\">\n"
		      "<h2 id=\"environment\">Where this comes from</h2>\n<dl class=\"env\">\n");
	put_term(out, "backend", r->backend);
	pool_mechanisms(r, &b);
	put_term(out, "mechanism", b.n ? buf_str(&b) : "none");
	buf_clear(&b);
	for (uint32_t i = 0; i < p->npolicies; i++) {
		for (uint32_t c = 0; c < p->ncgroups; c++) {
			struct asked asked;

			if (!asked_of(r, (int32_t)i, c, &asked))
				continue;
			buf_printf(&b, "%s.%s: ", p->policies[i].name, p->cgroups[c].name);
			asked_text(&asked, &b);
			put_term(out, "delays", buf_str(&b));
			buf_clear(&b);
		}
	}
	if (r->kernel)
		put_term(out, "kernel", r->kernel);
	lateness_text(r, &b);
	if (b.n)
		put_term(out, "time", buf_str(&b));
	buf_clear(&b);
	buf_printf(&b, "%" PRIu64, r->seed);
	put_term(out, "seed", buf_str(&b));
	buf_clear(&b);
	buf_printf(&b, "%016" PRIx64, r->digest);
	put_term(out, "digest", buf_str(&b));
	buf_clear(&b);
	buf_printf(&b, "%u of %u%s", r->nruns, r->planned, r->interrupted ? ", interrupted" : "");
	put_term(out, "runs", buf_str(&b));
	for (uint32_t i = 0; i < p->nparams; i++) {
		buf_clear(&b);
		buf_printf(&b, "%s = %s%s", p->params[i].name, p->params[i].value,
			   p->params[i].overridden ? " (given)" : "");
		put_term(out, "parameter", buf_str(&b));
	}
	for (uint32_t i = 0; i < p->ntraces; i++) {
		buf_clear(&b);
		buf_printf(&b, "%s: %s, %s units, %016" PRIx64, p->traces[i].name,
			   p->traces[i].path, p->traces[i].units, p->traces[i].digest);
		put_term(out, "trace", buf_str(&b));
	}
	buf_puts(out, "</dl>\n");
	for (size_t i = 0; p->sources && i < p->sources->list.n; i++) {
		const struct source *s = p->sources->list.v[i];

		buf_puts(out, i ? "<details><summary>" : "<details open><summary>");
		xml_puts(out, s->path);
		buf_puts(out, "</summary>\n<pre>");
		xml_put(out, s->text, s->len, false);
		buf_puts(out, "</pre></details>\n");
	}
	buf_puts(out, "</section>\n</main>\n");
	buf_free(&b);
}

/* ---- what is drawn -------------------------------------------------------------------------- */

/* JSON inside of a <script>: no `<` may end it. */
static void put_string(struct buf *out, const char *s)
{
	struct buf b = {0};

	buf_json_string(&b, s, strlen(s));
	for (size_t i = 0; i < b.n; i++)
		if (b.s[i] == '<')
			buf_puts(out, "\\u003c");
		else
			buf_putc(out, b.s[i]);
	buf_free(&b);
}

static void put_seconds(struct buf *out, uint64_t ns)
{
	buf_printf(out, "%.6g", (double)ns / (double)NS_PER_SEC);
}

/* To the millisecond also late in a long run, to the microsecond early. */
static void put_time(struct buf *out, uint64_t ns)
{
	if (ns < NS_PER_SEC)
		put_seconds(out, ns);
	else
		buf_printf(out, "%" PRIu64 ".%03" PRIu64, ns / NS_PER_SEC,
			   ns % NS_PER_SEC / NS_PER_MS);
}

static void put_limit(struct buf *out, uint64_t bytes)
{
	if (bytes == NO_LIMIT)
		buf_puts(out, "null");
	else
		buf_printf(out, "%" PRIu64, bytes);
}

static void put_cgroups(const struct results *r, struct buf *out)
{
	const struct plan *p = r->plan;

	buf_puts(out, "\"cgroups\":[");
	for (uint32_t c = 0, s = 0; c < p->ncgroups; c++) {
		bool session = s < r->nsessions && r->sessions[s] == c;

		s += session;
		buf_puts(out, c ? ",{\"name\":" : "{\"name\":");
		put_string(out, p->cgroups[c].name);
		buf_printf(out, ",\"session\":%s}", session ? "true" : "false");
	}
	buf_puts(out, "],\n\"policies\":[");
	for (uint32_t i = 0; i < p->npolicies; i++) {
		buf_puts(out, i ? ",\n{\"name\":" : "{\"name\":");
		put_string(out, p->policies[i].name);
		if (r->mechanisms && r->mechanisms[i]) {
			buf_puts(out, ",\"mechanism\":");
			put_string(out, r->mechanisms[i]);
		}
		buf_printf(out, ",\"baseline\":%s,\"limits\":[",
			   (int32_t)i == p->baseline ? "true" : "false");
		for (uint32_t c = 0; c < p->ncgroups; c++) {
			buf_puts(out, c ? ",{\"high\":" : "{\"high\":");
			put_limit(out, p->policies[i].attrs[c].high_bytes);
			buf_puts(out, ",\"max\":");
			put_limit(out, p->policies[i].attrs[c].max_bytes);
			buf_putc(out, '}');
		}
		buf_puts(out, "]}");
	}
	buf_puts(out, "],\n");
}

/* `each` neighbours as one: the lowest or highest of them, in KiB; -1 where nothing was sampled. */
static void put_buckets(const struct timeline *t, uint32_t cgroup, uint32_t each, bool highest,
			struct buf *out)
{
	const struct timeline_bucket *b = t->cgroups[cgroup].buckets;

	for (uint32_t i = 0; i < t->nbuckets; i += each) {
		uint64_t v = highest ? 0 : UINT64_MAX;
		bool any = false;

		for (uint32_t k = i; k < t->nbuckets && k < i + each; k++) {
			if (!b[k].samples)
				continue;
			any = true;
			if (highest && b[k].max_bytes > v)
				v = b[k].max_bytes;
			else if (!highest && b[k].min_bytes < v)
				v = b[k].min_bytes;
		}
		if (any)
			buf_printf(out, "%s%" PRIu64, i ? "," : "", v / KIB);
		else
			buf_puts(out, i ? ",-1" : "-1");
	}
}

/* Kept: all but actions and tool calls, and of these those of at least this length. */
static uint64_t least_length(const struct timeline *t, enum timeline_kind kind)
{
	uint64_t least = 0;

	for (;;) {
		uint32_t n = 0;

		for (uint32_t i = 0; i < t->nevents; i++)
			n += t->events[i].kind == kind &&
			     t->events[i].end_ns - t->events[i].t_ns >= least;
		if (n <= MAX_ACTIONS)
			return least;
		least = least ? 2 * least : NS_PER_MS / 10;
	}
}

static uint32_t put_events(const struct timeline *t, struct buf *out)
{
	uint64_t least = least_length(t, TIMELINE_ACTION);
	uint64_t least_call = least_length(t, TIMELINE_COMMAND);
	uint32_t left_out = t->left_out, n = 0;

	for (uint32_t i = 0; i < t->nevents; i++) {
		const struct timeline_event *e = &t->events[i];

		if ((e->kind == TIMELINE_ACTION && e->end_ns - e->t_ns < least) ||
		    (e->kind == TIMELINE_COMMAND && e->end_ns - e->t_ns < least_call)) {
			left_out++;
			continue;
		}
		buf_printf(out, "%s[%u,", n++ ? "," : "", e->kind);
		put_time(out, e->t_ns);
		buf_putc(out, ',');
		put_seconds(out, e->end_ns - e->t_ns);
		buf_printf(out, ",%d,%d,", e->cgroup == UINT32_MAX ? -1 : (int)e->cgroup,
			   e->worker == UINT32_MAX ? -1 : (int)e->worker);
		if (e->value == NO_LIMIT)
			buf_puts(out, "-1");
		else
			buf_printf(out, "%" PRIu64, e->value);
		buf_printf(out, ",%u", e->detail);
		/* which call of its action */
		if (e->kind == TIMELINE_COMMAND)
			buf_printf(out, ",%" PRIu64, e->late_ns);
		buf_putc(out, ']');
	}
	return left_out;
}

static void put_latencies(const struct plan *p, const struct timeline *t, struct buf *out)
{
	for (uint32_t c = 0; c < p->ncgroups; c++) {
		buf_puts(out, c ? ",[" : "[");
		for (uint32_t i = 0; i < t->cgroups[c].nlatency; i++) {
			buf_puts(out, i ? ",[" : "[");
			put_seconds(out, t->cgroups[c].latency[i].from_ns);
			buf_printf(out, ",%" PRIu64 "]", t->cgroups[c].latency[i].count);
		}
		buf_putc(out, ']');
	}
}

static void put_run(const struct results *r, const struct run_summary *run, uint32_t most,
		    struct buf *out)
{
	const struct timeline *t = run->timeline;
	uint32_t each = (t->nbuckets + most - 1) / most, left;

	each = each ? each : 1;
	buf_printf(out,
		   "{\"policy\":%d,\"rep\":%u,\"end\":", run->policy == PX_ALONE ? -1 : run->policy,
		   run->rep);
	put_time(out, run->end_ns);
	buf_puts(out, ",\"width\":");
	put_seconds(out, t->width_ns * each);
	for (int highest = 1; highest >= 0; highest--) {
		buf_puts(out, highest ? ",\n\"max\":[" : ",\n\"min\":[");
		for (uint32_t c = 0; c < r->plan->ncgroups; c++) {
			buf_puts(out, c ? ",[" : "[");
			put_buckets(t, c, each, highest, out);
			buf_putc(out, ']');
		}
		buf_putc(out, ']');
	}
	buf_puts(out, ",\n\"events\":[");
	left = put_events(t, out);
	buf_printf(out, "],\"left\":%u,\"latency\":[", left);
	put_latencies(r->plan, t, out);
	buf_puts(out, "]}");
}

static void put_data(const struct results *r, struct buf *out)
{
	uint32_t n = 0, most;
	bool any = false;

	for (uint32_t i = 0; i < r->nruns; i++)
		n += r->runs[i].timeline && r->runs[i].policy != PX_ALONE;
	most = n ? MAX_BUCKETS / n / r->plan->ncgroups : TIMELINE_BUCKETS;
	most = most < MIN_BUCKETS ? MIN_BUCKETS : most;
	buf_puts(out, "<script type=\"application/json\" id=\"data\">\n{");
	put_cgroups(r, out);
	buf_puts(out, "\"ops\":[");
	for (enum op_kind k = 0; k < OP_COUNT; k++) {
		buf_puts(out, k ? "," : "");
		put_string(out, op_kind_name(k));
	}
	buf_puts(out, "],\"ended\":[");
	for (uint32_t i = DONE_OK; i <= DONE_TIMEOUT; i++) {
		buf_puts(out, i ? "," : "");
		put_string(out, done_status_name(i));
	}
	buf_printf(out, "],\"calls\":[%d,%d,%d],\"marks\":[", OP_EXEC, OP_TOOLS, OP_REPLAY);
	for (uint32_t i = 0; i < r->plan->nmarks; i++) {
		buf_puts(out, i ? "," : "");
		put_string(out, r->plan->marks[i]);
	}
	buf_puts(out, "],\n\"runs\":[");
	for (uint32_t i = 0; i < r->nruns; i++) {
		if (!r->runs[i].timeline || r->runs[i].policy == PX_ALONE)
			continue;
		buf_puts(out, any ? ",\n" : "");
		put_run(r, &r->runs[i], most, out);
		any = true;
	}
	buf_puts(out, "]}\n</script>\n");
}

void report_html(const struct results *r, struct buf *out)
{
	put_head(r, out);
	put_verdict(r, out);
	put_claims(r, out);
	put_figures(r, out);
	put_contrasts(r, out);
	put_charts(out);
	put_environment(r, out);
	put_data(r, out);
	buf_puts(out, "<script>\n");
	buf_put(out, page_js, (size_t)(page_js_end - page_js));
	buf_puts(out, "</script>\n</body>\n</html>\n");
}
