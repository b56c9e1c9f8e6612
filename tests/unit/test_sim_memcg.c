/* SPDX-License-Identifier: GPL-2.0-or-later */
/* limits, protection, reclaim, swap and the OOM killer, each choice of sim.h by itself */
#include "tests/unit/unit.h"

#include "tests/unit/sim_world.h"

/* A root without swap and below it the given cgroups, one worker in each. */
static void flat(struct sim_world *w, const struct cg_attrs *root, const struct cg_attrs *a,
		 uint32_t n)
{
	sw_init(w);
	w->check = true;
	sw_cgroup(w, 0, *root);
	for (uint32_t i = 0; i < n; i++) {
		sw_cgroup(w, 0, a[i]);
		sw_worker(w, i + 1);
	}
	sw_open(w, 1, 0);
}

static struct op alloc(uint32_t worker, uint64_t bytes)
{
	return OP(OP_ALLOC, worker, .bytes = bytes);
}

/* ---- who is killed ------------------------------------------------------------------------------
 */

static uint32_t victim_of_two(uint64_t first, uint64_t second)
{
	struct sim_world w;
	struct cg_attrs root = sw_attrs(NO_LIMIT, 100 * MIB);
	struct cg_attrs a[] = {sw_attrs(NO_LIMIT, NO_LIMIT), sw_attrs(NO_LIMIT, NO_LIMIT),
			       sw_attrs(NO_LIMIT, NO_LIMIT)};
	uint32_t victim;

	flat(&w, &root, a, 3);
	sw_do(&w, alloc(0, first));
	sw_do(&w, alloc(1, second));
	sw_do(&w, alloc(2, 30 * MIB));
	assert_int_equal(sw_killed(&w, 0) + sw_killed(&w, 1) + sw_killed(&w, 2), 1);
	victim = sw_killed(&w, 0) ? 0 : sw_killed(&w, 1) ? 1 : 2;
	sw_free(&w);
	return victim;
}

static void the_largest_is_killed(void **state)
{
	(void)state;
	assert_int_equal(victim_of_two(45 * MIB, 40 * MIB), 0);
	assert_int_equal(victim_of_two(40 * MIB, 45 * MIB), 1);
}

static void a_tie_kills_the_later(void **state)
{
	(void)state;
	assert_int_equal(victim_of_two(40 * MIB, 40 * MIB), 1);
}

static void page_cache_is_no_badness(void **state)
{
	(void)state;
	struct sim_world w;
	struct cg_attrs root = sw_attrs(NO_LIMIT, 100 * MIB);
	struct cg_attrs a[] = {sw_attrs(NO_LIMIT, NO_LIMIT), sw_attrs(NO_LIMIT, NO_LIMIT)};

	/* The reader has more pages, but they are reclaimed; then the allocator kills itself. */
	flat(&w, &root, a, 2);
	sw_do(&w, OP(OP_READ, 0, .bytes = 80 * MIB));
	assert_int_equal(sw_do(&w, alloc(1, 120 * MIB)).done.status, DONE_KILLED);
	assert_false(sw_killed(&w, 0));
	assert_int_equal(sw_sample(&w, 1)->file_bytes, 0);
	sw_free(&w);
}

static void the_outermost_oom_group_dies(void **state)
{
	(void)state;
	struct sim_world w;
	struct cg_attrs group = sw_attrs(NO_LIMIT, NO_LIMIT),
			limited = sw_attrs(NO_LIMIT, 60 * MIB);

	/* root > limited > group > {leaf, leaf}, and a bystander in limited */
	sw_init(&w);
	w.check = true;
	group.oom_group = true;
	sw_cgroup(&w, 0, group); /* beyond the scope: does not count */
	sw_cgroup(&w, 0, limited);
	sw_cgroup(&w, 1, group);
	sw_cgroup(&w, 2, group);
	sw_cgroup(&w, 2, sw_attrs(NO_LIMIT, NO_LIMIT));
	sw_cgroup(&w, 1, sw_attrs(NO_LIMIT, NO_LIMIT));
	sw_worker(&w, 3);
	sw_worker(&w, 4);
	sw_worker(&w, 5);
	sw_open(&w, 1, 0);
	sw_do(&w, alloc(1, 10 * MIB));
	sw_do(&w, alloc(0, 40 * MIB));
	assert_int_equal(sw_do(&w, alloc(2, 20 * MIB)).done.status, DONE_OK);
	assert_true(sw_killed(&w, 0));
	assert_true(sw_killed(&w, 1));
	assert_false(sw_killed(&w, 2));
	/* an idle member dies too, and each member is counted once more than the victim */
	assert_int_equal(sw_sample(&w, 2)->ev_oom_kill, 3);
	sw_free(&w);
}

