/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.h - the simulated world: its cgroups, its workers, and what the rooms of the model ask of
 * each other.  Private to this folder.
 *
 * Cgroups are numbered in preorder, so that a subtree is the range [m, end): cgroup 0 is the
 * machine itself, whose limit is its memory, and cgroup 1 the scenario's root.  Workers keep the
 * numbers of the world.  All amounts are pages of 4 KiB and all times ns since the run began.
 */
#ifndef AGENTCG_BACKEND_SIM_STATE_H
#define AGENTCG_BACKEND_SIM_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/backend.h"
#include "backend/sim/sim.h"
#include "base/units.h"
#include "base/vec.h"
#include "bpf/policy.h"

#define SIM_NONE  UINT32_MAX
#define MACHINE	  UINT32_C(0)
#define PAGES_MAX (UINT64_MAX >> 13) /* no limit; sums of a few cannot overflow */

/* ---- cgroups -------------------------------------------------------------------------------- */

/*
 * struct page_counter, the stock, and what else every charge reads and writes: one cache line, and
 * with what reclaim asks of every cgroup, two.  Counters are of the cgroup alone unless they say
 * otherwise, here and below.
 */
#define CACHE_LINE 64
struct memcg {
	_Alignas(CACHE_LINE) uint64_t usage;
	uint64_t bound; /* a charge that stays below meets no limit and protects nothing */
	uint64_t watermark;
	uint64_t anon; /* resident, reclaimable as such */
	uint64_t faults;
	uint64_t high;
	uint32_t parent;   /* SIM_NONE for the machine */
	uint32_t delay_cg; /* whose delay its tasks obey, or SIM_NONE */
	uint32_t high_cg;  /* nearest priority-high cgroup, itself included */
	uint8_t stock;	   /* charged, not yet used */
	bool protects;	   /* min or low is not 0 */
	bool thp;
	bool alone; /* one worker, no cgroups below */

	uint64_t file;	     /* as anon */
	uint64_t min, low;   /* memory.min, memory.low */
	uint64_t emin, elow; /* effective protection at the latest reclaim */
	uint32_t end;	     /* of the subtree */
	uint64_t max;
};
_Static_assert(sizeof(struct memcg) == 2 * CACHE_LINE, "a field too many");

struct psi {
	uint64_t last_ns, some_ns, full_ns;
	uint32_t stalled, running; /* workers in the subtree */
};

/* What is needed less often; what the begin and the end of an op need is one cache line. */
struct memcg_more {
	_Alignas(CACHE_LINE) struct psi psi;
	uint32_t busy;		     /* workers in the subtree that use a CPU */
	uint32_t index;		     /* in the world */
	uint32_t sub_file, sub_anon; /* cgroups in the subtree with such pages */
	uint32_t wbegin, wend;	     /* its workers: sim.members[wbegin..wend) */
	uint32_t cursor;	     /* the member that gives up pages next */
	uint32_t dying;		     /* workers of the subtree whose memory is not back yet */

	uint64_t min_usage, low_usage;	     /* min(usage, setting), as the parent knows it */
	uint64_t children_min, children_low; /* sums of the children's */
	uint64_t swap, swap_max;	     /* with descendants */
	uint64_t ev_low, ev_high, ev_max, ev_oom, ev_oom_kill; /* with descendants */
	uint64_t reclaimed, refaulted;
	uint64_t delays, delayed_ns, throttled_ns, protections;
	uint64_t turned_away; /* the latest reclaim pass that `protect` turned away */
	uint64_t excused;     /* usage that no killing could bring below max */
	uint32_t iter;	      /* next cgroup to visit when this one is the reclaim target */
	bool max_pending;     /* a write of memory.max waits for a victim's memory */
	bool oom_group, frozen;
	bool delay_set;	  /* its own delay, be it off, not its parent's */
	uint32_t cpu_ppm; /* cpu.max, or 0 */
	uint32_t weight;
	struct agentcg_policy policy;
	struct agentcg_window window;
	uint64_t unread_faults; /* poll: since memory.stat was read last */
};
_Static_assert(offsetof(struct memcg_more, min_usage) == CACHE_LINE, "a field too many");

/* ---- workers -------------------------------------------------------------------------------- */

