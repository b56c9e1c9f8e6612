/* SPDX-License-Identifier: GPL-2.0-or-later */
/* worker.c - a queue per worker, one op in flight each, and who is done */
#include <errno.h>
#include <string.h>

#include "run/state.h"

void worker_init(struct run *r)
{
	const struct plan *p = r->plan;
	uint32_t present = 0;

	r->workers = arena_array(r->arena, struct worker_state, p->nworkers);
	r->cgroups = arena_array(r->arena, struct cgroup_state, p->ncgroups);
	r->touched = arena_array(r->arena, uint32_t, p->nworkers);
	if (r->config->alone != UINT32_MAX)
		r->plan_worker = arena_array(r->arena, uint32_t, p->nworkers);
	for (uint32_t i = 0; i < p->nworkers; i++) {
		struct worker_state *w = &r->workers[i];
		uint32_t c = p->workers[i].cgroup;

		w->at_backend = i;
		if (r->plan_worker) {
			while (c != r->config->alone && c)
				c = p->cgroups[c].parent;
			w->absent = c != r->config->alone;
			if (w->absent)
				continue;
			w->at_backend = present;
			r->plan_worker[present] = i;
		}
		present++;
		r->undone++;
		for (c = p->workers[i].cgroup;; c = p->cgroups[c].parent) {
			r->cgroups[c].undone++;
			if (!c)
				break;
		}
		worker_touch(r, i);
	}
}

static void note_action(struct run *r, enum note_kind kind, uint32_t worker, uint64_t t_ns,
			uint64_t late_ns, const struct op *op)
{
	run_note(r, (struct note){.t_ns = t_ns,
				  .late_ns = late_ns,
				  .kind = kind,
				  .worker = worker,
				  .cgroup = r->plan->workers[worker].cgroup,
				  .bytes = op->kind == OP_ALLOC ? op->bytes : 0,
				  .op = op->kind});
}

void worker_drop(struct run *r, uint32_t worker, const struct op *v, uint32_t n)
{
	uint64_t now = run_now(r);

	r->dropped += n;
	for (uint32_t i = 0; i < n; i++)
		note_action(r, NOTE_DROPPED, worker, now, 0, &v[i]);
}

void worker_drop_queue(struct run *r, uint32_t worker)
{
	struct worker_state *w = &r->workers[worker];

	while (w->len) {
		const struct action *a = &w->ring[w->head];

		worker_drop(r, worker, a->v + a->next, a->n - a->next);
		w->head = (w->head + 1) & (w->cap - 1);
		w->len--;
	}
}

void worker_touch(struct run *r, uint32_t worker)
{
	uint32_t at = r->touched_head + r->touched_len;

	if (r->workers[worker].touched)
		return;
	r->workers[worker].touched = true;
	r->touched[at < r->plan->nworkers ? at : at - r->plan->nworkers] = worker;
	r->touched_len++;
}

/* Dead: what it had to do is never begun, and its timeline holds the run no longer. */
static void worker_die(struct run *r, uint32_t worker)
{
	struct worker_state *w = &r->workers[worker];

	if (w->dead)
		return;
	w->dead = true;
	r->holding -= w->pending;
	worker_drop_queue(r, worker);
	worker_touch(r, worker);
}

void worker_killed(struct run *r, uint32_t worker, bool oom)
{
	worker_die(r, worker);
	if (!oom)
		return;
	for (uint32_t c = r->plan->workers[worker].cgroup;; c = r->plan->cgroups[c].parent) {
		r->cgroups[c].killed = true;
		if (!c)
			break;
	}
	r->changes |= CHANGE_KILL;
}

void worker_ended(struct run *r, uint32_t worker, uint64_t t_ns)
{
	struct worker_state *w = &r->workers[worker];

	w->busy = false;
	w->free_ns = t_ns;
	worker_touch(r, worker);
}

