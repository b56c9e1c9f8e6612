/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/sim_bytes.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/sim_world.h"

#define MAX_CGROUPS 8
#define MAX_WORKERS 8
#define MAX_OPS	    64

/* Bytes are consumed one after another; past the end there are zeros. */
struct bytes {
	const uint8_t *v;
	size_t n;
};

static uint8_t byte(struct bytes *b)
{
	if (!b->n)
		return 0;
	b->n--;
	return *b->v++;
}

static uint32_t below(struct bytes *b, uint32_t n)
{
	return byte(b) % n;
}

/* 0 to 64 MiB, small sizes and odd ones as likely as large ones. */
static uint64_t size(struct bytes *b)
{
	uint64_t v = (uint64_t)byte(b) << below(b, 19);

	return below(b, 8) ? v : v + byte(b);
}

static uint64_t limit(struct bytes *b)
{
	return below(b, 3) ? size(b) : NO_LIMIT;
}

static uint64_t duration(struct bytes *b)
{
	return (uint64_t)byte(b) << below(b, 26); /* up to 17 s */
}

static struct cg_attrs attrs(struct bytes *b)
{
	struct cg_attrs a = cg_attrs_default;

	a.set = (uint32_t)byte(b) | (uint32_t)below(b, 1 << (CGA_COUNT - 8)) << 8;
	if (a.set & CGA_BIT(CGA_MIN))
		a.min_bytes = size(b);
	if (a.set & CGA_BIT(CGA_LOW))
		a.low_bytes = size(b);
	if (a.set & CGA_BIT(CGA_HIGH))
		a.high_bytes = limit(b);
	if (a.set & CGA_BIT(CGA_MAX))
		a.max_bytes = limit(b);
	if (a.set & CGA_BIT(CGA_SWAP))
		a.swap_bytes = limit(b);
	if (a.set & CGA_BIT(CGA_OOM))
		a.oom_group = below(b, 2);
	if (a.set & CGA_BIT(CGA_WEIGHT))
		a.weight = byte(b);
	if (a.set & CGA_BIT(CGA_CPU))
		a.cpu_ppm = (uint32_t)byte(b) * 10000;
	if (a.set & CGA_BIT(CGA_THP))
		a.thp = below(b, 2);
	if (a.set & CGA_BIT(CGA_PRIORITY))
		a.priority = (uint8_t)below(b, 3);
	if (a.set & CGA_BIT(CGA_DELAY)) {
		a.delay_ns = duration(b);
		a.delay_always = below(b, 2);
	}
	if (a.set & CGA_BIT(CGA_THRESHOLD))
		a.threshold = byte(b);
	if (a.set & CGA_BIT(CGA_WINDOW))
		a.window_ns = duration(b);
	if (a.set & CGA_BIT(CGA_PROTECT))
		a.protect = (uint8_t)below(b, 3);
	return a;
}

/* What an op points to must outlive it: of each op, one of everything. */
struct args {
	struct cg_attrs set;
	struct op_series series;
	struct op_sample samples[4];
	struct op_calls calls;
	struct op_call call[3];
	struct op_exec exec;
};

static void series(struct bytes *b, struct args *x)
{
	uint64_t at = 0;

	x->series = (struct op_series){.v = x->samples, .n = below(b, 5)};
	for (uint32_t i = 0; i < x->series.n; i++) {
		at += duration(b) / 16;
		x->samples[i] = (struct op_sample){.at_ns = at, .bytes = size(b)};
	}
}

static void calls(struct bytes *b, struct args *x)
{
	uint64_t at = 0;

	x->calls = (struct op_calls){
	    .v = x->call, .n = below(b, 4), .simulated = true, .base_bytes = size(b)};
	for (uint32_t i = 0; i < x->calls.n; i++) {
		at += duration(b) / 16;
		x->call[i] = (struct op_call){
		    .at_ns = at, .dur_ns = duration(b) / 16, .bytes = size(b), .tool = "Bash"};
	}
	if (below(b, 2)) {
		series(b, x);
		x->calls.memory = &x->series;
	}
}

static struct op decode(struct bytes *b, const struct sim_world *w, struct args *x)
{
	struct op o = {.kind = (uint8_t)below(b, OP_COUNT)};

	if (op_is_worker(o.kind))
		o.target = below(b, (uint32_t)w->workers.n);
	else
		o.target = below(b, (uint32_t)w->cgroups.n);
	o.bytes = below(b, 16) ? size(b) : NO_LIMIT;
	if (o.bytes == NO_LIMIT && o.kind != OP_FREE && o.kind != OP_RECLAIM)
		o.bytes = 96 * MIB;
	if (o.kind == OP_ALLOC || o.kind == OP_READ || o.kind == OP_TOUCH || o.kind == OP_SLEEP)
		o.ns = below(b, 2) ? duration(b) : 0;
	if (o.kind == OP_TOUCH && below(b, 2))
		o.each_ns = o.ns / (1 + below(b, 8)) + 1;
	if (o.kind == OP_SET) {
		x->set = attrs(b);
		o.set = &x->set;
	} else if (o.kind == OP_REPLAY) {
		series(b, x);
		o.series = &x->series;
	} else if (o.kind == OP_TOOLS) {
		calls(b, x);
		o.calls = &x->calls;
	} else if (o.kind == OP_EXEC) {
		x->exec = (struct op_exec){.has_like = true,
					   .like_ns = duration(b) / 16,
					   .like_peak_bytes = size(b),
					   .timeout_ns = below(b, 2) ? duration(b) : NEVER};
		o.exec = &x->exec;
	}
	return o;
}

