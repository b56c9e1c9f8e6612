/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * demand.c - play the timeline without limits and without time lost.
 *
 * Each worker is played by itself into a list of changes of its cgroup; the lists are sorted,
 * summed up and passed on to the parent.  An `over` becomes RAMP_STEPS steps.
 */
#include "plan/demand.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/sort.h"

#define RAMP_STEPS 16

struct change {
	uint64_t at_ns;
	int64_t bytes;
};
struct changes {
	VEC(struct change) list;
};

/* An event that is a worker's, in the order in which it runs them. */
struct turn {
	uint64_t at_ns;
	uint32_t worker, event;
};

/* One worker being played. */
struct player {
	struct changes *to;
	uint64_t now_ns;  /* free from here on */
	uint64_t stop_ns; /* killed, or the run is over */
	uint64_t anon_bytes, file_bytes;
	uint64_t put_bytes; /* as told to `to` */
};

static uint64_t plus(uint64_t a, uint64_t b)
{
	return a > NEVER - b ? NEVER : a + b;
}

static void put(struct player *w, uint64_t at_ns)
{
	uint64_t bytes = plus(w->anon_bytes, w->file_bytes);

	if (at_ns >= w->stop_ns || bytes == w->put_bytes)
		return;
	vec_push(&w->to->list, (struct change){at_ns, (int64_t)bytes - (int64_t)w->put_bytes});
	w->put_bytes = bytes;
}

/* *what from its value to `to_bytes` in the time between; all of it at once if there is none. */
static void ramp(struct player *w, uint64_t *what, uint64_t to_bytes, uint64_t begin_ns,
		 uint64_t end_ns)
{
	uint64_t from = *what;

	if (to_bytes > from && end_ns > begin_ns)
		for (uint64_t k = 1; k < RAMP_STEPS; k++) {
			*what = from + mul_div(to_bytes - from, k, RAMP_STEPS);
			put(w, begin_ns + mul_div(end_ns - begin_ns, k, RAMP_STEPS));
		}
	*what = to_bytes;
	put(w, end_ns);
}

static void play_series(struct player *w, const struct op_series *s, uint64_t due_ns)
{
	for (uint32_t i = 0; i < s->n; i++) {
		uint64_t at = plus(due_ns, s->v[i].at_ns);

		if (at > w->now_ns)
			w->now_ns = at;
		w->anon_bytes = s->v[i].bytes;
		put(w, w->now_ns);
	}
}

/* Calls one after the other, the trace's memory beside them: what comes first is next. */
static void play_tools(struct player *w, const struct op_calls *c, uint64_t due_ns)
{
	uint64_t held = c->base_bytes, call_end = 0;
	uint32_t i = 0, j = 0, nsamples = c->memory ? c->memory->n : 0;
	bool in_call = false;

	w->anon_bytes = held;
	put(w, w->now_ns);
	while (in_call || i < c->n || j < nsamples) {
		uint64_t call_at = in_call    ? call_end
				   : i < c->n ? plus(due_ns, c->v[i].at_ns)
					      : NEVER;
		uint64_t sample_at = j < nsamples ? plus(due_ns, c->memory->v[j].at_ns) : NEVER;
		bool sample = j < nsamples && sample_at <= call_at;
		uint64_t at = sample ? sample_at : call_at;

		if (at > w->now_ns)
			w->now_ns = at;
		if (sample) {
			held = c->memory->v[j++].bytes;
		} else if (in_call) {
			in_call = false;
			i++;
		} else {
			in_call = true;
			call_end = plus(w->now_ns, c->v[i].dur_ns);
		}
		w->anon_bytes = plus(held, in_call && c->simulated ? c->v[i].bytes : 0);
		put(w, w->now_ns);
	}
}

