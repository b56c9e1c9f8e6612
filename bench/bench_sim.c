/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench_sim.c - the simulator's events, each with the whole memcg model behind it.
 *
 * An event is one step of a worker: a batch charged through the hierarchy and mapped, a stretch
 * freed.  Every worker allocates and frees 8 MiB again and again in a cgroup of its own, three
 * levels deep, with limits set at each level that are checked and never met.  Against SimPy, whose
 * events do nothing, and against itself with more cgroups.  Rounds are interleaved; the figures are
 * CPU time.
 *
 *     bench_sim      from the top of the tree; `make bench` runs it
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend/backend.h"
#include "backend/sim/sim.h"
#include "base/mem.h"

#define ROUNDS 7
#define STEPS  UINT64_C(2000000)

struct harness {
	uint32_t idle[16384]; /* workers whose op ended, and how often each began one */
	uint32_t nidle;
	bool grown[16384];
};

static void put(void *ctx, const struct obs *o)
{
	struct harness *h = ctx;

	if (o->kind == OBS_DONE)
		h->idle[h->nidle++] = o->worker;
}

static double cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ns of CPU an event, with n sessions: root, n/10 groups below it, and in these the sessions. */
static double event_ns(uint32_t n)
{
	uint32_t groups = n / 10 ? n / 10 : 1, ncg = 1 + groups + n;
	struct cg_spec *spec = mem_alloc(ncg * sizeof *spec);
	struct cg_attrs *attrs = mem_alloc(ncg * sizeof *attrs);
	struct worker_spec *workers = mem_alloc(n * sizeof *workers);
	struct harness *h = mem_alloc(sizeof *h);
	struct world w = {
	    .machine = machine_default,
	    .cgroups = spec,
	    .attrs = attrs,
	    .workers = workers,
	    .ncgroups = ncg,
	    .nworkers = n,
	};
	void *run = NULL;
	double begin, spent;
	uint64_t steps;

	w.machine.memory_bytes = 1024 * GIB;
	for (uint32_t i = 0; i < ncg; i++) {
		spec[i] = (struct cg_spec){
		    .name = "x",
		    .parent = i <= groups ? 0 : 1 + (i - 1 - groups) % groups,
		    .leaf = i > groups,
		};
		attrs[i] = cg_attrs_default;
		attrs[i].high_bytes = i > groups ? 64 * MIB : 512 * GIB;
		attrs[i].max_bytes = i > groups ? 128 * MIB : 512 * GIB;
	}
	for (uint32_t i = 0; i < n; i++) {
		workers[i] = (struct worker_spec){.cgroup = 1 + groups + i, .name = ""};
		h->idle[h->nidle++] = i;
	}
	if (backend_sim.open(&w, 1, 0, (struct obs_sink){put, h}, NULL, &run))
		abort();
	begin = cpu_s();
	do {
		while (h->nidle) {
			uint32_t i = h->idle[--h->nidle];
			struct op op = {
			    .kind = (uint8_t)(h->grown[i] ? OP_FREE : OP_ALLOC),
			    .target = i,
			    .bytes = h->grown[i] ? NO_LIMIT : 8 * MIB,
			};

			h->grown[i] = !h->grown[i];
			if (backend_sim.apply(run, &op, backend_sim.now(run)))
				abort();
		}
		if (backend_sim.advance(run, NEVER))
			abort();
	} while ((steps = sim_steps(run)) < STEPS);
	spent = cpu_s() - begin;
	backend_sim.close(run);
	free(spec);
	free(attrs);
	free(workers);
	free(h);
	return spent * 1e9 / (double)steps;
}

/* Events per second, or 0 when SimPy is not there. */
static double simpy(void)
{
	FILE *f = popen("/usr/bin/python3 -I bench/simpy_events.py 2>/dev/null", "r");
	double v = 0;

	if (f) {
		if (fscanf(f, "%lf", &v) != 1)
			v = 0;
		pclose(f);
	}
	return v;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v)
{
	qsort(v, ROUNDS, sizeof *v, by_value);
	return v[ROUNDS / 2];
}

int main(void)
{
	static const uint32_t sizes[] = {10, 100, 1000, 10000};
	double ns[4][ROUNDS], peer[ROUNDS];
	int missed = 0;

	for (int r = 0; r < ROUNDS; r++) {
		for (int k = 0; k < 4; k++)
			ns[k][r] = event_ns(sizes[k]);
		peer[r] = simpy();
	}

	double base = median(ns[0]), base_min = ns[0][0], theirs = median(peer);
	double ratio = 1e9 / base / theirs;

	printf("%-36s %12s  %-24s %7s %7s  %-9s %s\n", "name", "figure", "limit or peer", "ratio",
	       "of min", "target", "met");
	if (theirs > 0) {
		printf("%-36s %7.1f Me/s  SimPy %6.2f Me/s %8s %9.1f %7.1f  %-9s %s\n",
		       "simulator, events with the model", 1e3 / base, theirs * 1e-6, "", ratio,
		       1e9 / base_min / peer[ROUNDS - 1], ">= 20", ratio >= 20 ? "yes" : "NO");
		missed += ratio < 20;
	} else {
		printf("%-36s %7.1f Me/s  SimPy: not installed: ./configure --install-deps=bench\n",
		       "simulator, events with the model", 1e3 / base);
	}
	for (int k = 1; k < 4; k++) {
		double m = median(ns[k]), flat = m / base;
		char name[64];

		snprintf(name, sizeof name, "simulator, %u cgroups", sizes[k]);
		printf("%-36s %9.1f ns  10 cgroups %7.1f ns    %7.2f %7.2f  %-9s %s\n", name, m,
		       base, flat, ns[k][0] / base_min, "<= 1.3", flat <= 1.3 ? "yes" : "NO");
		missed += flat > 1.3;
	}
	return missed ? 1 : 0;
}
