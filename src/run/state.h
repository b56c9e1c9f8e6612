/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.h - one run in progress: what the engine's files share.
 *
 * worker.c keeps the queues, step.c carries out steps, watch.c waits for conditions, live.c says
 * what they are worth right now, engine.c has the loop.
 */
#ifndef AGENTCG_RUN_STATE_H
#define AGENTCG_RUN_STATE_H

#include "base/vec.h"
#include "run/engine.h"
#include "run/wheel.h"

/* Actions of one step, run one after the other: one op, or the body of a workload. */
struct action {
	const struct op *v;
	uint64_t due_ns; /* of the first; the others are due when the one before has ended */
	uint32_t n, next;
	struct span at;
};

struct worker_state {
	struct op flying;    /* a copy, as bodies are shared: its target is the backend's index */
	struct action *ring; /* waiting, oldest first */
	uint32_t cap, head, len;
	uint32_t pending;    /* actions of the timeline that are still to come due */
	uint64_t free_ns;    /* when its last op ended */
	uint32_t at_backend; /* its index there */
	bool absent;	     /* not in this undisturbed run */
	bool busy, dead;
	bool done;    /* counted as such in cgroup_state.undone */
	bool touched; /* in run.touched */
};

struct cgroup_state {
	uint32_t undone; /* workers of the subtree that are not done */
	bool noted;	 /* NOTE_DONE was given */
	bool killed;	 /* an OOM killer ended a worker of the subtree */
	bool watched;	 /* a condition asks for its counters */
	bool sampled;
	struct cg_counters *counters; /* the last sample; NULL when not watched */
};

/* What a condition depends on, and what has changed since conditions were looked at. */
enum change {
	CHANGE_START = 1 << 0, /* nothing yet: every condition is looked at once */
	CHANGE_SAMPLE = 1 << 1,
	CHANGE_KILL = 1 << 2,
	CHANGE_DONE = 1 << 3,
	CHANGE_MARK = 1 << 4,
};

struct trigger_state {
	uint32_t deps;	   /* enum change mask */
	uint64_t since_ns; /* a WHEN: true since; NEVER: false */
};

/* Datum of a timer: kind in the high half, index in the low. */
enum timer_kind {
	TIMER_EVENT,
	TIMER_FIRE, /* a trigger's steps are due */
	TIMER_HOLD, /* look whether a WHEN without samples has been true for long enough */
	TIMER_TICK,
	TIMER_TIMELINE, /* samples for the record only */
	TIMER_END,
};

struct run {
	const struct run_config *config;
	const struct plan *plan;
	const struct backend *backend;
	void *handle;
	struct arena *arena;
	struct wheel *wheel;
	uint64_t seq;	  /* the next timer's */
	uint32_t holding; /* timers without which the run is not over: events, fired triggers */
	uint32_t undone;  /* workers */
	uint64_t timers;  /* carried out */
	uint32_t dropped;
	int err;

	struct worker_state *workers;
	struct cgroup_state *cgroups;
	uint32_t *touched; /* ring [nworkers]: may start their next op, or be done */
	uint32_t touched_head, touched_len;
	uint32_t *plan_worker; /* backend's index -> plan's; NULL: the same */

	uint64_t *marks_ns, *fired_ns;
	struct trigger_state *triggers;
	uint32_t *waiting; /* triggers that may still fire, ascending */
	uint32_t nwaiting;
	uint32_t sample_waiting; /* ... of these need samples */
	uint32_t hold_waiting;	 /* ... are true, not yet for long enough */
	uint32_t *abort_deps;
	uint32_t finish_deps;
	bool always_sample; /* measured, or a condition of the end needs samples */
	uint32_t changes;   /* enum change mask */
	VEC(double) values; /* stack of live.c */

	bool quiet; /* the backend said that nothing happens by itself, and nothing began since */
	bool quiet_sampled; /* ... and samples were taken */
	bool recording;	    /* samples that are taken now are for the record only */
	bool ending;
	enum run_end end;
	uint32_t abort;
};

static inline uint64_t run_now(const struct run *r)
{
	return r->backend->now(r->handle);
}

static inline uint64_t time_add(uint64_t a, uint64_t b)
{
	return a > NEVER - b ? NEVER : a + b;
}

/* engine.c */
void run_timer(struct run *r, uint64_t time_ns, enum timer_kind kind, uint32_t index);
/* The backend failed to do what: report, and leave the loop.  at may be no place. */
void run_fail(struct run *r, int err, struct span at, const char *what);
void run_note(struct run *r, struct note n);

/* worker.c */
void worker_init(struct run *r);
/* n ops come due at due_ns : begun at once if the worker is free. */
void worker_due(struct run *r, uint32_t worker, const struct op *v, uint32_t n, uint64_t due_ns,
		struct span at);
void worker_drop(struct run *r, uint32_t worker, const struct op *v, uint32_t n);
void worker_drop_queue(struct run *r, uint32_t worker);
void worker_touch(struct run *r, uint32_t worker);
void worker_settle(struct run *r); /* all that were touched */
void cgroup_done(struct run *r, uint32_t cgroup);
void worker_ended(struct run *r, uint32_t worker, uint64_t t_ns);
void worker_killed(struct run *r, uint32_t worker, bool oom);

/* step.c */
bool step_worker(const struct plan_step *s, uint32_t *worker); /* false: not a worker's */
/* Of a worker's step: what it has to do, in order. */
const struct op *step_ops(const struct plan_step *s, uint32_t *n);
void step_run(struct run *r, const struct plan_step *s, uint64_t due_ns);
int step_sample(struct run *r, uint32_t cgroup);
void step_fail(struct run *r, int err, struct span at, uint8_t op);

/* watch.c */
void watch_init(struct run *r);
bool watch_needs_samples(const struct run *r);
void watch_tick(struct run *r);
void watch_look(struct run *r); /* at the conditions that run.changes may have changed */
void watch_hold(struct run *r, uint32_t trigger);
void watch_fire(struct run *r, uint32_t trigger, uint64_t due_ns);

/* live.c */
uint32_t live_deps(const struct px *e); /* enum change mask */
void live_watch(struct run *r, const struct px *e);
bool live_true(struct run *r, const struct px *e); /* false also when a value is missing */

#endif
