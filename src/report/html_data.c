/* SPDX-License-Identifier: GPL-2.0-or-later */
/* html_data.c - what is drawn: runs over time, as page.js reads them (html.h) */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/units.h"
#include "report/html.h"
#include "stat/timeline.h"

/* Buckets in the page altogether: about ten bytes each, and no screen has more columns. */
#define MAX_BUCKETS 250000
#define MIN_BUCKETS 64
/* Actions of a run that are drawn, and tool calls: the longest ones. */
#define MAX_ACTIONS 400

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

static void put_policy(const struct html_of *of, uint32_t i, struct buf *out)
{
	const struct results *r = of->r;
	const struct plan *p = r->plan;

	buf_puts(out, "{\"name\":");
	if (of->letter) {
		struct buf name = {0};

		buf_printf(&name, "%s %s", of->letter, p->policies[i].name);
		put_string(out, buf_str(&name));
		buf_free(&name);
	} else {
		put_string(out, p->policies[i].name);
	}
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

static void put_cgroups(const struct html_of *of, uint32_t n, struct buf *out)
{
	const struct results *r = n ? of->r : NULL;
	const struct plan *p = n ? r->plan : NULL;

	buf_puts(out, "\"cgroups\":[");
	for (uint32_t c = 0, s = 0; n && c < p->ncgroups; c++) {
		bool session = s < r->nsessions && r->sessions[s] == c;

		s += session;
		buf_puts(out, c ? ",{\"name\":" : "{\"name\":");
		put_string(out, p->cgroups[c].name);
		buf_printf(out, ",\"session\":%s}", session ? "true" : "false");
	}
	buf_puts(out, "],\n\"policies\":[");
}

/* Where each experiment's policies are in the data: those of one name are neighbours. */
static uint32_t *order_policies(const struct html_of *of, uint32_t n, struct buf *out)
{
	uint32_t all = 0, at = 0, *index;

	for (uint32_t e = 0; e < n; e++)
		all += of[e].r->plan->npolicies;
	index = mem_alloc((all ? all : 1) * sizeof *index);
	for (uint32_t i = 0; i < all; i++)
		index[i] = UINT32_MAX;
	for (uint32_t e = 0, base = 0; e < n; base += of[e++].r->plan->npolicies)
		for (uint32_t i = 0; i < of[e].r->plan->npolicies; i++) {
			const char *name = of[e].r->plan->policies[i].name;

			if (index[base + i] != UINT32_MAX)
				continue;
			for (uint32_t f = e, from = base; f < n; from += of[f++].r->plan->npolicies)
				for (uint32_t k = 0; k < of[f].r->plan->npolicies; k++) {
					if (strcmp(of[f].r->plan->policies[k].name, name) != 0)
						continue;
					buf_puts(out, at ? ",\n" : "");
					put_policy(&of[f], k, out);
					index[from + k] = at++;
				}
		}
	buf_puts(out, "],\n");
	return index;
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

static uint32_t put_events(const struct timeline *t, uint32_t marks, struct buf *out)
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
			buf_printf(out, "%" PRIu64,
				   e->value + (e->kind == TIMELINE_MARK ? marks : 0));
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

/* policies: where its own are, marks: where those begin, in the data. */
static void put_run(const struct results *r, const struct run_summary *run, uint32_t most,
		    const uint32_t *policies, uint32_t marks, struct buf *out)
{
	const struct timeline *t = run->timeline;
	uint32_t each = (t->nbuckets + most - 1) / most, left;

	each = each ? each : 1;
	buf_printf(out, "{\"policy\":%u,\"rep\":%u,\"end\":", policies[run->policy], run->rep);
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
	left = put_events(t, marks, out);
	buf_printf(out, "],\"left\":%u,\"latency\":[", left);
	put_latencies(r->plan, t, out);
	buf_puts(out, "]}");
}

static bool drawn(const struct run_summary *run)
{
	return run->timeline && run->policy != PX_ALONE;
}

bool html_has_timelines(const struct results *r)
{
	for (uint32_t i = 0; i < r->nruns; i++)
		if (drawn(&r->runs[i]))
			return true;
	return false;
}

void html_put_data(const struct html_of *of, uint32_t n, struct buf *out)
{
	uint32_t runs = 0, marks = 0, most, *index, *policies;
	bool any = false;

	for (uint32_t e = 0; e < n; e++)
		for (uint32_t i = 0; i < of[e].r->nruns; i++)
			runs += drawn(&of[e].r->runs[i]);
	most = runs ? MAX_BUCKETS / runs / of->r->plan->ncgroups : TIMELINE_BUCKETS;
	most = most < MIN_BUCKETS ? MIN_BUCKETS : most;
	buf_puts(out, "<script type=\"application/json\" id=\"data\">\n{");
	put_cgroups(of, n, out);
	index = policies = order_policies(of, n, out);
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
	for (uint32_t e = 0; e < n; e++)
		for (uint32_t i = 0; i < of[e].r->plan->nmarks; i++) {
			buf_puts(out, marks++ ? "," : "");
			put_string(out, of[e].r->plan->marks[i]);
		}
	buf_puts(out, "],\n\"runs\":[");
	marks = 0;
	for (uint32_t e = 0; e < n; e++) {
		const struct results *r = of[e].r;

		for (uint32_t i = 0; i < r->nruns; i++) {
			if (!drawn(&r->runs[i]))
				continue;
			buf_puts(out, any ? ",\n" : "");
			put_run(r, &r->runs[i], most, policies, marks, out);
			any = true;
		}
		policies += r->plan->npolicies;
		marks += r->plan->nmarks;
	}
	buf_puts(out, "]}\n</script>\n");
	free(index);
}
