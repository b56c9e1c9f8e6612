/* SPDX-License-Identifier: GPL-2.0-or-later */
/* the reports: widths, names, digits, JSON and CSV that others can read */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/units.h"
#include "base/utf8.h"
#include "report/asked.h"
#include "report/fields.h"
#include "report/report.h"
#include "report/text.h"
#include "stat/verdict.h"
#include "tests/unit/made.h"

static const uint32_t high = MADE_HIGH;

static int set_up(void **state)
{
	struct made *m = made_new();
	struct plan_expect *x;

	for (uint32_t rep = 0; rep < MADE_REPEAT; rep++) {
		made_kill(m, MADE_NONE, rep, MADE_HIGH);
		if (rep < 6)
			made_kill(m, MADE_NATIVE, rep, MADE_HIGH);
	}
	made_expect(m, "C1 isolation", "survived(bpf.high) == 1",
		    made_op(m, PX_EQ, made_of(m, PX_SURVIVED, MADE_BPF, 1, &high),
			    made_const(m, 1, DIM_NUMBER)));
	x = made_expect(m, "C2 time", "high.time <= 1.10 * alone.high.time",
			made_op(m, PX_LE, made_metric(m, PX_ANY_POLICY, M_TIME, 1, &high),
				made_op(m, PX_MUL, made_metric(m, PX_ALONE, M_TIME, 1, &high),
					made_const(m, 1.1, DIM_NUMBER))));
	x->each_policy = true;
	verdict_judge(m->results);
	*state = m;
	return 0;
}

static int tear_down(void **state)
{
	made_free(*state);
	return 0;
}

static struct buf table(const struct made *m, unsigned int width, bool colour)
{
	const struct report_style style = {width, colour};
	struct buf b = {0};

	report_table(m->results, &style, &b);
	return b;
}

/* No line wider than that, none with blanks at its end, nothing that a terminal would obey. */
static void assert_fits(const struct buf *b, unsigned int width)
{
	unsigned int columns = 0;

	for (size_t i = 0, n; i < b->n; i += n) {
		uint32_t cp;

		n = utf8_decode(b->s + i, b->n - i, &cp);
		if (cp == '\n') {
			assert_false(i && b->s[i - 1] == ' ');
			columns = 0;
			continue;
		}
		assert_true(cp != UTF8_INVALID && utf8_columns(cp) >= 0);
		columns += (unsigned int)utf8_columns(cp);
		if (columns > width)
			fail_msg("wider than %u:\n%s", width, b->s);
	}
	assert_int_equal(columns, 0);
}

static void assert_has(const struct buf *b, const char *part)
{
	if (!strstr(buf_str(b), part))
		fail_msg("\"%s\" is not in\n%s", part, buf_str(b));
}

static void survivors_stand_beside_means(void **state)
{
	struct buf b = table(*state, 80, false);

	assert_fits(&b, 80);
	assert_has(&b, "three agents, 1.5 GB\n");
	assert_has(&b, "digest fedcba9876543210");
	assert_has(&b, "none (baseline): 20 of 30 survive; a shared limit met in 10 of 10 runs\n"
		       "  high     0/10       -    -      -  0.41");
	assert_has(&b, "\n  high     4/10  120.");
	assert_has(&b, "* mean of the runs in which it finished");
	assert_has(&b, "\nPASS       C1 isolation\n");
	assert_has(&b, "UNDECIDED    high.time <= 1.10 * alone.high.time (native)");
	assert_has(&b, "6 of 10 runs have no native.high.time: killed\n");
	assert_has(&b, "\nverdict: VOID\n");
	assert_null(strchr(buf_str(&b), '\033'));
	buf_free(&b);
}

static void every_width_fits(void **state)
{
	for (unsigned int width = 40; width <= 200; width++) {
		struct buf b = table(*state, width, false);

		assert_fits(&b, width);
		buf_free(&b);
	}
}

