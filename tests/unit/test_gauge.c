/* SPDX-License-Identifier: GPL-2.0-or-later */
/* a machine is measured as what it is, and plans that it cannot follow are told before they run */
#include "tests/unit/unit.h"

#include <string.h>

#include "lang/parse.h"
#include "plan/plan.h"
#include "run/gauge.h"
#include "run/pace.h"

static struct machine machine(void)
{
	struct machine m = machine_default;

	m.noise_ppm = 0;
	return m;
}

static struct gauge measured(const struct machine *m, uint32_t what)
{
	struct gauge_config c = {
	    .backend = &backend_sim, .machine = *m, .what = what, .samples = 9, .budget_ns = NEVER};
	struct gauge g = {0};
	struct diags d;

	diags_init(&d, NULL);
	assert_int_equal(gauge_measure(&c, &d, &g), 0);
	assert_int_equal(d.list.n, 0);
	diags_free(&d);
	return g;
}

static void assert_near(const struct gauge *g, enum gauge_what w, double want, double percent)
{
	double have = (double)g->v[w].median, off = 100 * (have - want) / want;

	if (!g->v[w].n || off < -percent || off > percent)
		fail_msg("%s: %g of %u samples, not %g", gauge_name(w), have, (unsigned)g->v[w].n,
			 want);
	assert_true(g->v[w].least <= g->v[w].median && g->v[w].median <= g->v[w].most);
}

/* The model is a machine whose answers are known. */
static void a_model_is_measured_as_it_was_told(void **state)
{
	static const struct {
		uint64_t fault_ns, huge_ns, free_ns, disk_bps, process_bytes;
	} machines[] = {
	    {1600, 0, 250, 500 * MIB, 512 * KIB}, /* 0: as 125 of 4K */
	    {200, 60000, 100, 2048 * MIB, 20 * KIB},
	    {23000, 11000000, 2000, 40 * MIB, 1024 * KIB},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(machines); i++) {
		struct machine m = machine();
		struct gauge g;

		m.fault_ns = machines[i].fault_ns;
		m.huge_ns = machines[i].huge_ns;
		m.free_ns = machines[i].free_ns;
		m.disk_bps = machines[i].disk_bps;
		m.process_bytes = machines[i].process_bytes;
		g = measured(&m, GAUGE_ALL);
		assert_near(&g, GAUGE_FAULT, (double)m.fault_ns, 1);
		assert_near(&g, GAUGE_HUGE, (double)(m.huge_ns ? m.huge_ns : 125 * m.fault_ns), 1);
		assert_near(&g, GAUGE_FREE, (double)m.free_ns, 1);
		/* Copying what was read is the processor's work, and in it. */
		assert_near(&g, GAUGE_DISK, (double)m.disk_bps, 10);
		assert_near(&g, GAUGE_PROCESS, (double)m.process_bytes, 1);
		assert_int_equal(g.v[GAUGE_LATE].most, 0);
		assert_int_equal(g.spread_ppm, 0);
		/* It reclaims in no time of the coordinator. */
		assert_int_equal(g.v[GAUGE_RECLAIM].n, 0);
		assert_true(g.cpus && g.memory_bytes);
	}
}

static void noise_is_told_by_its_spread(void **state)
{
	struct machine m = machine();
	struct gauge g;

	(void)state;
	m.noise_ppm = 100000;
	g = measured(&m, GAUGE_BIT(GAUGE_FAULT));
	/* Of nine values, half of an even spread: not much closer than this. */
	assert_in_range(g.spread_ppm, 40000, 180000);
	assert_true(g.v[GAUGE_FAULT].least >= 1440 && g.v[GAUGE_FAULT].most <= 1760);
}

static void only_what_is_asked_for(void **state)
{
	struct machine m = machine();
	struct gauge g = measured(&m, GAUGE_BIT(GAUGE_HUGE));

	(void)state;
	for (enum gauge_what w = 0; w < GAUGE_COUNT; w++)
		assert_int_equal(g.v[w].n > 0, w == GAUGE_HUGE);
	assert_int_equal(gauge_small_bps(&g), 0);
	assert_in_range(gauge_huge_bps(&g), UINT64_C(10485) * 1000000, UINT64_C(10487) * 1000000);
}

/* ---- pace -------------------------------------------------------------------------------------
 */

static struct unit u;
static const struct plan *p;

static int setup(void **state)
{
	(void)state;
	unit_init(&u);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unit_free(&u);
	return 0;
}

static void plan(const char *text)
{
	const struct lang_path none = {0};
	const struct plan_options opt = {0};

	unit_free(&u);
	unit_init(&u);
	if (parse_text(&u, "<test>", text, strlen(text), &none) || plan_lower(&u, &opt, &p))
		fail_msg("%s", u.diags.list.n ? u.diags.list.v[0].text : "not understood");
}

/* A worker fills 100M a second by pages of 4K, 1000M by huge ones. */
static struct gauge slow(void)
{
	struct gauge g = {0};

