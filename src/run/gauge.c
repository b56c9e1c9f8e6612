/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gauge.c - measurements through a backend's workers (gauge.h) */
#include "run/gauge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

#define SAMPLE_BYTES (16 * MIB)
#define HUGE_BYTES   (2 * MIB)

#define WAKES	     50
#define WAKE_EACH_NS (2 * NS_PER_MS)
/* Stocks of other CPUs are given back by their workqueues. */
#define SETTLE_NS (20 * NS_PER_MS)

#define MOST_SAMPLES 64

static const struct {
	const char *name;
	enum gauge_unit unit;
} infos[GAUGE_COUNT] = {
    [GAUGE_FAULT] = {"fault", GAUGE_NS},      [GAUGE_HUGE] = {"huge", GAUGE_NS},
    [GAUGE_FREE] = {"free", GAUGE_NS},	      [GAUGE_DISK] = {"disk", GAUGE_BPS},
    [GAUGE_RECLAIM] = {"reclaim", GAUGE_BPS}, [GAUGE_PROCESS] = {"process", GAUGE_BYTES},
    [GAUGE_SPAWN] = {"spawn", GAUGE_NS},      [GAUGE_LATE] = {"late", GAUGE_NS},
};

const char *gauge_name(enum gauge_what w)
{
	return infos[w].name;
}

enum gauge_unit gauge_unit(enum gauge_what w)
{
	return infos[w].unit;
}

struct samples {
	uint64_t v[MOST_SAMPLES];
	uint32_t n;
};

enum {
	CG_ROOT,
	CG_SMALL,
	CG_HUGE,
	CG_FILES,
	NCGROUPS
};

struct gauging {
	const struct gauge_config *c;
	const struct backend *b;
	struct diags *d;
	void *run;
	uint64_t until_ns; /* of CLOCK_MONOTONIC */
	struct samples s[GAUGE_COUNT];
	/* The world's workers: first those of CG_SMALL, then of CG_HUGE, then of CG_FILES. */
	uint32_t nsmall, nhuge, nfiles;
	/* As long as the world is open. */
	struct worker_spec workers[2 * GAUGE_MOST + GAUGE_FILES];
	struct cg_attrs attrs[NCGROUPS];
	/* The latest that was observed. */
	bool ended;
	struct obs done, step;
	struct cg_counters counters;
};

static uint64_t wall_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

static bool wanted(const struct gauging *g, enum gauge_what w)
{
	return g->c->what & GAUGE_BIT(w);
}

static void add(struct gauging *g, enum gauge_what w, uint64_t v)
{
	struct samples *s = &g->s[w];

	if (wanted(g, w) && s->n < MOST_SAMPLES)
		s->v[s->n++] = v;
}

/* ---- the world --------------------------------------------------------------------------------
 */

static void observe(void *ctx, const struct obs *o)
{
	struct gauging *g = ctx;

	if (o->kind == OBS_DONE) {
		g->ended = true;
		g->done = *o;
	} else if (o->kind == OBS_STEP) {
		g->step = *o;
	} else if (o->kind == OBS_SAMPLE) {
		g->counters = *o->counters;
	}
}

static int open_world(struct gauging *g)
{
	static const struct cg_spec cgroups[NCGROUPS] = {
	    [CG_ROOT] = {.name = "root"},
	    [CG_SMALL] = {.name = "small", .leaf = true},
	    [CG_HUGE] = {.name = "huge", .leaf = true},
	    [CG_FILES] = {.name = "files", .leaf = true},
	};
	struct worker_spec *workers = g->workers;
	struct cg_attrs *attrs = g->attrs;
	struct world w = {.machine = g->c->machine,
			  .cgroups = cgroups,
			  .attrs = attrs,
			  .workers = workers,
			  .ncgroups = NCGROUPS};
	struct obs_sink sink = {.put = observe, .ctx = g};

	for (uint32_t i = 0; i < NCGROUPS; i++)
		attrs[i] = cg_attrs_default;
	attrs[CG_HUGE].thp = true;
	attrs[CG_HUGE].set |= CGA_BIT(CGA_THP);
	for (uint32_t i = 0; i < g->nsmall; i++)
		workers[w.nworkers++] = (struct worker_spec){.cgroup = CG_SMALL, .name = ""};
	for (uint32_t i = 0; i < g->nhuge; i++)
		workers[w.nworkers++] = (struct worker_spec){.cgroup = CG_HUGE, .name = ""};
	for (uint32_t i = 0; i < g->nfiles; i++)
		workers[w.nworkers++] = (struct worker_spec){
		    .cgroup = CG_FILES, .name = "", .read_bytes = GAUGE_FILE_BYTES};
	return g->b->open(&w, 1, 0, sink, g->d, &g->run);
}

