/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mechanisms: the parts that ask no kernel, with a made-up watch, host and clock */
#include "tests/unit/unit.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "backend/cgroup/freezer.h"
#include "backend/cgroup/hold.h"
#include "backend/cgroup/mech.h"
#include "backend/cgroup/penalty.h"
#include "base/diag.h"

#define MS NS_PER_MS

/* ---- policies -------------------------------------------------------------------------------- */

static void policy_follows_attributes(void **state)
{
	(void)state;
	struct agentcg_policy p = {0};
	struct cg_attrs a = cg_attrs_default;

	watch_policy(&p, &a, ~UINT32_C(0));
	assert_int_equal(p.flags, 0);
	assert_int_equal(p.threshold, 1);
	assert_int_equal(p.window_ns, NS_PER_SEC);

	a.priority = PRIORITY_HIGH;
	a.protect = PROTECT_MIN;
	a.threshold = 100;
	watch_policy(&p, &a, CGA_BIT(CGA_PRIORITY) | CGA_BIT(CGA_PROTECT));
	assert_int_equal(p.flags, AGENTCG_PRIORITY_HIGH | AGENTCG_PROTECT_MIN);
	assert_int_equal(p.threshold, 1); /* not in the mask */

	a.protect = PROTECT_LOW;
	a.priority = PRIORITY_NORMAL;
	watch_policy(&p, &a, CGA_BIT(CGA_PRIORITY) | CGA_BIT(CGA_PROTECT));
	assert_int_equal(p.flags, AGENTCG_PROTECT_LOW);

	a.delay_ns = 5 * MS;
	a.delay_always = true;
	watch_policy(&p, &a, CGA_BIT(CGA_DELAY));
	assert_int_equal(p.delay_ns, 5 * MS);
	assert_int_equal(p.flags, AGENTCG_PROTECT_LOW | AGENTCG_ALWAYS | AGENTCG_DELAY_SET);

	/* `delay off` still speaks for the cgroup, against its parent's. */
	a.delay_ns = 0;
	a.delay_always = false;
	watch_policy(&p, &a, CGA_BIT(CGA_DELAY));
	assert_int_equal(p.delay_ns, 0);
	assert_int_equal(p.flags, AGENTCG_PROTECT_LOW | AGENTCG_DELAY_SET);
}

static void said_off_is_said(void **state)
{
	(void)state;
	struct agentcg_policy p = {0};
	struct cg_attrs a = cg_attrs_default;

	a.set = CGA_BIT(CGA_DELAY);
	watch_policy(&p, &a, CGA_BIT(CGA_DELAY));
	assert_int_equal(p.flags, AGENTCG_DELAY_SET);
}

/* ---- windows --------------------------------------------------------------------------------- */

static void window_is_exceeded_not_met(void **state)
{
	(void)state;
	const struct agentcg_policy p = {.threshold = 10, .window_ns = 1000 * MS};
	struct agentcg_window w = {0};

	assert_false(agentcg_window_add(&w, &p, 500 * MS, 10));
	assert_false(agentcg_window_active(&w, &p, 500 * MS));
	assert_true(agentcg_window_add(&w, &p, 1499 * MS, 1));
	assert_true(agentcg_window_active(&w, &p, 1499 * MS));
	assert_true(agentcg_window_active(&w, &p, 2498 * MS));
	assert_false(agentcg_window_active(&w, &p, 2499 * MS));
}

static void window_tumbles(void **state)
{
	(void)state;
	const struct agentcg_policy p = {.threshold = 10, .window_ns = 1000 * MS};
	struct agentcg_window w = {0};

	assert_false(agentcg_window_add(&w, &p, 100 * MS, 6));
	assert_false(agentcg_window_add(&w, &p, 1100 * MS, 6)); /* a new one begins */
	assert_true(agentcg_window_add(&w, &p, 1200 * MS, 5));
	assert_false(agentcg_window_add(&w, &p, 1201 * MS, 10)); /* and begins again after it */
	assert_int_equal(w.crossings, 1);
}

