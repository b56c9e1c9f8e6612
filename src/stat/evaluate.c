/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stat/evaluate.h"

#include <math.h>

#include "base/vec.h"
#include "stat/dist.h"

struct values {
	VEC(double) v;
};

struct context {
	const struct results *r;
	int32_t policy;
	const struct px *as_if; /* this one's mean is ... */
	double as_if_value;
	struct evaluation ev;
};

static double scalar(struct context *c, const struct px *e);

static bool in_scope(const struct context *c, const struct px_scope *s, const struct run_summary *r)
{
	int32_t policy = s->policy == PX_ANY_POLICY ? c->policy : s->policy;

	if (r->end == END_INTERRUPTED)
		return false;
	return policy == PX_ANY_POLICY ? r->policy != PX_ALONE : r->policy == policy;
}

static bool has_cgroup(const struct run_summary *r, uint32_t cgroup)
{
	return r->policy != PX_ALONE || r->alone == cgroup;
}

/* Counted per metric, as the reader is told of the first one that lacks values. */
struct tally {
	uint32_t of, missing, killed;
};

static void settle(struct context *c, const struct px *e, const struct tally *t)
{
	c->ev.values += t->of - t->missing;
	c->ev.missing += t->missing;
	bool none = t->of == t->missing;

	if (!none && !t->missing)
		return;
	/* What has no value at all is said before what has too few. */
	if (!c->ev.lacks || (none && c->ev.lacks_n < c->ev.lacks_of)) {
		c->ev.lacks = e;
		c->ev.lacks_of = t->of;
		c->ev.lacks_n = t->missing;
		c->ev.lacks_killed = t->killed;
	}
	c->ev.empty |= none;
}

static void metric_values(struct context *c, const struct px *e, struct values *out)
{
	const struct px_scope *s = &e->scope;
	struct tally t = {0};

	for (uint32_t k = 0; k < c->r->nruns; k++) {
		const struct run_summary *run = &c->r->runs[k];
		double total = 0;
		bool whole = true;

		if (!in_scope(c, s, run))
			continue;
		for (uint32_t i = 0; i < s->ncgroups; i++) {
			uint32_t cg = s->cgroups[i];
			double v;

			if (!has_cgroup(run, cg))
				continue;
			t.of++;
			if (!results_metric(run, cg, e->metric, &v)) {
				t.missing++;
				t.killed +=
				    run->cgroups[cg].oom_killed || run->cgroups[cg].other_killed;
				whole = false;
			} else if (s->total) {
				total += v;
			} else {
				vec_push(&out->v, v);
			}
		}
		if (s->total && whole)
			vec_push(&out->v, total);
	}
	settle(c, e, &t);
}

/* One value per run: killed(), survived(), done(). */
static double of_run(const struct px *e, const struct run_summary *run)
{
	const struct px_scope *s = &e->scope;
	uint32_t n = 0, killed = 0, done = 0;

	for (uint32_t i = 0; i < s->ncgroups; i++) {
		const struct cg_summary *cg = &run->cgroups[s->cgroups[i]];

		if (!has_cgroup(run, s->cgroups[i]))
			continue;
		n++;
		killed += cg->oom_killed;
		done += cg->done;
	}
	if (e->kind == PX_KILLED)
		return killed;
	if (e->kind == PX_SURVIVED)
		return n ? (double)(n - killed) / n : 1;
	return done == n;
}

/* An undisturbed run knows only one cgroup; those of no cgroup in the scope say nothing. */
static bool has_any(const struct px_scope *s, const struct run_summary *run)
{
	for (uint32_t i = 0; i < s->ncgroups; i++)
		if (has_cgroup(run, s->cgroups[i]))
			return true;
	return false;
}

static void run_values(struct context *c, const struct px *e, struct values *out)
{
	struct tally t = {0};

	for (uint32_t k = 0; k < c->r->nruns; k++) {
		const struct run_summary *run = &c->r->runs[k];

		if (!in_scope(c, &e->scope, run) || !has_any(&e->scope, run))
			continue;
		t.of++;
		vec_push(&out->v, of_run(e, run));
	}
	settle(c, e, &t);
}

static double mark_reached(struct context *c, const struct px *e)
{
	const struct px_scope any = {.policy = PX_ANY_POLICY};
	uint32_t runs = 0, reached = 0;

	for (uint32_t k = 0; k < c->r->nruns; k++) {
		const struct run_summary *run = &c->r->runs[k];

		if (!in_scope(c, &any, run))
			continue;
		runs++;
		reached += run->marks_ns[e->mark] != NEVER;
	}
	return runs && reached == runs;
}

static void collect_values(struct context *c, const struct px *e, struct values *out)
{
	switch ((enum px_kind)e->kind) {
	case PX_METRIC:
		metric_values(c, e, out);
		break;
	case PX_KILLED:
	case PX_SURVIVED:
	case PX_DONE:
		run_values(c, e, out);
		break;
	default:
		vec_push(&out->v, scalar(c, e));
		break;
	}
}

static double mean_of(struct context *c, const struct px *e)
{
	struct values values = {0};
	double mean = 0;

	collect_values(c, e, &values);
	if (values.v.n)
		mean = dist_mean(values.v.v, values.v.n);
	else
		c->ev.empty = true;
	vec_free(&values.v);
	if (e == c->as_if)
		return c->as_if_value;
	return e->kind == PX_DONE ? mean >= 1 : mean;
}