static void close_world(struct gauging *g)
{
	g->b->close(g->run);
	g->run = NULL;
}

/* ---- single steps -----------------------------------------------------------------------------
 */

/* Of a worker, to its end: 0 when it was done in full, 1 when not, or -errno. */
static int carry_out(struct gauging *g, enum op_kind kind, uint32_t worker, uint64_t bytes)
{
	struct op op = {.kind = (uint8_t)kind, .target = worker, .bytes = bytes};
	int err = g->b->apply(g->run, &op, g->b->now(g->run));

	g->ended = false;
	while (!err && !g->ended) {
		err = g->b->advance(g->run, NEVER);
		if (err == 1 && !g->ended)
			return -EIO; /* nothing will happen any more, and it is not done */
		err = err < 0 ? err : 0;
	}
	if (err)
		return err;
	return g->done.done.status != DONE_OK ||
	       (kind != OP_FREE && g->done.done.bytes + PAGE_BYTES <= bytes);
}

static int look(struct gauging *g, uint32_t cgroup)
{
	const struct op op = {.kind = OP_SAMPLE, .target = cgroup};

	return g->b->apply(g->run, &op, g->b->now(g->run));
}

static int wait_until(struct gauging *g, uint64_t t_ns)
{
	int err = 0;

	while (err >= 0 && g->b->now(g->run) < t_ns)
		err = g->b->advance(g->run, t_ns);
	return err < 0 ? err : 0;
}

static int set_high(struct gauging *g, uint32_t cgroup, uint64_t bytes)
{
	struct cg_attrs set = {.set = CGA_BIT(CGA_HIGH), .high_bytes = bytes};
	const struct op op = {.kind = OP_SET, .target = cgroup, .set = &set};

	return g->b->apply(g->run, &op, g->b->now(g->run));
}

static bool time_is_up(const struct gauging *g)
{
	return wall_ns() > g->until_ns;
}

/* ---- what is measured -------------------------------------------------------------------------
 */

/*
 * The kernel charges 64 pages at a time for each CPU and keeps what is left as a stock, which is
 * no process's.  A memory.high just below the usage has it give the stocks back
 * (memory_high_write() of mm/memcontrol.c), before it reclaims, which is a page at most.
 */
static int measure_process(struct gauging *g)
{
	uint64_t before;
	int err;

	if (!wanted(g, GAUGE_PROCESS) || !g->nsmall)
		return 0;
	err = look(g, CG_SMALL);
	before = g->counters.usage_bytes;
	if (!err && before > PAGE_BYTES)
		err = set_high(g, CG_SMALL, before - PAGE_BYTES);
	if (!err)
		err = wait_until(g, g->b->now(g->run) + SETTLE_NS);
	if (!err)
		err = look(g, CG_SMALL);
	if (!err && g->counters.usage_bytes)
		add(g, GAUGE_PROCESS, g->counters.usage_bytes / g->nsmall);
	return err ? err : set_high(g, CG_SMALL, NO_LIMIT);
}

/* Memory that a machine in software, or a host of one, has to find first is not what a page costs.
 */
static int warm_up(struct gauging *g, uint32_t worker)
{
	int err = carry_out(g, OP_ALLOC, worker, SAMPLE_BYTES);

	return err ? err : carry_out(g, OP_FREE, worker, NO_LIMIT);
}

