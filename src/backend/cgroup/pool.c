/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pool.c - the coordinator's side of the workers: it sends ops and takes events out of the rings.
 *
 * pool_fd() is an epoll descriptor over the eventfd and the zygote's socket.  The eventfd is read
 * before the bitmap of news is taken, and that before the rings are looked at; workers do the
 * reverse.  So what comes too late for one look makes the descriptor readable for the next.
 */
#include "backend/cgroup/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "backend/cgroup/pool_state.h"
#include "base/mem.h"
#include "base/units.h"

/* ---- what ops point to ----------------------------------------------------------------------- */

static struct sent *sent_place(struct sent *table, uint32_t size, const void *what)
{
	uint64_t h = (uintptr_t)what * UINT64_C(0x9e3779b97f4a7c15);
	uint32_t i = (uint32_t)(h >> 32) & (size - 1);

	while (table[i].what && table[i].what != what)
		i = (i + 1) & (size - 1);
	return &table[i];
}

/* true: it is in the file already, *at says where. */
static bool was_sent(const struct pool *p, const void *what, uint64_t *at)
{
	const struct sent *s;

	if (!p->sent_size)
		return false;
	s = sent_place(p->sent, p->sent_size, what);
	*at = s->at;
	return s->what;
}

static void note_sent(struct pool *p, const void *what, uint64_t at)
{
	if (2 * p->nsent >= p->sent_size) {
		uint32_t size = p->sent_size ? 2 * p->sent_size : 64;
		struct sent *table = mem_alloc(size * sizeof *table);

		for (uint32_t i = 0; i < p->sent_size; i++)
			if (p->sent[i].what)
				*sent_place(table, size, p->sent[i].what) = p->sent[i];
		free(p->sent);
		p->sent = table;
		p->sent_size = size;
	}
	*sent_place(p->sent, p->sent_size, what) = (struct sent){what, at};
	p->nsent++;
}

static int append(struct pool *p, const void *from, size_t bytes, uint64_t *at)
{
	const char *c = from;
	size_t left = bytes;
	uint64_t to = (p->data_bytes + 7) & ~UINT64_C(7);

	*at = to;
	while (left) {
		ssize_t n = pwrite(p->data_fd, c, left, (off_t)to);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			c += n;
			to += (uint64_t)n;
			left -= (size_t)n;
		}
	}
	p->data_bytes = to;
	return 0;
}

static int send_series(struct pool *p, const struct op_series *s, uint64_t *at)
{
	int err;

	if (was_sent(p, s, at))
		return 0;
	err = append(p, s->v, s->n * sizeof *s->v, at);
	if (!err)
		note_sent(p, s, *at);
	return err;
}

static int send_calls(struct pool *p, const struct op_calls *c, uint64_t *at)
{
	struct wire_call *v;
	int err = 0;

	if (was_sent(p, c, at))
		return 0;
	v = mem_alloc((c->n + !c->n) * sizeof *v);
	for (uint32_t i = 0; i < c->n && !err; i++) {
		const char *command = c->simulated ? NULL : c->v[i].command;

		v[i] = (struct wire_call){
		    .at_ns = c->v[i].at_ns, .dur_ns = c->v[i].dur_ns, .bytes = c->v[i].bytes};
		if (!command)
			continue;
		v[i].command_len = (uint32_t)strlen(command) + 1;
		err = append(p, command, v[i].command_len, &v[i].command_at);
	}
	if (!err)
		err = append(p, v, c->n * sizeof *v, at);
	if (!err)
		note_sent(p, c, *at);
	free(v);
	return err;
}

static bool runs_commands(const struct op *op)
{
	if (op->kind == OP_EXEC)
		return true;
	if (op->kind != OP_TOOLS || op->calls->simulated)
		return false;
	for (uint32_t i = 0; i < op->calls->n; i++)
		if (op->calls->v[i].command)
			return true;
	return false;
}