/* Two CPUs: the one that looked at the clock first may come second. */
static void window_bears_disorder(void **state)
{
	(void)state;
	const struct agentcg_policy p = {.threshold = 10, .window_ns = 1000 * MS};
	struct agentcg_window w = {0};

	assert_false(agentcg_window_add(&w, &p, 100 * MS, 6));
	assert_true(agentcg_window_add(&w, &p, 99 * MS, 5)); /* not a new window */
	assert_true(agentcg_window_active(&w, &p, 98 * MS));
	assert_false(agentcg_window_add(&w, &p, 98 * MS, 10));
	assert_true(agentcg_window_add(&w, &p, 97 * MS, 1));
}

/* ---- batches by growth ----------------------------------------------------------------------- */

#define BATCH (AGENTCG_BATCH_PAGES * PAGE_BYTES)

static void batches_are_counted_above_the_limit(void **state)
{
	(void)state;
	uint64_t seen = 90 * MIB;

	assert_int_equal(watch_batches(&seen, 95 * MIB, 100 * MIB), 0);
	assert_int_equal(watch_batches(&seen, 100 * MIB, 100 * MIB), 0); /* at it is not over it */
	assert_int_equal(watch_batches(&seen, 100 * MIB + PAGE_BYTES, 100 * MIB), 1);
	assert_int_equal(watch_batches(&seen, 100 * MIB + PAGE_BYTES, 100 * MIB), 0);
	assert_int_equal(watch_batches(&seen, 100 * MIB + PAGE_BYTES + BATCH, 100 * MIB), 1);
	assert_int_equal(watch_batches(&seen, 100 * MIB + PAGE_BYTES + 4 * BATCH, 100 * MIB), 3);
	/* Given back and taken again is charged again. */
	assert_int_equal(watch_batches(&seen, 50 * MIB, 100 * MIB), 0);
	assert_int_equal(watch_batches(&seen, 100 * MIB + 2 * BATCH, 100 * MIB), 2);
}

static void odd_pages_add_up(void **state)
{
	(void)state;
	uint64_t usage = 100 * MIB + BATCH, seen = usage;
	uint32_t n = 0;

	for (int i = 0; i < 640; i++) {
		usage += PAGE_BYTES;
		n += watch_batches(&seen, usage, 100 * MIB);
	}
	/* A half counts as one, so up to twice as many; never none. */
	assert_in_range(n, 10, 20);
}

/* ---- holding --------------------------------------------------------------------------------- */

static struct watch_event event(uint32_t task, uint64_t t_ms, uint64_t delay_ms)
{
	return (struct watch_event){
	    .task = task, .batches = 1, .t_ns = t_ms * MS, .delay_ns = delay_ms * MS};
}

static uint64_t hold_at(struct hold *h, uint32_t task, uint64_t t_ms, uint64_t delay_ms)
{
	struct watch_event e = event(task, t_ms, delay_ms);

	return hold_event(h, &e, e.t_ns + MS);
}

static void hold_counts_from_the_event(void **state)
{
	(void)state;
	struct hold h = {0};

	assert_int_equal(hold_at(&h, 7, 1000, 500), 500 * MS);
	assert_true(h.on);
	assert_int_equal(h.due_ns, 1500 * MS);
	assert_int_equal(hold_ns(&h, 1200 * MS), 200 * MS);
	assert_int_equal(hold_ns(&h, 1700 * MS), 500 * MS); /* seen late, not longer */
	hold_end(&h, 1700 * MS);
	assert_int_equal(hold_ns(&h, 9999 * MS), 500 * MS);
	assert_int_equal(h.delays, 1);
}

