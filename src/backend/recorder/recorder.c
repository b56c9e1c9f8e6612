/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recorder.c - a backend on the wall clock that only writes down what it is told.
 *
 * Ops end when CLOCK_MONOTONIC says so; a frozen worker's when it is thawed, as a sleep goes on in
 * a frozen task.  Finding the next end looks at every worker, which tests can afford.
 */
#include "backend/recorder/recorder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

#include "backend/backend.h"
#include "base/mem.h"
#include "base/vec.h"

struct recorder_worker {
	uint64_t start_ns, end_ns, due_ns;
	uint64_t bytes, paced_ns;
	bool busy, dead;
};

struct recorder {
	struct world world;
	struct obs_sink sink;
	struct timespec origin;
	int slack_ns; /* the thread's timer slack before */
	struct recorder_worker *workers;
	bool *frozen; /* by cgroup */
};

static VEC(struct recorded) log_of_ops;

const struct recorded *recorder_log(size_t *n)
{
	*n = log_of_ops.n;
	return log_of_ops.v;
}

void recorder_forget(void)
{
	vec_free(&log_of_ops);
}

static int recorder_probe(const struct requirement *r, char *why, size_t why_size)
{
	if (!backend_feature_known(r->feature))
		return -EINVAL;
	snprintf(why, why_size, "the recorder only writes down what it is told");
	return 0;
}

static int recorder_open(const struct world *w, uint64_t seed, uint32_t rep, struct obs_sink sink,
			 struct diags *d, void **run)
{
	struct recorder *r = mem_alloc(sizeof *r);

	(void)seed, (void)rep, (void)d;
	r->world = *w;
	r->sink = sink;
	r->workers = mem_alloc((w->nworkers + !w->nworkers) * sizeof *r->workers);
	r->frozen = mem_alloc(w->ncgroups * sizeof *r->frozen);
	r->slack_ns = prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
	vec_clear(&log_of_ops);
	clock_gettime(CLOCK_MONOTONIC, &r->origin);
	*run = r;
	return 0;
}

static uint64_t recorder_now(void *run)
{
	const struct recorder *r = run;
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)(t.tv_sec - r->origin.tv_sec) * NS_PER_SEC + (uint64_t)t.tv_nsec -
	       (uint64_t)r->origin.tv_nsec;
}

