/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rooms.h - what the rooms of the model ask of each other, and inline what every step asks.
 * Private to this folder.  The timers have their own, queue.h.
 */
#ifndef AGENTCG_BACKEND_SIM_ROOMS_H
#define AGENTCG_BACKEND_SIM_ROOMS_H

#include "backend/sim/state.h"

/* ---- memcg.c -----------------------------------------------------------------------------------
 */
enum charge_result {
	CHARGE_OK,
	CHARGE_WAIT,  /* the worker was put to wait for an OOM victim; charge again when it runs */
	CHARGE_NOMEM, /* a huge page: take small ones.  Otherwise the worker is dying */
};
void memcg_uncharge(struct sim *s, uint32_t m, uint64_t pages);
void memcg_charge_force(struct sim *s, uint32_t m, uint64_t pages); /* over any limit */
void memcg_drain(struct sim *s, uint32_t m);
void memcg_limits_changed(struct sim *s, uint32_t m); /* after min, low, high, max were written */
uint64_t memcg_margin(const struct sim *s, uint32_t m);
static inline bool memcg_within(const struct sim *s, uint32_t m, uint32_t scope)
{
	return m >= scope && m < s->cg[scope].end;
}
/* Nearly every charge: all levels have room for it, and nobody needs to know of it. */
static inline bool memcg_charge_free(struct sim *s, uint32_t m, uint64_t pages)
{
	for (uint32_t i = m; i != SIM_NONE; i = s->cg[i].parent)
		if (s->cg[i].usage + pages > s->cg[i].bound)
			return false;
	for (uint32_t i = m; i != SIM_NONE; i = s->cg[i].parent) {
		struct memcg *c = &s->cg[i];
		uint64_t usage = c->usage + pages;

		c->usage = usage;
		c->watermark = usage > c->watermark ? usage : c->watermark;
	}
	return true;
}
enum charge_result memcg_charge_any(struct sim *s, struct worker *w, uint32_t nr);
/* Charge nr pages for w.  What the charge makes it owe (reclaim, a sleep) is added to w->owe_*. */
static inline enum charge_result memcg_charge(struct sim *s, struct worker *w, uint32_t nr)
{
	struct memcg *m = &s->cg[w->cg];

	if (m->stock >= nr) { /* another worker of the cgroup may have refilled it meanwhile */
		m->stock = (uint8_t)(m->stock - nr);
		w->charging = false;
		return CHARGE_OK;
	}
	if (nr <= SIM_CHARGE_BATCH && !w->charging && m->delay_cg == SIM_NONE &&
	    memcg_charge_free(s, w->cg, SIM_CHARGE_BATCH)) {
		m->stock = (uint8_t)(m->stock + SIM_CHARGE_BATCH - nr);
		return CHARGE_OK;
	}
	return memcg_charge_any(s, w, nr);
}
/* Add one to a counter of m and of its ancestors (memory.events is hierarchical). */
#define memcg_event(s, m, ev)                                                                      \
	do {                                                                                       \
		for (uint32_t ev_cg = (m); ev_cg != SIM_NONE; ev_cg = (s)->cg[ev_cg].parent)       \
			(s)->more[ev_cg].ev++;                                                     \
	} while (0)

/* ---- reclaim.c ---------------------------------------------------------------------------------
 */
/* try_to_free_mem_cgroup_pages(); payer may be NULL. Pages freed. */
uint64_t reclaim(struct sim *s, uint32_t target, uint64_t nr, struct worker *payer);

/* ---- high.c ------------------------------------------------------------------------------------
 */
void high_handle(struct sim *s, struct worker *w, uint32_t nr_over);
uint64_t high_timer_ns(uint64_t now_ns, uint64_t jiffies);	   /* when such a timeout fires */
uint64_t high_penalty(uint64_t usage, uint64_t high, uint64_t nr); /* jiffies, not clamped */

/* ---- oom.c -------------------------------------------------------------------------------------
 */
