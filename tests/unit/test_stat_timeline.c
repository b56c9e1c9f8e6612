/* SPDX-License-Identifier: GPL-2.0-or-later */
/* timelines: nothing that was sampled is lost, and looking changes no run */
#include "tests/unit/unit.h"

#include <glob.h>
#include <string.h>

#include "experiment/experiment.h"
#include "lang/parse.h"
#include "report/report.h"
#include "stat/latency.h"
#include "stat/timeline.h"
#include "tests/unit/made.h"

static void put_sample(struct recording *r, uint64_t t_ns, uint32_t cgroup, uint64_t bytes)
{
	const struct cg_counters c = {.usage_bytes = bytes};

	recording_obs(r, &(struct obs){.t_ns = t_ns,
				       .kind = OBS_SAMPLE,
				       .cgroup = cgroup,
				       .worker = UINT32_MAX,
				       .counters = &c});
}

/* A hundred times as many samples as there are buckets; each peak and each valley must be there. */
static void keeps_every_peak(void **state)
{
	enum {
		N = 100 * TIMELINE_BUCKETS
	};
	struct made *m = made_new();
	struct recording *r = recording_new(&m->plan);
	uint32_t samples = 0;
	const struct timeline *t;

	(void)state;
	recording_begin(r, NS_PER_MS);
	for (uint32_t i = 0; i < N; i++)
		put_sample(r, i * NS_PER_MS, MADE_HIGH,
			   i == 77777	? 900 * MIB
			   : i == 12345 ? MIB
					: 500 * MIB);
	t = recording_end(r, &m->arena);
	assert_true(t->nbuckets > TIMELINE_BUCKETS / 2 && t->nbuckets <= TIMELINE_BUCKETS);
	assert_true(t->width_ns * t->nbuckets >= N * NS_PER_MS);
	for (uint32_t i = 0; i < t->nbuckets; i++) {
		const struct timeline_bucket *b = &t->cgroups[MADE_HIGH].buckets[i];
		uint64_t from = i * t->width_ns / NS_PER_MS;
		uint64_t to = (i + 1) * t->width_ns / NS_PER_MS;

		samples += b->samples;
		assert_int_equal(b->max_bytes, from <= 77777 && 77777 < to ? 900 * MIB : 500 * MIB);
		assert_int_equal(b->min_bytes, from <= 12345 && 12345 < to ? MIB : 500 * MIB);
		assert_int_equal(t->cgroups[MADE_LOW0].buckets[i].samples, 0);
	}
	assert_int_equal(samples, N);
	recording_free(r);
	made_free(m);
}

static void put_delay(struct recording *r, uint64_t t_ms, uint64_t ms)
{
	recording_obs(r, &(struct obs){.t_ns = t_ms * NS_PER_MS,
				       .kind = OBS_DELAY,
				       .cgroup = MADE_LOW0,
				       .worker = UINT32_MAX,
				       .delay.ns = ms * NS_PER_MS});
}

static void joins_delays_that_follow_closely(void **state)
{
	struct made *m = made_new();
	struct recording *r = recording_new(&m->plan);
	const struct timeline *t;

	(void)state;
	recording_begin(r, 10 * NS_PER_MS);
	put_delay(r, 100, 50);
	put_delay(r, 152, 50);
	put_delay(r, 300, 50);
	recording_moment(r, TIMELINE_MARK, 200 * NS_PER_MS, 0);
	t = recording_end(r, &m->arena);
	assert_int_equal(t->nevents, 3);
	assert_int_equal(t->events[0].value, 2);
	assert_int_equal(t->events[0].end_ns, 202 * NS_PER_MS);
	assert_int_equal(t->events[1].kind, TIMELINE_MARK);
	assert_int_equal(t->events[2].value, 1);
	recording_free(r);
	made_free(m);
}

