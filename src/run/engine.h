/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine.h - carry out a plan once, on any backend.
 *
 * The engine owns the order of things: a schedule of timers with the total order (time_ns, seq), a
 * queue per worker, triggers, the end.  It does not know whether time is simulated.
 *
 * Workers run their actions in order.  An action that comes due while the last is still running
 * waits in the worker's queue and starts late.  A dead worker's later actions are dropped and
 * counted, and hold the run no longer.
 *
 * At one time, what the backend observed up to and including it is handled first, then the timers
 * of that time: the timeline in text order, then what was scheduled while running (triggers,
 * samples), in the order in which that happened.  A run ends when such an instant is complete.
 *
 * The default end is reached when every worker is done and no action and no fired trigger is still
 * to come; conditions that wait do not hold it.  When `finish when` cannot come true any more
 * because all is done and nothing is scheduled, the run is finished as well.
 */
#ifndef AGENTCG_RUN_ENGINE_H
#define AGENTCG_RUN_ENGINE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend/backend.h"
#include "base/arena.h"
#include "plan/plan.h"

/* What the engine itself tells the statistics, beside the backend's observations. */
enum note_kind {
	NOTE_DUE,   /* an action of a worker came due: .worker, .t_ns = due; .late_ns: noticed later
		     */
	NOTE_BEGIN, /* ... and began: .t_ns, .late_ns = t_ns - due; .bytes that it is to allocate */
	/*
	 * ... or never will: its worker is dead or the run is over.  Without a NOTE_DUE when it
	 * never came due: later actions of a workload, of a timeline that was cut short.
	 */
	NOTE_DROPPED,
	NOTE_MARK,    /* .index of plan.marks */
	NOTE_TRIGGER, /* .index of plan.triggers fired */
	NOTE_DONE,    /* .cgroup: all its workers are done */
	NOTE_LIMIT,   /* `set` gave .cgroup another limit: .index = CGA_HIGH or CGA_MAX, .bytes */
};

struct note {
	uint64_t t_ns, late_ns, bytes;
	uint32_t kind; /* enum note_kind */
	uint32_t worker, cgroup, index;
	uint32_t op; /* DUE, BEGIN, DROPPED: enum op_kind */
};

struct run_sink {
	void (*obs)(void *ctx, const struct obs *o);
	void (*note)(void *ctx, const struct note *n);
	void *ctx;
};

enum run_end {
	RUN_FINISHED,	 /* the finish condition, the time of `finish at`, or all done */
	RUN_DEADLINE,	 /* `finish when ... by` passed before its condition was true */
	RUN_ABORTED,	 /* an `abort when` became true: .abort */
	RUN_STUCK,	 /* workers wait for what will never come (a frozen cgroup, say) */
	RUN_INTERRUPTED, /* *stop was set */
	RUN_FAILED,	 /* the backend failed: reported */
};

struct run_outcome {
	enum run_end end;
	uint64_t end_ns;
	uint32_t abort;		  /* index of plan.aborts */
	uint32_t unfinished;	  /* workers not done at the end */
	uint32_t dropped;	  /* actions never begun */
	const uint64_t *marks_ns; /* [nmarks] in the run arena; NEVER = not reached */
	const uint64_t *fired_ns; /* [ntriggers]; NEVER */
	uint64_t timers;	  /* timers and worker ops carried out, for bench */
};

struct run_config {
	const struct plan *plan;
	const struct backend *backend;
	const struct cg_attrs *attrs; /* [ncgroups]: a policy's, or alone's */
	const char *mechanism;	      /* the policy's, the plan's default, or NULL: the backend's */
	/*
	 * Undisturbed run of one cgroup: only the workers in its subtree exist, and `set` leaves
	 * CGA_POLICY attributes of cgroups other than the root alone.  UINT32_MAX: everybody runs.
	 */
	uint32_t alone;
	uint64_t seed;
	uint32_t rep; /* jitter and noise come from (seed, rep): the same for every policy */
	/*
	 * Sample every cgroup this often, beside what the plan asks for; 0: do not.  Conditions do
	 * not see these samples, so the run is the same with and without them.
	 */
	uint64_t timeline_ns;
	const volatile sig_atomic_t *stop; /* or NULL */
	struct run_sink sink;
	struct arena *arena; /* the run arena; the caller resets it between runs */
	struct diags *diags;
};

/*
 * One run.  At its end the sink has seen one OBS_SAMPLE of every cgroup.  0 with *out set for every
 * end but RUN_FAILED; else -errno, reported, and *out->end is RUN_FAILED.
 */
int engine_run(const struct run_config *c, struct run_outcome *out);

#endif