static void hold_of_other_tasks_overlaps(void **state)
{
	(void)state;
	struct hold h = {0};

	hold_at(&h, 7, 1000, 500);
	assert_int_equal(hold_at(&h, 8, 1001, 500), 0);
	assert_int_equal(hold_at(&h, 9, 1400, 500), 0);
	assert_int_equal(h.due_ns, 1500 * MS);
	assert_int_equal(h.delays, 1);
}

static void hold_of_the_same_task_adds_up(void **state)
{
	(void)state;
	struct hold h = {0};

	hold_at(&h, 7, 1000, 500);
	assert_int_equal(hold_at(&h, 7, 1002, 500), 500 * MS);
	assert_int_equal(hold_at(&h, 7, 1003, 200), 200 * MS); /* `set` meanwhile */
	assert_int_equal(h.due_ns, 2200 * MS);
	assert_int_equal(h.delays, 3);
	hold_end(&h, 1600 * MS); /* closed early */
	assert_int_equal(hold_ns(&h, 3000 * MS), 600 * MS);
}

static void hold_that_ended_begins_anew(void **state)
{
	(void)state;
	struct hold h = {0};

	hold_at(&h, 7, 1000, 500);
	/* Nobody looked between the end and the next charge: that time was none of a delay. */
	assert_int_equal(hold_at(&h, 8, 1600, 500), 500 * MS);
	assert_int_equal(h.due_ns, 2100 * MS);
	assert_int_equal(hold_ns(&h, 2100 * MS), 1000 * MS);
	assert_int_equal(h.delays, 2);
}

static void hold_too_late_is_none(void **state)
{
	(void)state;
	struct hold h = {0};
	struct watch_event e = event(7, 1000, 20);

	assert_int_equal(hold_event(&h, &e, 1020 * MS), 0);
	assert_false(h.on);
	assert_int_equal(h.delays, 0);
	e.delay_ns = 0;
	assert_int_equal(hold_event(&h, &e, 1000 * MS), 0);
	e.delay_ns = UINT64_MAX;
	e.batches = 3;
	assert_int_equal(hold_event(&h, &e, 1000 * MS), UINT64_MAX);
	assert_int_equal(h.due_ns, NEVER);
}

/* ---- the kernel's throttle ------------------------------------------------------------------- */

/* 64 s * x^2 a batch, of kernel.md's formula, with the kernel's rounding down to 4 ms. */
static void penalty_is_the_kernels(void **state)
{
	(void)state;
	for (uint64_t high = 20; high <= 400; high += 19) {
		for (uint64_t over = 1; over <= 200; over += 7) {
			double x = (double)over / 1000;
			uint64_t usage = (uint64_t)((double)(high * MIB) * (1 + x));
			double want = 64e9 * x * x;
			double got = (double)penalty_ns(usage, high * MIB, 64);

			if (want > 2e9)
				want = 2e9;
			if (want < 11e6)
				assert_true(got < 12e6);
			else
				assert_true(got <= want && got > want * 0.99 - 4.1e6);
		}
	}
	assert_int_equal(penalty_ns(100 * MIB, 100 * MIB, 64), 0);
	assert_int_equal(penalty_ns(101 * MIB, 100 * MIB, 64), 0); /* 6.4 ms is not slept */
	assert_int_equal(penalty_ns(110 * MIB, 100 * MIB, 64), 636 * MS);
	assert_int_equal(penalty_ns(110 * MIB, 100 * MIB, 128), 1272 * MS);
	assert_int_equal(penalty_ns(110 * MIB, 100 * MIB, 512), 2000 * MS); /* a huge page */
	assert_int_equal(penalty_ns(110 * MIB, 0, 64), 2000 * MS);
}

static uint64_t slept(uint64_t first, uint32_t batches, uint64_t high)
{
	uint64_t ns = 0;

	for (uint32_t k = 0; k < batches; k++)
		ns += penalty_ns(first + k * BATCH, high, 64);
	return ns;
}

