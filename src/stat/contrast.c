/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stat/contrast.h"

#include <stdlib.h>

#include "base/mem.h"
#include "stat/dist.h"
#include "stat/rank.h"

#define CONFIDENCE 0.95

const enum metric contrast_metrics[CONTRAST_METRICS] = {M_TIME, M_ALLOC_P99, M_STALL, M_THROUGHPUT};

const char *role_name(enum role role)
{
	switch (role) {
	case ROLE_HIGH:
		return "HIGH";
	case ROLE_LOW:
		return "LOW";
	case ROLE_OTHER:
	case ROLE_COUNT:
		break;
	}
	return "other";
}

/* A baseline that switches all protection off may leave priorities out. */
enum role contrast_role(const struct plan *p, uint32_t cgroup)
{
	bool low = false;

	for (uint32_t i = 0; i < p->npolicies; i++) {
		if (p->policies[i].attrs[cgroup].priority == PRIORITY_HIGH)
			return ROLE_HIGH;
		low |= p->policies[i].attrs[cgroup].priority == PRIORITY_LOW;
	}
	return low ? ROLE_LOW : ROLE_OTHER;
}

/* The runs of one policy by repetition; NULL: not made, or interrupted. */
static const struct run_summary **by_repetition(const struct results *r, int32_t policy, uint32_t n)
{
	const struct run_summary **runs = mem_alloc(n * sizeof(const struct run_summary *));

	for (uint32_t k = 0; k < r->nruns; k++)
		if (r->runs[k].policy == policy && r->runs[k].end != END_INTERRUPTED &&
		    r->runs[k].rep < n)
			runs[r->runs[k].rep] = &r->runs[k];
	return runs;
}

struct comparing {
	const struct results *r;
	const uint32_t *sessions; /* of one role */
	uint32_t nsessions, nreps;
	const struct run_summary **runs, **base; /* [nreps] */
};

/* Values of one repetition, means over the sessions that have both; false: none has. */
static bool pair(const struct comparing *c, uint32_t rep, enum metric m, uint32_t *unpaired,
		 double *a, double *b)
{
	uint32_t n = 0;

	*a = *b = 0;
	for (uint32_t i = 0; i < c->nsessions; i++) {
		double x, y;

		if (results_metric(c->runs[rep], c->sessions[i], m, &x) &&
		    results_metric(c->base[rep], c->sessions[i], m, &y)) {
			*a += x;
			*b += y;
			n++;
		} else {
			++*unpaired;
		}
	}
	if (n) {
		*a /= n;
		*b /= n;
	}
	return n > 0;
}

static void count_survivors(const struct comparing *c, struct contrast *out)
{
	for (uint32_t rep = 0; rep < c->nreps; rep++)
		for (uint32_t i = 0; i < c->nsessions; i++) {
			uint32_t cg = c->sessions[i];

			if (c->runs[rep]) {
				out->runs++;
				out->survived += !c->runs[rep]->cgroups[cg].oom_killed;
			}
			if (c->base[rep]) {
				out->base_runs++;
				out->base_survived += !c->base[rep]->cgroups[cg].oom_killed;
			}
		}
}

static uint32_t repetitions(const struct results *r)
{
	uint32_t n = 0;

	for (uint32_t k = 0; k < r->nruns; k++)
		if (r->runs[k].rep >= n)
			n = r->runs[k].rep + 1;
	return n;
}

static uint32_t sessions_of(const struct results *r, enum role role, uint32_t *sessions)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->nsessions; i++)
		if (contrast_role(r->plan, r->sessions[i]) == role)
			sessions[n++] = r->sessions[i];
	return n;
}

static void begin(struct comparing *c, const struct results *r, int32_t policy, enum role role)
{
	uint32_t *sessions = mem_alloc(r->nsessions * sizeof(*sessions));

	c->r = r;
	c->nreps = r->repetitions;
	c->sessions = sessions;
	c->nsessions = sessions_of(r, role, sessions);
	c->runs = by_repetition(r, policy, c->nreps);
	c->base = by_repetition(r, r->plan->baseline, c->nreps);
}

