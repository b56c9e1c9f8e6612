/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the time of an op goes.
 *
 * What a worker does between two turns has a mode, and the time goes to what the mode stands for.
 * Computing is by far the commonest and is not counted as it happens: it is what the others leave,
 * and of it the work is its own time and the rest was spent waiting for a CPU.  Work is counted as
 * it would take at nominal cost, so that steps taken one by one and in stride sum up to the same.
 *
 * A frozen task does not run.  The time is the freezer's from when the task would have had
 * something to do: a sleep that ends before the thaw costs nothing more.
 */
#include "backend/sim/rooms.h"

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t *part_of(struct obs_held *h, enum mode mode)
{
	switch (mode) {
	case MODE_WAIT:
		return &h->pace_ns;
	case MODE_RECLAIM:
	case MODE_OOM:
		return &h->reclaim_ns;
	case MODE_DISK:
	case MODE_REFAULT:
		return &h->disk_ns;
	case MODE_THROTTLE:
		return &h->throttle_ns;
	case MODE_DELAY:
		return &h->delay_ns;
	case MODE_CPU:
	case MODE_IDLE:
	case MODE_EXIT:
	case MODE_DEAD:
	case MODE_COUNT:
		break; /* computes, or has no op */
	}
	return NULL;
}

/* What has passed in the freezer of the time since since_ns, if it is frozen. */
static uint64_t in_freezer(const struct sim *s, const struct worker *w)
{
	uint64_t from = w->frozen_ns;

	if (!worker_computes(w)) {
		if (w->remain_ns >= s->now_ns)
			return 0;
		from = w->remain_ns > from ? w->remain_ns : from;
	}
	return s->now_ns - from;
}

static void settle(const struct sim *s, const struct worker *w, struct obs_held *h, uint64_t frozen)
{
	uint64_t *part = part_of(h, (enum mode)w->mode);

	h->frozen_ns += frozen;
	if (part)
		*part += s->now_ns - w->since_ns - frozen;
}

void held_begin(struct sim *s, struct worker *w)
{
	w->held = (struct obs_held){0};
	w->work_ns = 0;
	w->since_ns = w->frozen_ns = s->now_ns;
}

void held_settle(struct sim *s, struct worker *w)
{
	settle(s, w, &w->held, 0);
	w->since_ns = s->now_ns;
}

void held_thaw(struct sim *s, struct worker *w)
{
	settle(s, w, &w->held, in_freezer(s, w));
	w->since_ns = w->frozen_ns = s->now_ns;
}

/* Of `all` ns and work_ns of work: what the other parts leave. */
static void add_cpu(const struct worker *w, struct obs_held *h, uint64_t all, uint64_t work_ns)
{
	uint64_t others =
	    h->throttle_ns + h->delay_ns + h->reclaim_ns + h->disk_ns + h->frozen_ns + h->pace_ns;
	uint64_t left = all > others ? all - others : 0;

	h->cpu_ns = least(left, mul_div(work_ns, w->noise_ppm, 1000000));
	h->ready_ns = left - h->cpu_ns;
}

struct obs_held held_of_op(const struct sim *s, const struct worker *w)
{
	struct obs_held h = w->held;

	settle(s, w, &h, w->frozen ? in_freezer(s, w) : 0);
	add_cpu(w, &h, s->now_ns - w->start_ns, w->work_ns);
	return h;
}

void held_step_begin(struct sim *s, struct worker *w)
{
	held_settle(s, w);
	w->step_held = w->held;
	w->step_work_ns = w->work_ns;
}

struct obs_held held_of_step(const struct sim *s, const struct worker *w, uint64_t ns)
{
	const struct obs_held *was = &w->step_held;
	struct obs_held h = w->held;

	settle(s, w, &h, 0);
	h.throttle_ns -= was->throttle_ns;
	h.delay_ns -= was->delay_ns;
	h.reclaim_ns -= was->reclaim_ns;
	h.disk_ns -= was->disk_ns;
	h.frozen_ns -= was->frozen_ns;
	h.pace_ns = 0; /* pauses are no part of a latency */
	add_cpu(w, &h, ns, w->work_ns - w->step_work_ns);
	return h;
}