/* What a worker's timer waits for. */
enum mode {
	MODE_IDLE,     /* no op, or about to begin one */
	MODE_CPU,      /* computes */
	MODE_RECLAIM,  /* computes for reclaim */
	MODE_WAIT,     /* sleeps of its own will: pace, sleep, the next sample */
	MODE_DISK,     /* reads what it never had */
	MODE_REFAULT,  /* reads what reclaim took, or waits for swap-out */
	MODE_THROTTLE, /* memory.high */
	MODE_DELAY,    /* the same sleep, longer by the policy's will */
	MODE_OOM,      /* waits for a victim's memory; may have no timer */
	MODE_EXIT,     /* killed; memory comes back when the timer fires */
	MODE_DEAD,
	MODE_COUNT
};

/* An attempt to charge that may have to wait for an OOM victim: try_charge_memcg()'s variables. */
struct charge {
	uint32_t nr, batch;
	int32_t retries;
	bool drained, passed_oom;
	uint32_t scope; /* whose limit it waits at */
};

enum timer_place {
	TIMER_NONE,
	TIMER_RING,
	TIMER_HEAP
};

/*
 * What a worker's turn in the queue reads and writes.  It lies apart from the worker, so that with
 * thousands of these the turns stay in the cache: half a line each.
 */
#define TURN_NOISE_MAX ((UINT32_C(1) << 24) - 1)
struct turn {
	uint64_t time_ns;   /* the timer, see queue.c */
	uint64_t place : 8; /* enum timer_place */
	uint64_t seq : 56;
	uint32_t striding : 8; /* bool; this and the rest: see stride.c */
	uint32_t noise_ppm : 24;
	uint32_t left;		  /* pages to its goal */
	uint32_t parent;	  /* of its cgroup */
	uint16_t at;		  /* pages mapped by the newest page table */
	uint8_t stock, cpu_class; /* its cgroup's; its own */
};
_Static_assert(sizeof(struct turn) == CACHE_LINE / 2, "half a cache line");

#define SIM_HELD (UINT32_C(1) << 31) /* in owe_jiffies */
struct worker {
	/* What every step reads and writes: two cache lines. */
	_Alignas(CACHE_LINE) uint32_t cg;
	uint8_t mode;	      /* enum mode */
	bool dying;	      /* MODE_EXIT or MODE_DEAD */
	bool busy;	      /* has an op in flight */
	uint8_t stage;	      /* of the op */
	uint32_t frozen;      /* frozen ancestors, its cgroup included */
	uint32_t owe_jiffies; /* to be paid before it goes on, as these; SIM_HELD: so is held_... */
	uint64_t owe_reclaim_ns, owe_io_until, owe_cpu_ns;
	uint64_t deadline_ns;
	uint64_t anon, goal; /* pages mapped, resident or swapped; to be mapped */

	struct share { /* the latest answer: cpu_ns at ppm take wall_ns */
		uint64_t cpu_ns, wall_ns;
		uint32_t ppm;
		uint32_t cpu_class; /* of the worker */
	} share;
	uint8_t kind;	    /* enum op_kind of the op */
	bool paced;	    /* the op has a time to be spread over */
	bool charging;	    /* `charge` goes on */
	uint8_t status;	    /* of the op */
	uint32_t noise_ppm; /* cost of its work, 1000000 = nominal */
	uint64_t tables;
	uint64_t hot; /* of anon, touched again: the first so many */
	uint64_t hot_swapped, cold_swapped;

	/* What each op begins and ends with: two more. */
	struct op op; /* in flight, see ops.c */
	uint64_t start_ns, due_ns, late_ns;
	uint64_t done_bytes;
	uint64_t from, grow_bytes; /* pages when the step began; how far it goes */
	uint64_t step_ns, step_wait_ns, step_late_ns; /* the step: since when, pause, lateness */
	uint64_t small_at;   /* page + 1 at which no huge page could be had */
	uint64_t want_bytes; /* anonymous memory asked for, before rounding */
	uint32_t i, j;

	/* What is needed less often. */
	struct charge charge;
	bool in_call, owe_policy, io_stalls;
	uint64_t process;
	uint64_t sleep_ns;		       /* MODE_THROTTLE, MODE_DELAY: since when */
	uint64_t held_since_ns, held_until_ns; /* sched_ext */
	uint32_t held_batches;
	uint64_t remain_ns;	     /* frozen: CPU time left, or the time at which it is due */
	uint64_t file;		     /* extent of its file that was ever read */
	uint64_t file_old, file_new; /* resident: from earlier passes, from this one */
	uint64_t cursor, span;	     /* page of the pass, pages of the pass */
	uint64_t call_end_ns, call_bytes, held_bytes, cpu_done_ns;
};