static int make_wire(struct pool *p, const struct op *op, uint64_t due_ns, struct wire_op *w)
{
	int err = 0;

	*w = (struct wire_op){.kind = op->kind, .bytes = op->bytes, .ns = op->ns, .due_ns = due_ns};
	switch ((enum op_kind)op->kind) {
	case OP_TOUCH:
		w->each_ns = op->each_ns;
		break;
	case OP_REPLAY:
		w->n = op->series->n;
		err = send_series(p, op->series, &w->at);
		break;
	case OP_TOOLS:
		w->n = op->calls->n;
		w->base_bytes = op->calls->base_bytes;
		w->simulated = op->calls->simulated;
		err = send_calls(p, op->calls, &w->at);
		if (!err && op->calls->memory) {
			w->memory_n = op->calls->memory->n;
			err = send_series(p, op->calls->memory, &w->memory_at);
		}
		break;
	case OP_EXEC:
		w->timeout_ns = op->exec->timeout_ns;
		w->own_cgroup = op->exec->own_cgroup;
		w->n = (uint32_t)strlen(op->exec->command) + 1;
		if (!was_sent(p, op->exec->command, &w->at)) {
			err = append(p, op->exec->command, w->n, &w->at);
			if (!err)
				note_sent(p, op->exec->command, w->at);
		}
		break;
	default:
		break;
	}
	return err;
}

int pool_begin(struct pool *p, uint32_t worker, const struct op *op, uint64_t due_ns)
{
	struct pool_slot *s = shared_slot(p->shared, worker);
	struct member *m = &p->members[worker];
	struct wire_op w;
	int err;

	if (m->gone || atomic_load(&s->ended))
		return -ESRCH;
	if (m->flying)
		return -EBUSY;
	if (runs_commands(op) && !p->may_command)
		return -EPERM;
	if ((op->kind == OP_READ && !p->may_read) ||
	    (op->kind == OP_EXEC && op->exec->own_cgroup && !m->has_own))
		return -EOPNOTSUPP;
	err = make_wire(p, op, due_ns, &w);
	if (err)
		return err;
	m->flying = true;
	s->op = w;
	atomic_fetch_add(&s->begun, 1);
	shared_wake(&s->begun);
	return 0;
}

/* ---- events ---------------------------------------------------------------------------------- */

static bool take(struct pool *p, uint32_t worker, struct pool_event *e)
{
	struct pool_slot *s = shared_slot(p->shared, worker);
	uint32_t tail = atomic_load_explicit(&s->tail, memory_order_relaxed);

	if (tail == atomic_load_explicit(&s->head, memory_order_acquire))
		return false;
	*e = s->ring[tail & (p->shared->ring - 1)];
	e->worker = worker;
	atomic_store(&s->tail, tail + 1);
	if (atomic_load(&s->full)) {
		atomic_store(&s->full, 0);
		shared_wake(&s->tail);
	}
	if (e->kind == POOL_DONE)
		p->members[worker].flying = false;
	return true;
}

/* The next event of one worker; its end comes after all else. */
static bool look(struct pool *p, uint32_t worker, struct pool_event *e)
{
	struct pool_slot *s = shared_slot(p->shared, worker);
	struct member *m = &p->members[worker];
	bool ended = atomic_load(&s->ended);

	if (m->gone)
		return false;
	if (take(p, worker, e))
		return true;
	if (!ended)
		return false;
	m->gone = true;
	m->flying = false;
	*e = (struct pool_event){
	    .kind = POOL_EXIT,
	    .worker = worker,
	    .t_ns = s->ended_ns,
	    .exit = {.status = s->status,
		     .by_command = atomic_load(&s->by_command),
		     .err = atomic_load(&s->err)},
	};
	return true;
}

static bool fetch_news(struct pool *p)
{
	uint32_t words = (p->n + 63) / 64;
	uint64_t any = 0;
	eventfd_t n;

	eventfd_read(p->event_fd, &n);
	for (uint32_t i = 0; i < words; i++)
		any |= p->news[i] = atomic_exchange(&p->shared->news[i], 0);
	p->word = 0;
	return any;
}

int pool_next(struct pool *p, struct pool_event *e)
{
	uint32_t words = (p->n + 63) / 64;

	do {
		for (; p->word < words; p->word++) {
			while (p->news[p->word]) {
				uint32_t bit = (uint32_t)__builtin_ctzll(p->news[p->word]);

				if (look(p, p->word * 64 + bit, e))
					return 1;
				p->news[p->word] &= ~(UINT64_C(1) << bit);
			}
		}
	} while (fetch_news(p));
	return zygote_lives(p->zygote) ? 0 : -EPIPE;
}

int pool_fd(const struct pool *p)
{
	return p->epoll_fd;
}

pid_t pool_pid(const struct pool *p, uint32_t worker)
{
	const struct pool_slot *s = shared_slot(p->shared, worker);
	pid_t pid = atomic_load(&s->pid);

	return pid > 0 && !atomic_load(&s->ended) ? pid : 0;
}

void pool_set_thp(struct pool *p, uint32_t worker, bool thp)
{
	atomic_store(&shared_slot(p->shared, worker)->thp, thp);
}