static double over_all(struct context *c, const struct px *e)
{
	struct values values = {0};
	double result = 0;

	for (uint32_t i = 0; i < e->nargs; i++)
		collect_values(c, e->args[i], &values);
	if (!values.v.n) {
		c->ev.empty = true;
	} else if (e->kind == PX_SUM) {
		for (size_t i = 0; i < values.v.n; i++)
			result += values.v.v[i];
	} else {
		dist_sort(values.v.v, values.v.n);
		result = dist_quantile(values.v.v, values.v.n,
				       e->kind == PX_MIN   ? 0
				       : e->kind == PX_MAX ? 1
							   : e->q);
	}
	vec_free(&values.v);
	return result;
}

static int compare(double a, double b)
{
	if (fabs(a - b) <= 1e-12 * fmax(fabs(a), fabs(b)))
		return 0;
	return a < b ? -1 : 1;
}

static double binary(struct context *c, const struct px *e)
{
	/* Both sides always: missing values count wherever they are. */
	double a = scalar(c, e->args[0]), b = scalar(c, e->args[1]);

	switch ((enum px_kind)e->kind) {
	case PX_ADD:
		return a + b;
	case PX_SUB:
		return a - b;
	case PX_MUL:
		return a * b;
	case PX_DIV:
	case PX_MOD:
		/* What is divided by nothing measured is no value. */
		if (b == 0) {
			c->ev.empty = true;
			return 0;
		}
		return e->kind == PX_DIV ? a / b : a - b * floor(a / b);
	case PX_LT:
		return compare(a, b) < 0;
	case PX_LE:
		return compare(a, b) <= 0;
	case PX_GT:
		return compare(a, b) > 0;
	case PX_GE:
		return compare(a, b) >= 0;
	case PX_EQ:
		return compare(a, b) == 0;
	case PX_NE:
		return compare(a, b) != 0;
	case PX_AND:
		return a != 0 && b != 0;
	case PX_OR:
		return a != 0 || b != 0;
	default:
		return 0;
	}
}

static double scalar(struct context *c, const struct px *e)
{
	switch ((enum px_kind)e->kind) {
	case PX_CONST:
		return e->value;
	case PX_METRIC:
	case PX_KILLED:
	case PX_SURVIVED:
	case PX_DONE:
		return mean_of(c, e);
	case PX_MARK:
		return mark_reached(c, e);
	case PX_NEG:
		return -scalar(c, e->args[0]);
	case PX_NOT:
		return scalar(c, e->args[0]) == 0;
	case PX_MIN:
	case PX_MAX:
	case PX_SUM:
	case PX_QUANTILE:
		return over_all(c, e);
	case PX_ADD:
	case PX_SUB:
	case PX_MUL:
	case PX_DIV:
	case PX_MOD:
	case PX_LT:
	case PX_LE:
	case PX_GT:
	case PX_GE:
	case PX_EQ:
	case PX_NE:
	case PX_AND:
	case PX_OR:
		return binary(c, e);
	}
	return 0;
}

struct evaluation evaluate(const struct results *r, const struct px *e, int32_t policy)
{
	struct context c = {.r = r, .policy = policy};

	c.ev.value = scalar(&c, e);
	return c.ev;
}

struct evaluation evaluate_as_if(const struct results *r, const struct px *e, int32_t policy,
				 const struct px *leaf, double value)
{
	struct context c = {.r = r, .policy = policy, .as_if = leaf, .as_if_value = value};

	c.ev.value = scalar(&c, e);
	return c.ev;
}

static const char *policy_prefix(const struct plan *p, int32_t policy)
{
	if (policy == PX_ALONE)
		return "alone";
	return policy >= 0 && p->baseline >= 0 ? p->policies[policy].name : NULL;
}

const char *evaluation_why(struct results *r, const struct evaluation *ev, int32_t policy)
{
	const struct plan *p = r->plan;
	const struct px *e = ev->lacks;

	if (!e)
		return "a division by zero";

	bool metric = e->kind == PX_METRIC;
	const struct px_scope *s = &e->scope;
	const char *prefix = policy_prefix(p, s->policy == PX_ANY_POLICY ? policy : s->policy);
	const char *name = metric ? metric_info[e->metric].spelling : "value";
	const char *cause = "";

	if (ev->lacks_n && ev->lacks_killed == ev->lacks_n)
		cause = ": killed";
	else if (ev->lacks_killed)
		cause = ": killed or unfinished";
	else if (metric && e->metric == M_TIME)
		cause = ": unfinished";
	else if (metric && e->metric >= M_ALLOC_MEAN && e->metric <= M_ALLOC_MAX)
		cause = ": no allocations";
	if (!ev->lacks_of)
		return arena_printf(&r->arena, "no run has measured %s%s%s", prefix ? prefix : "",
				    prefix ? "." : "", name);
	if (ev->lacks_of == 1)
		return arena_printf(&r->arena, "the one run has no %s%s%s.%s%s",
				    prefix ? prefix : "", prefix ? "." : "",
				    p->cgroups[s->cgroups[0]].name, name, cause);
	if (s->ncgroups == 1)
		return arena_printf(&r->arena, "%u of %u runs have no %s%s%s.%s%s", ev->lacks_n,
				    ev->lacks_of, prefix ? prefix : "", prefix ? "." : "",
				    p->cgroups[s->cgroups[0]].name, name, cause);
	return arena_printf(&r->arena, "%u of %u values of %s%s%s are missing%s", ev->lacks_n,
			    ev->lacks_of, prefix ? prefix : "", prefix ? "." : "", name, cause);
}