enum oom_result {
	OOM_KILLED,
	OOM_PENDING, /* a victim of this scope is still on its way out */
	OOM_NOBODY,
};
enum oom_result oom_invoke(struct sim *s, uint32_t scope);
void oom_kill_worker(struct sim *s, struct worker *w, enum kill_reason why, uint32_t scope);
void oom_exit(struct sim *s, struct worker *w); /* its memory is back */
void oom_wait(struct sim *s, struct worker *w, uint32_t scope);
void oom_wait_cancel(struct sim *s, const struct worker *w);

/* ---- limits.c: cgroup ops ---------------------------------------------------------------------
 */
void limits_init(struct sim *s, uint32_t m, const struct cg_attrs *a);
void limits_set(struct sim *s, uint32_t m, const struct cg_attrs *a);
void limits_shrink_to_max(struct sim *s, uint32_t m);
void limits_freeze(struct sim *s, uint32_t m, bool on);
void limits_hold(struct sim *s, uint32_t m, bool on); /* the mechanism, beside the scenario */
void limits_shrink_to_high(struct sim *s, uint32_t m);
void limits_reclaim(struct sim *s, uint32_t m, uint64_t pages);
uint64_t limits_pages(uint64_t bytes); /* as page_counter_memparse() */

/* ---- policy.c ----------------------------------------------------------------------------------
 */
void policy_set(struct sim *s, uint32_t m, const struct cg_attrs *a, uint32_t mask);
void policy_refresh(struct sim *s); /* after policies, min or low changed */
/* Count n faults for the windows of m, a priority-high cgroup, and of such ones above it. */
void policy_faults_high(struct sim *s, uint32_t m, uint64_t n);
void policy_window_add(struct sim *s, uint32_t m, uint64_t n); /* of m alone */
static inline void policy_faults(struct sim *s, uint32_t m, uint64_t n)
{
	s->cg[m].faults += n;
	if (s->cg[m].high_cg != SIM_NONE)
		policy_faults_high(s, s->cg[m].high_cg, n);
}
uint64_t policy_delay_jiffies(const struct sim *s, uint32_t m);
/* The hooks below_low() and below_min(). */
bool policy_protects(const struct sim *s, uint32_t m, uint64_t flag);

/* ---- pages.c -----------------------------------------------------------------------------------
 */
void pages_lists_changed(struct sim *s, uint32_t m, bool anon, bool filled);
static inline void pages_anon_add(struct sim *s, uint32_t m, uint64_t n)
{
	if (!s->cg[m].anon && n)
		pages_lists_changed(s, m, true, true);
	s->cg[m].anon += n;
	if (s->cg[m].anon > s->longest)
		s->longest = s->cg[m].anon;
}
static inline void pages_map(struct sim *s, struct worker *w, uint64_t n) /* charged already */
{
	w->anon += n;
	pages_anon_add(s, w->cg, n);
}
void pages_unmap(struct sim *s, struct worker *w, uint64_t n);	 /* newest first; uncharges */
void pages_swap_in(struct sim *s, struct worker *w, uint64_t n); /* of hot; charged already */
uint64_t pages_heat(struct worker *w, uint64_t n); /* the first n are touched now: swapped ones */
/* Of its file: n pages came from disk (charged already), again or for the first time; n were there.
 */
void pages_read(struct sim *s, struct worker *w, uint64_t n, bool again);
void pages_read_hit(struct worker *w, uint64_t n);
void pages_read_end(struct worker *w, uint64_t extent); /* the pass over the first pages is done */
void pages_exit(struct sim *s, struct worker *w);	/* give all but the page cache back */
/* Reclaim up to n; pages taken. */
uint64_t pages_take_file(struct sim *s, uint32_t m, uint64_t n);
uint64_t pages_swap_out(struct sim *s, uint32_t m, uint64_t n);
uint64_t pages_swap_room(const struct sim *s, uint32_t m);
uint64_t pages_disk(struct sim *s, uint64_t n, uint64_t page_ns); /* when the disk has done it */

/* ---- cpu.c, psi.c ------------------------------------------------------------------------------
 */
void cpu_busy(struct sim *s, struct worker *w, int delta);
void cpu_weights_changed(struct sim *s);
uint64_t cpu_wall_anew(struct sim *s, struct worker *w, uint64_t cpu_ns);
/*
 * How long cpu_ns of work take from now on.  The worker must count as busy.  Batches are alike, so
 * mostly this is the latest question again.
 */