static void penalty_is_inverted(void **state)
{
	(void)state;
	static const uint64_t delays_ms[] = {20, 50, 100, 200, 500, 1000, 1900};

	for (uint64_t usage = 10 * MIB; usage <= 2 * GIB; usage += usage / 3) {
		for (size_t i = 0; i < ARRAY_LEN(delays_ms); i++) {
			uint64_t want = delays_ms[i] * MS;
			uint64_t one = penalty_high(usage, 1, want);
			uint64_t four = penalty_high(usage, 4, 4 * want);
			/* One page of memory.high is what it can be set by. */
			uint64_t step = slept(usage, 1, one - PAGE_BYTES) - slept(usage, 1, one);

			assert_true(slept(usage, 1, one) >= want);
			assert_true(slept(usage, 1, one) <= want + 4 * MS + step);
			assert_int_equal(one % PAGE_BYTES, 0);
			/* x = sqrt(D / 64 s) */
			if (usage > 50 * MIB)
				assert_true(fabs((double)usage / (double)one - 1 -
						 sqrt((double)delays_ms[i] / 64e3)) < 0.003);
			if (slept(usage, 4, four))
				assert_true(slept(usage, 4, four) <= 4 * want + 4 * step + 16 * MS);
		}
	}
	/* More than there can be: the longest there is. */
	assert_int_equal(slept(100 * MIB, 1, penalty_high(100 * MIB, 1, 9000 * MS)), 2000 * MS);
	assert_int_equal(slept(100 * MIB, 4, penalty_high(100 * MIB, 4, 0)), 0);
}

/* ---- freezing, with a watch that says what the test wants ------------------------------------ */

#define N 5 /* root, high, low, low's children */

static struct fake {
	struct watch_event queue[8];
	size_t first, n;
	uint64_t active_until_ns;
	bool frozen[N];
	uint64_t low_bytes[N];
	int freezes, restores, delays, closed, freeze_err;
	uint64_t told_ns;
} fake;

static struct cg_attrs attrs[N];
static const struct mech_cgroup cgroups[N] = {
    {.name = "root", .attrs = &attrs[0], .id = 10},
    {.name = "high", .attrs = &attrs[1], .id = 11},
    {.name = "low", .attrs = &attrs[2], .id = 12},
    {.name = "kid", .attrs = &attrs[3], .id = 13, .parent = 2},
    {.name = "exempt", .attrs = &attrs[4], .id = 14, .parent = 2},
};

static int fake_freeze(void *ctx, uint32_t i, bool on)
{
	(void)ctx;
	if (fake.freeze_err)
		return fake.freeze_err;
	assert_int_not_equal(fake.frozen[i], on);
	fake.frozen[i] = on;
	fake.freezes += on;
	return 0;
}

static int fake_limit(void *ctx, uint32_t i, enum cg_attr attr, uint64_t bytes)
{
	(void)ctx;
	assert_int_equal(attr, CGA_LOW);
	fake.low_bytes[i] = bytes;
	return 0;
}

static int fake_restore(void *ctx, uint32_t i, enum cg_attr attr)
{
	fake.restores++;
	return fake_limit(ctx, i, attr, attrs[i].low_bytes);
}

static void fake_delayed(void *ctx, uint32_t i, uint64_t t_ns, uint64_t ns)
{
	(void)ctx;
	(void)i;
	(void)t_ns;
	fake.delays++;
	fake.told_ns += ns;
}

static const struct mech_host host = {
    .cgroups = cgroups,
    .n = N,
    .freeze = fake_freeze,
    .limit = fake_limit,
    .restore = fake_restore,
    .delayed = fake_delayed,
};

static int watch_open_(const struct mech_host *h, char *why, size_t why_size, void **w)
{
	(void)h;
	(void)why;
	(void)why_size;
	*w = &fake;
	return 0;
}

static int watch_set_(void *w, uint32_t cgroup, uint32_t mask)
{
	(void)w;
	(void)cgroup;
	(void)mask;
	return 0;
}

static int watch_fd_(void *w)
{
	(void)w;
	return -1;
}