static void nasty_names_and_values_fit(void **state)
{
	struct made *m = *state;
	/* eleven letters of two columns each */
	static const char wide[] =
	    "team[0].\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97"
	    "\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2[9]";
	static const char *const names[] = {
	    "root", "a_cgroup_with_a_name_that_nobody_should_have_given_it[123456]", wide,
	    "\033[31mred\x01\xff"};
	static const uint64_t values[] = {0, 1, 999, UINT64_C(1) << 40, UINT64_MAX - 1};

	for (uint32_t i = 0; i < MADE_CGROUPS; i++)
		m->cgroups[i].name = names[i];
	m->policies[MADE_BPF].name = "a_policy_whose_name_alone_is_nearly_as_wide_as_the_table";
	m->plan.title =
	    "a title\nwith\x07 \xff what\033[2Jever and_words_that_are_much_too_long_for_"
	    "any_line_of_eighty_columns_to_be_held_as_one_piece_without_being_cut";
	m->expects[0].text = "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww"
			     "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww == 1";
	m->expects[0].claim = "";
	m->params[0].value = "\"../some/where/far/far/away/traces/agents/2026/dask-11628/resources."
			     "json\"";
	for (size_t v = 0; v < ARRAY_LEN(values); v++) {
		for (uint32_t k = 0; k < m->results->nruns * MADE_CGROUPS; k++) {
			struct cg_summary *s = &m->sums[k];
			uint64_t x = k % 3 ? values[v] : k;

			s->time_ns = s->stall_ns = s->alloc_p50 = s->alloc_p99 = x;
			s->counters.peak_bytes = s->counters.delayed_ns = x;
			s->counters.delays = s->counters.ev_oom_kill = s->counters.ev_max = x;
			s->counters.throttled_ns = s->counters.psi_some_ns = x;
			s->bytes_done = s->alloc_max = s->alloc_p95 = s->counters.swap_bytes = x;
		}
		for (unsigned int width = 40; width <= 160; width += 10) {
			struct buf b = table(m, width, false);

			assert_fits(&b, width);
			buf_free(&b);
		}
	}
}

static void colour_only_where_asked(void **state)
{
	struct made *m = *state;
	struct buf plain = table(m, 80, false), colour = table(m, 80, true), stripped = {0};

	for (size_t i = 0; i < colour.n; i++) {
		if (colour.s[i] == '\033')
			while (colour.s[i] != 'm')
				i++;
		else
			buf_putc(&stripped, colour.s[i]);
	}
	assert_true(colour.n > plain.n);
	assert_string_equal(buf_str(&stripped), buf_str(&plain));
	buf_free(&plain);
	buf_free(&colour);
	buf_free(&stripped);
}

/* Runs have their own quantiles: the median of one, the worst of the other. */
static void lateness_is_told_where_time_is_not_simulated(void **state)
{
	struct made *m = made_new();
	struct buf b = {0};
	json_error_t why;
	json_t *j, *l;

	(void)state;
	for (uint32_t k = 0; k < m->results->nruns; k++)
		m->runs[k].events = 7;
	report_table(m->results, &(struct report_style){.width = 100}, &b);
	assert_null(strstr(buf_str(&b), " time: "));
	for (uint32_t i = 0; i < 3; i++) {
		struct run_summary *run = made_run(m, MADE_BPF, i);

		run->clock = i == 2 ? OBS_CLOCK_EMULATED : OBS_CLOCK_HARDWARE;
		run->late_p50_ns = (i + 1) * NS_PER_US;
		run->late_p99_ns = (5 - i) * NS_PER_MS;
		run->latest_ns = (10 + i) * NS_PER_MS;
	}
	made_run(m, MADE_BPF, 3)->clock = OBS_CLOCK_HARDWARE;
	made_run(m, MADE_BPF, 3)->late_p50_ns = NEVER; /* kept before that was known */
	buf_clear(&b);
	report_table(m->results, &(struct report_style){.width = 100}, &b);
	assert_has(&b, "\nemulated time: 21 actions 2.00us late (median), 5.00ms (99%), "
		       "12.0ms (most)\n");
	buf_clear(&b);
	report_json(m->results, &b);
	j = json_loads(buf_str(&b), 0, &why);
	assert_non_null(j);
	l = json_object_get(json_array_get(json_object_get(j, "policies"), MADE_BPF), "lateness");
	assert_int_equal(json_integer_value(json_object_get(l, "runs")), 3);
	assert_int_equal(json_integer_value(json_object_get(l, "actions")), 21);
	assert_true(json_real_value(json_object_get(l, "p50_s")) == 2e-6);
	assert_true(json_real_value(json_object_get(l, "p99_s")) == 5e-3);
	assert_true(json_real_value(json_object_get(l, "max_s")) == 12e-3);
	l = json_object_get(json_array_get(json_object_get(j, "policies"), MADE_NONE), "lateness");
	assert_true(json_is_null(l));
	json_decref(j);
	buf_free(&b);
	made_free(m);
}