static inline uint64_t cpu_wall_ns(struct sim *s, struct worker *w, uint64_t cpu_ns)
{
	const struct cpu_class *c = &s->classes.v[w->share.cpu_class];

	if (c->gen == s->cpu_gen && !s->capped && c->ppm == w->share.ppm &&
	    cpu_ns == w->share.cpu_ns)
		return w->share.wall_ns;
	return cpu_wall_anew(s, w, cpu_ns);
}
uint64_t cpu_class_ppm_anew(struct sim *s, uint32_t cls);
/* The share of a worker of this class, in a world without cpu.max. */
static inline uint64_t cpu_class_ppm(struct sim *s, uint32_t cls)
{
	const struct cpu_class *c = &s->classes.v[cls];

	return c->gen == s->cpu_gen && c->ppm ? c->ppm : cpu_class_ppm_anew(s, cls);
}
/* What CPU time takes on the wall, at a worker's speed and share. */
static inline uint64_t cpu_stretch(uint64_t cpu_ns, uint64_t noise_ppm, uint64_t ppm)
{
	return mul_div(mul_div(cpu_ns, noise_ppm, 1000000), 1000000, ppm);
}
void psi_flush(struct sim *s, uint32_t m);
void psi_change(struct sim *s, uint32_t m, int stalled, int running);

/* ---- stride.c ----------------------------------------------------------------------------------
 */
void stride_begin_any(struct sim *s, struct worker *w);
/* After a turn: if its next steps are all alike, it will take them in stride. */
static inline void stride_begin(struct sim *s, struct worker *w)
{
	if (w->mode == MODE_CPU && w->anon < w->goal)
		stride_begin_any(s, w);
}
/* To be called before what a worker in stride and its cgroup have is looked at or changed. */
void stride_settle(struct sim *s, struct worker *w);
void stride_settle_below(struct sim *s, uint32_t m); /* all of the subtree */

/* ---- worker.c, ops.c ---------------------------------------------------------------------------
 */
void worker_begin(struct sim *s, struct worker *w, const struct op *op, uint64_t due_ns);
void worker_fire(struct sim *s, struct worker *w); /* its timer is due */
void worker_schedule(struct sim *s, struct worker *w, enum mode mode, uint64_t time_ns);
void worker_mode(struct sim *s, struct worker *w, enum mode mode);
void worker_frozen(struct sim *s, struct worker *w, int delta);
void worker_end_op(struct sim *s, struct worker *w, enum done_status status);
void worker_end_sleep(struct sim *s, struct worker *w); /* of memory.high, if it sleeps there */
void worker_forget_debts(struct worker *w);
static inline bool worker_computes(const struct worker *w)
{
	return w->mode == MODE_CPU || w->mode == MODE_RECLAIM;
}
/*
 * The next step of the op in flight, to be called when nothing is owed.  True: call again once what
 * it owes now is paid.  False: it ended, has scheduled itself, waits or is dying.
 */
bool ops_step(struct sim *s, struct worker *w);
void ops_timeout(struct sim *s, struct worker *w);	 /* the deadline passed */
void play_killed(struct sim *s, const struct worker *w); /* a tool call in hand ends with it */
/* The next steps fault in pages until the goal is reached, and do nothing else. */
bool ops_grows(const struct worker *w);
static inline uint32_t worker_index(const struct sim *s, const struct worker *w)
{
	return (uint32_t)(w - s->w);
}

/* ---- held.c: where the time of a worker's op goes --------------------------------------------
 */
void held_begin(struct sim *s, struct worker *w);  /* of an op */
void held_settle(struct sim *s, struct worker *w); /* its mode ends */
void held_thaw(struct sim *s, struct worker *w);   /* it is frozen no longer */
struct obs_held held_of_op(const struct sim *s, const struct worker *w); /* up to now */
void held_step_begin(struct sim *s, struct worker *w);
struct obs_held held_of_step(const struct sim *s, const struct worker *w, uint64_t ns);

void sim_observe(struct sim *s, struct obs *o); /* sets t_ns */
/* mem_alloc() for n of `size` bytes that begin at a cache line; *block is to be freed. */
void *sim_alloc_lines(size_t n, size_t size, void **block);

#endif
