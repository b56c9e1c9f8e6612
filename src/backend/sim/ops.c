/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ops, as state machines.  A step does what a task does between two points where it can be
 * stopped: it charges a batch and maps it, frees a stretch, or waits for its time.
 */
#include "backend/sim/ops.h"

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t pages_of(uint64_t bytes)
{
	return bytes / PAGE_BYTES + (bytes % PAGE_BYTES != 0);
}

bool ops_wait_until(struct sim *s, struct worker *w, uint64_t time_ns)
{
	if (time_ns <= s->now_ns)
		return false;
	worker_schedule(s, w, MODE_WAIT, time_ns);
	return true;
}

enum step ops_finish(struct sim *s, struct worker *w, enum done_status status)
{
	worker_end_op(s, w, status);
	return STEP_WAIT;
}

uint64_t ops_lateness(const struct sim *s, uint64_t time_ns)
{
	return s->now_ns > time_ns ? s->now_ns - time_ns : 0;
}

/* ---- growing and shrinking ------------------------------------------------------------------- */

/*
 * Charge up to `limit` pages one by one: the first takes a batch if the stock is empty, the rest
 * comes from the stock, unless the first has to sleep on the way back to user mode.  0: it waits.
 */
static uint64_t take_pages(struct sim *s, struct worker *w, uint64_t limit)
{
	uint8_t *stock = &s->cg[w->cg].stock;
	uint64_t n;

	if (memcg_charge(s, w, 1) != CHARGE_OK)
		return 0;
	if (w->owe_jiffies)
		return 1;
	n = least(limit - 1, *stock);
	*stock = (uint8_t)(*stock - n);
	return n + 1;
}

static enum step take_huge_page(struct sim *s, struct worker *w)
{
	enum charge_result r = memcg_charge(s, w, SIM_HUGE_PAGES);

	if (r == CHARGE_WAIT || w->dying)
		return STEP_WAIT;
	if (r == CHARGE_NOMEM) {
		w->small_at = w->anon + 1;
		return STEP_PAY;
	}
	pages_map(s, w, SIM_HUGE_PAGES);
	policy_faults(s, w->cg, 1);
	w->owe_cpu_ns += s->machine.huge_ns;
	return STEP_PAY;
}

/* Fault in the next pages towards w->goal. */
static enum step grow(struct sim *s, struct worker *w)
{
	uint64_t at = w->anon % SIM_TABLE_PAGES, n;

	if (!at) {
		if (w->tables * SIM_TABLE_PAGES <= w->anon) {
			if (memcg_charge(s, w, 1) != CHARGE_OK)
				return STEP_WAIT;
			w->tables++;
			if (w->owe_jiffies)
				return STEP_PAY;
		}
		if (s->cg[w->cg].thp && w->small_at != w->anon + 1 &&
		    w->goal - w->anon >= SIM_HUGE_PAGES)
			return take_huge_page(s, w);
	}
	n = take_pages(s, w, least(w->goal - w->anon, SIM_TABLE_PAGES - at));
	if (!n)
		return STEP_WAIT;
	pages_map(s, w, n);
	policy_faults(s, w->cg, n);
	w->owe_cpu_ns += n * s->machine.fault_ns;
	return STEP_PAY;
}

static enum step shrink(struct sim *s, struct worker *w)
{
	uint64_t n = least(w->anon - w->goal, SIM_QUANTUM_NS / s->machine.free_ns);

	pages_unmap(s, w, n);
	w->owe_cpu_ns += n * s->machine.free_ns;
	return STEP_PAY;
}

void ops_aim(struct sim *s, struct worker *w, uint64_t bytes)
{
	w->grow_bytes = bytes - least(bytes, w->want_bytes);
	w->want_bytes = bytes;
	w->goal = pages_of(bytes);
	w->from = w->anon;
	w->step_ns = s->now_ns;
	w->step_wait_ns = w->step_late_ns = 0;
	w->small_at = 0;
	held_step_begin(s, w);
}

enum step ops_hold(struct sim *s, struct worker *w)
{
	if (w->anon < w->goal)
		return grow(s, w);
	if (w->anon > w->goal)
		return shrink(s, w);
	return STEP_DONE;
}