static void what_a_mechanism_was_asked(void **state)
{
	struct made *m = made_new();
	struct buf b = {0};
	json_error_t why;
	struct asked sum;
	json_t *j, *o;

	(void)state;
	report_json(m->results, &b);
	assert_null(strstr(buf_str(&b), "\"asked\"")); /* simulated: nobody counts it */
	for (uint32_t i = 0; i < 3; i++) {
		struct cg_counters *c = &made_sum(m, MADE_BPF, i, MADE_HIGH)->counters;

		c->asked = 100 + i;
		c->given = 2;
		c->given_ns = NS_PER_SEC;
		c->delays = i;
		c->delayed_ns = i * 400 * NS_PER_MS;
		c->protections = 5;
	}
	made_run(m, MADE_BPF, 2)->end = END_INTERRUPTED;
	assert_true(asked_of(m->results, MADE_BPF, MADE_HIGH, &sum));
	assert_int_equal(sum.batches, 201);
	assert_int_equal(sum.runs, 2);
	assert_false(asked_of(m->results, MADE_NONE, MADE_HIGH, &sum));
	assert_int_equal(sum.batches, 0);
	buf_clear(&b);
	report_json(m->results, &b);
	j = json_loads(buf_str(&b), 0, &why);
	assert_non_null(j);
	o = json_object_get(json_array_get(json_object_get(j, "policies"), MADE_BPF), "cgroups");
	o = json_object_get(json_array_get(o, MADE_HIGH), "asked");
	assert_int_equal(json_integer_value(json_object_get(o, "batches")), 201);
	assert_int_equal(json_integer_value(json_object_get(o, "delays_given")), 4);
	assert_true(json_real_value(json_object_get(o, "given_s")) == 2.0);
	assert_int_equal(json_integer_value(json_object_get(o, "delays")), 1);
	assert_true(json_real_value(json_object_get(o, "delayed_s")) == 0.4);
	assert_int_equal(json_integer_value(json_object_get(o, "protections")), 10);
	json_decref(j);
	buf_clear(&b);
	report_html(m->results, &b);
	assert_has(&b, "asked for 201 batches, gave 4 delays (2 s), 1 came about (0.4 s); "
		       "protected 10 times; in 2 runs");
	buf_free(&b);
	made_free(m);
}

static void a_skip_has_no_rows(void **state)
{
	static const char *const reasons[] = {"requires sched_ext: the simulator has none"};
	struct made *m = *state;
	struct results *r = m->results;
	struct buf b;

	r->nruns = r->nclaims = r->nbudgets = 0;
	r->verdict = VERDICT_SKIP;
	r->reasons = reasons;
	r->nreasons = 1;
	b = table(m, 80, false);
	assert_fits(&b, 80);
	assert_has(&b, "\nnote: requires sched_ext: the simulator has none\nverdict: SKIP\n");
	buf_free(&b);
	report_json(r, &b);
	assert_has(&b, "\"verdict\": \"SKIP\"");
	buf_free(&b);
}

static void thousands_of_sessions_are_cut_short(void **state)
{
	struct made *m = *state;
	static uint32_t many[500];
	struct buf b;
	size_t lines = 0;

	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		many[i] = MADE_LOW1;
	m->results->sessions = many;
	m->results->nsessions = ARRAY_LEN(many);
	b = table(m, 80, false);
	assert_fits(&b, 80);
	assert_has(&b, "  ... and 436 more, which --json and --csv have\n");
	for (size_t i = 0; i < b.n; i++)
		lines += b.s[i] == '\n';
	assert_true(lines < 400);
	buf_free(&b);
}

/* ---- words and figures ------------------------------------------------------------------------
 */

static void fit(const char *s, unsigned int max, const char *want)
{
	struct buf b = {0};

	text_fit(&b, s, max);
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
}

static void names_lose_their_middle(void **state)
{
	(void)state;
	fit("low[0]", 6, "low[0]");
	fit("low[0]", 5, "lo~0]");
	fit("a_long_name[12]", 10, "a_lon~[12]");
	fit("abc", 1, "~");
	fit("abc", 0, "");
	fit("", 5, "");
	fit("\x1b\xff", 5, "??");
	/* letters of two columns are not cut in half */
	fit("\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2", 4, "\xe6\xbc\xa2~");
	fit("\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2", 5, "\xe6\xbc\xa2~\xe6\xbc\xa2");
}

