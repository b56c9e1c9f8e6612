/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fake.h - a scripted backend in virtual time, and the log of a run on it.
 *
 * Ops take the time that is theirs: sleep its ns, alloc `over` or else one nanosecond a byte, the
 * others none.  There is no memory but a sum per cgroup.  Kills happen when the script says so.
 * A frozen cgroup's ops do not end before it is thawed.
 */
#ifndef AGENTCG_TESTS_FAKE_H
#define AGENTCG_TESTS_FAKE_H

#include "base/buf.h"
#include "base/diag.h"
#include "plan/plan.h"
#include "run/engine.h"

struct fake_script {
	struct {
		uint64_t t_ns;
		uint32_t worker; /* the backend's index */
		enum kill_reason reason;
	} kills[4];
	uint32_t nkills;
	int open_err, advance_err;
	int apply_err; /* for the op of this kind: */
	enum op_kind apply_kind;
	uint64_t stop_at_ns; /* *stop becomes 1 here; 0: never */
	volatile sig_atomic_t *stop;
	uint64_t late_ns;     /* the end of an op is noticed this much later, as on real hardware */
	uint64_t timeline_ns; /* of the run: samples for a timeline */
};

extern struct fake_script fake_script; /* cleared by fake_run */
extern const struct backend fake_backend;
extern int fake_open_worlds;	    /* opened and not closed */
extern uint32_t fake_nworkers;	    /* of the last world */
extern struct cg_attrs fake_set[8]; /* the last attributes set, by cgroup */

/* A plan with a root, a, b; workers 0 (a) and 1 (b), 2 ("tool" in a). Nothing happens in it. */
struct plan fake_plan(struct arena *a);
void fake_event(struct arena *a, struct plan *p, uint64_t at_ns, struct plan_step step);
struct plan_step fake_op(enum op_kind kind, uint32_t target, uint64_t bytes, uint64_t ns);
struct plan_step fake_mark(uint32_t mark);
void fake_trigger(struct arena *a, struct plan *p, struct plan_trigger t, struct plan_step step);
const struct px *fake_metric(struct arena *a, enum metric m, uint32_t cgroup);
const struct px *fake_of(struct arena *a, enum px_kind kind, uint32_t cgroup);
const struct px *fake_const(struct arena *a, double v);
const struct px *fake_expr(struct arena *a, enum px_kind kind, const struct px *x,
			   const struct px *y);
const struct px *fake_mark_reached(struct arena *a, uint32_t mark);

/*
 * Run p on b; log what the sink sees, one line each with times in ms, without samples and, unless
 * all is set, without NOTE_DUE.  The outcome's arrays live in a.
 */
struct fake_result {
	int err;
	struct run_outcome out;
	uint32_t samples[8]; /* by cgroup */
	struct buf log;
	uint32_t errors; /* diagnostics */
};
struct fake_result fake_run(struct arena *a, const struct plan *p, const struct backend *b,
			    uint32_t alone, uint32_t rep, bool all);

#endif
