/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plot.c - charts for a terminal: one run of each policy, or nominal demand.
 *
 * Of a policy's runs the first is drawn: repetitions differ by jitter and noise only, and the table
 * says by how much.
 */
#include <string.h>

#include "base/units.h"
#include "report/chart.h"
#include "report/pool.h"
#include "report/report.h"
#include "report/text.h"
#include "stat/timeline.h"

#define MAX_LAYERS 12 /* more sessions than that: the others are one layer */

/* What befell a session in the time of a column; the gravest wins. */
static const char letters[TIMELINE_KINDS] = {
    [TIMELINE_LIMIT] = 'L', [TIMELINE_DELAY] = 'd', [TIMELINE_KILL] = 'K'};

struct plot {
	const struct plan *plan;
	const uint32_t *sessions;
	uint32_t nsessions;
	const struct report_style *style;
	struct arena arena;
	struct chart chart;
	struct chart_layer layers[MAX_LAYERS];
	uint64_t *bytes[MAX_LAYERS];
	char *events[MAX_LAYERS];
	uint64_t *total;
};

static uint32_t layer_of(const struct plot *p, uint32_t session)
{
	return session < MAX_LAYERS - 1 || p->nsessions == MAX_LAYERS ? session : MAX_LAYERS - 1;
}

static const char *note_of(struct plot *p, const struct cg_attrs *attrs, uint32_t cgroup)
{
	const struct cg_attrs *a = &attrs[cgroup];
	struct buf b = {0};
	const char *note = NULL;

	if (a->high_bytes != NO_LIMIT) {
		buf_puts(&b, "high ");
		fmt_size(&b, a->high_bytes);
	}
	if (a->max_bytes != NO_LIMIT) {
		buf_puts(&b, b.n ? ", max " : "max ");
		fmt_size(&b, a->max_bytes);
	}
	if (b.n)
		note = arena_strndup(&p->arena, b.s, b.n);
	buf_free(&b);
	return note;
}

static void plot_begin(struct plot *p, const struct cg_attrs *attrs, uint64_t end_ns)
{
	unsigned int n = chart_columns(p->style);
	uint32_t nlayers = p->nsessions < MAX_LAYERS ? p->nsessions : MAX_LAYERS;

	p->total = arena_array(&p->arena, uint64_t, n);
	for (uint32_t i = 0; i < nlayers; i++) {
		bool others = p->nsessions > MAX_LAYERS && i == MAX_LAYERS - 1;

		p->bytes[i] = arena_array(&p->arena, uint64_t, n);
		p->events[i] = arena_array(&p->arena, char, n + 1);
		memset(p->events[i], ' ', n);
		p->layers[i] = (struct chart_layer){
		    .name = others ? arena_printf(&p->arena, "%u others", p->nsessions - i)
				   : p->plan->cgroups[p->sessions[i]].name,
		    .bytes = p->bytes[i],
		    .events = p->events[i],
		    .note = others ? NULL : note_of(p, attrs, p->sessions[i]),
		};
	}
	p->chart = (struct chart){
	    .layers = p->layers,
	    .total = p->total,
	    .nlayers = nlayers,
	    .ncolumns = n,
	    .to_ns = end_ns,
	    .limit_bytes = attrs[0].max_bytes,
	    .limit_label = "root max",
	};
}

static unsigned int column_at(const struct plot *p, uint64_t t_ns)
{
	uint64_t c = p->chart.to_ns ? mul_div(t_ns, p->chart.ncolumns, p->chart.to_ns) : 0;

	return (unsigned int)(c < p->chart.ncolumns ? c : p->chart.ncolumns - 1);
}

/* From t_ns up to, not including, to_ns so much was held at some time. */
static void heighten(const struct plot *p, uint64_t *columns, uint64_t t_ns, uint64_t to_ns,
		     uint64_t bytes)
{
	unsigned int last = column_at(p, to_ns > t_ns ? to_ns - 1 : t_ns);

	for (unsigned int c = column_at(p, t_ns); c <= last; c++)
		if (bytes > columns[c])
			columns[c] = bytes;
}

/* ---- a run ---------------------------------------------------------------------------------- */

static void put_usage(const struct plot *p, const struct timeline *t, uint32_t cgroup,
		      uint64_t *columns)
{
	for (uint32_t i = 0; i < t->nbuckets; i++) {
		const struct timeline_bucket *b = &t->cgroups[cgroup].buckets[i];

		if (b->samples)
			heighten(p, columns, i * t->width_ns, (i + 1) * t->width_ns, b->max_bytes);
	}
}

static bool is_graver(char a, char b)
{
	static const char order[] = " LdK";

	return strchr(order, a) > strchr(order, b);
}