static int measure_small(struct gauging *g)
{
	const uint64_t pages = SAMPLE_BYTES / PAGE_BYTES;
	int err = g->nsmall ? warm_up(g, 0) : 0;

	for (uint32_t i = 0; i < g->nsmall && !err && !(i && time_is_up(g)); i++) {
		err = carry_out(g, OP_ALLOC, i, SAMPLE_BYTES);
		if (err)
			break;
		add(g, GAUGE_FAULT, g->step.step.latency_ns / pages);
		err = carry_out(g, OP_FREE, i, NO_LIMIT);
		if (!err)
			add(g, GAUGE_FREE, (g->done.t_ns - g->done.done.start_ns) / pages);
	}
	return err < 0 ? err : 0;
}

/*
 * As many faults as there are small pages in it: there are no huge ones.  A live backend's counts
 * of faults are up to 50 ms old (backend/cgroup/sample.h).
 */
static int has_huge(struct gauging *g, bool *out)
{
	uint64_t before;
	int err = look(g, CG_HUGE);

	before = g->counters.faults;
	if (!err)
		err = carry_out(g, OP_ALLOC, g->nsmall, SAMPLE_BYTES);
	if (!err)
		err = carry_out(g, OP_FREE, g->nsmall, NO_LIMIT);
	if (!err)
		err = wait_until(g, g->b->now(g->run) + 3 * SETTLE_NS);
	if (!err)
		err = look(g, CG_HUGE);
	*out = !err && g->counters.faults - before < SAMPLE_BYTES / PAGE_BYTES / 8;
	return err;
}

static int measure_huge(struct gauging *g)
{
	bool there = false;
	int err = g->nhuge ? has_huge(g, &there) : 0;

	for (uint32_t i = 0; i < g->nhuge && there && !err && !(i && time_is_up(g)); i++) {
		err = carry_out(g, OP_ALLOC, g->nsmall + i, SAMPLE_BYTES);
		if (err)
			break;
		add(g, GAUGE_HUGE, g->step.step.latency_ns / (SAMPLE_BYTES / HUGE_BYTES));
		err = carry_out(g, OP_FREE, g->nsmall + i, NO_LIMIT);
	}
	return err < 0 ? err : 0;
}

static uint64_t per_second(uint64_t bytes, uint64_t ns)
{
	return mul_div(bytes, NS_PER_SEC, ns ? ns : 1);
}

/* What was read, reclaimed at once: by whom does not matter, and here nobody else reclaims. */
static int measure_reclaim(struct gauging *g)
{
	const struct op op = {
	    .kind = OP_RECLAIM, .target = CG_FILES, .bytes = GAUGE_FILE_BYTES / 2};
	uint64_t before, began;
	int err = look(g, CG_FILES);

	if (err)
		return err;
	before = g->counters.usage_bytes;
	began = g->b->now(g->run);
	if (g->b->apply(g->run, &op, began))
		return 0; /* no memory.reclaim before Linux 5.19 */
	began = g->b->now(g->run) - began;
	err = look(g, CG_FILES);
	if (!err && began && before > g->counters.usage_bytes)
		add(g, GAUGE_RECLAIM, per_second(before - g->counters.usage_bytes, began));
	return err;
}

static int measure_files(struct gauging *g)
{
	int err = 0;

	for (uint32_t i = 0; i < g->nfiles && !err && !(i && time_is_up(g)); i++) {
		err = carry_out(g, OP_READ, g->nsmall + g->nhuge + i, GAUGE_FILE_BYTES);
		if (err == -EOPNOTSUPP) /* no disk to have files on */
			return 0;
		if (err)
			break;
		add(g, GAUGE_DISK,
		    per_second(GAUGE_FILE_BYTES, g->done.t_ns - g->done.done.start_ns));
		if (wanted(g, GAUGE_RECLAIM))
			err = measure_reclaim(g);
	}
	return err < 0 ? err : 0;
}

static int measure_wakes(struct gauging *g)
{
	int err = 0;

	for (uint32_t i = 0; i < WAKES && wanted(g, GAUGE_LATE) && !err; i++) {
		uint64_t due = g->b->now(g->run) + WAKE_EACH_NS;

		err = wait_until(g, due);
		if (!err)
			add(g, GAUGE_LATE, g->b->now(g->run) - due);
	}
	return err;
}