void ops_report_growth(struct sim *s, struct worker *w)
{
	struct obs o = {
	    .kind = OBS_STEP,
	    .cgroup = s->more[w->cg].index,
	    .worker = worker_index(s, w),
	    .step = {.bytes = w->grow_bytes,
		     .latency_ns = s->now_ns - w->step_ns - w->step_wait_ns,
		     .late_ns = w->step_late_ns},
	};

	if (!w->grow_bytes)
		return;
	o.step.held = held_of_step(s, w, o.step.latency_ns);
	w->done_bytes += w->grow_bytes;
	sim_observe(s, &o);
}

/* ---- the ops --------------------------------------------------------------------------------- */

/* Work that is spread over op.ns: when its part done/all is due. */
static uint64_t pace_ns(const struct worker *w, uint64_t done, uint64_t all)
{
	return ops_plus(w->due_ns, mul_div(w->op.ns, done, all));
}

/* The work of a paced op is over: the op ends at its nominal end, or late. */
static enum step finish_paced(struct sim *s, struct worker *w)
{
	uint64_t end = ops_plus(w->due_ns, w->op.ns);

	if (w->op.ns && ops_wait_until(s, w, end))
		return STEP_WAIT;
	return ops_finish(s, w, DONE_OK);
}

static void paced_work_done(struct sim *s, struct worker *w)
{
	if (w->op.ns)
		w->late_ns = ops_lateness(s, ops_plus(w->due_ns, w->op.ns));
}

static enum step op_alloc(struct sim *s, struct worker *w)
{
	enum step r;

	switch (w->stage) {
	case 0:
		ops_aim(s, w, ops_plus(w->want_bytes, w->op.bytes));
		w->stage = 1;
		/* fallthrough */
	case 1:
		if (w->paced && w->anon < w->goal) {
			uint64_t due = pace_ns(w, w->anon - w->from, w->goal - w->from);

			if (due > s->now_ns) {
				w->step_wait_ns += due - s->now_ns;
				ops_wait_until(s, w, due);
				return STEP_WAIT;
			}
		}
		r = ops_hold(s, w);
		if (r != STEP_DONE)
			return r;
		paced_work_done(s, w);
		w->step_late_ns = w->late_ns;
		ops_report_growth(s, w);
		w->stage = 2;
	}
	return finish_paced(s, w);
}

static enum step op_free(struct sim *s, struct worker *w)
{
	enum step r;

	if (!w->stage) {
		ops_aim(s, w, w->want_bytes - least(w->want_bytes, w->op.bytes));
		w->stage = 1;
	}
	r = ops_hold(s, w);
	return r == STEP_DONE ? ops_finish(s, w, DONE_OK) : r;
}

static enum step op_hold(struct sim *s, struct worker *w)
{
	enum step r;

	if (!w->stage) {
		ops_aim(s, w, w->op.bytes);
		w->stage = 1;
	}
	r = ops_hold(s, w);
	if (r != STEP_DONE)
		return r;
	ops_report_growth(s, w);
	return ops_finish(s, w, DONE_OK);
}

/* One step of a pass over resident and swapped pages: swapped ones are faulted in one by one. */
static enum step touch_pass(struct sim *s, struct worker *w)
{
	uint64_t left = w->span - w->cursor, n;

	if (!left)
		return STEP_DONE;
	if (w->hot_swapped || w->charging) {
		n = take_pages(s, w, least(left, least(w->hot_swapped, SIM_CHARGE_BATCH)));
		if (!n)
			return STEP_WAIT;
		/* Reclaim for the charge may have swapped out more; never less. */
		pages_swap_in(s, w, n);
		policy_faults(s, w->cg, n);
		w->owe_cpu_ns += n * s->machine.fault_ns;
		w->owe_io_until = pages_disk(s, n, s->disk_page_ns);
		w->io_stalls = true;
	} else {
		n = least(left, SIM_QUANTUM_NS / SIM_TOUCH_NS);
		w->owe_cpu_ns += n * SIM_TOUCH_NS;
	}
	w->cursor += n;
	return STEP_PAY;
}

