/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live.c - what a condition is worth while the run goes on.
 *
 * As in a report: outside of min, max, sum and pNN several values are their mean, and comparisons
 * allow for rounding.  What has not been sampled yet has no value; that spreads through arithmetic
 * and comparisons, and `and` and `or` decide without it where they can.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "run/state.h"

struct value {
	double v;
	bool known;
};

static bool is_tree(const struct px *e)
{
	return e->kind >= PX_NEG;
}

uint32_t live_deps(const struct px *e)
{
	uint32_t deps = 0;

	switch ((enum px_kind)e->kind) {
	case PX_CONST:
		return 0;
	case PX_METRIC:
		return CHANGE_SAMPLE;
	case PX_KILLED:
	case PX_SURVIVED:
		return CHANGE_KILL;
	case PX_DONE:
		return CHANGE_DONE;
	case PX_MARK:
		return CHANGE_MARK;
	default:
		break;
	}
	for (uint32_t i = 0; i < e->nargs; i++)
		deps |= live_deps(e->args[i]);
	return deps;
}

void live_watch(struct run *r, const struct px *e)
{
	if (e->kind == PX_METRIC) {
		for (uint32_t i = 0; i < e->scope.ncgroups; i++) {
			struct cgroup_state *c = &r->cgroups[e->scope.cgroups[i]];

			c->watched = true;
			if (!c->counters)
				c->counters = arena_new(r->arena, struct cg_counters);
		}
	} else if (is_tree(e)) {
		for (uint32_t i = 0; i < e->nargs; i++)
			live_watch(r, e->args[i]);
	}
}

/* Metrics that can be had while running, as metrics.def says; plans name no others here. */
static double counter(const struct cg_counters *c, enum metric m)
{
	switch (m) {
	case M_PEAK:
		return (double)c->peak_bytes;
	case M_USAGE:
		return (double)c->usage_bytes;
	case M_SWAP:
		return (double)c->swap_bytes;
	case M_EV_LOW:
		return (double)c->ev_low;
	case M_EV_HIGH:
		return (double)c->ev_high;
	case M_EV_MAX:
		return (double)c->ev_max;
	case M_EV_OOM:
		return (double)c->ev_oom;
	case M_EV_OOM_KILL:
		return (double)c->ev_oom_kill;
	case M_DELAYS:
		return (double)c->delays;
	case M_DELAYED:
		return (double)c->delayed_ns / 1e9;
	case M_THROTTLED:
		return (double)c->throttled_ns / 1e9;
	case M_FAULTS:
		return (double)c->faults;
	default:
		return NAN;
	}
}

static struct value eval(struct run *r, const struct px *e);

