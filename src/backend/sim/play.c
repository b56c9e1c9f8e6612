/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a worker plays: the memory of a trace, its tool calls, a command by its profile.
 */
#include <signal.h>

#include "backend/sim/ops.h"

enum play_stage {
	PLAY_BEGIN,
	PLAY_NEXT, /* choose what is next and wait for it */
	PLAY_HOLD, /* on the way to the memory that it needs */
};

bool play_holds(const struct worker *w)
{
	return (w->kind == OP_REPLAY || w->kind == OP_TOOLS) && w->stage == PLAY_HOLD;
}

/* Samples are followed in order, late ones too. */
enum step play_replay(struct sim *s, struct worker *w)
{
	const struct op_series *t = w->op.series;

	for (;;) {
		uint64_t due;

		if (w->stage == PLAY_HOLD) {
			enum step r = ops_hold(s, w);

			if (r != STEP_DONE)
				return r;
			ops_report_growth(s, w);
			w->i++;
			w->stage = PLAY_NEXT;
		}
		if (w->i == t->n) {
			if (t->n)
				w->late_ns =
				    ops_lateness(s, ops_plus(w->due_ns, t->v[t->n - 1].at_ns));
			return ops_finish(s, w, DONE_OK);
		}
		due = ops_plus(w->due_ns, t->v[w->i].at_ns);
		if (ops_wait_until(s, w, due))
			return STEP_WAIT;
		ops_aim(s, w, t->v[w->i].bytes);
		w->step_late_ns = ops_lateness(s, due);
		w->stage = PLAY_HOLD;
	}
}

/* When the tool calls and the memory beside them are nominally over. */
static uint64_t tools_end_ns(const struct op_calls *c)
{
	uint64_t end = 0;

	for (uint32_t i = 0; i < c->n; i++) {
		uint64_t e = ops_plus(c->v[i].at_ns, c->v[i].dur_ns);

		if (e > end)
			end = e;
	}
	if (c->memory && c->memory->n && c->memory->v[c->memory->n - 1].at_ns > end)
		end = c->memory->v[c->memory->n - 1].at_ns;
	return end;
}

/* What a real call would be told with: it has its memory for itself. */
static void tell_call_as(struct sim *s, const struct worker *w, enum done_status status)
{
	struct obs o = {
	    .kind = OBS_COMMAND,
	    .cgroup = s->more[w->cg].index,
	    .worker = worker_index(s, w),
	    .command = {.start_ns = w->call_ns,
			.peak_bytes = w->call_bytes,
			.call = w->i,
			.status = status,
			.code = status == DONE_KILLED ? 128 + SIGKILL : 0},
	};

	sim_observe(s, &o);
}

void play_killed(struct sim *s, const struct worker *w)
{
	if (w->kind != OP_TOOLS || !w->in_call)
		return;
	tell_call_as(s, w, DONE_KILLED);
}

/*
 * Two timelines at once: the calls, each of which begins, lasts and ends, and the trace's memory.
 * What comes first is next; a sample goes before a call at the same time.  A call lasts its
 * duration from when it has its memory, so that what holds up its allocation makes it longer, as it
 * would a real one.
 */
enum step play_tools(struct sim *s, struct worker *w)
{
	const struct op_calls *c = w->op.calls;
	const struct op_series *m = c->memory;