static void end(struct comparing *c)
{
	free((void *)(uintptr_t)c->sessions);
	free(c->runs);
	free(c->base);
}

static void compare(const struct comparing *c, bool all, struct contrast_figure *f)
{
	uint64_t seed = c->r->seed;
	double *a = mem_alloc(3 * (size_t)c->nreps * sizeof(*a));
	double *b = a + c->nreps, *d = b + c->nreps;
	struct rank_test u;

	for (uint32_t rep = 0; rep < c->nreps; rep++) {
		if (!c->runs[rep] || !c->base[rep])
			continue;
		if (!pair(c, rep, f->metric, &f->unpaired, &a[f->n], &b[f->n]))
			continue;
		d[f->n] = a[f->n] - b[f->n];
		f->n++;
	}
	if (f->n) {
		f->mean = dist_mean(a, f->n);
		f->base = dist_mean(b, f->n);
		f->ratio_in = bootstrap_ratio(a, b, f->n, CONFIDENCE, seed);
		f->p_signs = rank_signs(d, f->n, seed);
		u = rank_u(a, f->n, b, f->n);
		f->p_u = u.p;
		f->a_larger = u.a_larger;
		f->u_exact = u.exact;
	}
	if (f->n && all) {
		f->base_in = bootstrap_mean(b, f->n, CONFIDENCE, seed);
		f->mean_in = bootstrap_mean(a, f->n, CONFIDENCE, seed);
		f->difference_in = bootstrap_mean(d, f->n, CONFIDENCE, seed);
	}
	free(a);
}

struct contrast_figure contrast_figure(const struct results *r, const struct contrast *c,
				       enum metric m, bool all)
{
	struct contrast_figure f = {.metric = m};
	struct comparing comparing;

	begin(&comparing, r, c->policy, c->role);
	compare(&comparing, all, &f);
	end(&comparing);
	return f;
}

struct role_mean contrast_mean(const struct results *r, int32_t policy, enum role role,
			       enum metric m)
{
	double *v = mem_alloc((r->repetitions + 1) * sizeof(*v));
	struct role_mean out = {0};
	struct comparing c;

	begin(&c, r, policy, role);
	for (uint32_t rep = 0; rep < c.nreps; rep++) {
		uint32_t n = 0;
		double sum = 0, x;

		for (uint32_t i = 0; i < c.nsessions && c.runs[rep]; i++)
			if (results_metric(c.runs[rep], c.sessions[i], m, &x)) {
				sum += x;
				n++;
			}
		if (n)
			v[out.n++] = sum / n;
	}
	if (out.n) {
		out.mean = dist_mean(v, out.n);
		out.in = bootstrap_mean(v, out.n, CONFIDENCE, r->seed);
	}
	end(&c);
	free(v);
	return out;
}

void contrast_alive(const struct results *r, int32_t policy, enum role role, uint32_t *runs,
		    uint32_t *survived)
{
	struct contrast count = {0};
	struct comparing c;

	begin(&c, r, policy, role);
	count_survivors(&c, &count);
	end(&c);
	*runs = count.runs;
	*survived = count.survived;
}

void contrast_all(struct results *r)
{
	const struct plan *p = r->plan;
	struct contrast *list;
	uint32_t n = 0;

	r->repetitions = repetitions(r);
	if (p->baseline < 0 || !r->nruns)
		return;
	list = arena_array(&r->arena, struct contrast, (size_t)p->npolicies * ROLE_COUNT);
	for (uint32_t i = 0; i < p->npolicies; i++) {
		for (enum role role = 0; role < ROLE_COUNT && (int32_t)i != p->baseline; role++) {
			struct contrast *out = &list[n];
			struct comparing c;

			begin(&c, r, (int32_t)i, role);
			out->policy = (int32_t)i;
			out->role = role;
			out->nsessions = c.nsessions;
			count_survivors(&c, out);
			n += c.nsessions > 0 && out->runs > 0;
			if (!c.nsessions || !out->runs)
				*out = (struct contrast){0};
			end(&c);
		}
	}
	r->contrasts = list;
	r->ncontrasts = n;
}