/* Push every value of e; false when one is missing. */
static bool push_values(struct run *r, const struct px *e)
{
	if (e->kind != PX_METRIC) {
		struct value x = eval(r, e);

		vec_push(&r->values, x.v);
		return x.known;
	}
	for (uint32_t i = 0; i < e->scope.ncgroups; i++) {
		const struct cgroup_state *c = &r->cgroups[e->scope.cgroups[i]];

		if (!c->sampled)
			return false;
		vec_push(&r->values, counter(c->counters, e->metric));
	}
	return true;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double quantile(double *v, size_t n, double q)
{
	double rank = ceil(q * (double)n - 1e-9); /* as reports count: 0.95 of 20 is the 19th */

	qsort(v, n, sizeof *v, by_value);
	if (rank < 1)
		rank = 1;
	return v[rank > (double)n ? n - 1 : (size_t)rank - 1];
}

/* min, max, sum, pNN over all values of all arguments; a metric alone: their mean. */
static struct value over_values(struct run *r, const struct px *e)
{
	size_t base = r->values.n;
	bool known = true;
	double x = 0;

	if (e->kind == PX_METRIC)
		known = push_values(r, e);
	else
		for (uint32_t i = 0; i < e->nargs && known; i++)
			known = push_values(r, e->args[i]);

	double *v = r->values.v + base;
	size_t n = r->values.n - base;

	r->values.n = base;
	if (!known || !n)
		return (struct value){0};
	if (e->kind == PX_QUANTILE)
		return (struct value){quantile(v, n, e->q), true};
	if (e->kind == PX_MIN || e->kind == PX_MAX)
		x = v[0];
	for (size_t i = 0; i < n; i++)
		x = e->kind == PX_MIN	? fmin(x, v[i])
		    : e->kind == PX_MAX ? fmax(x, v[i])
					: x + v[i];
	return (struct value){e->kind == PX_METRIC ? x / (double)n : x, true};
}

static double count_killed(const struct run *r, const struct px_scope *s)
{
	double n = 0;

	for (uint32_t i = 0; i < s->ncgroups; i++)
		n += r->cgroups[s->cgroups[i]].killed;
	return n;
}

static bool all_done(const struct run *r, const struct px_scope *s)
{
	for (uint32_t i = 0; i < s->ncgroups; i++)
		if (r->cgroups[s->cgroups[i]].undone)
			return false;
	return true;
}

static bool same(double a, double b)
{
	return fabs(a - b) <= 1e-12 * fmax(fabs(a), fabs(b));
}

static struct value arithmetic(const struct px *e, double a, double b)
{
	double x;

	switch ((enum px_kind)e->kind) {
	case PX_ADD:
		x = a + b;
		break;
	case PX_SUB:
		x = a - b;
		break;
	case PX_MUL:
		x = a * b;
		break;
	case PX_DIV:
		x = a / b;
		break;
	case PX_MOD:
		x = a - b * floor(a / b);
		break;
	case PX_EQ:
		x = same(a, b);
		break;
	case PX_NE:
		x = !same(a, b);
		break;
	case PX_LT:
		x = a < b && !same(a, b);
		break;
	case PX_LE:
		x = a < b || same(a, b);
		break;
	case PX_GT:
		x = a > b && !same(a, b);
		break;
	case PX_GE:
		x = a > b || same(a, b);
		break;
	default:
		x = NAN;
		break;
	}
	return isfinite(x) ? (struct value){x, true} : (struct value){0}; /* x / 0 has no value */
}

static struct value logic(struct run *r, const struct px *e)
{
	double decides = e->kind == PX_OR;
	bool known = true;

	for (uint32_t i = 0; i < e->nargs; i++) {
		struct value x = eval(r, e->args[i]);

		if (x.known && (x.v != 0) == (decides != 0))
			return (struct value){decides, true};
		known = known && x.known;
	}
	return (struct value){known ? 1 - decides : 0, known};
}

static struct value eval(struct run *r, const struct px *e)
{
	struct value a, b;

	switch ((enum px_kind)e->kind) {
	case PX_CONST:
		return (struct value){e->value, true};
	case PX_METRIC:
	case PX_MIN:
	case PX_MAX:
	case PX_SUM:
	case PX_QUANTILE:
		return over_values(r, e);
	case PX_KILLED:
		return (struct value){count_killed(r, &e->scope), true};
	case PX_SURVIVED:
		if (!e->scope.ncgroups)
			return (struct value){0};
		return (struct value){1 - count_killed(r, &e->scope) / e->scope.ncgroups, true};
	case PX_DONE:
		return (struct value){all_done(r, &e->scope), true};
	case PX_MARK:
		return (struct value){r->marks_ns[e->mark] != NEVER, true};
	case PX_NEG:
		a = eval(r, e->args[0]);
		return (struct value){-a.v, a.known};
	case PX_NOT:
		a = eval(r, e->args[0]);
		return (struct value){a.v == 0, a.known};
	case PX_AND:
	case PX_OR:
		return logic(r, e);
	default:
		a = eval(r, e->args[0]);
		b = eval(r, e->args[1]);
		return a.known && b.known ? arithmetic(e, a.v, b.v) : (struct value){0};
	}
}

bool live_true(struct run *r, const struct px *e)
{
	struct value x = eval(r, e);

	return x.known && x.v != 0;
}
