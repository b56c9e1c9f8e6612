/* SPDX-License-Identifier: GPL-2.0-or-later */
/* decide.c - what intervals say: of a condition, of when there are enough runs (estimate.h) */
#include <math.h>

#include "base/buf.h"
#include "stat/estimate.h"
#include "stat/evaluate.h"

struct deciding {
	struct results *r;
	int32_t policy;
	double confidence;
	const char *why;
};

static enum verdict opposite(enum verdict v)
{
	return v == VERDICT_PASS ? VERDICT_FAIL : v == VERDICT_FAIL ? VERDICT_PASS : v;
}

/* Of left - right; `equal` is how far apart sides may be that only rounding tells apart. */
static enum verdict of_interval(enum px_kind kind, const struct interval *in, double equal)
{
	bool below = in->hi<-equal, above = in->lo> equal;
	bool point = in->lo >= -equal && in->hi <= equal;

	switch (kind) {
	case PX_LT:
		return below ? VERDICT_PASS : in->lo >= -equal ? VERDICT_FAIL : VERDICT_UNDECIDED;
	case PX_LE:
		return in->hi <= equal ? VERDICT_PASS : above ? VERDICT_FAIL : VERDICT_UNDECIDED;
	case PX_GT:
		return above ? VERDICT_PASS : in->hi <= equal ? VERDICT_FAIL : VERDICT_UNDECIDED;
	case PX_GE:
		return in->lo >= -equal ? VERDICT_PASS : below ? VERDICT_FAIL : VERDICT_UNDECIDED;
	case PX_EQ:
		return below || above ? VERDICT_FAIL : point ? VERDICT_PASS : VERDICT_UNDECIDED;
	default:
		return below || above ? VERDICT_PASS : point ? VERDICT_FAIL : VERDICT_UNDECIDED;
	}
}

static enum verdict of_comparison(struct deciding *d, const struct px *cond,
				  struct interval *difference)
{
	struct px minus = {.kind = PX_SUB, .dim = cond->args[0]->dim, .at = cond->at};
	double left = evaluate(d->r, cond->args[0], d->policy).value;
	double right = evaluate(d->r, cond->args[1], d->policy).value;
	uint32_t least = bootstrap_least(d->confidence);
	struct estimate e;
	enum verdict v;

	minus.args = cond->args;
	minus.nargs = 2;
	e = estimate(d->r, &minus, d->policy, d->confidence);
	if (e.empty)
		return VERDICT_UNDECIDED;
	/* Of constants only: nothing to be in doubt about. */
	if (!e.n)
		e.in = (struct interval){e.value, e.value, true};
	*difference = e.in;
	if (!e.in.there) {
		if (e.n < least)
			d->why = arena_printf(
			    &d->r->arena, "%u %s: no interval at %g%% of fewer than %u", e.n,
			    e.n == 1 ? "repetition" : "repetitions", 100 * d->confidence, least);
		else
			d->why = "too many resamples have no value";
		return VERDICT_UNDECIDED;
	}
	v = of_interval((enum px_kind)cond->kind, &e.in, 1e-12 * fmax(fabs(left), fabs(right)));
	if (v == VERDICT_UNDECIDED)
		d->why = cond->kind == PX_EQ || cond->kind == PX_NE
			     ? "the interval of the difference holds 0, and not only that"
			     : "the interval of the difference lies on both sides: more "
			       "repetitions may decide";
	return v;
}

static enum verdict decide(struct deciding *d, const struct px *cond, struct interval *difference)
{
	struct interval unused;
	enum verdict a, b;

	switch ((enum px_kind)cond->kind) {
	case PX_LT:
	case PX_LE:
	case PX_GT:
	case PX_GE:
	case PX_EQ:
	case PX_NE:
		return of_comparison(d, cond, difference);
	case PX_NOT:
		return opposite(decide(d, cond->args[0], &unused));
	case PX_AND:
	case PX_OR:
		a = decide(d, cond->args[0], &unused);
		b = decide(d, cond->args[1], &unused);
		if (cond->kind == PX_OR) {
			a = opposite(a);
			b = opposite(b);
		}
		if (a == VERDICT_FAIL || b == VERDICT_FAIL)
			a = VERDICT_FAIL;
		else if (b != VERDICT_PASS)
			a = b;
		return cond->kind == PX_OR ? opposite(a) : a;
	default:
		return evaluate(d->r, cond, d->policy).value != 0 ? VERDICT_PASS : VERDICT_FAIL;
	}
}

enum verdict estimate_decide(struct results *r, const struct px *cond, int32_t policy,
			     double confidence, struct interval *difference, const char **why)
{
	struct deciding d = {.r = r, .policy = policy, .confidence = confidence};
	enum verdict v;

	*difference = (struct interval){0};
	v = decide(&d, cond, difference);
	if (v == VERDICT_UNDECIDED && d.why)
		*why = d.why;
	return v;
}

/* ---- repeat until -----------------------------------------------------------------------------
 */

#define UNTIL_CONFIDENCE 0.95

uint32_t estimate_next_look(const struct plan *p, uint32_t made)
{
	uint32_t least = bootstrap_least(UNTIL_CONFIDENCE), next;

	if (made >= p->repeat_max)
		return 0;
	if (!made)
		next = p->repeat > least ? p->repeat : least;
	else
		next = made + (made + 3) / 4;
	return next < p->repeat_max ? next : p->repeat_max;
}

bool estimate_narrow(struct results *r)
{
	const struct plan *p = r->plan;
	const struct px *e = p->repeat_until;
	uint32_t n = estimate_of_any(e) ? p->npolicies : 1;
	bool narrow = true;

	r->until_width = -1;
	r->until_policy = PX_ANY_POLICY;
	for (uint32_t i = 0; i < n; i++) {
		int32_t policy = estimate_of_any(e) ? (int32_t)i : PX_ANY_POLICY;

		if (estimate_skipped(r, e, policy) != PX_ANY_POLICY)
			continue;

		struct estimate x = estimate(r, e, policy, UNTIL_CONFIDENCE);
		double half = (x.in.hi - x.in.lo) / 2, width;

		/* Where nobody ever has a value (all killed), no repetition will bring one. */
		if (x.empty)
			continue;
		if (!x.in.there) {
			narrow = false;
			continue;
		}
		width = half > 0 ? half / fabs(x.value) : 0;
		narrow &= width < p->repeat_width;
		if (width > r->until_width) {
			r->until_width = width;
			r->until_policy = policy;
			r->until = x.in;
		}
	}
	return narrow && r->until_width >= 0;
}