static void wrap(const char *s, unsigned int at, unsigned int indent, unsigned int width,
		 const char *want)
{
	struct buf b = {0};

	text_wrap(&b, s, at, indent, width);
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
}

static void words_wrap(void **state)
{
	(void)state;
	wrap("one two three", 0, 2, 80, "one two three\n");
	wrap("one two three", 0, 2, 8, "one two\n  three\n");
	wrap("one two three", 6, 2, 8, "\n  one\n  two\n  three\n");
	wrap("  one \n two  ", 0, 0, 80, "one two\n");
	wrap("abcdefghij", 0, 2, 6, "abcdef\n  ghij\n");
	wrap("", 0, 2, 6, "\n");
}

static void value(double v, enum dim dim, const char *want)
{
	struct buf b = {0};

	text_value(&b, v, dim);
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
}

static void values_read_well(void **state)
{
	(void)state;
	value(1, DIM_NUMBER, "1");
	value(2.0 / 3, DIM_NUMBER, "0.667");
	value(120000, DIM_NUMBER, "120000");
	value(1536.0 * MIB, DIM_SIZE, "1.50G");
	value(-512.0 * MIB, DIM_SIZE, "-512M");
	value(0.0121, DIM_DURATION, "12.1ms");
	value(200.0 * MIB, DIM_RATE, "200M/s");
	value(1, DIM_BOOL, "true");
	value(0, DIM_BOOL, "false");
}

static void close_sides_get_their_digits(void **state)
{
	struct made *m = *state;
	struct buf b;

	made_expect(m, NULL, "120.001s <= 120s",
		    made_op(m, PX_LE, made_const(m, 120.001, DIM_DURATION),
			    made_const(m, 120, DIM_DURATION)));
	verdict_judge(m->results);
	b = table(m, 80, false);
	assert_has(&b, "120.001s <= 120s\n");
	buf_free(&b);
}

/* ---- for programs -----------------------------------------------------------------------------
 */

static json_t *parse(const struct made *m)
{
	struct buf b = {0};
	json_error_t error;
	json_t *j;

	report_json(m->results, &b);
	j = json_loadb(b.s, b.n, JSON_REJECT_DUPLICATES, &error);
	if (!j)
		fail_msg("line %d: %s", error.line, error.text);
	buf_free(&b);
	return j;
}

static double number(const json_t *j, size_t policy, size_t cgroup, const char *key,
		     const char *inner)
{
	const json_t *p = json_array_get(json_object_get(j, "policies"), policy);
	const json_t *v =
	    json_object_get(json_array_get(json_object_get(p, "cgroups"), cgroup), key);

	return json_number_value(inner ? json_object_get(v, inner) : v);
}

static void json_says_what_the_table_says(void **state)
{
	struct made *m = *state;
	json_t *j = parse(m);
	const json_t *claim, *run;

	assert_string_equal(json_string_value(json_object_get(j, "verdict")), "VOID");
	assert_string_equal(json_string_value(json_object_get(j, "digest")), "fedcba9876543210");
	assert_true(number(j, MADE_NATIVE, MADE_HIGH, "survived", NULL) == 0.4);
	assert_true(number(j, MADE_NATIVE, MADE_HIGH, "time", "missing") == 6);
	assert_true(number(j, MADE_NATIVE, MADE_HIGH, "events", "oom_kill") == 0.6);
	assert_true(number(j, MADE_BPF, MADE_LOW0, "delays", NULL) == 34);
	assert_true(number(j, MADE_BPF, MADE_ROOT, "sessions", NULL) == 3);
	assert_true(number(j, MADE_BPF, MADE_LOW0, "peak_bytes", NULL) == 502.0 * MIB);
	assert_int_equal(json_array_size(json_object_get(j, "alone")), 3);
	assert_int_equal(json_array_size(json_object_get(j, "runs")), 70);
	assert_int_equal(json_array_size(json_object_get(j, "claims")), 5);
	claim = json_array_get(json_object_get(j, "claims"), 1);
	assert_string_equal(json_string_value(json_object_get(claim, "policy")), "none");
	assert_true(json_is_null(json_object_get(claim, "left")));
	assert_true(json_is_real(json_object_get(claim, "right")));
	run = json_array_get(json_object_get(j, "runs"), 0);
	assert_string_equal(json_string_value(json_object_get(run, "end")), "finished");
	run = json_array_get(json_object_get(run, "cgroups"), MADE_HIGH);
	assert_true(json_is_null(json_object_get(run, "time_s")));
	assert_true(json_real_value(json_object_get(run, "killed_at_s")) == 90);
	json_decref(j);
}