static uint64_t watch_due_(void *w)
{
	(void)w;
	return NEVER;
}

static int watch_next_(void *w, uint64_t now_ns, struct watch_event *e)
{
	(void)w;
	(void)now_ns;
	if (fake.first == fake.n)
		return 0;
	*e = fake.queue[fake.first++];
	return 1;
}

static uint64_t watch_active_(void *w, uint32_t cgroup, uint64_t now_ns)
{
	(void)w;
	return cgroup == 1 && fake.active_until_ns > now_ns ? fake.active_until_ns : 0;
}

static void watch_count_(void *w, uint32_t cgroup, struct cg_counters *c)
{
	(void)w;
	c->throttled_ns = cgroup == 3 ? 5 * MS : 0;
	c->faults = cgroup == 1 ? 77 : 0;
}

static void watch_close_(void *w)
{
	(void)w;
	fake.closed++;
}

static const struct watch watch_fake = {
    .open = watch_open_,
    .set = watch_set_,
    .fd = watch_fd_,
    .due = watch_due_,
    .next = watch_next_,
    .active_until = watch_active_,
    .count = watch_count_,
    .close = watch_close_,
};

static void *begin(void)
{
	struct diags d;
	void *m = NULL;

	memset(&fake, 0, sizeof fake);
	for (size_t i = 0; i < N; i++)
		attrs[i] = cg_attrs_default;
	attrs[1].priority = PRIORITY_HIGH;
	attrs[1].protect = PROTECT_LOW;
	attrs[1].low_bytes = MIB;
	attrs[2].delay_ns = 500 * MS;
	diags_init(&d, NULL);
	assert_int_equal(freezer_open(&watch_fake, "fake", &host, &d, &m), 0);
	diags_free(&d);
	return m;
}

static void say(uint32_t cgroup, uint32_t task, uint64_t t_ms, uint64_t delay_ms)
{
	fake.queue[fake.n] = event(task, t_ms, delay_ms);
	fake.queue[fake.n++].cgroup = cgroup;
}

static void freezes_until_due(void **state)
{
	(void)state;
	void *m = begin();

	assert_int_equal(freezer_due(m), NEVER);
	say(2, 7, 1000, 500);
	say(2, 8, 1001, 500);
	assert_int_equal(freezer_step(m, 1003 * MS), 0);
	assert_true(fake.frozen[2]);
	assert_int_equal(fake.delays, 1);
	assert_int_equal(freezer_due(m), 1500 * MS);
	assert_int_equal(freezer_step(m, 1499 * MS), 0);
	assert_true(fake.frozen[2]);
	say(2, 7, 1500, 500); /* it charges again when it runs again */
	assert_int_equal(freezer_step(m, 1501 * MS), 0);
	assert_true(fake.frozen[2]);
	assert_int_equal(fake.freezes, 2);
	assert_int_equal(freezer_due(m), 2000 * MS);
	assert_int_equal(freezer_step(m, 2000 * MS), 0);
	assert_false(fake.frozen[2]);
	assert_int_equal(freezer_due(m), NEVER);
	freezer_close(m);
	assert_int_equal(fake.closed, 1);
}

static void counts_of_descendants_are_summed(void **state)
{
	(void)state;
	struct cg_counters c = {.throttled_ns = 1, .faults = 1};
	void *m = begin();

	say(2, 7, 1000, 500);
	say(3, 8, 1000, 200);
	assert_int_equal(freezer_step(m, 1001 * MS), 0);
	freezer_count(m, 2, 1100 * MS, &c);
	assert_int_equal(c.delays, 2);
	assert_int_equal(c.delayed_ns, 200 * MS); /* 100 ms each so far */
	assert_int_equal(c.throttled_ns, 5 * MS);
	assert_int_equal(c.faults, 1); /* not measured here: stays */
	freezer_count(m, 0, 9000 * MS, &c);
	assert_int_equal(c.delays, 2);
	assert_int_equal(c.delayed_ns, 700 * MS);
	freezer_count(m, 1, 9000 * MS, &c);
	assert_int_equal(c.delays, 0);
	assert_int_equal(c.faults, 77);
	freezer_close(m);
	assert_false(fake.frozen[2] || fake.frozen[3]);
}