static void put_event(const struct plot *p, const struct timeline_event *e, uint32_t layer)
{
	char letter = e->kind < sizeof letters ? letters[e->kind] : 0;
	unsigned int last;

	if (!letter)
		return;
	last = column_at(p, e->end_ns > e->t_ns ? e->end_ns - 1 : e->t_ns);
	for (unsigned int c = column_at(p, e->t_ns); c <= last; c++)
		if (is_graver(letter, p->events[layer][c]))
			p->events[layer][c] = letter;
}

static void plot_run(struct plot *p, const struct run_summary *run, const struct cg_attrs *attrs,
		     struct buf *out)
{
	const struct timeline *t = run->timeline;
	uint64_t *one;

	plot_begin(p, attrs, run->end_ns);
	put_usage(p, t, 0, p->total);
	one = arena_array(&p->arena, uint64_t, p->chart.ncolumns);
	for (uint32_t s = 0; s < p->nsessions; s++) {
		uint32_t layer = layer_of(p, s);

		memset(one, 0, p->chart.ncolumns * sizeof(*one));
		put_usage(p, t, p->sessions[s], one);
		for (unsigned int c = 0; c < p->chart.ncolumns; c++)
			p->bytes[layer][c] += one[c];
		for (uint32_t i = 0; i < t->nevents; i++)
			if (t->events[i].cgroup == p->sessions[s])
				put_event(p, &t->events[i], layer);
	}
	chart_print(&p->chart, p->style, out);
	arena_reset(&p->arena);
}

static const struct run_summary *first_run(const struct results *r, int32_t policy)
{
	for (uint32_t i = 0; i < r->nruns; i++)
		if (r->runs[i].policy == policy && r->runs[i].timeline)
			return &r->runs[i];
	return NULL;
}

void report_plot(const struct results *r, const struct report_style *style, struct buf *out)
{
	struct plot p = {
	    .plan = r->plan, .sessions = r->sessions, .nsessions = r->nsessions, .style = style};
	bool any = false;

	for (uint32_t i = 0; i < r->plan->npolicies; i++) {
		const struct run_summary *run = first_run(r, (int32_t)i);
		struct buf title = {0};

		if (!run)
			continue;
		if (any)
			buf_putc(out, '\n');
		any = true;
		buf_printf(&title, "%s, repetition %u of %u", pool_name(r, run->policy),
			   run->rep + 1, r->plan->repeat);
		text_wrap(out, buf_str(&title), 0, 2, style->width);
		buf_free(&title);
		plot_run(&p, run, r->plan->policies[i].attrs, out);
	}
	if (any)
		text_wrap(out, "K killed, d delayed by the policy, L its limit was set anew", 0, 2,
			  style->width);
	arena_free(&p.arena);
}

/* ---- demand --------------------------------------------------------------------------------- */

static void put_demand(const struct plot *p, const struct demand *d, uint32_t cgroup,
		       uint64_t *columns)
{
	const struct demand_series *s = &d->cgroups[cgroup];

	for (size_t i = 0; i < s->points.n; i++)
		heighten(p, columns, s->points.v[i].at_ns,
			 i + 1 < s->points.n ? s->points.v[i + 1].at_ns : d->end_ns,
			 s->points.v[i].bytes);
}

static uint32_t find_sessions(struct arena *a, const struct plan *p, const uint32_t **out)
{
	uint32_t *sessions = arena_array(a, uint32_t, p->ncgroups), n = 0;

	for (uint32_t c = 0; c < p->ncgroups; c++)
		for (uint32_t w = 0; w < p->nworkers; w++)
			if (p->workers[w].cgroup == c) {
				sessions[n++] = c;
				break;
			}
	*out = sessions;
	return n;
}

int report_plot_demand(const struct plan *plan, const struct report_style *style, struct buf *out)
{
	struct plot p = {.plan = plan, .style = style};
	struct arena a = {0};
	struct demand d;
	uint64_t *one;
	int err = demand_compute(plan, &d);

	if (err)
		return err;
	p.nsessions = find_sessions(&a, plan, &p.sessions);
	plot_begin(&p, plan->policies[plan->baseline < 0 ? 0 : plan->baseline].attrs, d.end_ns);
	put_demand(&p, &d, 0, p.total);
	one = arena_array(&p.arena, uint64_t, p.chart.ncolumns);
	for (uint32_t s = 0; s < p.nsessions; s++) {
		memset(one, 0, p.chart.ncolumns * sizeof(*one));
		put_demand(&p, &d, p.sessions[s], one);
		for (unsigned int c = 0; c < p.chart.ncolumns; c++)
			p.bytes[layer_of(&p, s)][c] += one[c];
	}
	text_wrap(out, "demand over time: nothing limited, nothing late", 0, 2, style->width);
	chart_print(&p.chart, style, out);
	demand_free(&d);
	arena_free(&p.arena);
	arena_free(&a);
	return 0;
}
