/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The simulator as a backend: it makes the world, jumps from timer to timer, and samples.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "backend/sim/mechanism.h"
#include "backend/sim/stride.h"
#include "base/mem.h"
#include "base/rng.h"

#define HUGE_PAGE  ((size_t)2 << 20)
#define HUGE_WORTH (HUGE_PAGE / 8)

static const uint32_t modelled_version[3] = {7, 2, 0};
#define MODELLED_KERNEL "7.2"

/* Every mechanism is modelled besides. */
static const char *const modelled[] = {"cgroup2", "cpu", "psi", "swap", "thp"};

static int sim_probe(const struct requirement *r, char *why, size_t why_size)
{
	if (!strcmp(r->feature, "kernel")) {
		if (backend_version_holds(modelled_version, r))
			return 1;
		snprintf(why, why_size, "the simulator models Linux %s", MODELLED_KERNEL);
		return 0;
	}
	for (size_t i = 0; i < sizeof modelled / sizeof *modelled; i++)
		if (!strcmp(r->feature, modelled[i]))
			return 1;
	if (backend_mechanism_known(r->feature))
		return 1;
	if (!backend_feature_known(r->feature))
		return -EINVAL;
	snprintf(why, why_size, "the simulator does not model %s", r->feature);
	return 0;
}

void sim_observe(struct sim *s, struct obs *o)
{
	o->t_ns = s->now_ns;
	s->sink.put(s->sink.ctx, o);
}

/* ---- making the world ------------------------------------------------------------------------ */

/*
 * Thousands of cgroups lie on more pages than a processor knows the places of; a few huge ones it
 * does.  Without them it is merely slower.
 */
