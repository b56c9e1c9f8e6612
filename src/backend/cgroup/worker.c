/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/cgroup/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "backend/cgroup/spawn.h"
#include "base/units.h"

uint64_t worker_until(uint64_t t_ns)
{
	uint64_t now = shared_now();

	while (now < t_ns) {
		struct timespec t = {.tv_sec = (time_t)(t_ns / NS_PER_SEC),
				     .tv_nsec = (long)(t_ns % NS_PER_SEC)};

		if (t_ns == NEVER)
			t.tv_sec = INT32_MAX;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
		now = shared_now();
	}
	return now;
}

uint64_t worker_rest(struct hand *w, uint64_t t_ns)
{
	uint64_t from = shared_now(), now = worker_until(t_ns);

	/* What it slept longer was not its will: a late timer, a busy CPU, a frozen cgroup. */
	if (t_ns > from)
		w->pace_ns += t_ns - from;
	return now;
}

static uint64_t timespec_ns(const struct timespec *t)
{
	return (uint64_t)t->tv_sec * NS_PER_SEC + (uint64_t)t->tv_nsec;
}

uint64_t worker_cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return timespec_ns(&t);
}

uint64_t worker_children_cpu(void)
{
	struct rusage u;

	if (getrusage(RUSAGE_CHILDREN, &u))
		return 0;
	return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * NS_PER_SEC +
	       (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * NS_PER_US;
}

uint64_t worker_pace(const struct hand *w, uint64_t done, uint64_t all)
{
	return worker_plus(w->op.due_ns, mul_div(w->op.ns, done, all ? all : 1));
}

void worker_emit(struct hand *w, const struct pool_event *e)
{
	struct pool_slot *s = w->slot;
	uint32_t head = atomic_load_explicit(&s->head, memory_order_relaxed);
	uint32_t ring = w->seat.shared->ring;

	for (;;) {
		uint32_t tail = atomic_load(&s->tail);

		if (head - tail < ring)
			break;
		atomic_store(&s->full, 1);
		shared_signal(w->seat.shared, w->seat.index, w->seat.event_fd);
		shared_wait(&s->tail, tail);
	}
	s->ring[head & (ring - 1)] = *e;
	atomic_store_explicit(&s->head, head + 1, memory_order_release);
	shared_signal(w->seat.shared, w->seat.index, w->seat.event_fd);
}

void worker_fail(struct hand *w, int err)
{
	atomic_store(&w->slot->err, err);
	_exit(1);
}

void worker_data(struct hand *w, void *to, size_t bytes, uint64_t at)
{
	char *c = to;

	while (bytes) {
		ssize_t n = pread(w->seat.data_fd, c, bytes, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			worker_fail(w, n ? -errno : -EIO);
		c += n;
		at += (uint64_t)n;
		bytes -= (size_t)n;
	}
}

/* ---- the ops --------------------------------------------------------------------------------- */

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The work of a paced op is over: the op ends at its nominal end, or late. */
static void finish_paced(struct hand *w)
{
	uint64_t end = worker_plus(w->op.due_ns, w->op.ns);

	if (!w->op.ns)
		return;
	w->late_ns = worker_lateness(shared_now(), end);
	worker_rest(w, end);
}

static void op_alloc(struct hand *w)
{
	worker_mem_aim(w, worker_plus(w->want_bytes, w->op.bytes));
	if (w->op.ns) {
		worker_mem_paced(w);
		w->late_ns = worker_lateness(shared_now(), worker_plus(w->op.due_ns, w->op.ns));
	} else {
		worker_mem_hold(w);
	}
	worker_mem_report(w, w->late_ns);
	if (w->op.ns)
		worker_rest(w, worker_plus(w->op.due_ns, w->op.ns));
}

static void op_hold(struct hand *w, uint64_t bytes)
{
	worker_mem_aim(w, bytes);
	worker_mem_hold(w);
	worker_mem_report(w, 0);
}

/* How often a touch with a period repeats within its time: at 0, each, 2 each, ... < over. */
static uint64_t touch_passes(const struct wire_op *op)
{
	if (!op->each_ns || !op->ns)
		return 1;
	return op->ns / op->each_ns + (op->ns % op->each_ns != 0);
}

static void op_touch(struct hand *w)
{
	uint64_t passes = touch_passes(&w->op);
	uint64_t span = w->op.bytes / PAGE_BYTES + (w->op.bytes % PAGE_BYTES != 0);

	span = least(span, w->pages);
	for (uint64_t i = 0; i < passes; i++) {
		if (i)
			worker_rest(w, worker_plus(w->op.due_ns, i * w->op.each_ns));
		for (uint64_t at = 0; at < span;) {
			uint64_t to = least(span, at + WORKER_CHUNK_PAGES);

			if (!w->op.each_ns && w->op.ns)
				worker_rest(w, worker_pace(w, at, span));
			else
				to = span;
			worker_mem_touch(w, at, to);
			at = to;
		}
		w->done_bytes += least(w->op.bytes, span * PAGE_BYTES);
	}
	finish_paced(w);
}

static enum done_status carry_out(struct hand *w)
{
	switch ((enum op_kind)w->op.kind) {
	case OP_ALLOC:
		op_alloc(w);
		break;
	case OP_FREE:
		op_hold(w, w->want_bytes - least(w->want_bytes, w->op.bytes));
		break;
	case OP_HOLD:
		op_hold(w, w->op.bytes);
		break;
	case OP_TOUCH:
		op_touch(w);
		break;
	case OP_READ:
		worker_file_read(w);
		if (w->code)
			return DONE_FAILED;
		finish_paced(w);
		break;
	case OP_SLEEP:
		worker_rest(w, worker_plus(w->start_ns, w->op.ns));
		break;
	case OP_REPLAY:
		worker_replay(w);
		break;
	case OP_TOOLS:
		return worker_tools(w);
	case OP_EXEC:
		return worker_exec(w);
	default:
		worker_fail(w, -EINVAL);
	}
	return DONE_OK;
}

static void run_op(struct hand *w)
{
	struct pool_event e = {.kind = POOL_DONE};
	uint64_t cpu = worker_cpu(), children;

	w->op = w->slot->op;
	w->start_ns = shared_now();
	w->done_bytes = w->late_ns = w->short_bytes = w->pace_ns = 0;
	children = w->op.kind == OP_EXEC || w->op.kind == OP_TOOLS ? worker_children_cpu() : 0;
	w->code = 0;
	w->next_due_ns = NEVER;
	e.done.status = carry_out(w);
	e.t_ns = shared_now();
	e.done.start_ns = w->start_ns;
	e.done.bytes = w->done_bytes;
	e.done.late_ns = w->late_ns;
	e.done.short_bytes = w->short_bytes;
	e.done.code = w->code;
	e.done.cpu_ns = worker_cpu() - cpu;
	if (w->op.kind == OP_EXEC || w->op.kind == OP_TOOLS)
		e.done.cpu_ns += worker_children_cpu() - children;
	e.done.pace_ns = w->pace_ns;
	worker_emit(w, &e);
}

/* ---- its life -------------------------------------------------------------------------------- */

static int set_up(struct hand *w)
{
	char text[24];
	int err = w->seat.err;

	if (err)
		return err;
	snprintf(text, sizeof text, "acg:%.11s", w->slot->name);
	prctl(PR_SET_NAME, text, 0, 0, 0);
	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
	snprintf(text, sizeof text, "%d", w->slot->oom_score_adj);
	err = spawn_write_at(AT_FDCWD, "/proc/self/oom_score_adj", text);
	/* Without /proc it has the zygote's; where lowering is not permitted, the lowest there is.
	 */
	if (err && err != -ENOENT && err != -EACCES)
		return err;
	err = worker_mem_init(w);
	if (!err)
		err = worker_mem_process(w->slot->process_bytes);
	if (!err && w->slot->file_bytes)
		err = worker_file_need(w, w->slot->file_bytes);
	return err;
}

void worker_main(const struct worker_seat *seat)
{
	struct hand w = {.seat = *seat, .file_fd = -1};
	uint32_t done = 0;
	int err;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != seat->parent)
		_exit(1); /* it died before the line above */
	w.slot = shared_slot(seat->shared, seat->index);
	w.command.cgroup_fd = -1;
	err = set_up(&w);
	atomic_store(&w.slot->ready, err ? err : 1);
	shared_signal(seat->shared, seat->index, seat->event_fd);
	if (err)
		_exit(1);
	for (;; done++) {
		while (atomic_load(&w.slot->begun) == done)
			shared_wait(&w.slot->begun, done);
		run_op(&w);
	}
}
