/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench_keep.c - what it costs to look at results and to keep them.
 *
 * The page is that of a run with more than a million samples, which is counted before; a browser
 * opens it (bench/page_open.py).  A sweep is run with --save and without in turn; overhead is the
 * median over pairs, each of two neighbours in time.
 *
 *     bench_keep       from the top of the tree
 */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/load.h"
#include "experiment/experiment.h"
#include "rows.h"
#include "stat/timeline.h"

#define PAGE_ROUNDS  11
#define OPEN_ROUNDS  "7"
#define SWEEP_ROUNDS 41
#define PAGE_S	     2.0
#define HTML_BYTES   5e6
#define OPEN_S	     1.0
#define OVERHEAD     0.05

/* 5 cgroups, each sampled 210,000 times. */
static const char million[] = "scenario \"a million samples\"\n"
			      "root < max 1G; swap 0 >\n"
			      "cgroup high\n"
			      "cgroup low[3] < high 300M >\n"
			      "at 0s alloc 200M in high over 10s\n"
			      "at 0s alloc 250M in low[*] over 10s\n"
			      "every 500ms from 20s until 190s alloc 256K in high\n"
			      "at 210s free all in high\n"
			      "at 210s free all in low[*]\n"
			      "policy native { }\n"
			      "measure usage each 1ms\n"
			      "repeat 1 seed 1\n";
/* 30 experiments. */
static const char sweeps[] = "sweep total in 1250M, 1300M, 1350M, 1400M, 1450M, 1536M\n"
			     "sweep pause in 100ms, 250ms, 500ms, 1s, 2s\n";
static const char few_sweeps[] = "sweep total in 1300M, 1400M, 1536M\n"
				 "sweep pause in 500ms, 2s\n";
#define FLAGSHIP "scenarios/three_way_1_5G.acg"

static char dir[] = "/tmp/agentcg-bench-XXXXXX";
static char acg[64], page[64], grid[64], few[64], db[64], save[80];

static void write_file(const char *path, const char *text, const char *more)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fputs(more, f) < 0 || fclose(f))
		die(path);
}

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (!f || getdelim(&text, &size, '\0', f) < 0)
		die(path);
	fclose(f);
	return text;
}

static void remove_scratch(void)
{
	static const char *const ends[] = {"", "-wal", "-shm"};

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		char path[80];

		snprintf(path, sizeof path, "%s%s", db, ends[i]);
		unlink(path);
	}
	unlink(acg);
	unlink(page);
	unlink(grid);
	unlink(few);
	rmdir(dir);
}

/* ---- the page -------------------------------------------------------------------------------- */

/* Of the run that the page shows. */
static uint64_t count_samples(void)
{
	struct experiment_options x = {.backend = &backend_sim, .timelines = true};
	struct cmd c = {.what = command_find("run")};
	struct results *r = NULL;
	const struct plan *p;
	uint64_t samples = 0;
	struct unit u;

	diags_init(&c.diags, NULL);
	unit_init(&u);
	if (load_plan(&c, &u, acg, &p) || experiment_run(p, &x, &u.diags, &r) || r->nruns != 1)
		die(acg);
	for (uint32_t i = 0; i < p->ncgroups; i++)
		for (uint32_t k = 0; k < r->runs[0].timeline->nbuckets; k++)
			samples += r->runs[0].timeline->cgroups[i].buckets[k].samples;
	results_free(r);
	unit_free(&u);
	diags_free(&c.diags);
	return samples;
}

static void rows_page(void)
{
	const char *argv[] = {"./agentcg", "-q", "--html", page, acg, NULL};
	struct series s, none;
	char figure[32], peer[64];
	uint64_t samples;
	struct stat st;
	double wall;

	write_file(acg, million, "");
	samples = count_samples();
	run_pair(argv, 0, NULL, 0, PAGE_ROUNDS, &s, &none);
	wall = quantile(&s, WALL, false);
	snprintf(figure, sizeof figure, "%.0f ms", 1e3 * wall);
	snprintf(peer, sizeof peer, "limit 2 s, %.2fe6 samples", (double)samples / 1e6);
	print_row("run and page of 1e6 samples", figure, peer, wall / PAGE_S,
		  quantile(&s, WALL, true) / PAGE_S, "<= 1", wall < PAGE_S && samples >= 1000000);
	if (stat(page, &st))
		die(page);
	snprintf(figure, sizeof figure, "%.0f kB", (double)st.st_size / 1e3);
	print_row("size of that page", figure, "limit 5 MB", (double)st.st_size / HTML_BYTES, 0,
		  "<= 1", (double)st.st_size < HTML_BYTES);
}