/* How often a touch with a period repeats within its time: at 0, each, 2 each, ... < over. */
static uint32_t touch_passes(const struct op *op)
{
	uint64_t n;

	if (!op->each_ns || !op->ns)
		return 1;
	n = op->ns / op->each_ns + (op->ns % op->each_ns != 0);
	return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

static enum step op_touch(struct sim *s, struct worker *w)
{
	enum step r;

	for (;;) {
		switch (w->stage) {
		case 0: /* wait for the pass */
			if (w->i == touch_passes(&w->op)) {
				paced_work_done(s, w);
				w->stage = 2;
				continue;
			}
			if (w->i && ops_wait_until(s, w, ops_plus(w->due_ns, w->i * w->op.each_ns)))
				return STEP_WAIT;
			w->span = least(pages_of(w->op.bytes), w->anon);
			w->cursor = 0;
			pages_heat(w, w->span);
			w->stage = 1;
			/* fallthrough */
		case 1:
			if (!w->op.each_ns && w->op.ns && w->cursor < w->span &&
			    ops_wait_until(s, w, pace_ns(w, w->cursor, w->span)))
				return STEP_WAIT;
			r = touch_pass(s, w);
			if (r != STEP_DONE)
				return r;
			w->done_bytes += least(w->op.bytes, w->span * PAGE_BYTES);
			w->i++;
			w->stage = 0;
			continue;
		default:
			return finish_paced(s, w);
		}
	}
}

/* One step of reading the file from its start: what is cached is copied, the rest comes from disk.
 */
static enum step read_pass(struct sim *s, struct worker *w)
{
	uint64_t left = w->span - w->cursor, cached, n;

	if (!left)
		return STEP_DONE;
	cached = w->file - w->file_old; /* where the resident end of the file begins */
	if (!w->charging && w->cursor >= cached && w->cursor < w->file) {
		n = least(least(left, w->file - w->cursor), SIM_QUANTUM_NS / SIM_TOUCH_NS);
		pages_read_hit(w, n);
	} else {
		uint64_t to = w->cursor < w->file ? cached : w->span;

		n = take_pages(s, w, least(least(left, to - w->cursor), SIM_CHARGE_BATCH));
		if (!n)
			return STEP_WAIT;
		w->io_stalls = w->cursor < w->file;
		pages_read(s, w, n, w->io_stalls);
		w->owe_io_until = pages_disk(s, n, s->disk_page_ns);
	}
	w->owe_cpu_ns += n * SIM_TOUCH_NS;
	w->cursor += n;
	return STEP_PAY;
}

static enum step op_read(struct sim *s, struct worker *w)
{
	enum step r;

	switch (w->stage) {
	case 0:
		w->span = pages_of(w->op.bytes);
		w->cursor = 0;
		w->stage = 1;
		/* fallthrough */
	case 1:
		if (w->op.ns && w->cursor < w->span &&
		    ops_wait_until(s, w, pace_ns(w, w->cursor, w->span)))
			return STEP_WAIT;
		r = read_pass(s, w);
		if (r != STEP_DONE)
			return r;
		pages_read_end(w, w->span);
		w->done_bytes = w->op.bytes;
		paced_work_done(s, w);
		w->stage = 2;
	}
	return finish_paced(s, w);
}

static enum step op_sleep(struct sim *s, struct worker *w)
{
	if (ops_wait_until(s, w, ops_plus(w->start_ns, w->op.ns)))
		return STEP_WAIT;
	return ops_finish(s, w, DONE_OK);
}

bool ops_grows(const struct worker *w)
{
	if (!w->busy || w->anon >= w->goal)
		return false;
	if (w->kind == OP_ALLOC)
		return w->stage == 1 && !w->paced;
	return w->kind == OP_HOLD ? w->stage == 1 : play_holds(w);
}

bool ops_step(struct sim *s, struct worker *w)
{
	enum step r = STEP_WAIT;

	if (!w->busy)
		return false;
	switch ((enum op_kind)w->kind) {
	case OP_ALLOC:
		r = op_alloc(s, w);
		break;
	case OP_FREE:
		r = op_free(s, w);
		break;
	case OP_HOLD:
		r = op_hold(s, w);
		break;
	case OP_TOUCH:
		r = op_touch(s, w);
		break;
	case OP_READ:
		r = op_read(s, w);
		break;
	case OP_SLEEP:
		r = op_sleep(s, w);
		break;
	case OP_REPLAY:
		r = play_replay(s, w);
		break;
	case OP_TOOLS:
		r = play_tools(s, w);
		break;
	case OP_EXEC:
		r = play_exec(s, w);
		break;
	case OP_SET:
	case OP_FREEZE:
	case OP_THAW:
	case OP_KILL:
	case OP_RECLAIM:
	case OP_SAMPLE:
	case OP_COUNT:
		break; /* of no worker */
	}
	return r == STEP_PAY;
}
