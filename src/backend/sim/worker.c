/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a worker waits for: CPU time, the disk, its own pace, memory.high, an OOM victim.  A step of
 * its op leaves debts (reclaim's time, a sleep, the time of its faults), which are paid one after
 * another before the next step.
 */
#include "backend/sim/mechanism.h"
#include "backend/sim/stride.h"

/* What a mode means to the CPUs and to memory pressure. */
static const struct {
	int busy, stalled, running;
} modes[MODE_COUNT] = {
    [MODE_CPU] = {.busy = 1, .running = 1}, [MODE_RECLAIM] = {.busy = 1, .stalled = 1},
    [MODE_REFAULT] = {.stalled = 1},	    [MODE_THROTTLE] = {.stalled = 1},
    [MODE_DELAY] = {.stalled = 1},	    [MODE_OOM] = {.stalled = 1},
};

static void account(struct sim *s, struct worker *w, enum mode from, enum mode to)
{
	int stalled = modes[to].stalled - modes[from].stalled;
	int running = modes[to].running - modes[from].running;

	if (modes[to].busy != modes[from].busy)
		cpu_busy(s, w, modes[to].busy - modes[from].busy);
	if (stalled || running)
		psi_change(s, w->cg, stalled, running);
}

void worker_mode(struct sim *s, struct worker *w, enum mode mode)
{
	if (w->mode == mode)
		return;
	if (!w->frozen)
		account(s, w, w->mode, mode);
	held_settle(s, w);
	w->mode = (uint8_t)mode;
}

static void set_timer(struct sim *s, struct worker *w, uint64_t time_ns)
{
	uint32_t index = worker_index(s, w);

	if (time_ns > w->deadline_ns)
		time_ns = w->deadline_ns;
	if (time_ns < s->now_ns) /* a deadline that passed while it was frozen */
		time_ns = s->now_ns;
	if (w->frozen)
		w->remain_ns = worker_computes(w) ? time_ns - s->now_ns : time_ns;
	else if (time_ns == NEVER)
		queue_remove(s, index);
	else
		queue_set(s, index, time_ns);
}

void worker_schedule(struct sim *s, struct worker *w, enum mode mode, uint64_t time_ns)
{
	worker_mode(s, w, mode);
	set_timer(s, w, time_ns);
}

/*
 * A frozen task does not run: its CPU time stands still.  Other times go on, and what came due
 * meanwhile is due when it thaws.  A task that was killed leaves the freezer and exits.
 */
void worker_frozen(struct sim *s, struct worker *w, int delta)
{
	uint32_t index = worker_index(s, w);
	bool was = w->frozen;

	w->frozen += (uint32_t)delta;
	if (was == (w->frozen != 0) || w->dying)
		return;
	if (w->frozen) {
		account(s, w, w->mode, MODE_IDLE);
		w->frozen_ns = s->now_ns;
		w->remain_ns = NEVER;
		if (queue_holds(s, index)) {
			uint64_t time_ns = s->turns[index].time_ns;

			w->remain_ns = worker_computes(w) ? time_ns - s->now_ns : time_ns;
			queue_remove(s, index);
		}
		return;
	}
	account(s, w, MODE_IDLE, w->mode);
	held_thaw(s, w);
	if (w->remain_ns == NEVER)
		return;
	if (worker_computes(w))
		w->remain_ns += s->now_ns;
	else if (w->remain_ns < s->now_ns)
		w->sleep_ns += s->now_ns - w->remain_ns; /* it slept no longer than it was to */
	worker_schedule(s, w, w->mode, w->remain_ns);
}

void worker_forget_debts(struct worker *w)
{
	w->owe_reclaim_ns = w->owe_io_until = w->owe_cpu_ns = 0;
	w->owe_jiffies = 0;
}

void worker_end_sleep(struct sim *s, struct worker *w)
{
	struct memcg_more *x = &s->more[w->cg];

	if (w->mode != MODE_THROTTLE && w->mode != MODE_DELAY)
		return;
	if (w->mode == MODE_THROTTLE)
		x->throttled_ns += s->now_ns - w->sleep_ns;
	else
		x->delayed_ns += s->now_ns - w->sleep_ns;
	w->sleep_ns = s->now_ns;
}

/* schedule_timeout_killable() at the end of high_handle() */
static void sleep_over_high(struct sim *s, struct worker *w)
{
	uint64_t until = high_timer_ns(s->now_ns, w->owe_jiffies & ~SIM_HELD);

	w->owe_jiffies &= SIM_HELD;
	w->sleep_ns = s->now_ns;
	worker_schedule(s, w, w->owe_policy ? MODE_DELAY : MODE_THROTTLE, until);
	if (w->owe_policy) {
		struct obs o = {
		    .kind = OBS_DELAY,
		    .cgroup = s->more[w->cg].index,
		    .worker = worker_index(s, w),
		    .delay = {.ns = until - s->now_ns},
		};

		/* Where memory.high was moved, it is charges that are counted. */
		s->more[w->cg].delays += s->mechanism != MECH_HIGH;
		sim_observe(s, &o);
	}
}

/*
 * Spend CPU time.  True if that is over already: nobody else has anything to do until then, so the
 * worker runs on without a turn in the queue, and without anyone being able to tell.
 */
static inline bool compute(struct sim *s, struct worker *w, enum mode mode, uint64_t cpu_ns)
{
	uint64_t end_ns;

	worker_mode(s, w, mode); /* before asking for its share */
	end_ns = s->now_ns + cpu_wall_ns(s, w, cpu_ns);
	if (end_ns < s->horizon_ns && end_ns < w->deadline_ns && !s->react) {
		s->now_ns = end_ns;
		s->steps++;
		return true;
	}
	set_timer(s, w, end_ns);
	return false;
}

/* Pay what few steps leave; false: it takes until another turn. */
static bool pay_rare(struct sim *s, struct worker *w)
{
	uint64_t ns = w->owe_reclaim_ns;

	w->owe_reclaim_ns = 0;
	if (ns && !compute(s, w, MODE_RECLAIM, ns))
		return false;
	ns = w->owe_io_until;
	w->owe_io_until = 0;
	if (ns > s->now_ns) {
		worker_schedule(s, w, w->io_stalls ? MODE_REFAULT : MODE_DISK, ns);
		return false;
	}
	if (w->owe_jiffies & ~SIM_HELD) {
		sleep_over_high(s, w);
		return false;
	}
	return !(w->owe_jiffies && mech_hold_task(s, w));
}

/* Pay what is owed; false: it takes until another turn. */
static bool pay(struct sim *s, struct worker *w)
{
	uint64_t ns;

	if ((w->owe_reclaim_ns | w->owe_io_until | w->owe_jiffies) && !pay_rare(s, w))
		return false;
	ns = w->owe_cpu_ns;
	if (!ns)
		return true;
	w->owe_cpu_ns = 0;
	w->work_ns += ns;
	return compute(s, w, MODE_CPU, ns);
}

void worker_begin(struct sim *s, struct worker *w, const struct op *op, uint64_t due_ns)
{
	w->op = *op;
	w->kind = op->kind;
	w->paced = op->ns != 0;
	w->busy = true;
	w->start_ns = s->now_ns;
	w->due_ns = due_ns;
	w->deadline_ns = NEVER;
	w->done_bytes = w->late_ns = 0;
	w->i = w->j = 0;
	w->stage = 0;
	w->status = DONE_OK;
	held_begin(s, w);
	worker_schedule(s, w, MODE_WAIT, s->now_ns);
}

void worker_end_op(struct sim *s, struct worker *w, enum done_status status)
{
	struct obs o = {
	    .kind = OBS_DONE,
	    .cgroup = s->more[w->cg].index,
	    .worker = worker_index(s, w),
	    .done = {.start_ns = w->start_ns,
		     .bytes = w->done_bytes,
		     .late_ns = w->late_ns,
		     .held = held_of_op(s, w),
		     .status = status},
	};

	w->busy = false;
	w->deadline_ns = NEVER;
	worker_mode(s, w, MODE_IDLE);
	sim_observe(s, &o);
	s->react = true;
}

void worker_fire(struct sim *s, struct worker *w)
{
	uint32_t index = worker_index(s, w);

	if (w->mode >= MODE_THROTTLE) {
		if (w->mode == MODE_EXIT) {
			oom_exit(s, w);
			return;
		}
		worker_end_sleep(s, w);
	}
	if (s->now_ns >= w->deadline_ns)
		ops_timeout(s, w);
	while (pay(s, w) && ops_step(s, w))
		;
	stride_begin(s, w);
	if (!s->turns[index].striding)
		queue_hint(s, index);
}
