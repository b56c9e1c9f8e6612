/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.h - the simulated world: its cgroups, its workers, its timers.  Private to this folder.
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
	TIMER_NEAR,
	TIMER_FAR,
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
	uint64_t work_ns; /* CPU time that the op has taken, as on a machine of its own */
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
	uint64_t hot; /* of anon, touched again: the first so many */
	/*
	 * Where the op's time went so far, the CPU's left out: that is what is left.  since_ns:
	 * since when it is in its mode, where that is of these; frozen_ns: since when frozen.
	 */
	struct obs_held held, step_held; /* step_held, step_work_ns: when the step began */
	uint64_t step_work_ns, since_ns, frozen_ns;
	uint64_t process;
	uint64_t sleep_ns;		       /* MODE_THROTTLE, MODE_DELAY: since when */
	uint64_t held_since_ns, held_until_ns; /* sched_ext */
	uint32_t held_batches;
	uint32_t held_for;  /* freeze, poll: the cgroup for whose delay it is frozen; 0: for none */
	uint64_t remain_ns; /* frozen: CPU time left, or the time at which it is due */
	uint64_t file;	    /* extent of its file that was ever read */
	uint64_t file_old, file_new; /* resident: from earlier passes, from this one */
	uint64_t cursor, span;	     /* page of the pass, pages of the pass */
	uint64_t call_ns, call_end_ns, call_bytes, held_bytes, cpu_done_ns;
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

struct ring {
	struct bucket *v;
	uint64_t *filled; /* a bit a bucket */
	uint64_t front;	  /* the first bucket with timers, counted from time 0, or NEVER */
	uint64_t key;	  /* the first timer, or QUEUE_FREE, */
	uint64_t next_ns; /* ... and its time, or NEVER */
	uint32_t mask;	  /* buckets - 1, a power of two - 1 */
	uint32_t shift;	  /* a bucket is 1 << shift ns */
	uint32_t n;
	void *block; /* what v was allocated in */
};

struct queue {
	struct ring near;
	uint64_t rest_ns; /* no timer of far and heap is earlier; NEVER: there is none */
	uint64_t next_ns; /* the first timer of all, or NEVER, */
	uint32_t first;	  /* ... and the worker whose it is, or SIM_NONE */
	uint64_t seq;
	/* By 64 buckets, whose timers there mean more than a step in stride; NULL: few workers. */
	VEC(uint32_t) * hints;

	uint32_t nheap;
	struct queue_entry *heap;
	uint32_t *heap_at; /* by worker: where in the heap */

	uint32_t nfar, far_mask, far_shift; /* as those of a ring */
	uint64_t far_front;
	uint64_t *far_filled;
	uint32_t *far; /* by bucket: the latest to arrive, or SIM_NONE */
	struct far_link {
		uint32_t before, after; /* who arrived there, or SIM_NONE */
	} * far_links;			/* by worker */
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

#endif
