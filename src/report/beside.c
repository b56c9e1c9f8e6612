/* SPDX-License-Identifier: GPL-2.0-or-later */
/* beside.c - what several experiments say of one thing, and how a cell says it (beside.h) */
#include "report/beside.h"

#include <string.h>

#include "report/text.h"
#include "stat/contrast.h"

const char *beside_letter(uint32_t i)
{
	static const char letters[BESIDE_MOST][2] = {"A", "B", "C", "D", "E", "F", "G", "H", "I",
						     "J", "K", "L", "M", "N", "O", "P", "Q", "R",
						     "S", "T", "U", "V", "W", "X", "Y", "Z"};

	return letters[i];
}

/* ---- what there is to tell ------------------------------------------------------------------- */

static const char *session_name(const struct results *r, uint32_t i)
{
	return r->plan->cgroups[r->sessions[i]].name;
}

/* Has one of the experiments before `e` this policy, and if asked for this session under it? */
static bool told(const struct beside *b, uint32_t e, const char *policy, const char *session)
{
	for (uint32_t i = 0; i < e; i++) {
		const struct results *r = b->v[i].r;

		for (uint32_t k = 0; compare_policy(r, k); k++) {
			if (strcmp(compare_policy(r, k), policy) != 0)
				continue;
			if (!session)
				return true;
			for (uint32_t s = 0; s < r->nsessions; s++)
				if (!strcmp(session_name(r, s), session))
					return true;
		}
	}
	return false;
}

static bool has_session(const struct results *r, const struct compare_side *side)
{
	for (uint32_t s = 0; s < r->nsessions; s++)
		if (r->sessions[s] == side->cgroup)
			return true;
	return false;
}

static const struct beside_cell *cells_of(const struct beside *b, struct arena *a,
					  const char *policy, const char *session, enum metric m)
{
	struct beside_cell *cells = arena_array(a, struct beside_cell, b->n);
	struct compare_side first, side;

	for (uint32_t i = 0; i < b->n; i++) {
		struct beside_cell *c = &cells[i];

		if (!compare_find(b->v[i].r, policy, session, &side) ||
		    !has_session(b->v[i].r, &side))
			continue;
		compare_alive(&side, &c->runs, &c->survived);
		c->there = c->runs > 0;
		if (!i)
			first = side;
		if (m == M_COUNT)
			continue;
		c->d = results_dist(b->v[i].r, side.policy, side.cgroup, m);
		c->mean_in = results_interval(b->v[i].r, side.policy, side.cgroup, m);
		if (!i || !cells[0].there || !c->there)
			continue;
		c->vs = compare_metric(&first, &side, m, COMPARE_CONFIDENCE, b->v[i].paired);
		c->some = c->vs.a_n != cells[0].d.n || c->vs.b_n != c->d.n;
	}
	return cells;
}

struct rows {
	const struct beside *b;
	struct arena *a;
	VEC(struct beside_row) v;
};

static void add_session(struct rows *x, const char *policy, const char *session, bool *first)
{
	for (int k = -1; k < CONTRAST_METRICS; k++) {
		struct beside_row row = {
		    .policy = policy,
		    .session = session,
		    .metric = k < 0 ? M_COUNT : contrast_metrics[k],
		    .first_of_policy = *first,
		    .first_of_session = k < 0,
		};
		bool any = false;

		row.cells = cells_of(x->b, x->a, policy, session, row.metric);
		for (uint32_t i = 0; i < x->b->n; i++)
			any |= k < 0 ? row.cells[i].there : row.cells[i].d.n > 0;
		if (!any && k < 0)
			return;
		if (!any)
			continue;
		*first = false;
		vec_push(&x->v, row);
	}
}

static void add_policy(struct rows *x, const char *policy)
{
	bool first = true;

	for (uint32_t e = 0; e < x->b->n; e++) {
		const struct results *r = x->b->v[e].r;

		for (uint32_t s = 0; s < r->nsessions; s++) {
			bool before = false;

			for (uint32_t f = 0; f < e; f++)
				for (uint32_t k = 0; k < x->b->v[f].r->nsessions; k++)
					before |= !strcmp(session_name(x->b->v[f].r, k),
							  session_name(r, s));
			if (!before)
				add_session(x, policy, session_name(r, s), &first);
		}
	}
}

uint32_t beside_rows(const struct beside *b, struct arena *a, const struct beside_row **out)
{
	struct rows x = {.b = b, .a = a};
	uint32_t n;

	for (uint32_t e = 0; e < b->n; e++)
		for (uint32_t i = 0; compare_policy(b->v[e].r, i); i++)
			if (!told(b, e, compare_policy(b->v[e].r, i), NULL))
				add_policy(&x, compare_policy(b->v[e].r, i));
	n = (uint32_t)x.v.n;
	*out = n ? arena_dup(a, x.v.v, n * sizeof *x.v.v) : NULL;
	vec_free(&x.v);
	return n;
}

/* ---- cells ----------------------------------------------------------------------------------- */

const char *beside_mean(struct arena *a, const struct beside_row *row, uint32_t i)
{
	const struct beside_cell *c = &row->cells[i];
	struct buf b = {0};
	const char *s;

	if (row->metric == M_COUNT)
		return c->there ? arena_printf(a, "%u/%u", c->survived, c->runs) : "-";
	if (!c->d.n)
		return "-";
	text_value(&b, c->d.mean, metric_info[row->metric].dim);
	s = arena_printf(a, "%s%s", buf_str(&b), c->d.missing ? "*" : "");
	buf_free(&b);
	return s;
}

bool beside_compared(const struct beside_cell *c)
{
	return c->vs.a_n && c->vs.b_n;
}

const char *beside_ratio(struct arena *a, const struct beside_cell *c)
{
	return beside_compared(c) && c->vs.a != 0
		   ? arena_printf(a, "%.3f%s", c->vs.ratio, c->some ? "+" : "")
		   : "-";
}

const char *beside_interval(struct arena *a, const struct beside_cell *c)
{
	return c->vs.ratio_in.there
		   ? arena_printf(a, "%.3f..%.3f", c->vs.ratio_in.lo, c->vs.ratio_in.hi)
		   : "-";
}

const char *beside_p(struct arena *a, const struct beside_cell *c)
{
	return beside_compared(c) ? arena_printf(a, c->vs.p < 0.001 ? "<0.001" : "%.3f", c->vs.p)
				  : "-";
}

const char *beside_metric(enum metric m)
{
	return m == M_COUNT ? "alive" : metric_info[m].spelling;
}

const char *beside_how(const struct beside_one *x)
{
	return x->paired ? "by repetition: one seed, simulated" : "as independent samples";
}
