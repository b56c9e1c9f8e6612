/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stat/compare.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "stat/dist.h"
#include "stat/rank.h"

/* The values of one side by repetition; NULL runs: not made, or interrupted. */
struct values {
	double *v; /* [n] */
	bool *there;
	uint32_t n, runs;
};

static bool is_of(const struct compare_side *s, const struct run_summary *run)
{
	return run->policy == s->policy && run->end != END_INTERRUPTED &&
	       (run->policy != PX_ALONE || run->alone == s->cgroup);
}

static void collect(const struct compare_side *s, enum metric m, struct values *out)
{
	const struct results *r = s->r;

	*out = (struct values){0};
	for (uint32_t i = 0; i < r->nruns; i++)
		if (r->runs[i].rep >= out->n)
			out->n = r->runs[i].rep + 1;
	out->v = mem_alloc(out->n * sizeof(*out->v));
	out->there = mem_alloc(out->n * sizeof(*out->there));
	for (uint32_t i = 0; i < r->nruns; i++) {
		const struct run_summary *run = &r->runs[i];

		if (!is_of(s, run))
			continue;
		out->runs++;
		out->there[run->rep] = results_metric(run, s->cgroup, m, &out->v[run->rep]);
	}
}

static void values_free(struct values *v)
{
	free(v->v);
	free(v->there);
}

static uint32_t count(const struct values *v)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < v->n; i++)
		n += v->there[i];
	return n;
}

/* Only what is there, in order of repetition; how many. */
static uint32_t pack(const struct values *from, double *out)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < from->n; i++)
		if (from->there[i])
			out[n++] = from->v[i];
	return n;
}

static double mean_drawn(const double *v, const uint32_t *index, uint32_t n)
{
	double sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += v[index[i]] - v[0];
	return v[0] + sum / n;
}

/* The mean without v[i]. */
static double mean_without(const double *v, uint32_t n, double mean, uint32_t i)
{
	return n > 1 ? mean + (mean - v[i]) / (n - 1) : mean;
}

static bool all_equal(const double *v, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++)
		if (v[i] != v[0])
			return false;
	return true;
}

/*
 * Two samples of their own: every draw takes from each as many as it has.  The smaller one says how
 * far to trust them: what is left out for the skewness is one of it, and of the other one like it.
 */
static void independent(const double *a, uint32_t na, const double *b, uint32_t nb,
			double confidence, uint64_t seed, struct comparison *out)
{
	uint32_t least = bootstrap_least(confidence), made = 0;
	uint32_t most = na > nb ? na : nb, n = na < nb ? na : nb, *index;
	double *change, *ratio, *without_c, *without_r;
	struct rng rng;

	if (na < least || nb < least)
		return;
	if (all_equal(a, na) && all_equal(b, nb)) {
		out->change_in = (struct interval){out->change, out->change, true};
		if (out->a != 0)
			out->ratio_in = (struct interval){out->ratio, out->ratio, true};
		return;
	}
	change = mem_alloc((size_t)BOOTSTRAP_DRAWS * sizeof(*change));
	ratio = mem_alloc((size_t)BOOTSTRAP_DRAWS * sizeof(*ratio));
	without_c = mem_alloc(n * sizeof(*without_c));
	without_r = mem_alloc(n * sizeof(*without_r));
	index = mem_alloc(most * sizeof(*index));
	rng_init(&rng, seed, RNG_BOOTSTRAP, (uint64_t)na << 32 | nb);
	for (uint32_t i = 0; i < BOOTSTRAP_DRAWS; i++) {
		double x, y;

		bootstrap_draw(&rng, index, na);
		x = mean_drawn(a, index, na);
		bootstrap_draw(&rng, index, nb);
		y = mean_drawn(b, index, nb);
		change[i] = y - x;
		if (x != 0)
			ratio[made++] = y / x;
	}
	for (uint32_t i = 0; i < n; i++) {
		double x = mean_without(a, na, out->a, (uint32_t)((uint64_t)i * na / n));
		double y = mean_without(b, nb, out->b, (uint32_t)((uint64_t)i * nb / n));

		without_c[i] = y - x;
		without_r[i] = x != 0 ? y / x : out->ratio;
	}
	out->change_in =
	    bootstrap_bca(out->change, change, BOOTSTRAP_DRAWS, without_c, n, confidence);
	if (out->a != 0)
		out->ratio_in = bootstrap_bca(out->ratio, ratio, made, without_r, n, confidence);
	free(change);
	free(ratio);
	free(without_c);
	free(without_r);
	free(index);
}