static void json_takes_any_bytes(void **state)
{
	struct made *m = *state;
	json_t *j;

	m->plan.title = "quo\"te \\ \x01 \xff\xc3 end";
	m->plan.path = NULL;
	m->results->seed = UINT64_MAX;
	m->results->mechanism = NULL;
	j = parse(m);
	assert_string_equal(
	    json_string_value(json_object_get(json_object_get(j, "scenario"), "title")),
	    "quo\"te \\ \x01 \xef\xbf\xbd\xef\xbf\xbd end");
	assert_string_equal(json_string_value(json_object_get(j, "seed")), "18446744073709551615");
	assert_true(json_is_null(json_object_get(j, "mechanism")));
	json_decref(j);
}

static void same_results_same_bytes(void **state)
{
	struct buf a = {0}, b = {0};

	report_json(((struct made *)*state)->results, &a);
	report_csv(((struct made *)*state)->results, &a);
	report_json(((struct made *)*state)->results, &b);
	report_csv(((struct made *)*state)->results, &b);
	assert_int_equal(a.n, b.n);
	assert_memory_equal(a.s, b.s, a.n);
	buf_free(&a);
	buf_free(&b);
}

static void csv_quotes(void **state)
{
	struct made *m = *state;
	struct buf b = {0};
	size_t lines = 0, commas = 0, first = 0;
	bool quoted = false;

	m->cgroups[MADE_HIGH].name = "say \"hi\", you\nthere";
	report_csv(m->results, &b);
	assert_has(&b, ",\"say \"\"hi\"\", you\nthere\",1,1,1,0,90,,");
	/* every record has as many fields as the header */
	for (size_t i = 0; i < b.n; i++) {
		if (b.s[i] == '"')
			quoted = !quoted;
		commas += !quoted && b.s[i] == ',';
		if (quoted || b.s[i] != '\n')
			continue;
		if (!lines++)
			first = commas;
		assert_int_equal(commas, first);
		commas = 0;
	}
	assert_int_equal(lines, 1 + 40 * MADE_CGROUPS + 30);
	assert_int_equal(first, 12 + M_COUNT);
	buf_free(&b);
}

static void fields_follow_the_metrics(void **state)
{
	(void)state;
	for (enum metric m = 0; m < M_COUNT; m++) {
		char want[64] = "";
		const char *unit = "", *s = metric_info[m].spelling;
		size_t n = 0;

		for (; *s; s++)
			want[n++] = *s == '.' ? '_' : *s;
		if (m == M_SWAP)
			n = (size_t)sprintf(want, "swap");
		if (metric_info[m].dim == DIM_SIZE)
			unit = "_bytes";
		else if (metric_info[m].dim == DIM_DURATION)
			unit = "_s";
		else if (metric_info[m].dim == DIM_RATE)
			unit = "_bps";
		memcpy(want + n, unit, strlen(unit) + 1);
		assert_string_equal(field_name(m), want);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(survivors_stand_beside_means),
	    TEST(every_width_fits),
	    TEST(nasty_names_and_values_fit),
	    TEST(colour_only_where_asked),
	    TEST(lateness_is_told_where_time_is_not_simulated),
	    TEST(a_skip_has_no_rows),
	    TEST(thousands_of_sessions_are_cut_short),
	    cmocka_unit_test(names_lose_their_middle),
	    cmocka_unit_test(words_wrap),
	    cmocka_unit_test(values_read_well),
	    TEST(close_sides_get_their_digits),
	    TEST(json_says_what_the_table_says),
	    TEST(json_takes_any_bytes),
	    TEST(same_results_same_bytes),
	    TEST(csv_quotes),
	    cmocka_unit_test(fields_follow_the_metrics),
	    cmocka_unit_test(what_a_mechanism_was_asked),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