static void the_machine_is_the_last_limit(void **state)
{
	(void)state;
	struct sim_world w;

	sw_init(&w);
	w.check = true;
	w.machine.memory_bytes = 64 * MIB;
	sw_cgroup(&w, 0, sw_attrs(NO_LIMIT, NO_LIMIT));
	sw_worker(&w, 0);
	sw_open(&w, 1, 0);
	assert_int_equal(sw_do(&w, alloc(0, 65 * MIB)).done.status, DONE_KILLED);
	assert_int_equal(sw_sample(&w, 0)->ev_oom, 0); /* no cgroup's limit was hit */
	assert_int_equal(sw_sample(&w, 0)->ev_oom_kill, 1);
	sw_free(&w);
}

static void memory_of_the_dead_comes_back_late(void **state)
{
	(void)state;
	struct sim_world w;
	struct cg_attrs root = sw_attrs(NO_LIMIT, NO_LIMIT), a = root;
	uint64_t pages, from;

	flat(&w, &root, &a, 1);
	sw_do(&w, alloc(0, 500 * MIB));
	pages = sw_sample(&w, 1)->usage_bytes / PAGE_BYTES;
	from = sw_now(&w);
	sw_apply(&w, OP(OP_KILL, 1));
	assert_int_equal(sw_latest(&w, OBS_KILL, 0)->kill.reason, KILL_OP);
	assert_int_equal(sw_apply(&w, alloc(0, MIB)), -3); /* -ESRCH */
	sw_until(&w, from + 30 * NS_PER_MS);
	assert_int_equal(sw_sample(&w, 1)->usage_bytes, pages * PAGE_BYTES);
	sw_until(&w, from + 35 * NS_PER_MS); /* 1 ms, and 31 ms as munmap of 500 MiB */
	assert_true(sw_sample(&w, 1)->usage_bytes < 64 * PAGE_BYTES); /* the stock */
	assert_int_equal(sw_sample(&w, 1)->ev_oom_kill, 0);
	sw_free(&w);
}

static void who_needs_a_victims_memory_waits(void **state)
{
	(void)state;
	struct sim_world w;
	struct cg_attrs root = sw_attrs(NO_LIMIT, 300 * MIB);
	struct cg_attrs a[] = {sw_attrs(NO_LIMIT, NO_LIMIT), sw_attrs(NO_LIMIT, NO_LIMIT)};
	struct obs done;

	flat(&w, &root, a, 2);
	sw_do(&w, alloc(0, 250 * MIB));
	done = sw_do(&w, alloc(1, 100 * MIB));
	assert_int_equal(done.done.status, DONE_OK);
	/* 64000 pages at 250 ns, 1 ms to exit, 25600 faults at 1.6 us */
	assert_true(done.t_ns - done.done.start_ns > (16 + 1 + 40) * NS_PER_MS);
	assert_true(done.t_ns - done.done.start_ns < (16 + 1 + 43) * NS_PER_MS);
	assert_true(sw_sample(&w, 2)->psi_some_ns > 16 * NS_PER_MS);
	sw_free(&w);
}

/* ---- charging -----------------------------------------------------------------------------------
 */

static void the_batch_falls_back_near_max(void **state)
{
	(void)state;
	struct sim_world w;
	struct cg_attrs root = sw_attrs(NO_LIMIT, NO_LIMIT), a = sw_attrs(NO_LIMIT, MIB);

	/* 256 pages: 128 for the process, one page table; 127 to have, none of them kept in stock
	 */
	flat(&w, &root, &a, 1);
	assert_int_equal(sw_do(&w, alloc(0, 127 * PAGE_BYTES)).done.status, DONE_OK);
	assert_int_equal(sw_sample(&w, 1)->ev_max, 0);
	assert_int_equal(sw_sample(&w, 1)->usage_bytes, MIB);
	assert_int_equal(sw_do(&w, alloc(0, PAGE_BYTES)).done.status, DONE_KILLED);
	sw_free(&w);
}