/* Without a delay all that was slept is the throttle's, also where nobody could be blamed. */
static void throttle_without_delays_is_what_was_slept(void **state)
{
	(void)state;
	struct cg_counters c = {0};
	void *m = begin();

	freezer_count(m, 3, 1000 * MS, &c);
	assert_int_equal(c.throttled_ns, 5 * MS);
	freezer_close(m);
}

static void freezes_all_but_the_exempt(void **state)
{
	(void)state;
	void *m = begin();

	attrs[4].set |= CGA_BIT(CGA_DELAY); /* delay off */
	say(2, 7, 1000, 500);
	assert_int_equal(freezer_step(m, 1001 * MS), 0);
	assert_false(fake.frozen[2]);
	assert_true(fake.frozen[3]);
	assert_false(fake.frozen[4]);
	/* Whatever changes meanwhile, those that were frozen are thawed. */
	attrs[4].set &= ~CGA_BIT(CGA_DELAY);
	assert_int_equal(freezer_step(m, 1500 * MS), 0);
	assert_false(fake.frozen[3]);
	say(2, 7, 1600, 500);
	assert_int_equal(freezer_step(m, 1601 * MS), 0);
	assert_true(fake.frozen[2]);
	assert_false(fake.frozen[3]);
	freezer_close(m);
	assert_false(fake.frozen[2]);
}

static size_t warnings_of_open(void)
{
	struct diags d;
	void *m = NULL;
	size_t n;

	diags_init(&d, NULL);
	assert_int_equal(freezer_open(&watch_fake, "fake", &host, &d, &m), 0);
	n = d.list.n;
	freezer_close(m);
	diags_free(&d);
	return n;
}

static void warns_of_protection_that_is_not_handed_down(void **state)
{
	(void)state;
	void *m = begin();

	freezer_close(m);
	assert_int_equal(warnings_of_open(), 0); /* `high` is at the top */
	attrs[3].priority = PRIORITY_HIGH;
	assert_int_equal(warnings_of_open(), 0); /* it wants none */
	attrs[3].protect = PROTECT_LOW;
	assert_int_equal(warnings_of_open(), 1);
	attrs[2].min_bytes = MIB; /* another file */
	assert_int_equal(warnings_of_open(), 1);
	attrs[2].low_bytes = MIB;
	assert_int_equal(warnings_of_open(), 0);
	attrs[3].protect = PROTECT_MIN;
	attrs[2].min_bytes = 0;
	assert_int_equal(warnings_of_open(), 1);
}

static void protects_while_active(void **state)
{
	(void)state;
	struct cg_counters c = {0};
	void *m = begin();

	assert_int_equal(freezer_step(m, 10 * MS), 0);
	assert_int_equal(fake.low_bytes[1], 0);
	fake.active_until_ns = 1000 * MS;
	assert_int_equal(freezer_step(m, 20 * MS), 0);
	assert_true(fake.low_bytes[1] == NO_LIMIT);
	assert_int_equal(freezer_due(m), 1000 * MS);
	fake.active_until_ns = 1500 * MS; /* it went on */
	assert_int_equal(freezer_step(m, 1000 * MS), 0);
	assert_int_equal(freezer_due(m), 1500 * MS);
	assert_int_equal(fake.restores, 0);
	assert_int_equal(freezer_step(m, 1500 * MS), 0);
	assert_int_equal(fake.low_bytes[1], MIB);
	freezer_count(m, 0, 1500 * MS, &c);
	assert_int_equal(c.protections, 1);
	freezer_close(m);
}

