/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * worker_replay.c - follow a recording: its memory, its tool calls.
 *
 * Samples are followed in order, late ones too, each from its absolute time.  How much was missing
 * when a sample's time was over tells whether the machine could follow at all.
 */
#include <errno.h>
#include <unistd.h>

#include "backend/cgroup/worker.h"
#include "base/units.h"

const struct op_sample *samples_get(struct hand *w, struct samples *s, uint32_t i)
{
	const uint32_t most = sizeof s->v / sizeof *s->v;

	if (i < s->first || i >= s->first + s->have) {
		s->first = i;
		s->have = s->n - i < most ? s->n - i : most;
		worker_data(w, s->v, s->have * sizeof *s->v, s->at + i * sizeof *s->v);
	}
	return &s->v[i - s->first];
}

/* Hold what a sample asks for; its time is over at next_ns. */
static void follow(struct hand *w, uint64_t bytes, uint64_t due_ns, uint64_t next_ns)
{
	uint64_t late = worker_lateness(shared_now(), due_ns);

	w->next_due_ns = next_ns;
	worker_mem_aim(w, bytes);
	worker_mem_hold(w);
	worker_mem_report(w, late);
}

void worker_replay(struct hand *w)
{
	struct samples s = {.at = w->op.at, .n = w->op.n};
	struct op_sample one, next;
	uint64_t due = w->op.due_ns;

	if (!s.n)
		return;
	next = *samples_get(w, &s, 0);
	for (uint32_t i = 0; i < s.n; i++) {
		uint64_t over = NEVER;

		one = next;
		due = worker_plus(w->op.due_ns, one.at_ns);
		if (i + 1 < s.n) {
			next = *samples_get(w, &s, i + 1);
			over = worker_plus(w->op.due_ns, next.at_ns);
		}
		worker_rest(w, due);
		follow(w, one.bytes, due, over);
	}
	w->late_ns = worker_lateness(shared_now(), due);
}

/* ---- tool calls ------------------------------------------------------------------------------ */

struct tools {
	struct samples s;
	struct wire_call call; /* number i, if there is one */
	uint32_t i, j;	       /* the next call or the one in hand; the next sample */
	bool in_call;
	uint64_t call_end_ns; /* NEVER: it has not got its memory, or ends with its command */
	uint64_t held_bytes, call_bytes;
	uint64_t end_ns; /* when calls and samples are nominally over */
};

static void get_call(struct hand *w, struct tools *t)
{
	if (t->i < w->op.n)
		worker_data(w, &t->call, sizeof t->call, w->op.at + t->i * sizeof t->call);
}

static void nominal_end(struct tools *t, uint64_t at_ns)
{
	if (at_ns > t->end_ns)
		t->end_ns = at_ns;
}

/* The session goes on, as an agent does; the call then only takes its time. */
static void not_begun(struct hand *w, uint32_t call, int err)
{
	struct pool_event e = {.kind = POOL_COMMAND, .t_ns = shared_now()};

	e.command.start_ns = e.t_ns;
	e.command.call = call;
	e.command.status = DONE_FAILED;
	e.command.code = err;
	worker_emit(w, &e);
}

static void begin_call(struct hand *w, struct tools *t)
{
	int err;

	t->in_call = true;
	t->call_end_ns = NEVER;
	t->call_bytes = w->op.simulated ? t->call.bytes : 0;
	nominal_end(t, worker_plus(t->call.at_ns, t->call.dur_ns));
	if (w->op.simulated || !t->call.command_len)
		return;
	err = worker_command_begin(w, t->call.command_at, t->call.command_len,
				   w->seat.shared->call_timeout_ns, false);
	if (err)
		not_begun(w, t->i, err);
}

static void end_call(struct hand *w, struct tools *t)
{
	t->in_call = false;
	t->call_bytes = 0;
	t->i++;
	get_call(w, t);
}

/*
 * Two timelines at once, as in the simulator: what comes first is next, a sample before a call at
 * the same time, and a call without a command lasts its duration from when it has its memory.
 */
enum done_status worker_tools(struct hand *w)
{
	struct tools t = {
	    .s = {.at = w->op.memory_at, .n = w->op.memory_n},
	    .held_bytes = w->op.base_bytes,
	};
	uint64_t due = w->op.due_ns;

	get_call(w, &t);
	follow(w, t.held_bytes, due, NEVER);
	for (;;) {
		uint64_t call_ns = NEVER, sample_ns = NEVER, next_ns, now;

		if (t.in_call)
			call_ns = t.call_end_ns;
		else if (t.i < w->op.n)
			call_ns = worker_plus(w->op.due_ns, t.call.at_ns);
		if (t.j < t.s.n)
			sample_ns = worker_plus(w->op.due_ns, samples_get(w, &t.s, t.j)->at_ns);
		else if (!t.in_call && t.i == w->op.n)
			break;
		next_ns = sample_ns <= call_ns ? sample_ns : call_ns;
		now = w->command.pid ? worker_command_wait(w, next_ns) : worker_rest(w, next_ns);
		if (w->command.ended) {
			worker_command_end(w, t.i);
			end_call(w, &t);
			continue;
		}
		if (now < next_ns)
			continue;
		if (sample_ns <= call_ns) {
			const struct op_sample *s = samples_get(w, &t.s, t.j++);
			uint64_t over = NEVER;

			nominal_end(&t, s->at_ns);
			t.held_bytes = s->bytes;
			if (t.j < t.s.n)
				over = worker_plus(w->op.due_ns, samples_get(w, &t.s, t.j)->at_ns);
			follow(w, worker_plus(t.held_bytes, t.call_bytes), next_ns, over);
			continue;
		}
		if (t.in_call)
			end_call(w, &t);
		else
			begin_call(w, &t);
		follow(w, worker_plus(t.held_bytes, t.call_bytes), next_ns, NEVER);
		if (t.in_call && !w->command.pid)
			t.call_end_ns = worker_plus(shared_now(), t.call.dur_ns);
	}
	w->late_ns = worker_lateness(shared_now(), worker_plus(w->op.due_ns, t.end_ns));
	w->code = 0;
	return DONE_OK;
}