static void stocks_are_drained_before_a_kill(void **state)
{
	(void)state;
	struct sim_world w;
	struct cg_attrs root = sw_attrs(NO_LIMIT, 4 * MIB);
	struct cg_attrs a[] = {sw_attrs(NO_LIMIT, NO_LIMIT), sw_attrs(NO_LIMIT, NO_LIMIT)};
	uint64_t left;

	flat(&w, &root, a, 2);
	sw_do(&w, alloc(0, 2 * PAGE_BYTES)); /* leaves 61 pages charged ahead */
	left = 4 * MIB - sw_sample(&w, 0)->usage_bytes;
	/* All that is left, what the neighbour hoards included: two for page tables. */
	assert_int_equal(sw_do(&w, alloc(1, left + (61 - 2) * PAGE_BYTES)).done.status, DONE_OK);
	assert_int_equal(sw_sample(&w, 0)->ev_max, 1);
	assert_int_equal(sw_sample(&w, 0)->usage_bytes, 4 * MIB);
	assert_int_equal(sw_sample(&w, 0)->ev_oom, 0);
	sw_free(&w);
}

static void a_huge_page_is_512_pages_over_high(void **state)
{
	(void)state;
	struct sim_world w;
	struct cg_attrs root = sw_attrs(NO_LIMIT, NO_LIMIT), a = sw_attrs(100 * MIB, NO_LIMIT);
	uint64_t small_ns, huge_ns;

	flat(&w, &root, &a, 1);
	sw_do(&w, alloc(0, 104 * MIB));
	small_ns = sw_sample(&w, 1)->throttled_ns;
	sw_free(&w);
	a.thp = true;
	flat(&w, &root, &a, 1);
	sw_do(&w, alloc(0, 104 * MIB));
	huge_ns = sw_sample(&w, 1)->throttled_ns;
	assert_int_equal(sw_sample(&w, 1)->faults, 52);
	/*
	 * 192 pages of the process and its tables beside them, the 50th is 0.75% over, the 51st
	 * 2.75%, the 52nd 4.75%: 64 s x^2 * 512/64 are 0.028, 0.387 and 1.155 s, and what the
	 * wheel adds.
	 */
	assert_true(huge_ns > 1570 * NS_PER_MS && huge_ns < 1640 * NS_PER_MS);
	/* In batches of 64 the k-th is k/400 over: 0.4 ms times the squares of 1 to 19. */
	assert_true(small_ns > 950 * NS_PER_MS && small_ns < 1150 * NS_PER_MS);
	sw_free(&w);
}

static void huge_pages_cost_less_and_end_at_2m(void **state)
{
	(void)state;
	struct sim_world w;
	struct cg_attrs root = sw_attrs(NO_LIMIT, NO_LIMIT), a = root;

	a.thp = true;
	flat(&w, &root, &a, 1);
	sw_do(&w, alloc(0, 5 * MIB));
	/* two of 200 us, and 256 faults of 1.6 us for the rest */
	assert_int_equal(sw_now(&w), 2 * 200000 + 256 * 1600);
	assert_int_equal(sw_sample(&w, 1)->faults, 2 + 256);
	sw_free(&w);
}

static void a_huge_page_that_does_not_fit_becomes_small_ones(void **state)
{
	(void)state;
	struct sim_world w;
	struct cg_attrs root = sw_attrs(NO_LIMIT, NO_LIMIT), a = sw_attrs(NO_LIMIT, 3 * MIB);

	a.thp = true;
	flat(&w, &root, &a, 1);
	assert_int_equal(sw_do(&w, alloc(0, 2 * MIB)).done.status, DONE_OK);
	assert_int_equal(sw_do(&w, alloc(0, 2 * MIB)).done.status, DONE_KILLED);
	/* 18 passes for the huge page, no OOM kill for it; then 18 and 17 for one page */
	assert_int_equal(sw_sample(&w, 1)->ev_max, 18 + 35);
	assert_int_equal(sw_sample(&w, 1)->ev_oom, 1);
	assert_true(sw_sample(&w, 1)->faults > 1);
	sw_free(&w);
}

/* ---- memory.high --------------------------------------------------------------------------------
 */