static void means(const double *a, uint32_t na, const double *b, uint32_t nb,
		  struct comparison *out)
{
	struct rank_test u = rank_u(b, nb, a, na);

	out->a = dist_mean(a, na);
	out->b = dist_mean(b, nb);
	out->change = out->b - out->a;
	out->ratio = out->a != 0 ? out->b / out->a : 0;
	out->p = u.p;
	out->b_larger = u.a_larger;
}

static void compare_pairs(const struct values *a, const struct values *b, double confidence,
			  uint64_t seed, struct comparison *out)
{
	uint32_t most = a->n < b->n ? a->n : b->n, n = 0;
	double *x = mem_alloc(3 * (size_t)most * sizeof(*x)), *y = x + most, *d = y + most;

	for (uint32_t i = 0; i < most; i++) {
		if (!a->there[i] || !b->there[i])
			continue;
		x[n] = a->v[i];
		y[n] = b->v[i];
		d[n] = y[n] - x[n];
		n++;
	}
	out->a_n = out->b_n = n;
	if (n) {
		means(x, n, y, n, out);
		out->change_in = bootstrap_mean(d, n, confidence, seed);
		out->ratio_in = bootstrap_ratio(y, x, n, confidence, seed);
		out->p = rank_signs(d, n, seed);
	}
	free(x);
}

static void compare_samples(const struct values *a, const struct values *b, double confidence,
			    uint64_t seed, struct comparison *out)
{
	double *x = mem_alloc(((size_t)a->n + b->n) * sizeof(*x)), *y = x + a->n;

	out->a_n = pack(a, x);
	out->b_n = pack(b, y);
	if (out->a_n)
		out->a = dist_mean(x, out->a_n);
	if (out->b_n)
		out->b = dist_mean(y, out->b_n);
	if (out->a_n && out->b_n) {
		means(x, out->a_n, y, out->b_n, out);
		independent(x, out->a_n, y, out->b_n, confidence, seed, out);
	}
	free(x);
}

struct comparison compare_metric(const struct compare_side *a, const struct compare_side *b,
				 enum metric m, double confidence, bool paired)
{
	struct comparison out = {.paired = paired, .p = 1};
	struct values va, vb;

	collect(a, m, &va);
	collect(b, m, &vb);
	if (paired)
		compare_pairs(&va, &vb, confidence, a->r->seed, &out);
	/* What has no pair can still be shown. */
	if (!out.a_n) {
		out.paired = false;
		compare_samples(&va, &vb, confidence, a->r->seed, &out);
	}
	out.a_missing = va.runs - count(&va);
	out.b_missing = vb.runs - count(&vb);
	values_free(&va);
	values_free(&vb);
	return out;
}

void compare_alive(const struct compare_side *s, uint32_t *runs, uint32_t *survived)
{
	*runs = *survived = 0;
	for (uint32_t i = 0; i < s->r->nruns; i++) {
		const struct run_summary *run = &s->r->runs[i];

		if (!is_of(s, run))
			continue;
		++*runs;
		*survived += !run->cgroups[s->cgroup].oom_killed;
	}
}

const char *compare_policy(const struct results *r, uint32_t i)
{
	if (i < r->plan->npolicies)
		return r->plan->policies[i].name;
	return i == r->plan->npolicies && r->plan->uses_alone ? "alone" : NULL;
}

bool compare_find(const struct results *r, const char *policy, const char *cgroup,
		  struct compare_side *out)
{
	const struct plan *p = r->plan;
	uint32_t i = 0, cg = 0;

	while (compare_policy(r, i) && strcmp(compare_policy(r, i), policy) != 0)
		i++;
	while (cg < p->ncgroups && strcmp(p->cgroups[cg].name, cgroup) != 0)
		cg++;
	if (!compare_policy(r, i) || cg == p->ncgroups)
		return false;
	*out = (struct compare_side){r, i < p->npolicies ? (int32_t)i : PX_ALONE, cg};
	return true;
}