static void play(struct player *w, const struct op *op, uint64_t due_ns)
{
	uint64_t begin, end, before = w->anon_bytes;

	if (due_ns > w->now_ns)
		w->now_ns = due_ns;
	begin = w->now_ns;
	end = plus(due_ns, op->ns);
	if (end < begin)
		end = begin;
	switch ((enum op_kind)op->kind) {
	case OP_ALLOC:
		ramp(w, &w->anon_bytes, plus(before, op->bytes), begin, end);
		w->now_ns = end;
		break;
	case OP_FREE:
		w->anon_bytes -= op->bytes < before ? op->bytes : before;
		put(w, begin);
		break;
	case OP_HOLD:
		w->anon_bytes = op->bytes;
		put(w, begin);
		break;
	case OP_TOUCH:
		w->now_ns = end;
		break;
	case OP_READ:
		/* A worker reads its own file from the start: what it has read is there already. */
		ramp(w, &w->file_bytes, op->bytes > w->file_bytes ? op->bytes : w->file_bytes,
		     begin, end);
		w->now_ns = end;
		break;
	case OP_SLEEP:
		w->now_ns = plus(begin, op->ns);
		break;
	case OP_REPLAY:
		play_series(w, op->series, due_ns);
		break;
	case OP_TOOLS:
		play_tools(w, op->calls, due_ns);
		break;
	case OP_EXEC:
		if (!op->exec->has_like)
			break;
		end = plus(begin, op->exec->like_ns);
		ramp(w, &w->anon_bytes, plus(before, op->exec->like_peak_bytes), begin,
		     begin + (end - begin) / 2);
		w->anon_bytes = before;
		put(w, end);
		w->now_ns = end;
		break;
	default:
		break;
	}
}

static int by_turn(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;

	if (x->worker != y->worker)
		return x->worker < y->worker ? -1 : 1;
	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	return x->event < y->event ? -1 : x->event > y->event;
}

static bool is_worker_step(const struct plan_step *s)
{
	return s->kind == STEP_START ||
	       (s->kind == STEP_OP && op_is_worker((enum op_kind)s->op.kind));
}

/* When the timeline's `kill` ends the workers of each cgroup. */
static uint64_t *find_kills(const struct plan *p)
{
	uint64_t *kill_ns = mem_alloc(p->ncgroups * sizeof *kill_ns);

	for (uint32_t i = 0; i < p->ncgroups; i++)
		kill_ns[i] = NEVER;
	for (uint32_t i = 0; i < p->nevents; i++) {
		const struct plan_event *e = &p->events[i];

		if (e->step.kind == STEP_OP && e->step.op.kind == OP_KILL &&
		    e->at_ns < kill_ns[e->step.op.target])
			kill_ns[e->step.op.target] = e->at_ns;
	}
	/* Parents come first. */
	for (uint32_t i = 1; i < p->ncgroups; i++)
		if (kill_ns[p->cgroups[i].parent] < kill_ns[i])
			kill_ns[i] = kill_ns[p->cgroups[i].parent];
	return kill_ns;
}

/* Play the turns of one worker, turns[0..n).  Returns when it is done. */
static uint64_t play_worker(const struct plan *p, const struct turn *turns, size_t n,
			    struct changes *to, uint64_t kill_ns)
{
	bool killed = kill_ns < p->finish_ns;
	struct player w = {.to = to, .stop_ns = killed ? kill_ns : p->finish_ns};

	for (size_t i = 0; i < n && w.now_ns < w.stop_ns; i++) {
		const struct plan_step *s = &p->events[turns[i].event].step;

		if (s->kind == STEP_OP) {
			play(&w, &s->op, turns[i].at_ns);
			continue;
		}
		for (uint32_t k = 0; k < s->nbody; k++)
			play(&w, &s->body[k], k ? w.now_ns : turns[i].at_ns);
	}
	if (killed) {
		w.stop_ns = NEVER;
		w.anon_bytes = 0; /* its file pages stay */
		put(&w, kill_ns);
	}
	return w.now_ns < w.stop_ns ? w.now_ns : w.stop_ns;
}

static int by_change(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	return x->at_ns < y->at_ns ? -1 : x->at_ns > y->at_ns;
}