	g.v[GAUGE_FAULT] = (struct gauge_figure){.n = 3, .median = NS_PER_SEC / 25600};
	g.v[GAUGE_HUGE] = (struct gauge_figure){.n = 3, .median = NS_PER_SEC / 500};
	return g;
}

static uint32_t lags(const char *text, struct pace_lag *worst)
{
	struct gauge g = slow();

	plan(text);
	return pace_lags(p, &g, worst);
}

static void what_has_no_pace_is_never_late(void **state)
{
	struct pace_lag w;

	(void)state;
	assert_int_equal(lags("cgroup a at 0s alloc 900M in a at 9s hold 90M in a\n"
			      "at 1s touch 900M in a over 1s at 2s free all in a",
			      &w),
			 0);
	assert_int_equal(pace_needs(p), 0);
	assert_int_equal(lags("cgroup a at 0s alloc 100M in a over 30s", &w), 0);
	assert_int_equal(pace_needs(p), 0); /* and need not be measured for that */
}

static void a_rise_is_as_late_as_it_is_long(void **state)
{
	struct pace_lag w;

	(void)state;
	/* 300M take 3 s and get 2. */
	assert_int_equal(lags("cgroup a < max 1G > at 0s alloc 300M in a over 2s\n"
			      "at 20s alloc 100M in a over 950ms", /* 50 ms: not worth a word */
			      &w),
			 1);
	assert_int_equal(pace_needs(p), GAUGE_BIT(GAUGE_FAULT));
	assert_in_range(w.late_ns, 999 * NS_PER_MS, 1001 * NS_PER_MS);
	assert_int_equal(w.bytes, 300 * MIB);
	assert_int_equal(w.ns, 2 * NS_PER_SEC);
	assert_false(w.huge);
	assert_int_equal(lags("cgroup a < thp on > at 0s alloc 300M in a over 2s", &w), 0);
	assert_int_equal(pace_needs(p), GAUGE_BIT(GAUGE_FAULT) | GAUGE_BIT(GAUGE_HUGE));
	/* Small pages under one of the policies. */
	assert_int_equal(lags("cgroup a < thp on > policy x { cgroup a < thp off > } policy y { }\n"
			      "compare x, y baseline x at 0s alloc 300M in a over 2s",
			      &w),
			 1);
}

static void one_statement_is_told_once(void **state)
{
	struct pace_lag w;
	struct diags d;
	struct gauge g = slow();

	(void)state;
	assert_int_equal(lags("cgroup low[3] < max 1G >\n"
			      "at 0s alloc 300M in low[*] over 1s\n"
			      "when done(low[0]) alloc 300M in low[1] over 500ms",
			      &w),
			 2);
	diags_init(&d, u.diags.sources);
	pace_warn(p, &g, "this machine", &d);
	assert_int_equal(d.list.n, 1);
	assert_int_equal(d.errors, 0);
	assert_int_equal(d.list.v[0].code, W_PACE);
	assert_string_equal(d.list.v[0].text,
			    "this asks for 600M/s and this machine fills 100M/s of 4K pages, as "
			    "just measured: it will be up to 2.50s late");
	assert_string_equal(d.list.v[0].hint, "so will 1 other statement; a lower `speed`, a "
					      "longer `over` or `thp on` help");
	diags_free(&d);
}

/* What a recording falls behind with it may catch up with; only that counts which adds up. */
static void recordings_catch_up(void **state)
{
	static const struct op_sample samples[] = {
	    {0, 500 * MIB}, /* held to begin with */
	    {1 * NS_PER_SEC, 500 * MIB},
	    {2 * NS_PER_SEC, 605 * MIB}, /* 1.05 s of work: 50 ms */
	    {3 * NS_PER_SEC, 615 * MIB},
	    {4 * NS_PER_SEC, 300 * MIB},
	    {5 * NS_PER_SEC, 410 * MIB},
	    {6 * NS_PER_SEC, 515 * MIB}, /* 100, then 150 ms */
	    {7 * NS_PER_SEC, 515 * MIB},
	};
	const struct op_series series = {.v = samples, .n = ARRAY_LEN(samples)};
	struct plan_event event = {.step = {.kind = STEP_OP}};
	struct plan own;
	struct pace_lag w;
	struct gauge g = slow();

	(void)state;
	plan("cgroup a < max 1G > at 0s alloc 1M in a");
	own = *p;
	event.step.op.kind = OP_REPLAY;
	event.step.op.series = &series;
	own.events = &event;
	own.nevents = 1;
	assert_int_equal(pace_lags(&own, &g, &w), 1);
	assert_in_range(w.late_ns, 149 * NS_PER_MS, 151 * NS_PER_MS);
	assert_int_equal(w.bytes, 105 * MIB);
	assert_int_equal(w.ns, NS_PER_SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_model_is_measured_as_it_was_told),
	    cmocka_unit_test(noise_is_told_by_its_spread),
	    cmocka_unit_test(only_what_is_asked_for),
	    cmocka_unit_test(what_has_no_pace_is_never_late),
	    cmocka_unit_test(a_rise_is_as_late_as_it_is_long),
	    cmocka_unit_test(one_statement_is_told_once),
	    cmocka_unit_test(recordings_catch_up),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