static void fail(const char *why)
{
	fprintf(stderr, "%s\n", why);
	abort();
}

static void make_world(struct bytes *b, struct sim_world *w, bool check)
{
	uint32_t ncg = 1 + below(b, MAX_CGROUPS), nw = 1 + below(b, MAX_WORKERS);
	bool plain = below(b, 2); /* nobody is protected: then reclaim takes shortcuts */

	sw_init(w);
	w->check = check;
	w->machine.memory_bytes = (16 + (uint64_t)byte(b)) * MIB;
	w->machine.cpus = below(b, 5);
	w->machine.noise_ppm = byte(b) * 200U;
	w->mechanism = backend_mechanism(below(b, 8)); /* or none: the hook */
	for (uint32_t i = 0; i < ncg; i++) {
		struct cg_attrs a = attrs(b);

		if (plain) {
			a.min_bytes = a.low_bytes = 0;
			a.protect = PROTECT_OFF;
		}
		sw_cgroup(w, i ? below(b, i) : 0, a);
	}
	for (uint32_t i = 0; i < nw; i++)
		sw_worker(w, below(b, ncg));
	sw_open(w, 1, 0);
}

/* Every op that was begun ends exactly once, and nothing of a worker happens after its death. */
static void check_ends(const struct sim_world *w, const uint32_t *begun)
{
	for (uint32_t i = 0; i < w->workers.n; i++) {
		if (sw_count(w, OBS_DONE, i, UINT32_MAX) != begun[i])
			fail("an op ended twice or never");
		if (sw_count(w, OBS_KILL, i, UINT32_MAX) > 1)
			fail("a worker died twice");
	}
}

static uint64_t mix(uint64_t h, uint64_t v)
{
	h ^= v;
	h *= UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

static uint64_t digest(struct sim_world *w)
{
	const struct obs *o;
	uint64_t h = 0;

	vec_foreach (o, &w->seen) {
		h = mix(mix(mix(h, o->t_ns), o->kind), (uint64_t)o->cgroup << 32 | o->worker);
		if (o->kind == OBS_DONE)
			h = mix(mix(mix(mix(h, o->done.start_ns), o->done.bytes), o->done.late_ns),
				o->done.status);
		else if (o->kind == OBS_STEP)
			h = mix(mix(mix(h, o->step.bytes), o->step.latency_ns), o->step.late_ns);
		else if (o->kind == OBS_DELAY)
			h = mix(h, o->delay.ns);
	}
	for (uint32_t i = 0; i < w->cgroups.n; i++) {
		const struct cg_counters *c = sw_sample(w, i);

		h = mix(mix(mix(h, c->usage_bytes), c->ev_max), c->ev_high);
		h = mix(mix(mix(h, c->psi_some_ns), c->psi_full_ns), c->throttled_ns);
		h = mix(mix(mix(h, c->peak_bytes), c->anon_bytes), c->faults);
		h = mix(mix(mix(h, c->swap_bytes), c->reclaimed_bytes), c->ev_oom_kill);
	}
	return mix(h, sim_steps(w->run));
}

static uint64_t run(const uint8_t *data, size_t n, bool single_step, bool unseen)
{
	struct bytes b = {data, n};
	struct sim_world w;
	struct args *args = calloc(MAX_OPS, sizeof *args);
	uint32_t begun[MAX_WORKERS] = {0};
	uint64_t h;

	if (!args)
		abort();
	make_world(&b, &w, !unseen);
	sim_single_step(w.run, single_step);
	for (uint32_t i = 0; i < MAX_OPS && b.n; i++) {
		struct op o = decode(&b, &w, &args[i]);
		int err = sw_apply(&w, o);

		if (op_is_worker(o.kind) && !err)
			begun[o.target]++;
		else if (err && !(op_is_worker(o.kind) && (err == -16 || err == -3)))
			fail("an op was refused");
		if (below(&b, 2))
			sw_until(&w, sw_now(&w) + duration(&b) / 8);
		sw_sample(&w, below(&b, (uint32_t)w.cgroups.n));
	}
	/* Thaw all, let them finish: a sleeper under a penalty takes 2 s a batch, but it ends. */
	for (uint32_t i = 0; i < w.cgroups.n; i++)
		sw_apply(&w, OP(OP_THAW, i));
	sw_drain(&w);
	check_ends(&w, begun);
	h = digest(&w);
	sw_free(&w);
	free(args);
	return h;
}

uint64_t sim_bytes_run(const uint8_t *data, size_t n, bool single_step)
{
	return run(data, n, single_step, false);
}

uint64_t sim_bytes_run_unseen(const uint8_t *data, size_t n)
{
	return run(data, n, false, true);
}