static void set_takes_protection_back(void **state)
{
	(void)state;
	void *m = begin();

	fake.active_until_ns = 1000 * MS;
	assert_int_equal(freezer_step(m, 20 * MS), 0);
	attrs[1].protect = PROTECT_OFF;
	assert_int_equal(freezer_set(m, 1, CGA_BIT(CGA_PROTECT)), 0);
	assert_int_equal(fake.low_bytes[1], MIB);
	assert_int_equal(freezer_step(m, 30 * MS), 0);
	assert_int_equal(fake.low_bytes[1], MIB);
	freezer_close(m);
	assert_int_equal(fake.restores, 1);
}

static void close_undoes_all(void **state)
{
	(void)state;
	void *m = begin();

	fake.active_until_ns = 1000 * MS;
	say(2, 7, 10, 2000);
	assert_int_equal(freezer_step(m, 20 * MS), 0);
	assert_true(fake.frozen[2]);
	freezer_close(m);
	assert_false(fake.frozen[2]);
	assert_int_equal(fake.low_bytes[1], MIB);
	freezer_close(NULL);
}

static void errors_are_passed_on(void **state)
{
	(void)state;
	void *m = begin();

	say(2, 7, 10, 2000);
	fake.freeze_err = -EACCES;
	assert_int_equal(freezer_step(m, 20 * MS), -EACCES);
	fake.freeze_err = 0;
	assert_int_equal(fake.delays, 0);
	freezer_close(m);
}

static void mechanisms_have_names(void **state)
{
	(void)state;
	const struct mechanism *m;

	for (size_t i = 0; (m = mech_nth(i)); i++) {
		assert_ptr_equal(mech_find(m->name), m);
		assert_true(backend_feature_known(m->name));
		assert_true(m->caps & CAP_DELAY);
		assert_true(m->probe && m->open && m->set && m->fd && m->due && m->step &&
			    m->count && m->close);
	}
	assert_null(mech_find("no such"));
}

/* What a scenario may name is what live runs have, where BPF is built in. */
static void names_are_those_of_scenarios(void **state)
{
	(void)state;
	size_t n = 0;

	for (; mech_nth(n); n++)
		assert_true(backend_mechanism_known(mech_nth(n)->name));
	for (size_t i = 0; backend_mechanism(i); i++) {
		assert_true(backend_feature_known(backend_mechanism(i)));
		n -= mech_find(backend_mechanism(i)) != NULL;
	}
	assert_int_equal(n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_are_those_of_scenarios),
	    cmocka_unit_test(policy_follows_attributes),
	    cmocka_unit_test(said_off_is_said),
	    cmocka_unit_test(window_is_exceeded_not_met),
	    cmocka_unit_test(window_tumbles),
	    cmocka_unit_test(window_bears_disorder),
	    cmocka_unit_test(batches_are_counted_above_the_limit),
	    cmocka_unit_test(odd_pages_add_up),
	    cmocka_unit_test(hold_counts_from_the_event),
	    cmocka_unit_test(hold_of_other_tasks_overlaps),
	    cmocka_unit_test(hold_of_the_same_task_adds_up),
	    cmocka_unit_test(hold_that_ended_begins_anew),
	    cmocka_unit_test(hold_too_late_is_none),
	    cmocka_unit_test(penalty_is_the_kernels),
	    cmocka_unit_test(penalty_is_inverted),
	    cmocka_unit_test(freezes_until_due),
	    cmocka_unit_test(counts_of_descendants_are_summed),
	    cmocka_unit_test(throttle_without_delays_is_what_was_slept),
	    cmocka_unit_test(freezes_all_but_the_exempt),
	    cmocka_unit_test(warns_of_protection_that_is_not_handed_down),
	    cmocka_unit_test(protects_while_active),
	    cmocka_unit_test(set_takes_protection_back),
	    cmocka_unit_test(close_undoes_all),
	    cmocka_unit_test(errors_are_passed_on),
	    cmocka_unit_test(mechanisms_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