static void says_how_many_actions_it_left_out(void **state)
{
	struct made *m = made_new();
	struct recording *r = recording_new(&m->plan);
	const struct timeline *t;

	(void)state;
	recording_begin(r, NS_PER_MS);
	for (uint32_t i = 0; i < TIMELINE_EVENTS + 5; i++)
		recording_obs(r, &(struct obs){.t_ns = i, .kind = OBS_DONE, .worker = 0});
	recording_obs(r, &(struct obs){.t_ns = TIMELINE_EVENTS + 9, .kind = OBS_KILL, .worker = 0});
	t = recording_end(r, &m->arena);
	assert_int_equal(t->left_out, 5);
	assert_int_equal(t->nevents, TIMELINE_EVENTS + 1);
	assert_int_equal(t->events[TIMELINE_EVENTS].kind, TIMELINE_KILL);
	recording_free(r);
	made_free(m);
}

static void counts_each_latency_once(void **state)
{
	struct timeline_bin bins[LATENCY_BINS];
	struct latency l = {0};
	uint64_t n = 0, last = 0;
	uint32_t k;

	(void)state;
	for (uint64_t ns = 0; ns < 5000; ns += 7)
		latency_add(&l, ns * ns * ns);
	k = latency_bins(&l, bins);
	for (uint32_t i = 0; i < k; i++) {
		assert_true(!i || bins[i].from_ns > last);
		/* A quarter octave: the next bin begins at most a quarter higher. */
		last = bins[i].from_ns;
		n += bins[i].count;
	}
	assert_int_equal(n, l.n);
	latency_reset(&l);
	latency_add(&l, 1000);
	assert_int_equal(latency_bins(&l, bins), 1);
	assert_true(bins[0].from_ns <= 1000 && 1000 < bins[0].from_ns + bins[0].from_ns / 4 + 1);
	latency_free(&l);
}

/* ---- looking changes nothing ---------------------------------------------------------------- */

static struct buf run_scenario(const char *path, bool timelines, uint32_t *seen)
{
	const struct plan_options opt = {.repeat = 1};
	struct experiment_options x = {.backend = &backend_sim, .timelines = timelines};
	static const char *const folders[] = {"stdlib"};
	const struct lang_path dirs = {folders, 1};
	const struct plan *p;
	struct results *r = NULL;
	struct buf out = {0};
	struct unit u;

	unit_init(&u);
	parse_file(&u, path, &dirs);
	if (!plan_lower(&u, &opt, &p) && !experiment_run(p, &x, &u.diags, &r)) {
		struct run_summary *runs = arena_dup(&r->arena, r->runs, r->nruns * sizeof(*runs));

		for (uint32_t i = 0; i < r->nruns; i++) {
			const struct timeline *t = runs[i].timeline;

			assert_true(!timelines == !t);
			for (uint32_t c = 0; t && c < p->ncgroups; c++)
				for (uint32_t k = 0; k < t->nbuckets; k++)
					*seen += t->cgroups[c].buckets[k].samples;
			runs[i].timeline = NULL; /* what it tells of itself: each tool call */
		}
		r->runs = runs;
		report_json(r, &out);
	}
	results_free(r);
	unit_free(&u);
	return out;
}

static void changes_no_run(void **state)
{
	/* Of each kind one: triggers, replays, tool calls, commands, delays, a run that is stuck.
	 */
	static const char *const patterns[] = {
	    "scenarios/three_way_1_5G.acg", "scenarios/replay_three.acg", "scenarios/hybrid.acg",
	    "scenarios/real_agents.acg",    "scenarios/inversion.acg",	  "tests/bugs/*.acg"};
	uint32_t ran = 0;

	(void)state;
	for (size_t k = 0; k < sizeof patterns / sizeof *patterns; k++) {
		glob_t g;

		assert_int_equal(glob(patterns[k], 0, NULL, &g), 0);
		for (size_t i = 0; i < g.gl_pathc; i++) {
			uint32_t seen = 0;
			struct buf without = run_scenario(g.gl_pathv[i], false, &seen);
			struct buf with = run_scenario(g.gl_pathv[i], true, &seen);

			assert_string_equal(buf_str(&without), buf_str(&with));
			ran += without.n && seen;
			buf_free(&without);
			buf_free(&with);
		}
		globfree(&g);
	}
	assert_true(ran > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keeps_every_peak),
	    cmocka_unit_test(joins_delays_that_follow_closely),
	    cmocka_unit_test(says_how_many_actions_it_left_out),
	    cmocka_unit_test(counts_each_latency_once),
	    cmocka_unit_test(changes_no_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