/* What bench/page_open.py prints: median and least time of opening, and of showing values. */
static void row_open(void)
{
	static const char name[] = "that page, to its first answer";
	char command[160], figure[32];
	double open_s, least_s;
	bool got;
	FILE *f;

	for (int i = 0; i < 2; i++) {
		static const char *const needed[] = {"chromium", "chromedriver"};

		if (!installed(needed[i])) {
			printf("%-36s %12s  %-24s not installed: ./configure --install-deps=page\n",
			       name, "-", needed[i]);
			return;
		}
	}
	snprintf(command, sizeof command, "/usr/bin/python3 bench/page_open.py " OPEN_ROUNDS " %s",
		 page);
	f = popen(command, "r");
	got = f && fscanf(f, "%lf %lf", &open_s, &least_s) == 2;
	if (!f || pclose(f) || !got) {
		printf("%-36s %12s  headless Chromium could not open it\n", name, "-");
		missed++;
		return;
	}
	snprintf(figure, sizeof figure, "%.0f ms", 1e3 * open_s);
	print_row(name, figure, "limit 1 s", open_s / OPEN_S, least_s / OPEN_S, "<= 1",
		  open_s < OPEN_S);
}

/* ---- keeping --------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void row_save(const char *name, enum figure f, const struct series *kept,
		     const struct series *bare)
{
	double ratio[MAX_RUNS], of_min = quantile(kept, f, true) / quantile(bare, f, true) - 1;
	char figure[32], peer[64];

	for (int i = 0; i < kept->n; i++)
		ratio[i] = f == CPU ? kept->v[i].cpu_s / bare->v[i].cpu_s
				    : kept->v[i].wall_s / bare->v[i].wall_s;
	qsort(ratio, (size_t)kept->n, sizeof *ratio, by_value);
	ratio[0] = ratio[kept->n / 2] - 1;
	snprintf(figure, sizeof figure, "%+.1f %%", 100 * ratio[0]);
	snprintf(peer, sizeof peer, "without: %.0f ms", 1e3 * quantile(bare, f, false));
	print_row(name, figure, peer, ratio[0], of_min, "< 0.05", ratio[0] < OVERHEAD);
}

/* Instructions of all processes of a sweep, one at a time; 0: valgrind has not said. */
static double instructions(const char *more)
{
	char command[256];
	double sum = 0, n;
	FILE *f;

	snprintf(
	    command, sizeof command,
	    "valgrind --tool=callgrind --callgrind-out-file=/dev/null ./agentcg -q -j 1 %s %s 2>&1"
	    " | sed -n 's/,//g; s/.*refs: *//p'",
	    more, few);
	f = popen(command, "r");
	while (f && fscanf(f, "%lf", &n) == 1)
		sum += n;
	if (f)
		pclose(f);
	return sum;
}

/* Beside the times, which a busy machine moves more than saving does; the database is there by now.
 */
static void row_instructions(void)
{
	static const char name[] = "... instructions of 6 experiments";
	double kept, bare;
	char figure[32], peer[64];

	if (!installed("valgrind")) {
		print_skipped(name, "valgrind");
		return;
	}
	bare = instructions("");
	kept = instructions(save);
	if (bare <= 0 || kept <= 0) {
		print_row(name, "-", "valgrind failed", 0, 0, "< 0.05", false);
		return;
	}
	snprintf(figure, sizeof figure, "%+.1f %%", 100 * (kept / bare - 1));
	snprintf(peer, sizeof peer, "without: %.2fe9", bare / 1e9);
	print_row(name, figure, peer, kept / bare - 1, 0, "< 0.05", kept / bare - 1 < OVERHEAD);
}

static void rows_save(void)
{
	const char *with[] = {"./agentcg", "-q", save, grid, NULL};
	const char *without[] = {"./agentcg", "-q", grid, NULL};
	struct series kept, bare;
	char *text = read_file(FLAGSHIP);

	write_file(grid, text, sweeps);
	write_file(few, text, few_sweeps);
	free(text);
	/* Claims of some cells fail: the status of the worst is the sweep's. */
	run_pair(with, STATUS_FAIL, without, STATUS_FAIL, SWEEP_ROUNDS, &kept, &bare);
	row_save("--save of a simulated sweep, CPU", CPU, &kept, &bare);
	row_save("--save of a simulated sweep, wall", WALL, &kept, &bare);
	row_instructions();
}

int main(void)
{
	if (!mkdtemp(dir))
		die(dir);
	snprintf(acg, sizeof acg, "%s/million.acg", dir);
	snprintf(page, sizeof page, "%s/million.html", dir);
	snprintf(grid, sizeof grid, "%s/sweep.acg", dir);
	snprintf(few, sizeof few, "%s/few.acg", dir);
	snprintf(db, sizeof db, "%s/kept.db", dir);
	snprintf(save, sizeof save, "--save=%s", db);
	atexit(remove_scratch);
	print_head();
	rows_page();
	row_open();
	rows_save();
	return missed ? 1 : 0;
}