_Static_assert(offsetof(struct worker, op) == 2 * CACHE_LINE, "a field too many");
_Static_assert(offsetof(struct worker, charge) == 4 * CACHE_LINE, "a field too many");

static inline uint64_t worker_resident(const struct worker *w)
{
	return w->anon - w->hot_swapped - w->cold_swapped;
}
static inline uint64_t worker_swapped(const struct worker *w)
{
	return w->hot_swapped + w->cold_swapped;
}

/* ---- the whole ------------------------------------------------------------------------------ */

struct queue_entry {
	uint64_t time_ns, seq;
	uint32_t worker;
};

/* Timers due in the same stretch of time, see queue.h. */
#define BUCKET_KEYS 7
struct bucket {
	_Alignas(CACHE_LINE) uint64_t key[BUCKET_KEYS];
	uint64_t counts; /* of keys, and of arrivals since it was empty */
};
_Static_assert(sizeof(struct bucket) == CACHE_LINE, "one cache line");

struct queue {
	struct bucket *ring;
	void *ring_block;   /* what it was allocated in */
	uint64_t *filled;   /* a bit a bucket */
	uint64_t *rare;	    /* those with timers that mean more than a step in stride */
	uint64_t front;	    /* the first bucket with timers, counted from time 0, or NEVER */
	uint64_t first_key; /* in the ring; its worker's timer is next unless the heap has it */
	uint32_t mask;	    /* buckets - 1, a power of two - 1 */
	uint32_t shift;	    /* a bucket is 1 << shift ns */
	uint32_t first;	    /* the worker whose timer is next, or SIM_NONE */
	uint64_t next_ns;   /* its time, or NEVER */
	uint32_t nring, nheap;
	bool crowded;
	struct queue_entry *heap;
	uint32_t *heap_at; /* by worker: where in the heap */
	uint64_t seq;
};

struct cpu_class {
	uint32_t weight, busy;
	uint64_t gen; /* of sim.cpu_gen */
	uint64_t ppm; /* the fair share then */
};

enum sim_mechanism {
	MECH_MEMCG_BPF,
	MECH_FREEZE,
	MECH_HIGH,
	MECH_SCHED_EXT,
	MECH_POLL,
};

struct sim {
	uint64_t now_ns;
	bool react; /* an observation that the engine may react to was emitted */
	uint64_t steps;

	struct memcg *cg;
	struct memcg_more *more;
	struct worker *w;
	struct turn *turns;				     /* by worker */
	void *cg_block, *more_block, *w_block, *turns_block; /* what they were allocated in */
	uint32_t ncg, nw;
	uint32_t nturns; /* timers: of workers, then of what mechanisms do to cgroups */
	enum sim_mechanism mechanism;
	struct mech_cg *mech; /* [ncg], or NULL; see mechanism.h */
	uint32_t *members;    /* workers by cgroup */
	uint32_t *cg_of;      /* world index -> ours */
	uint32_t *waiters;    /* workers in MODE_OOM, in order of arrival */
	uint32_t nwaiters;

	struct queue queue;
	/*
	 * The worker that fires may run on to before this time: nobody else has a timer until then.
	 * 0: not at all.
	 */
	uint64_t horizon_ns;
	bool single_step;
	uint32_t striding; /* workers in stride */
	uint64_t strides;  /* steps that were taken so */

	uint64_t active_until_ns; /* some priority-high cgroup is active before this */
	uint32_t protecting;	  /* cgroups that min, low or protect may shield */
	bool ever_protecting;
	uint64_t longest; /* no list of any cgroup has more pages */
	uint64_t reclaim_pass;

	VEC(struct cpu_class) classes; /* heaviest first */
	uint32_t busy;
	uint32_t capped; /* cgroups with a cpu.max */
	uint64_t cpu_gen;

	uint64_t disk_free_ns;
	struct machine machine;
	uint64_t reclaim_page_ns, disk_page_ns, swapout_page_ns;
	struct obs_sink sink;
};

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
void ops_timeout(struct sim *s, struct worker *w); /* the deadline passed */
/* The next steps fault in pages until the goal is reached, and do nothing else. */
bool ops_grows(const struct worker *w);
static inline uint32_t worker_index(const struct sim *s, const struct worker *w)
{
	return (uint32_t)(w - s->w);
}

void sim_observe(struct sim *s, struct obs *o); /* sets t_ns */
/* mem_alloc() for n of `size` bytes that begin at a cache line; *block is to be freed. */
void *sim_alloc_lines(size_t n, size_t size, void **block);

#endif
