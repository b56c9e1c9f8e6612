/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stat/estimate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "stat/evaluate.h"

/* Runs looked at in all resamples of one estimate, about: a second of work. */
#define MOST_WORK   2e8
#define LEAST_DRAWS 1000

static bool is_leaf(const struct px *e)
{
	return e->kind == PX_METRIC || e->kind == PX_KILLED || e->kind == PX_SURVIVED ||
	       e->kind == PX_DONE;
}

static bool has_args(const struct px *e)
{
	return e->kind >= PX_NEG;
}

bool estimate_of_any(const struct px *e)
{
	if (is_leaf(e))
		return e->scope.policy == PX_ANY_POLICY;
	for (uint32_t i = 0; has_args(e) && i < e->nargs; i++)
		if (estimate_of_any(e->args[i]))
			return true;
	return false;
}

int32_t estimate_skipped(const struct results *r, const struct px *e, int32_t policy)
{
	int32_t of = PX_ANY_POLICY;

	if (is_leaf(e)) {
		of = e->scope.policy == PX_ANY_POLICY ? policy : e->scope.policy;
		return results_skipped(r, of) ? of : PX_ANY_POLICY;
	}
	for (uint32_t i = 0; has_args(e) && i < e->nargs && of == PX_ANY_POLICY; i++)
		of = estimate_skipped(r, e->args[i], policy);
	return of;
}

/* ---- the runs, by repetition ------------------------------------------------------------------
 */

/* used[0]: undisturbed runs, used[1 + i]: policy i; *work: sessions looked at in one run. */
static void find_used(const struct results *r, const struct px *e, int32_t policy, bool *used,
		      double *work)
{
	if (e->kind == PX_MARK)
		memset(used + 1, true, r->plan->npolicies * sizeof(*used));
	if (is_leaf(e)) {
		int32_t of = e->scope.policy == PX_ANY_POLICY ? policy : e->scope.policy;

		*work += e->scope.ncgroups;
		if (of == PX_ANY_POLICY)
			memset(used + 1, true, r->plan->npolicies * sizeof(*used));
		else
			used[of == PX_ALONE ? 0 : 1 + of] = true;
	}
	for (uint32_t i = 0; has_args(e) && i < e->nargs; i++)
		find_used(r, e->args[i], policy, used, work);
}

struct blocks {
	struct run_summary *runs; /* those used, by repetition */
	uint32_t *begin;	  /* [n + 1], into runs */
	uint32_t n, nruns;
	double work;
};

static void make_blocks(const struct results *r, const struct px *e, int32_t policy,
			struct blocks *b)
{
	bool *used = mem_alloc((r->plan->npolicies + 1) * sizeof(*used));
	uint32_t *count, reps = 0, at = 0;

	b->work = 1;
	find_used(r, e, policy, used, &b->work);
	for (uint32_t k = 0; k < r->nruns; k++)
		if (r->runs[k].rep >= reps)
			reps = r->runs[k].rep + 1;
	count = mem_alloc((reps + 1) * sizeof(*count));
	for (uint32_t k = 0; k < r->nruns; k++) {
		const struct run_summary *run = &r->runs[k];

		count[run->rep] += run->end != END_INTERRUPTED &&
				   used[run->policy == PX_ALONE ? 0 : 1 + run->policy];
	}
	b->begin = mem_alloc((reps + 1) * sizeof(*b->begin));
	b->runs = mem_alloc(r->nruns * sizeof(*b->runs));
	for (uint32_t rep = 0; rep < reps; rep++) {
		uint32_t here = count[rep];

		count[rep] = at; /* from here on: where its next run goes */
		if (here)
			b->begin[b->n++] = at;
		at += here;
	}
	b->begin[b->n] = b->nruns = at;
	for (uint32_t k = 0; k < r->nruns; k++) {
		const struct run_summary *run = &r->runs[k];

		if (run->end != END_INTERRUPTED &&
		    used[run->policy == PX_ALONE ? 0 : 1 + run->policy])
			b->runs[count[run->rep]++] = *run;
	}
	free(count);
	free(used);
}

static void free_blocks(struct blocks *b)
{
	free(b->runs);
	free(b->begin);
}

static uint32_t put_block(const struct blocks *b, uint32_t i, struct run_summary *to)
{
	uint32_t n = b->begin[i + 1] - b->begin[i];

	memcpy(to, &b->runs[b->begin[i]], n * sizeof(*to));
	return n;
}

/* ---- what never varied ------------------------------------------------------------------------
 */