static int sleep_until(const struct recorder *r, uint64_t t_ns)
{
	uint64_t ns = (uint64_t)r->origin.tv_nsec + t_ns % NS_PER_SEC;
	struct timespec t = {
	    .tv_sec = r->origin.tv_sec + (time_t)(t_ns / NS_PER_SEC + ns / NS_PER_SEC),
	    .tv_nsec = (long)(ns % NS_PER_SEC),
	};

	return -clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static bool is_below(const struct world *w, uint32_t c, uint32_t top)
{
	while (c != top && c)
		c = w->cgroups[c].parent;
	return c == top;
}

static bool is_frozen(const struct recorder *r, uint32_t worker)
{
	for (uint32_t c = r->world.workers[worker].cgroup;; c = r->world.cgroups[c].parent) {
		if (r->frozen[c])
			return true;
		if (!c)
			return false;
	}
}

/* How long the op takes by what paces it. */
static uint64_t pace_ns(const struct op *op)
{
	uint64_t at = 0;

	switch ((enum op_kind)op->kind) {
	case OP_ALLOC:
	case OP_TOUCH:
	case OP_READ:
	case OP_SLEEP:
		return op->ns;
	case OP_REPLAY:
		return op->series->n ? op->series->v[op->series->n - 1].at_ns : 0;
	case OP_TOOLS:
		/* A late call keeps its duration. */
		for (uint32_t i = 0; i < op->calls->n; i++) {
			const struct op_call *c = &op->calls->v[i];

			at = (at > c->at_ns ? at : c->at_ns) + c->dur_ns;
		}
		return at;
	case OP_EXEC:
		return op->exec->has_like ? op->exec->like_ns : 0;
	default:
		return 0;
	}
}

static void kill_below(struct recorder *r, uint32_t cgroup)
{
	for (uint32_t i = 0; i < r->world.nworkers; i++) {
		struct recorder_worker *w = &r->workers[i];
		struct obs o = {.t_ns = recorder_now(r),
				.kind = OBS_KILL,
				.cgroup = r->world.workers[i].cgroup,
				.worker = i,
				.kill = {.reason = KILL_OP, .limit_cgroup = cgroup}};

		if (w->dead || !is_below(&r->world, o.cgroup, cgroup))
			continue;
		w->dead = true;
		w->end_ns = o.t_ns; /* advance ends it, with DONE_KILLED */
		r->sink.put(r->sink.ctx, &o);
	}
}

static int recorder_apply(void *run, const struct op *op, uint64_t due_ns)
{
	static const struct cg_counters none;
	struct recorder *r = run;
	uint64_t now = recorder_now(r);

	if (op_is_worker((enum op_kind)op->kind)) {
		struct recorder_worker *w = &r->workers[op->target];

		if (w->busy || w->dead)
			return w->dead ? -ESRCH : -EBUSY;
		*w = (struct recorder_worker){
		    .start_ns = now,
		    .due_ns = due_ns,
		    .paced_ns = pace_ns(op),
		    .bytes = op->bytes == NO_LIMIT ? 0 : op->bytes,
		    .busy = true,
		};
		w->end_ns = now + w->paced_ns;
	}
	if (op->kind == OP_SAMPLE) {
		struct obs o = {.t_ns = now,
				.kind = OBS_SAMPLE,
				.cgroup = op->target,
				.worker = UINT32_MAX,
				.counters = &none};

		r->sink.put(r->sink.ctx, &o);
		return 0;
	}
	vec_push(&log_of_ops, (struct recorded){.t_ns = now,
						.due_ns = due_ns,
						.kind = op->kind,
						.target = op->target,
						.bytes = op->bytes});
	if (op->kind == OP_FREEZE || op->kind == OP_THAW)
		r->frozen[op->target] = op->kind == OP_FREEZE;
	else if (op->kind == OP_KILL)
		kill_below(r, op->target);
	return 0;
}

static void end_op(struct recorder *r, uint32_t worker)
{
	struct recorder_worker *w = &r->workers[worker];
	uint64_t now = recorder_now(r), nominal = w->due_ns + w->paced_ns;
	struct obs o = {
	    .t_ns = now,
	    .kind = OBS_DONE,
	    .cgroup = r->world.workers[worker].cgroup,
	    .worker = worker,
	    .done = {.start_ns = w->start_ns,
		     .bytes = w->dead ? 0 : w->bytes,
		     .late_ns = w->paced_ns && !w->dead && now > nominal ? now - nominal : 0,
		     .status = w->dead ? DONE_KILLED : DONE_OK},
	};

	w->busy = false;
	r->sink.put(r->sink.ctx, &o);
}

static int recorder_advance(void *run, uint64_t until_ns)
{
	struct recorder *r = run;
	uint64_t first = NEVER;
	uint32_t who = UINT32_MAX;
	int err;

	for (uint32_t i = 0; i < r->world.nworkers; i++) {
		const struct recorder_worker *w = &r->workers[i];

		if (w->busy && w->end_ns < first && (w->dead || !is_frozen(r, i))) {
			first = w->end_ns;
			who = i;
		}
	}
	if (first == NEVER && until_ns == NEVER)
		return 1;
	err = sleep_until(r, first <= until_ns ? first : until_ns);
	if (err)
		return err;
	if (who != UINT32_MAX && first <= until_ns)
		end_op(r, who);
	return first == NEVER;
}

static void recorder_close(void *run)
{
	struct recorder *r = run;

	if (!r)
		return;
	if (r->slack_ns > 0)
		prctl(PR_SET_TIMERSLACK, (unsigned long)r->slack_ns, 0, 0, 0);
	free(r->workers);
	free(r->frozen);
	free(r);
}

const struct backend backend_recorder = {
    .name = "recorder",
    .mechanism = "none",
    .caps = CAP_MEMORY | CAP_LIKE,
    .probe = recorder_probe,
    .open = recorder_open,
    .now = recorder_now,
    .apply = recorder_apply,
    .advance = recorder_advance,
    .close = recorder_close,
};