static void raising_high_wakes_nobody(void **state)
{
	(void)state;
	struct sim_world w;
	struct cg_attrs root = sw_attrs(NO_LIMIT, NO_LIMIT), a = sw_attrs(10 * MIB, NO_LIMIT);
	struct cg_attrs more = {.set = CGA_BIT(CGA_HIGH), .high_bytes = NO_LIMIT};

	flat(&w, &root, &a, 1);
	sw_apply(&w, alloc(0, 20 * MIB));
	sw_until(&w, 20 * NS_PER_SEC); /* in a sleep of 2 s by now */
	sw_apply(&w, OP(OP_SET, 1, .set = &more));
	sw_until(&w, 20 * NS_PER_SEC + 10 * NS_PER_MS);
	assert_int_equal(sw_count(&w, OBS_DONE, 0, 1), 0);
	sw_until(&w, 20 * NS_PER_SEC + 2040 * NS_PER_MS);
	assert_int_equal(sw_count(&w, OBS_DONE, 0, 1), 1);
	sw_free(&w);
}

static void a_kill_ends_the_sleep(void **state)
{
	(void)state;
	struct sim_world w;
	struct cg_attrs root = sw_attrs(NO_LIMIT, NO_LIMIT), a = sw_attrs(10 * MIB, NO_LIMIT);
	const struct obs *done;

	flat(&w, &root, &a, 1);
	sw_apply(&w, alloc(0, 20 * MIB));
	sw_until(&w, 20 * NS_PER_SEC);
	sw_apply(&w, OP(OP_KILL, 0));
	done = sw_latest(&w, OBS_DONE, 0);
	assert_non_null(done);
	assert_int_equal(done->t_ns, 20 * NS_PER_SEC);
	assert_int_equal(done->done.status, DONE_KILLED);
	/* what it slept of the last one counts */
	assert_true(sw_sample(&w, 1)->throttled_ns > 19900 * NS_PER_MS);
	assert_true(sw_sample(&w, 1)->throttled_ns < 20000 * NS_PER_MS);
	sw_free(&w);
}

static void high_below_usage_reclaims_only(void **state)
{
	(void)state;
	struct sim_world w;
	struct cg_attrs root = sw_attrs(NO_LIMIT, NO_LIMIT), a = root;
	struct cg_attrs less = {.set = CGA_BIT(CGA_HIGH), .high_bytes = 20 * MIB};

	flat(&w, &root, &a, 1);
	sw_do(&w, alloc(0, 30 * MIB));
	sw_do(&w, OP(OP_READ, 0, .bytes = 40 * MIB));
	sw_apply(&w, OP(OP_SET, 1, .set = &less));
	assert_int_equal(sw_sample(&w, 1)->file_bytes, 0);
	assert_int_equal(sw_sample(&w, 1)->anon_bytes, 30 * MIB);
	assert_int_equal(sw_sample(&w, 1)->ev_high, 0);
	assert_false(sw_killed(&w, 0));
	sw_free(&w);
}

static void an_ancestors_high_throttles(void **state)
{
	(void)state;
	struct sim_world w;
	struct cg_attrs root = sw_attrs(20 * MIB, NO_LIMIT), a = sw_attrs(NO_LIMIT, NO_LIMIT);

	flat(&w, &root, &a, 1);
	sw_do(&w, alloc(0, 22 * MIB));
	assert_true(sw_sample(&w, 1)->throttled_ns > NS_PER_SEC);
	assert_int_equal(sw_sample(&w, 1)->ev_high, 0);
	assert_true(sw_sample(&w, 0)->ev_high > 17 * 6);
	sw_free(&w);
}

/* ---- protection ---------------------------------------------------------------------------------
 */

static void siblings_give_before_the_protected(void **state)
{
	(void)state;
	struct sim_world w;
	struct cg_attrs root = sw_attrs(NO_LIMIT, 100 * MIB);
	struct cg_attrs a[] = {sw_attrs(NO_LIMIT, NO_LIMIT), sw_attrs(NO_LIMIT, NO_LIMIT),
			       sw_attrs(NO_LIMIT, NO_LIMIT)};

	a[0].low_bytes = 60 * MIB;
	flat(&w, &root, a, 3);
	sw_do(&w, OP(OP_READ, 0, .bytes = 40 * MIB));
	sw_do(&w, OP(OP_READ, 1, .bytes = 40 * MIB));
	sw_do(&w, alloc(2, 45 * MIB));
	/* first pass only: nothing of the protected one, and no `low` */
	assert_int_equal(sw_sample(&w, 1)->file_bytes, 40 * MIB);
	assert_true(sw_sample(&w, 2)->file_bytes < 15 * MIB);
	assert_int_equal(sw_sample(&w, 1)->ev_low, 0);
	/* then nobody else has anything: the second pass breaks the protection */
	sw_do(&w, alloc(2, 20 * MIB));
	assert_int_equal(sw_sample(&w, 2)->file_bytes, 0);
	assert_true(sw_sample(&w, 1)->file_bytes < 40 * MIB);
	assert_true(sw_sample(&w, 1)->ev_low > 0);
	assert_int_equal(sw_sample(&w, 0)->ev_oom, 0);
	sw_free(&w);
}