void *sim_alloc_lines(size_t n, size_t size, void **block)
{
	size_t bytes = n * size;
	char *p;

	if (bytes < HUGE_WORTH) {
		p = *block = mem_alloc(bytes + CACHE_LINE - 1);
		return p + (CACHE_LINE - (uintptr_t)p % CACHE_LINE) % CACHE_LINE;
	}
	bytes = (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
	p = *block = aligned_alloc(HUGE_PAGE, bytes);
	if (!p)
		mem_exhausted(bytes);
	madvise(p, bytes, MADV_HUGEPAGE);
	return memset(p, 0, bytes);
}

/* Parents come before children, but a subtree need not lie together: renumber in preorder. */
static void number_cgroups(struct sim *s, const struct world *w)
{
	uint32_t n = w->ncgroups;
	uint32_t *size = mem_alloc(n * sizeof *size); /* of the subtree */
	uint32_t *next = mem_alloc(n * sizeof *next); /* number of the next child */

	for (uint32_t i = n; i-- > 0;) {
		size[i]++;
		if (i)
			size[w->cgroups[i].parent] += size[i];
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t parent = w->cgroups[i].parent, m = 1;

		if (i) {
			m = next[parent];
			next[parent] += size[i];
		}
		next[i] = m + 1;
		s->cg_of[i] = m;
		s->cg[m].parent = i ? s->cg_of[parent] : MACHINE;
		s->cg[m].end = m + size[i];
		s->more[m].index = i;
	}
	free(size);
	free(next);
}

static void make_cgroups(struct sim *s, const struct world *w)
{
	s->ncg = w->ncgroups + 1;
	s->cg = sim_alloc_lines(s->ncg, sizeof *s->cg, &s->cg_block);
	s->more = sim_alloc_lines(s->ncg, sizeof *s->more, &s->more_block);
	s->cg_of = mem_alloc(w->ncgroups * sizeof *s->cg_of);
	number_cgroups(s, w);
	s->cg[MACHINE].parent = SIM_NONE;
	s->cg[MACHINE].end = s->ncg;
	s->cg[MACHINE].max = limits_pages(w->machine.memory_bytes);
	s->cg[MACHINE].high = PAGES_MAX;
	memcg_limits_changed(s, MACHINE);
	s->more[MACHINE].swap_max = limits_pages(w->machine.memory_bytes);
	s->more[MACHINE].index = 0;
	for (uint32_t i = 0; i < w->ncgroups; i++)
		limits_init(s, s->cg_of[i], &w->attrs[i]);
	policy_refresh(s);
}

static void make_workers(struct sim *s, const struct world *w, uint64_t seed, uint32_t rep)
{
	/* Nobody is infinitely fast or slow. */
	uint32_t noise_ppm = w->machine.noise_ppm < 900000 ? w->machine.noise_ppm : 900000;
	uint64_t process;

	s->nw = w->nworkers;
	s->w = sim_alloc_lines(s->nw, sizeof *s->w, &s->w_block);
	s->nturns = s->nw + (mech_has_timers(s->mechanism) ? s->ncg : 0);
	s->turns = sim_alloc_lines(s->nturns, sizeof *s->turns, &s->turns_block);
	s->members = mem_alloc(s->nw * sizeof *s->members);
	s->waiters = mem_alloc(s->nw * sizeof *s->waiters);
	for (uint32_t i = 0; i < s->nw; i++) {
		struct worker *k = &s->w[i];
		struct rng r;

		rng_init(&r, seed, RNG_NOISE, (uint64_t)rep << 32 | i);
		k->deadline_ns = NEVER;
		k->cg = s->cg_of[w->workers[i].cgroup];
		k->noise_ppm = (uint32_t)(1000000 + rng_around(&r, noise_ppm));
		s->more[k->cg].wend++;
	}
	/* Sort them by cgroup: count, sum up, place. */
	for (uint32_t m = 0, sum = 0; m < s->ncg; m++) {
		uint32_t n = s->more[m].wend;

		s->more[m].wbegin = s->more[m].wend = s->more[m].cursor = sum;
		sum += n;
	}
	for (uint32_t i = 0; i < s->nw; i++)
		s->members[s->more[s->w[i].cg].wend++] = i;
	for (uint32_t m = 0; m < s->ncg; m++)
		s->cg[m].alone = s->cg[m].end == m + 1 && s->more[m].wend - s->more[m].wbegin == 1;
	cpu_weights_changed(s);
	queue_init(s);
	/* The processes are there, whatever the limits say, before the first op. */
	process = limits_pages(w->machine.process_bytes);
	for (uint32_t i = 0; i < s->nw; i++) {
		s->w[i].process = process;
		memcg_charge_force(s, s->w[i].cg, process);
	}
	for (uint32_t m = 0; m < s->ncg; m++)
		s->more[m].excused = s->cg[m].usage;
}

static uint64_t page_ns(uint64_t bytes_per_second)
{
	return PAGE_BYTES * NS_PER_SEC / (bytes_per_second ? bytes_per_second : 1);
}

static int sim_open(const struct world *w, uint64_t seed, uint32_t rep, struct obs_sink sink,
		    struct diags *d, void **run)
{
	struct sim *s;

	(void)d; /* a world that was planned can be simulated */
	if ((uint64_t)w->nworkers + w->ncgroups >= QUEUE_WORKERS_MAX)
		return -E2BIG;
	s = mem_alloc(sizeof *s);
	s->sink = sink;
	s->machine = w->machine;
	if (!s->machine.cpus)
		s->machine.cpus = 1;
	if (!s->machine.huge_ns)
		s->machine.huge_ns = SIM_HUGE_FAULTS * s->machine.fault_ns;
	if (!s->machine.free_ns)
		s->machine.free_ns = 1; /* quanta are counted in it */
	s->reclaim_page_ns = page_ns(w->machine.reclaim_bps);
	s->disk_page_ns = page_ns(w->machine.disk_bps);
	s->swapout_page_ns = page_ns(w->machine.swapout_bps);
	s->cpu_gen = 1;
	s->mechanism = mech_of(w->mechanism);
	make_cgroups(s, w);
	make_workers(s, w, seed, rep);
	mech_init(s);
	*run = s;
	return 0;
}

static void sim_close(void *run)
{
	struct sim *s = run;

	if (!s)
		return;
	free(s->cg_block);
	free(s->more_block);
	free(s->cg_of);
	free(s->w_block);
	free(s->turns_block);
	free(s->members);
	free(s->waiters);
	queue_free(s);
	mech_free(s);
	vec_free(&s->classes);
	free(s);
}

/* ---- time ------------------------------------------------------------------------------------ */

static uint64_t sim_now(void *run)
{
	return ((struct sim *)run)->now_ns;
}

static int sim_advance(void *run, uint64_t until_ns)
{
	struct sim *s = run;
	uint64_t beyond_ns = until_ns == NEVER ? NEVER : until_ns + 1;
	uint32_t first;

	s->react = false;
	while ((first = s->queue.first) != SIM_NONE) {
		uint64_t time_ns = s->queue.next_ns;

		if (time_ns > until_ns)
			break;
		s->now_ns = time_ns;
		queue_pop(s);
		/* It may run on until the next one's time, or as far as time may go. */
		s->horizon_ns = s->queue.next_ns <= until_ns ? s->queue.next_ns : beyond_ns;
		if (s->single_step)
			s->horizon_ns = 0;
		if (first >= s->nw) {
			mech_fire(s, first - s->nw);
			continue;
		}
		s->steps++;
		if (s->turns[first].striding) {
			if (stride_on(s, first))
				continue;
			stride_settle(s, &s->w[first]);
		}
		worker_fire(s, &s->w[first]);
		if (s->react)
			return 0;
	}
	if (until_ns != NEVER && s->now_ns < until_ns)
		s->now_ns = until_ns;
	/* Without timers, whoever still has an op waits for what only an op can bring. */
	return first == SIM_NONE;
}

void sim_single_step(void *run, bool on)
{
	struct sim *s = run;

	stride_settle_below(s, MACHINE);
	s->single_step = on;
}

uint64_t sim_steps(const void *run)
{
	return ((const struct sim *)run)->steps;
}

uint64_t sim_strides(const void *run)
{
	return ((const struct sim *)run)->strides;
}

/* ---- ops ------------------------------------------------------------------------------------- */

/* Counters that are kept by cgroup, of the whole subtree. */
static void sum_up(const struct sim *s, uint32_t m, struct cg_counters *c)
{
	for (uint32_t i = m; i < s->cg[m].end; i++) {
		const struct memcg_more *x = &s->more[i];

		c->anon_bytes += s->cg[i].anon * PAGE_BYTES;
		c->file_bytes += s->cg[i].file * PAGE_BYTES;
		c->reclaimed_bytes += x->reclaimed * PAGE_BYTES;
		c->refault_bytes += x->refaulted * PAGE_BYTES;
		c->faults += s->cg[i].faults;
		c->delays += x->delays;
		c->delayed_ns += x->delayed_ns;
		c->throttled_ns += x->throttled_ns;
		c->protections += x->protections;
		mech_count(s, i, c);
	}
	/* Sleeps that have not ended yet. */
	for (uint32_t i = s->more[m].wbegin; i < s->more[s->cg[m].end - 1].wend; i++) {
		const struct worker *w = &s->w[s->members[i]];
		uint64_t now = s->now_ns;

		if (w->frozen && w->remain_ns < now)
			now = w->remain_ns; /* it would have gone on then */
		if (w->mode == MODE_DELAY)
			c->delayed_ns += now - w->sleep_ns;
		else if (w->mode == MODE_THROTTLE)
			c->throttled_ns += now - w->sleep_ns;
	}
	for (uint32_t i = s->more[m].wbegin; i < s->more[m].wend; i++) {
		const struct worker *w = &s->w[s->members[i]];
		struct obs_held h;

		if (!w->busy)
			continue;
		h = held_of_op(s, w);
		obs_held_add(&c->held, &h);
	}
}

static void sample(struct sim *s, uint32_t m)
{
	const struct memcg_more *x = &s->more[m];
	struct cg_counters c = {
	    .usage_bytes = s->cg[m].usage * PAGE_BYTES,
	    .peak_bytes = s->cg[m].watermark * PAGE_BYTES,
	    .swap_bytes = x->swap * PAGE_BYTES,
	    .ev_low = x->ev_low,
	    .ev_high = x->ev_high,
	    .ev_max = x->ev_max,
	    .ev_oom = x->ev_oom,
	    .ev_oom_kill = x->ev_oom_kill,
	};
	struct obs o = {.kind = OBS_SAMPLE, .cgroup = x->index, .worker = UINT32_MAX};

	psi_flush(s, m);
	c.psi_some_ns = x->psi.some_ns;
	c.psi_full_ns = x->psi.full_ns;
	sum_up(s, m, &c);
	o.counters = &c;
	sim_observe(s, &o);
}

static void kill_all(struct sim *s, uint32_t m)
{
	for (uint32_t i = s->more[m].wbegin; i < s->more[s->cg[m].end - 1].wend; i++)
		oom_kill_worker(s, &s->w[s->members[i]], KILL_OP, m);
}

static int begin(struct sim *s, const struct op *op, uint64_t due_ns)
{
	struct worker *w;

	if (op->target >= s->nw)
		return -EINVAL;
	w = &s->w[op->target];
	if (w->dying)
		return -ESRCH;
	if (w->busy)
		return -EBUSY;
	if ((op->kind == OP_EXEC && !op->exec->has_like) ||
	    (op->kind == OP_TOOLS && !op->calls->simulated))
		return -EOPNOTSUPP;
	worker_begin(s, w, op, due_ns);
	return 0;
}

static int sim_apply(void *run, const struct op *op, uint64_t due_ns)
{
	struct sim *s = run;
	uint32_t m;

	if (op->kind >= OP_COUNT)
		return -EINVAL;
	if (op_is_worker(op->kind))
		return begin(s, op, due_ns);
	if (op->target >= s->ncg - 1)
		return -EINVAL;
	m = s->cg_of[op->target];
	stride_settle_below(s, op->kind == OP_SAMPLE ? m : MACHINE);
	if (op->kind == OP_SET)
		limits_set(s, m, op->set);
	else if (op->kind == OP_FREEZE || op->kind == OP_THAW)
		limits_freeze(s, m, op->kind == OP_FREEZE);
	else if (op->kind == OP_KILL)
		kill_all(s, m);
	else if (op->kind == OP_RECLAIM)
		limits_reclaim(s, m, limits_pages(op->bytes));
	else
		sample(s, m);
	return 0;
}

const struct backend backend_sim = {
    .name = "sim",
    .mechanism = "memcg_bpf (modelled)",
    .modelled = true,
    .kernel = MODELLED_KERNEL " (modelled)",
    .caps = CAP_MEMORY | CAP_LIKE | CAP_DELAY | CAP_DELAY_ALWAYS | CAP_PROTECT | CAP_CPU,
    .probe = sim_probe,
    .open = sim_open,
    .now = sim_now,
    .apply = sim_apply,
    .advance = sim_advance,
    .close = sim_close,
};
