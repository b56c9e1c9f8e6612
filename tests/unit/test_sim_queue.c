/* SPDX-License-Identifier: GPL-2.0-or-later */
/* the simulator's timers against a list that is searched: the same order, whatever is done to them
 */
#include "tests/unit/unit.h"

#include "backend/sim/queue.h"
#include "base/mem.h"
#include "base/rng.h"

struct known {
	uint64_t time_ns, seq;
	bool set;
};

/* As much of a simulation as its queue knows: workers, each in a cgroup of its own. */
struct queued {
	struct sim s;
	struct known *known;
	uint32_t *waiting; /* workers with a timer, in any order, and where each of them is there */
	uint32_t *at;
	uint32_t n;
	uint64_t seq;
	struct rng r;
};

static void open_queue(struct queued *q, uint32_t n, uint64_t seed)
{
	struct sim *s = &q->s;

	*q = (struct queued){.s.machine = machine_default};
	rng_init(&q->r, seed, RNG_TEST, n);
	s->machine.cpus = 1 + (uint32_t)rng_below(&q->r, 4);
	s->nw = s->nturns = n;
	s->ncg = n + 1;
	s->cpu_gen = 1;
	vec_push(&s->classes, (struct cpu_class){.weight = 100});
	s->w = sim_alloc_lines(n, sizeof *s->w, &s->w_block);
	s->turns = sim_alloc_lines(n, sizeof *s->turns, &s->turns_block);
	s->cg = sim_alloc_lines(n + 1, sizeof *s->cg, &s->cg_block);
	s->more = sim_alloc_lines(n + 1, sizeof *s->more, &s->more_block);
	for (uint32_t i = 0; i < n; i++)
		s->w[i].cg = i + 1;
	queue_init(s);
	q->known = mem_alloc(n * sizeof *q->known);
	q->waiting = mem_alloc(n * sizeof *q->waiting);
	q->at = mem_alloc(n * sizeof *q->at);
}

static void close_queue(struct queued *q)
{
	struct sim *s = &q->s;

	queue_free(s);
	vec_free(&s->classes);
	free(s->w_block);
	free(s->turns_block);
	free(s->cg_block);
	free(s->more_block);
	free(q->known);
	free(q->waiting);
	free(q->at);
}

static void forget(struct queued *q, uint32_t worker)
{
	uint32_t last = q->waiting[--q->n];

	q->waiting[q->at[worker]] = last;
	q->at[last] = q->at[worker];
	q->known[worker].set = false;
}

static uint32_t first_known(const struct queued *q)
{
	uint32_t first = SIM_NONE;

	for (uint32_t i = 0; i < q->n; i++) {
		const struct known *a = &q->known[q->waiting[i]], *b = &q->known[first];

		if (first == SIM_NONE || a->time_ns < b->time_ns ||
		    (a->time_ns == b->time_ns && a->seq < b->seq))
			first = q->waiting[i];
	}
	return first;
}

/* Soon or late, at few different times so that many are the same, or at the same as another. */
static uint64_t some_time(struct queued *q)
{
	static const uint64_t reach_ns[] = {1, 1000, 30000, 3000000, 300000000, 20000000000};
	uint64_t reach = reach_ns[rng_below(&q->r, 6)], ns;

	if (q->n && !rng_below(&q->r, 4)) {
		ns = q->known[q->waiting[rng_below(&q->r, q->n)]].time_ns;
		return ns < q->s.now_ns ? q->s.now_ns : ns;
	}
	ns = q->s.now_ns + rng_below(&q->r, reach);
	switch (rng_below(&q->r, 4)) {
	case 0:
		return (ns + 9999) / 10000 * 10000;
	case 1: /* where a list of what is far begins */
		return ((ns >> q->s.queue.far_shift) + 1) << q->s.queue.far_shift;
	default:
		return ns;
	}
}

static void set(struct queued *q, uint32_t worker)
{
	struct known *k = &q->known[worker];

	if (!k->set) {
		q->at[worker] = q->n;
		q->waiting[q->n++] = worker;
	}
	*k = (struct known){some_time(q), q->seq++, true};
	queue_set(&q->s, worker, k->time_ns);
	if (rng_below(&q->r, 2))
		queue_hint(&q->s, worker);
}

static void check_first(const struct queued *q)
{
	uint32_t first = first_known(q);

	assert_int_equal(q->s.queue.first, first);
	assert_int_equal(q->s.queue.next_ns, first == SIM_NONE ? NEVER : q->known[first].time_ns);
	assert_true(first == SIM_NONE || queue_holds(&q->s, first));
}

static void pop(struct queued *q)
{
	uint32_t first = q->s.queue.first;

	if (first == SIM_NONE)
		return;
	q->s.now_ns = q->s.queue.next_ns;
	queue_pop(&q->s);
	assert_false(queue_holds(&q->s, first));
	forget(q, first);
}

/* By turns most is set, and most leaves; at last all does. */
static void run(uint32_t workers, uint64_t seed, uint32_t steps)
{
	struct queued q;

	open_queue(&q, workers, seed);
	for (uint32_t i = 0; i < steps; i++) {
		uint32_t worker = (uint32_t)rng_below(&q.r, workers);

		q.s.horizon_ns = 0;
		if (rng_below(&q.r, 8) < (i / workers % 2 ? 2 : 5)) {
			set(&q, worker);
		} else if (rng_below(&q.r, 6)) {
			pop(&q);
		} else {
			queue_remove(&q.s, worker);
			if (q.known[worker].set)
				forget(&q, worker);
		}
		check_first(&q);
	}
	while (q.n) {
		pop(&q);
		check_first(&q);
	}
	close_queue(&q);
}

static void few_timers_leave_in_order(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 200; seed++)
		run(1 + (uint32_t)seed % 40, seed, 1500);
}

static void timers_of_hundreds_leave_in_order(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 8; seed++)
		run(400, seed, 8000);
}

/* So many that the queue looks ahead. */
static void timers_of_thousands_leave_in_order(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 4; seed++)
		run(3000, seed, 30000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(few_timers_leave_in_order),
	    cmocka_unit_test(timers_of_hundreds_leave_in_order),
	    cmocka_unit_test(timers_of_thousands_leave_in_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