/* Sum up in order of time; what is left are the changes of the sum, which `parent` gets too. */
static void add_up(struct changes *c, struct changes *parent, struct demand_series *out)
{
	int64_t bytes = 0;

	sort_ordered(c->list.v, c->list.n, sizeof *c->list.v, by_change);
	for (size_t i = 0; i < c->list.n;) {
		uint64_t at = c->list.v[i].at_ns;
		int64_t before = bytes;

		for (; i < c->list.n && c->list.v[i].at_ns == at; i++)
			bytes += c->list.v[i].bytes;
		if (bytes == before)
			continue;
		vec_push(&out->points, (struct demand_point){at, (uint64_t)bytes});
		if (parent)
			vec_push(&parent->list, (struct change){at, bytes - before});
		if ((uint64_t)bytes > out->peak_bytes) {
			out->peak_bytes = (uint64_t)bytes;
			out->peak_ns = at;
		}
	}
}

int demand_compute(const struct plan *p, struct demand *out)
{
	struct changes *changes = mem_alloc(p->ncgroups * sizeof *changes);
	uint64_t *kill_ns = find_kills(p), end = 0;
	VEC(struct turn) turns = {0};
	struct demand d = {.ncgroups = p->ncgroups};

	for (uint32_t i = 0; i < p->nevents; i++) {
		const struct plan_event *e = &p->events[i];

		if (e->at_ns > end)
			end = e->at_ns;
		if (is_worker_step(&e->step))
			vec_push(&turns, (struct turn){e->at_ns, e->step.op.target, i});
	}
	sort_ordered(turns.v, turns.n, sizeof *turns.v, by_turn);
	for (size_t i = 0, n; i < turns.n; i += n) {
		uint32_t worker = turns.v[i].worker, cgroup = p->workers[worker].cgroup;
		uint64_t done;

		for (n = 1; i + n < turns.n && turns.v[i + n].worker == worker;)
			n++;
		done = play_worker(p, turns.v + i, n, &changes[cgroup], kill_ns[cgroup]);
		if (done > end)
			end = done;
	}
	d.cgroups = mem_alloc(p->ncgroups * sizeof *d.cgroups);
	for (uint32_t i = p->ncgroups; i-- > 0;) {
		add_up(&changes[i], i ? &changes[p->cgroups[i].parent] : NULL, &d.cgroups[i]);
		vec_free(&changes[i].list);
	}
	d.end_ns =
	    p->finish_ns < end || (p->finish_ns != NEVER && !p->finish_when) ? p->finish_ns : end;
	for (uint32_t i = 0; i < p->ntriggers; i++)
		for (uint32_t k = 0; k < p->triggers[i].nsteps; k++)
			d.reactive |= is_worker_step(&p->triggers[i].steps[k]);
	free(changes);
	free(kill_ns);
	vec_free(&turns);
	*out = d;
	return 0;
}

void demand_free(struct demand *d)
{
	for (uint32_t i = 0; i < d->ncgroups; i++)
		vec_free(&d->cgroups[i].points);
	free(d->cgroups);
	*d = (struct demand){0};
}

void demand_against(const struct demand *d, uint32_t cgroup, uint64_t limit_bytes,
		    struct demand_over *out)
{
	const struct demand_series *s = &d->cgroups[cgroup];

	*out = (struct demand_over){
	    .limit_bytes = limit_bytes,
	    .peak_bytes = s->peak_bytes,
	    .peak_ns = s->peak_ns,
	    .first_ns = NEVER,
	};
	for (size_t i = 0; i < s->points.n; i++) {
		const struct demand_point *a = &s->points.v[i];
		uint64_t until = i + 1 < s->points.n ? a[1].at_ns : d->end_ns;

		if (a->bytes <= limit_bytes)
			continue;
		if (out->first_ns == NEVER)
			out->first_ns = a->at_ns;
		if (until > a->at_ns)
			out->total_ns += until - a->at_ns;
	}
}