/* Begin the next op if there is one and the worker is free. */
static void worker_next(struct run *r, uint32_t worker)
{
	struct worker_state *w = &r->workers[worker];

	if (w->busy || w->dead || !w->len || r->err)
		return;

	struct action *a = &w->ring[w->head];
	const struct op *op = &a->v[a->next];
	uint64_t due = a->next ? w->free_ns : a->due_ns;
	uint64_t now = run_now(r);
	struct span at = a->at;
	int err;

	if (a->next)
		note_action(r, NOTE_DUE, worker, due, now > due ? now - due : 0, op);
	if (++a->next == a->n) {
		w->head = (w->head + 1) & (w->cap - 1);
		w->len--;
	}
	w->flying = *op;
	w->flying.target = w->at_backend;
	w->busy = true;
	err = r->backend->apply(r->handle, &w->flying, due);
	if (err == -ESRCH) {
		/* It died, which the backend is about to say. */
		w->busy = false;
		worker_drop(r, worker, op, 1);
		worker_die(r, worker);
		return;
	}
	if (err) {
		w->busy = false;
		step_fail(r, err, at, op->kind);
		return;
	}
	r->timers++;
	r->quiet = r->quiet_sampled = false;
	note_action(r, NOTE_BEGIN, worker, now, now > due ? now - due : 0, op);
}

static void worker_push(struct run *r, struct worker_state *w, struct action a)
{
	if (w->len == w->cap) {
		uint32_t cap = w->cap ? 2 * w->cap : 4;
		struct action *ring = arena_array(r->arena, struct action, cap);

		for (uint32_t i = 0; i < w->len; i++)
			ring[i] = w->ring[(w->head + i) & (w->cap - 1)];
		w->ring = ring;
		w->cap = cap;
		w->head = 0;
	}
	w->ring[(w->head + w->len++) & (w->cap - 1)] = a;
}

void worker_due(struct run *r, uint32_t worker, const struct op *v, uint32_t n, uint64_t due_ns,
		struct span at)
{
	struct worker_state *w = &r->workers[worker];
	uint64_t now = run_now(r);

	worker_touch(r, worker);
	if (!n)
		return;
	note_action(r, NOTE_DUE, worker, due_ns, now > due_ns ? now - due_ns : 0, v);
	if (w->dead) {
		worker_drop(r, worker, v, n);
		return;
	}
	worker_push(r, w, (struct action){.v = v, .due_ns = due_ns, .n = n, .at = at});
	worker_next(r, worker);
}

void cgroup_done(struct run *r, uint32_t cgroup)
{
	if (r->cgroups[cgroup].noted)
		return;
	r->cgroups[cgroup].noted = true;
	run_note(
	    r, (struct note){
		   .t_ns = run_now(r), .kind = NOTE_DONE, .worker = UINT32_MAX, .cgroup = cgroup});
}

/* One more or one less worker of its subtrees is done. */
static void worker_count(struct run *r, uint32_t worker, bool done)
{
	struct worker_state *w = &r->workers[worker];

	if (w->done == done)
		return;
	w->done = done;
	r->undone += done ? UINT32_MAX : 1; /* modulo 2^32: - 1 or + 1 */
	for (uint32_t c = r->plan->workers[worker].cgroup;; c = r->plan->cgroups[c].parent) {
		struct cgroup_state *s = &r->cgroups[c];

		s->undone += done ? UINT32_MAX : 1;
		if (!s->undone || (!done && s->undone == 1))
			r->changes |= CHANGE_DONE;
		if (!s->undone)
			cgroup_done(r, c);
		if (!c)
			break;
	}
}

void worker_settle(struct run *r)
{
	while (r->touched_len) {
		uint32_t i = r->touched[r->touched_head];
		struct worker_state *w = &r->workers[i];

		if (++r->touched_head == r->plan->nworkers)
			r->touched_head = 0;
		r->touched_len--;
		w->touched = false;
		worker_next(r, i);
		worker_count(r, i, w->dead || (!w->busy && !w->len && !w->pending));
	}
}