	if (w->stage == PLAY_BEGIN) {
		w->held_bytes = c->base_bytes;
		w->call_bytes = 0;
		w->in_call = false;
		w->call_end_ns = NEVER;
		ops_aim(s, w, w->held_bytes);
		w->stage = PLAY_HOLD;
	}
	for (;;) {
		uint64_t call_ns = NEVER, sample_ns = NEVER, next_ns;

		if (w->stage == PLAY_HOLD) {
			enum step r = ops_hold(s, w);

			if (r != STEP_DONE)
				return r;
			ops_report_growth(s, w);
			if (w->in_call && w->call_end_ns == NEVER)
				w->call_end_ns = ops_plus(s->now_ns, c->v[w->i].dur_ns);
			w->stage = PLAY_NEXT;
		}
		if (w->in_call)
			call_ns = w->call_end_ns;
		else if (w->i < c->n)
			call_ns = ops_plus(w->due_ns, c->v[w->i].at_ns);
		if (m && w->j < m->n)
			sample_ns = ops_plus(w->due_ns, m->v[w->j].at_ns);
		else if (!w->in_call && w->i == c->n)
			break;
		next_ns = sample_ns <= call_ns ? sample_ns : call_ns;
		if (ops_wait_until(s, w, next_ns))
			return STEP_WAIT;
		if (sample_ns <= call_ns) {
			w->held_bytes = m->v[w->j++].bytes;
		} else if (w->in_call) {
			tell_call_as(s, w, DONE_OK);
			w->in_call = false;
			w->call_bytes = 0;
			w->i++;
		} else {
			w->in_call = true;
			w->call_ns = s->now_ns;
			w->call_bytes = c->v[w->i].bytes;
			w->call_end_ns = NEVER;
		}
		ops_aim(s, w, ops_plus(w->held_bytes, w->call_bytes));
		w->step_late_ns = ops_lateness(s, next_ns);
		w->stage = PLAY_HOLD;
	}
	w->late_ns = ops_lateness(s, ops_plus(w->due_ns, tools_end_ns(c)));
	return ops_finish(s, w, DONE_OK);
}

enum exec_stage {
	EXEC_BEGIN,
	EXEC_RAMP, /* grows with the CPU time it has used, until half of it */
	EXEC_WORK,
	EXEC_EXIT, /* gives its memory back */
};

/*
 * A command by its profile: like_ns of CPU time, of which the first half goes with growing to the
 * peak.  Its faults are part of that time as long as they fit.
 */
enum step play_exec(struct sim *s, struct worker *w)
{
	const struct op_exec *x = w->op.exec;
	uint64_t peak = x->like_peak_bytes / PAGE_BYTES, half = x->like_ns / 2, n;
	enum step r;

	switch ((enum exec_stage)w->stage) {
	case EXEC_BEGIN:
		w->held_bytes = w->want_bytes;
		w->cpu_done_ns = 0;
		w->span = peak;
		w->cursor = 0;
		ops_aim(s, w, w->want_bytes);
		w->deadline_ns =
		    x->timeout_ns == NEVER ? NEVER : ops_plus(w->start_ns, x->timeout_ns);
		w->stage = EXEC_RAMP;
		/* fallthrough */
	case EXEC_RAMP:
		n = w->anon;
		r = ops_hold(s, w);
		w->cpu_done_ns += (w->anon - n) * s->machine.fault_ns;
		if (r != STEP_DONE)
			return r;
		n = mul_div(half, w->cursor, w->span ? w->span : 1);
		if (n > w->cpu_done_ns) {
			w->owe_cpu_ns += n - w->cpu_done_ns;
			w->cpu_done_ns = n;
			return STEP_PAY;
		}
		n = w->span - w->cursor;
		if (n) {
			if (n > SIM_CHARGE_BATCH)
				n = SIM_CHARGE_BATCH;
			w->cursor += n;
			ops_aim(s, w, ops_plus(w->held_bytes, w->cursor * PAGE_BYTES));
			return STEP_PAY;
		}
		w->stage = EXEC_WORK;
		/* fallthrough */
	case EXEC_WORK:
		if (w->cpu_done_ns < x->like_ns) {
			n = x->like_ns - w->cpu_done_ns;
			if (n > SIM_QUANTUM_NS)
				n = SIM_QUANTUM_NS;
			w->owe_cpu_ns += n;
			w->cpu_done_ns += n;
			return STEP_PAY;
		}
		w->deadline_ns = NEVER;
		ops_aim(s, w, w->held_bytes);
		w->stage = EXEC_EXIT;
		/* fallthrough */
	case EXEC_EXIT:
		r = ops_hold(s, w);
		return r == STEP_DONE ? ops_finish(s, w, w->status) : r;
	}
	return STEP_WAIT;
}

void ops_timeout(struct sim *s, struct worker *w)
{
	oom_wait_cancel(s, w);
	worker_forget_debts(w);
	w->charging = false;
	w->deadline_ns = NEVER;
	w->status = DONE_TIMEOUT;
	ops_aim(s, w, w->held_bytes);
	w->stage = EXEC_EXIT;
}
