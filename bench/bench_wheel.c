/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench_wheel.c - the timer wheel against a binary heap, interleaved in one process.
 *
 * Both keep the total order (time_ns, seq) and hold the same 24-byte timers.  `random` adds n
 * timers at random times and takes all of them; `hold` keeps a number pending, takes the first and
 * adds one a random time later.  Prints medians, and ratios of medians and of minima.
 *
 *     bench_wheel [ROUNDS]
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/rng.h"
#include "base/vec.h"
#include "run/wheel.h"

struct heap {
	VEC(struct timer) list;
};

static int before(const struct timer *a, const struct timer *b)
{
	return a->time_ns < b->time_ns || (a->time_ns == b->time_ns && a->seq < b->seq);
}

static void heap_add(struct heap *h, struct timer t)
{
	size_t i = h->list.n;

	vec_push(&h->list, t);
	for (; i > 0 && before(&t, &h->list.v[(i - 1) / 2]); i = (i - 1) / 2)
		h->list.v[i] = h->list.v[(i - 1) / 2];
	h->list.v[i] = t;
}

static struct timer heap_pop(struct heap *h)
{
	struct timer *v = h->list.v, out = v[0], t = v[--h->list.n];
	size_t n = h->list.n, i = 0;

	for (size_t child; (child = 2 * i + 1) < n; i = child) {
		if (child + 1 < n && before(&v[child + 1], &v[child]))
			child++;
		if (!before(&v[child], &t))
			break;
		v[i] = v[child];
	}
	v[i] = t;
	return out;
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int cmp_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof *v, cmp_double);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* Random delays, drawn before the clock starts: it is the queues that are compared. */
#define NDELAYS (1 << 20)
static uint64_t delays[NDELAYS];

static void draw_delays(uint64_t span_ns)
{
	struct rng r;

	rng_init(&r, 1, RNG_TEST, 0);
	for (size_t i = 0; i < NDELAYS; i++)
		delays[i] = rng_below(&r, span_ns);
}

/* One measurement: seconds an event.  *sum proves that both took the same timers in one order. */
static double run_heap(size_t pending, size_t hold, uint64_t *sum)
{
	struct heap h = {0};
	uint64_t seq = 0;

	double t0 = now_s();

	for (size_t i = 0; i < pending; i++, seq++)
		heap_add(&h, (struct timer){delays[seq % NDELAYS], seq, i});
	if (hold)
		t0 = now_s();
	for (size_t i = 0; i < hold; i++, seq++) {
		struct timer t = heap_pop(&h);

		*sum = *sum * 31 + t.seq;
		heap_add(&h, (struct timer){t.time_ns + delays[seq % NDELAYS], seq, i});
	}
	double held = now_s() - t0;

	while (h.list.n)
		*sum = *sum * 31 + heap_pop(&h).seq;

	double all = now_s() - t0;

	vec_free(&h.list);
	return hold ? held / (double)hold : all / (double)pending;
}

static double run_wheel(size_t pending, size_t hold, uint64_t *sum)
{
	struct wheel *w = wheel_new();
	struct timer t;
	uint64_t seq = 0;

	double t0 = now_s();

	for (size_t i = 0; i < pending; i++, seq++)
		wheel_add(w, (struct timer){delays[seq % NDELAYS], seq, i});
	if (hold)
		t0 = now_s();
	for (size_t i = 0; i < hold && wheel_pop(w, &t); i++, seq++) {
		*sum = *sum * 31 + t.seq;
		wheel_add(w, (struct timer){t.time_ns + delays[seq % NDELAYS], seq, i});
	}
	double held = now_s() - t0;

	while (wheel_pop(w, &t))
		*sum = *sum * 31 + t.seq;

	double all = now_s() - t0;

	wheel_free(w);
	return hold ? held / (double)hold : all / (double)pending;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		size_t pending, hold;
		uint64_t span_ns;
		double target;
	} rows[] = {
	    {"timers: 1e6 random in 1 s", 1000000, 0, 1000000000, 2.5},
	    {"timers: 1e6 random in 1 h", 1000000, 0, 3600000000000, 2.5},
	    {"timers: hold, 10k pending, 1 s", 10000, 1000000, 1000000000, 6},
	    {"timers: hold, 10k pending, 1 h", 10000, 1000000, 3600000000000, 6},
	    {"timers: hold, 10k pending, 10 us", 10000, 1000000, 10000, 6},
	    {"timers: hold, 100 pending, 1 s", 100, 1000000, 1000000000, 1},
	};
	size_t rounds = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 9;
	double *heap = calloc(rounds, sizeof *heap), *wheel = calloc(rounds, sizeof *wheel);
	int status = 0;

	if (!rounds || !heap || !wheel)
		return 2;
	printf("%-36s %12s  %-24s %7s %7s  %-9s %s\n", "name", "figure", "limit or peer", "ratio",
	       "of min", "target", "met");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		draw_delays(rows[i].span_ns);
		for (size_t k = 0; k < rounds; k++) {
			uint64_t a = 0, b = 0;

			heap[k] = run_heap(rows[i].pending, rows[i].hold, &a);
			wheel[k] = run_wheel(rows[i].pending, rows[i].hold, &b);
			if (a != b) {
				fprintf(stderr, "bench_wheel: %s: orders differ\n", rows[i].name);
				status = 1;
			}
		}
		double h = 1e9 * median(heap, rounds), w = 1e9 * median(wheel, rounds);

		char figure[32], peer[32], target[32];
		int met = h / w >= rows[i].target;

		snprintf(figure, sizeof figure, "%.1f ns/ev", w);
		snprintf(peer, sizeof peer, "binary heap %.1f ns", h);
		snprintf(target, sizeof target, ">= %g", rows[i].target);
		/* median() has sorted them */
		printf("%-36s %12s  %-24s %7.2f %7.2f  %-9s %s\n", rows[i].name, figure, peer,
		       h / w, heap[0] / wheel[0], target, met ? "yes" : "NO");
		status |= !met;
	}
	free(heap);
	free(wheel);
	return status;
}