/* How long a world takes to make, with one worker and with many: the cgroups are the same. */
static int measure_spawn(struct gauging *g)
{
	const uint32_t nsmall = g->nsmall, nhuge = g->nhuge, nfiles = g->nfiles;
	int err = 0;

	g->nhuge = g->nfiles = 0;
	for (uint32_t i = 0; i < 3 && wanted(g, GAUGE_SPAWN) && !err && !time_is_up(g); i++) {
		uint64_t took[2] = {0};

		for (uint32_t k = 0; k < 2 && !err; k++) {
			g->nsmall = k ? 1 + GAUGE_MOST / 2 : 1;
			took[k] = wall_ns();
			err = open_world(g);
			took[k] = wall_ns() - took[k];
			close_world(g);
		}
		if (!err && took[1] > took[0])
			add(g, GAUGE_SPAWN, (took[1] - took[0]) / (GAUGE_MOST / 2));
	}
	g->nsmall = nsmall;
	g->nhuge = nhuge;
	g->nfiles = nfiles;
	return err;
}

/* ---- all of it --------------------------------------------------------------------------------
 */

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void sum_up(struct samples *s, struct gauge_figure *f)
{
	if (!s->n)
		return;
	qsort(s->v, s->n, sizeof *s->v, ascending);
	*f = (struct gauge_figure){
	    .n = s->n, .least = s->v[0], .median = s->v[(s->n - 1) / 2], .most = s->v[s->n - 1]};
}

/* Half of what is evenly spread within +-w lies in an interval as long as w. */
static uint64_t spread(const struct samples *s)
{
	uint64_t median = s->n ? s->v[(s->n - 1) / 2] : 0;

	if (s->n < 4 || !median)
		return 0;
	return mul_div(s->v[(3 * s->n - 1) / 4] - s->v[(s->n - 1) / 4], 1000000, median);
}

static int measure(struct gauging *g)
{
	int err = open_world(g);

	if (!err)
		err = measure_process(g);
	if (!err)
		err = measure_small(g);
	if (!err)
		err = measure_huge(g);
	if (!err)
		err = measure_files(g);
	if (!err)
		err = measure_wakes(g);
	close_world(g);
	return err ? err : measure_spawn(g);
}

int gauge_measure(const struct gauge_config *c, struct diags *d, struct gauge *out)
{
	struct gauging *g = mem_alloc(sizeof *g);
	struct gauge result = {.sample_bytes = SAMPLE_BYTES, .file_bytes = GAUGE_FILE_BYTES};
	uint32_t n = c->samples < 1 ? 1 : c->samples > GAUGE_MOST ? GAUGE_MOST : c->samples;
	struct sysinfo si;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	int err;

	g->c = c;
	g->b = c->backend;
	g->d = d;
	g->until_ns = c->budget_ns > NEVER - wall_ns() ? NEVER : wall_ns() + c->budget_ns;
	if (c->what & (GAUGE_BIT(GAUGE_FAULT) | GAUGE_BIT(GAUGE_FREE) | GAUGE_BIT(GAUGE_PROCESS)))
		g->nsmall = n;
	if (wanted(g, GAUGE_HUGE))
		g->nhuge = n;
	if (c->what & (GAUGE_BIT(GAUGE_DISK) | GAUGE_BIT(GAUGE_RECLAIM)))
		g->nfiles = GAUGE_FILES;
	err = measure(g);
	for (uint32_t i = 0; i < GAUGE_COUNT; i++)
		sum_up(&g->s[i], &result.v[i]);
	result.spread_ppm = spread(&g->s[GAUGE_FAULT]);
	result.cpus = cpus > 0 ? (uint64_t)cpus : 1;
	if (!sysinfo(&si))
		result.memory_bytes = (uint64_t)si.totalram * si.mem_unit;
	free(g);
	if (!err)
		*out = result;
	return err;
}

uint64_t gauge_small_bps(const struct gauge *g)
{
	return g->v[GAUGE_FAULT].n ? per_second(PAGE_BYTES, g->v[GAUGE_FAULT].median) : 0;
}

uint64_t gauge_huge_bps(const struct gauge *g)
{
	return g->v[GAUGE_HUGE].n ? per_second(HUGE_BYTES, g->v[GAUGE_HUGE].median) : 0;
}