static void memory_min_is_never_broken(void **state)
{
	(void)state;
	struct sim_world w;
	struct cg_attrs root = sw_attrs(NO_LIMIT, 100 * MIB);
	struct cg_attrs a[] = {sw_attrs(NO_LIMIT, NO_LIMIT), sw_attrs(NO_LIMIT, NO_LIMIT)};

	a[0].min_bytes = 60 * MIB;
	flat(&w, &root, a, 2);
	sw_do(&w, OP(OP_READ, 0, .bytes = 40 * MIB));
	assert_int_equal(sw_do(&w, alloc(1, 80 * MIB)).done.status, DONE_KILLED);
	assert_int_equal(sw_sample(&w, 1)->file_bytes, 40 * MIB);
	assert_int_equal(sw_sample(&w, 1)->ev_low, 0);
	sw_free(&w);
}

static void its_own_protection_does_not_apply_to_a_target(void **state)
{
	(void)state;
	struct sim_world w;
	struct cg_attrs root = sw_attrs(NO_LIMIT, NO_LIMIT), a = sw_attrs(NO_LIMIT, 50 * MIB);

	a.min_bytes = 50 * MIB;
	flat(&w, &root, &a, 1);
	sw_do(&w, OP(OP_READ, 0, .bytes = 60 * MIB));
	assert_false(sw_killed(&w, 0));
	assert_true(sw_sample(&w, 1)->reclaimed_bytes > 10 * MIB);
	sw_free(&w);
}

/* Two children under a parent with memory.low 40M; only the first has one of its own. */
static void protection_is_shared_out_below_a_parent(void **state)
{
	(void)state;
	struct sim_world w;
	struct cg_attrs none = sw_attrs(NO_LIMIT, NO_LIMIT), parent = none, child = none;
	uint64_t first, second;

	sw_init(&w);
	w.check = true;
	sw_cgroup(&w, 0, sw_attrs(NO_LIMIT, 100 * MIB));
	parent.low_bytes = 40 * MIB;
	sw_cgroup(&w, 0, parent);
	child.low_bytes = 60 * MIB; /* asks for more than the parent has */
	sw_cgroup(&w, 1, child);
	sw_cgroup(&w, 1, none);
	sw_cgroup(&w, 0, none);
	sw_worker(&w, 2);
	sw_worker(&w, 3);
	sw_worker(&w, 4);
	sw_open(&w, 1, 0);
	sw_do(&w, OP(OP_READ, 0, .bytes = 30 * MIB));
	sw_do(&w, OP(OP_READ, 1, .bytes = 30 * MIB));
	sw_do(&w, alloc(2, 55 * MIB));
	first = sw_sample(&w, 2)->file_bytes;
	second = sw_sample(&w, 3)->file_bytes;
	/*
	 * The first claims min(usage, 60M) of the 40M; what it leaves unclaimed, some 9M, goes by
	 * memory_recursiveprot to the second, which alone has something above its protection.
	 */
	assert_int_equal(first, 30 * MIB);
	assert_true(second < 18 * MIB && second > 8 * MIB);
	assert_int_equal(sw_sample(&w, 0)->ev_low, 0);
	sw_free(&w);
}

/* ---- swap and page cache ------------------------------------------------------------------------
 */