/* Every value of a killed() or survived() is the same: *v. */
static bool agrees(const struct results *r, const struct px *leaf, int32_t policy, double *v)
{
	bool first = true;

	for (uint32_t k = 0; k < r->nruns; k++) {
		struct results one = *r;
		struct evaluation ev;

		one.runs = &r->runs[k];
		one.nruns = 1;
		ev = evaluate(&one, leaf, policy);
		if (ev.empty)
			continue;
		if (!first && ev.value != *v)
			return false;
		*v = ev.value;
		first = false;
	}
	return !first;
}

struct extending {
	const struct results *r; /* of the runs used */
	const struct px *whole;
	int32_t policy;
	double share; /* of runs that may yet differ */
	struct interval *in;
};

static void extend(const struct extending *x, const struct px *leaf)
{
	double v = 0, most = leaf->kind == PX_KILLED ? leaf->scope.ncgroups : 1;

	if (has_args(leaf))
		for (uint32_t i = 0; i < leaf->nargs; i++)
			extend(x, leaf->args[i]);
	if ((leaf->kind != PX_KILLED && leaf->kind != PX_SURVIVED) ||
	    !agrees(x->r, leaf, x->policy, &v))
		return;
	for (int side = 0; side < 2; side++) {
		double bound = v + x->share * (side ? most - v : -v);
		struct evaluation ev = evaluate_as_if(x->r, x->whole, x->policy, leaf, bound);

		if (ev.empty)
			continue;
		x->in->lo = fmin(x->in->lo, ev.value);
		x->in->hi = fmax(x->in->hi, ev.value);
	}
}

/* ---- estimates --------------------------------------------------------------------------------
 */

static void resample(const struct results *r, const struct px *e, int32_t policy, double confidence,
		     const struct blocks *b, struct estimate *out)
{
	uint32_t most = (uint32_t)fmin(BOOTSTRAP_DRAWS, MOST_WORK / (b->work * b->nruns));
	double *draws, *jackknife = mem_alloc(b->n * sizeof(*jackknife));
	uint32_t *index = mem_alloc(b->n * sizeof(*index)), made = 0, largest = 0;
	struct results sample = *r;
	struct run_summary *runs;
	struct rng rng;

	if (most < LEAST_DRAWS)
		most = LEAST_DRAWS;
	draws = mem_alloc(most * sizeof(*draws));
	for (uint32_t i = 0; i < b->n; i++)
		if (b->begin[i + 1] - b->begin[i] > largest)
			largest = b->begin[i + 1] - b->begin[i];
	sample.runs = runs = mem_alloc((size_t)b->n * largest * sizeof(*runs));
	for (uint32_t out_i = 0; out_i < b->n; out_i++) {
		struct evaluation ev;

		sample.nruns = 0;
		for (uint32_t i = 0; i < b->n; i++)
			if (i != out_i)
				sample.nruns += put_block(b, i, &runs[sample.nruns]);
		ev = evaluate(&sample, e, policy);
		jackknife[out_i] = ev.empty ? out->value : ev.value;
	}
	rng_init(&rng, r->seed, RNG_BOOTSTRAP, b->n);
	for (uint32_t k = 0; k < most; k++) {
		struct evaluation ev;

		bootstrap_draw(&rng, index, b->n);
		sample.nruns = 0;
		for (uint32_t i = 0; i < b->n; i++)
			sample.nruns += put_block(b, index[i], &runs[sample.nruns]);
		ev = evaluate(&sample, e, policy);
		if (!ev.empty)
			draws[made++] = ev.value;
	}
	/* A figure that one in twenty resamples lacks has no interval. */
	if (made >= most - most / 20)
		out->in = bootstrap_bca(out->value, draws, made, jackknife, b->n, confidence);
	free(draws);
	free(jackknife);
	free(index);
	free(runs);
}

struct estimate estimate(const struct results *r, const struct px *e, int32_t policy,
			 double confidence)
{
	struct estimate out = {0};
	struct blocks b = {0};
	struct evaluation ev = evaluate(r, e, policy);

	out.value = ev.value;
	out.missing = ev.missing;
	out.empty = ev.empty;
	make_blocks(r, e, policy, &b);
	out.n = b.n;
	if (!ev.empty && b.n >= bootstrap_least(confidence)) {
		struct results used = *r;
		struct extending x = {
		    .r = &used,
		    .whole = e,
		    .policy = policy,
		    .share = 1 - pow((1 - confidence) / 2, 1.0 / b.n),
		    .in = &out.in,
		};

		used.runs = b.runs;
		used.nruns = b.nruns;
		resample(r, e, policy, confidence, &b, &out);
		if (out.in.there)
			extend(&x, e);
	}
	free_blocks(&b);
	return out;
}
