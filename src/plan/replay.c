/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay.c - a recording to what a worker follows: times divided by the speed, the base added.
 *
 * What was lowered is kept with its trace: sessions that replay one trace alike share it.
 */
#include "base/mem.h"
#include "plan/check.h"

struct replay {
	struct replay *next;
	struct ratio speed;
	uint64_t base_bytes;
	bool simulated, with_memory;
	const struct op_series *series; /* replay memory, or */
	const struct op_calls *calls;	/* replay tools */
};

static uint64_t scaled(uint64_t ns, struct ratio speed)
{
	return mul_div(ns, (uint64_t)speed.den, (uint64_t)speed.num);
}

static const struct replay *find(const struct trace_decl *t, const struct replay *like, bool calls)
{
	for (const struct replay *r = t->replays; r; r = r->next)
		if (!ratio_cmp(r->speed, like->speed) && r->base_bytes == like->base_bytes &&
		    r->simulated == like->simulated && r->with_memory == like->with_memory &&
		    calls == (r->calls != NULL))
			return r;
	return NULL;
}

static void keep(struct check *x, struct trace_decl *t, const struct replay *r)
{
	struct replay *own = arena_dup(x->arena, r, sizeof(*r));

	own->next = t->replays;
	t->replays = own;
}

const struct op_series *replay_memory(struct check *x, struct trace_decl *t, struct ratio speed,
				      uint64_t base_bytes)
{
	struct replay r = {.speed = speed, .base_bytes = base_bytes};
	const struct replay *old = find(t, &r, false);
	const struct trace *tr = t->trace;
	struct op_series *series;
	struct op_sample *v;

	if (!x->keep)
		return NULL;
	if (old)
		return old->series;
	series = arena_new(x->arena, struct op_series);
	v = arena_array(x->arena, struct op_sample, tr->nsamples);
	for (uint32_t i = 0; i < tr->nsamples; i++) {
		v[i].at_ns = scaled(tr->samples[i].at_ns, speed);
		v[i].bytes = base_bytes + tr->samples[i].bytes;
	}
	series->v = v;
	series->n = tr->nsamples;
	r.series = series;
	keep(x, t, &r);
	return series;
}

/* ---- tool calls ------------------------------------------------------------------------------ */

/* The last sample at or before `at`, or the first one. */
static uint32_t sample_before(const struct trace *tr, uint64_t at)
{
	uint32_t lo = 0, hi = tr->nsamples;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (tr->samples[mid].at_ns <= at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? lo - 1 : 0;
}

/* Maxima of ranges of samples: node i covers nodes 2i and 2i + 1, the leaves begin at n. */
static uint64_t *make_maxima(const struct trace *tr)
{
	uint64_t *max = mem_alloc(2 * (size_t)tr->nsamples * sizeof(*max));
	uint32_t n = tr->nsamples;

	for (uint32_t i = 0; i < n; i++)
		max[n + i] = tr->samples[i].bytes;
	for (uint32_t i = n; --i > 0;)
		max[i] = max[2 * i] > max[2 * i + 1] ? max[2 * i] : max[2 * i + 1];
	return max;
}

static uint64_t maximum(const uint64_t *max, uint32_t n, uint32_t lo, uint32_t hi)
{
	uint64_t m = 0;

	for (lo += n, hi += n + 1; lo < hi; lo /= 2, hi /= 2) {
		if (lo % 2 && max[lo++] > m)
			m = max[lo - 1];
		if (hi % 2 && max[--hi] > m)
			m = max[hi];
	}
	return m;
}

/* How far the session's memory rose above where it was, while the call ran. */
static uint64_t growth(const struct trace *tr, const uint64_t *max, const struct trace_call *c)
{
	uint64_t start = c->at_ns > 0 ? (uint64_t)c->at_ns : 0;
	int64_t end = c->at_ns + (int64_t)c->dur_ns;
	uint32_t first = sample_before(tr, start);
	uint32_t last = sample_before(tr, end > 0 ? (uint64_t)end : 0);
	uint64_t peak = maximum(max, tr->nsamples, first, last < first ? first : last);

	return peak - tr->samples[first].bytes; /* the range begins with it */
}

const struct op_calls *replay_tools(struct check *x, struct trace_decl *t, struct ratio speed,
				    uint64_t base_bytes, bool simulated, bool with_memory)
{
	struct replay r = {.speed = speed,
			   .base_bytes = base_bytes,
			   .simulated = simulated,
			   .with_memory = with_memory};
	const struct replay *old = find(t, &r, true);
	const struct trace *tr = t->trace;
	struct op_calls *calls;
	struct op_call *v;
	uint64_t *max;

	if (!x->keep)
		return NULL;
	if (old)
		return old->calls;
	max = simulated ? make_maxima(tr) : NULL;
	calls = arena_new(x->arena, struct op_calls);
	v = arena_array(x->arena, struct op_call, tr->ncalls);
	for (uint32_t i = 0; i < tr->ncalls; i++) {
		const struct trace_call *c = &tr->calls[i];

		/* A call that began before the first sample is made at once, for as long. */
		v[i].at_ns = scaled(c->at_ns > 0 ? (uint64_t)c->at_ns : 0, speed);
		v[i].dur_ns = scaled(c->dur_ns, speed);
		v[i].tool = c->tool;
		v[i].command = c->command;
		if (simulated)
			v[i].bytes = growth(tr, max, c);
	}
	free(max);
	calls->v = v;
	calls->n = tr->ncalls;
	calls->simulated = simulated;
	calls->base_bytes = base_bytes;
	if (with_memory)
		calls->memory = replay_memory(x, t, speed, base_bytes);
	r.calls = calls;
	keep(x, t, &r);
	return calls;
}