static void anonymous_memory_goes_to_swap_and_back(void **state)
{
	(void)state;
	struct sim_world w;
	struct cg_attrs root = sw_attrs(NO_LIMIT, NO_LIMIT), a = sw_attrs(NO_LIMIT, 50 * MIB);
	const struct cg_counters *c;
	uint64_t faults, from;

	root.swap_bytes = NO_LIMIT;
	a.swap_bytes = 40 * MIB;
	flat(&w, &root, &a, 1);
	assert_int_equal(sw_do(&w, alloc(0, 80 * MIB)).done.status, DONE_OK);
	c = sw_sample(&w, 1);
	assert_int_equal(c->anon_bytes + c->swap_bytes, 80 * MIB);
	assert_true(c->swap_bytes > 30 * MIB && c->swap_bytes < 32 * MIB);
	assert_int_equal(c->refault_bytes, 0);
	faults = c->faults;
	/* The oldest went first: touching all of them reads them again, from the disk. */
	from = sw_now(&w);
	sw_do(&w, OP(OP_TOUCH, 0, .bytes = 20 * MIB));
	c = sw_sample(&w, 1);
	assert_int_equal(c->refault_bytes, 20 * MIB);
	assert_int_equal(c->faults - faults, 20 * 256);
	assert_true(sw_now(&w) - from > 40 * NS_PER_MS); /* 20M at 500M/s, and swap-out beside it */
	/* They are the youngest now: touched again there is nothing to read. */
	sw_do(&w, OP(OP_TOUCH, 0, .bytes = 20 * MIB));
	assert_int_equal(sw_sample(&w, 1)->refault_bytes, 20 * MIB);
	/* Freed swap is free again; more than memory and swap together is too much. */
	sw_do(&w, OP(OP_FREE, 0, .bytes = NO_LIMIT));
	assert_int_equal(sw_sample(&w, 1)->swap_bytes, 0);
	assert_int_equal(sw_do(&w, alloc(0, 91 * MIB)).done.status, DONE_KILLED);
	sw_free(&w);
}

static void page_cache_is_reclaimed_and_read_again(void **state)
{
	(void)state;
	struct sim_world w;
	struct cg_attrs root = sw_attrs(NO_LIMIT, NO_LIMIT), a = sw_attrs(NO_LIMIT, 100 * MIB);
	uint64_t first_ns, again_ns, from;

	flat(&w, &root, &a, 1);
	sw_do(&w, OP(OP_READ, 0, .bytes = 60 * MIB));
	first_ns = sw_now(&w);
	assert_true(first_ns > 120 * NS_PER_MS); /* 500M/s */
	assert_int_equal(sw_sample(&w, 1)->file_bytes, 60 * MIB);
	assert_int_equal(sw_sample(&w, 1)->psi_some_ns, 0); /* reading is no memory stall */
	sw_do(&w, OP(OP_READ, 0, .bytes = 60 * MIB));
	again_ns = sw_now(&w) - first_ns;
	assert_true(again_ns < 5 * NS_PER_MS); /* a copy */
	assert_int_equal(sw_sample(&w, 1)->refault_bytes, 0);
	sw_do(&w, alloc(0, 70 * MIB));
	assert_true(sw_sample(&w, 1)->file_bytes < 30 * MIB);
	sw_do(&w, OP(OP_FREE, 0, .bytes = NO_LIMIT));
	from = sw_now(&w);
	sw_do(&w, OP(OP_READ, 0, .bytes = 60 * MIB));
	assert_true(sw_now(&w) - from > 60 * NS_PER_MS);
	assert_true(sw_sample(&w, 1)->refault_bytes > 30 * MIB);
	assert_true(sw_sample(&w, 1)->refault_bytes < 60 * MIB);
	assert_true(sw_sample(&w, 1)->psi_some_ns > 60 * NS_PER_MS); /* this one is */
	sw_free(&w);
}

static void reclaim_takes_what_is_asked(void **state)
{
	(void)state;
	struct sim_world w;
	struct cg_attrs root = sw_attrs(NO_LIMIT, NO_LIMIT), a = root;

	flat(&w, &root, &a, 1);
	sw_do(&w, OP(OP_READ, 0, .bytes = 60 * MIB));
	sw_apply(&w, OP(OP_RECLAIM, 0, .bytes = 20 * MIB));
	assert_in_range(sw_sample(&w, 1)->file_bytes, 40 * MIB - 64 * PAGE_BYTES, 40 * MIB);
	sw_apply(&w, OP(OP_RECLAIM, 0, .bytes = NO_LIMIT));
	assert_int_equal(sw_sample(&w, 1)->file_bytes, 0);
	sw_free(&w);
}

static void reclaim_visits_children_in_turn(void **state)
{
	(void)state;
	struct sim_world w;
	struct cg_attrs root = sw_attrs(NO_LIMIT, 100 * MIB);
	struct cg_attrs a[] = {sw_attrs(NO_LIMIT, NO_LIMIT), sw_attrs(NO_LIMIT, NO_LIMIT),
			       sw_attrs(NO_LIMIT, NO_LIMIT)};

	flat(&w, &root, a, 3);
	sw_do(&w, OP(OP_READ, 0, .bytes = 40 * MIB));
	sw_do(&w, OP(OP_READ, 1, .bytes = 40 * MIB));
	sw_do(&w, alloc(2, 60 * MIB));
	/* 42M too many: both have given about half of it */
	assert_in_range(sw_sample(&w, 1)->file_bytes, 15 * MIB, 23 * MIB);
	assert_in_range(sw_sample(&w, 2)->file_bytes, 15 * MIB, 23 * MIB);
	sw_free(&w);
}

/* What the machine says, in whole pages, is charged before the first op and stays when all is
 * freed. */
static void a_process_is_as_large_as_the_machine_says(void **state)
{
	const struct {
		uint64_t bytes, charged;
	} cases[] = {{512 * KIB, 512 * KIB}, {20 * KIB, 20 * KIB}, {0, 0}, {9 * KIB, 8 * KIB}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct sim_world w;

		sw_init(&w);
		w.machine.process_bytes = cases[i].bytes;
		sw_worker(&w, sw_cgroup(&w, 0, sw_attrs(NO_LIMIT, NO_LIMIT)));
		sw_open(&w, 1, 0);
		assert_int_equal(sw_sample(&w, 0)->usage_bytes, cases[i].charged);
		sw_free(&w);
	}
}

static uint64_t throttled_ns(uint64_t process_bytes)
{
	struct sim_world w;
	uint64_t ns;

	sw_init(&w);
	w.machine.process_bytes = process_bytes;
	sw_worker(&w, sw_cgroup(&w, 0, sw_attrs(40 * MIB, NO_LIMIT)));
	sw_open(&w, 1, 0);
	sw_do(&w, alloc(0, 43 * MIB));
	ns = sw_sample(&w, 0)->throttled_ns;
	sw_free(&w);
	return ns;
}

/* The penalty grows with the square of what is over, so half a megabyte is much of three. */
static void a_smaller_process_is_throttled_less(void **state)
{
	(void)state;
	print_message("43M in 40M: %llu ms with 512K, %llu ms with 20K\n",
		      (unsigned long long)throttled_ns(512 * KIB) / 1000000,
		      (unsigned long long)throttled_ns(20 * KIB) / 1000000);
	assert_true(throttled_ns(20 * KIB) < throttled_ns(512 * KIB) * 4 / 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_process_is_as_large_as_the_machine_says),
	    cmocka_unit_test(a_smaller_process_is_throttled_less),
	    cmocka_unit_test(the_largest_is_killed),
	    cmocka_unit_test(a_tie_kills_the_later),
	    cmocka_unit_test(page_cache_is_no_badness),
	    cmocka_unit_test(the_outermost_oom_group_dies),
	    cmocka_unit_test(the_machine_is_the_last_limit),
	    cmocka_unit_test(memory_of_the_dead_comes_back_late),
	    cmocka_unit_test(who_needs_a_victims_memory_waits),
	    cmocka_unit_test(the_batch_falls_back_near_max),
	    cmocka_unit_test(stocks_are_drained_before_a_kill),
	    cmocka_unit_test(a_huge_page_is_512_pages_over_high),
	    cmocka_unit_test(huge_pages_cost_less_and_end_at_2m),
	    cmocka_unit_test(a_huge_page_that_does_not_fit_becomes_small_ones),
	    cmocka_unit_test(raising_high_wakes_nobody),
	    cmocka_unit_test(a_kill_ends_the_sleep),
	    cmocka_unit_test(high_below_usage_reclaims_only),
	    cmocka_unit_test(an_ancestors_high_throttles),
	    cmocka_unit_test(siblings_give_before_the_protected),
	    cmocka_unit_test(memory_min_is_never_broken),
	    cmocka_unit_test(its_own_protection_does_not_apply_to_a_target),
	    cmocka_unit_test(protection_is_shared_out_below_a_parent),
	    cmocka_unit_test(anonymous_memory_goes_to_swap_and_back),
	    cmocka_unit_test(page_cache_is_reclaimed_and_read_again),
	    cmocka_unit_test(reclaim_takes_what_is_asked),
	    cmocka_unit_test(reclaim_visits_children_in_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
