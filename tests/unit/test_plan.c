/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plans: values, targets, time, policies, workloads, replays, claims, and how much work they are */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/backend.h"
#include "base/buf.h"
#include "lang/parse.h"
#include "plan/plan.h"

/* ---- making plans ---------------------------------------------------------------------------- */

struct made_plan {
	struct unit u;
	const struct plan *p; /* NULL when the text is wrong */
	struct buf said;
};

static void make(struct made_plan *m, const char *text, const struct plan_options *opt)
{
	struct lang_path lib = {0};
	int err;

	*m = (struct made_plan){0};
	unit_init(&m->u);
	assert_int_equal(parse_text(&m->u, "t.acg", text, strlen(text), &lib), 0);
	err = plan_lower(&m->u, opt, &m->p);
	assert_int_equal(err, m->u.diags.errors ? -EINVAL : 0);
	diags_print(&m->u.diags, DIAG_TEXT, &m->said);
}

static void drop(struct made_plan *m)
{
	buf_free(&m->said);
	unit_free(&m->u);
}

static void need(struct made_plan *m, const char *text)
{
	make(m, text, NULL);
	if (!m->p)
		fail_msg("%s\n%s", text, buf_str(&m->said));
}

/* The text is wrong, and says this code. */
static void refuse(const char *text, const char *code, const struct plan_options *opt)
{
	struct made_plan m;

	make(&m, text, opt);
	if (m.p || !strstr(buf_str(&m.said), code))
		fail_msg("%s: not %s but:\n%s", text, code, buf_str(&m.said));
	drop(&m);
}

/* ---- values ---------------------------------------------------------------------------------- */

static void test_sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} cases[] = {
	    {"400M", 400 * MIB},	 {"0", 0},
	    {"1G / 3", GIB / 3},	 {"1G / 3 * 3", GIB}, /* exact until a size is due */
	    {"25% of 1G", GIB / 4},	 {"50% of 50% of 1G", GIB / 4},
	    {"2 * 3M + 1M", 7 * MIB},	 {"7M - 2 * 3M", MIB},
	    {"10M mod 4M", 2 * MIB},	 {"200M/s * 500ms", 100 * MIB},
	    {"3s * 1M/s", 3 * MIB},	 {"min(3M, 2M, 4M)", 2 * MIB},
	    {"max(3M, 0)", 3 * MIB},	 {"sum(1M, 2M, 3M)", 6 * MIB},
	    {"(6M / 2M) * 1M", 3 * MIB}, {"(10M / 2s) * 1s", 5 * MIB},
	    {"-(1M - 3M)", 2 * MIB},	 {"1B / 2", 0},
	    {"half", GIB / 2},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[256];
		struct made_plan m;

		snprintf(text, sizeof(text),
			 "let half = whole / 2  let whole = 1G\n"
			 "cgroup a  at 0s alloc %s in a",
			 cases[i].text);
		need(&m, text);
		assert_int_equal(m.p->events[0].step.op.bytes, cases[i].bytes);
		drop(&m);
	}
}

static void test_times(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} cases[] = {
	    {"0", 0},
	    {"1m30s", 90 * NS_PER_SEC},
	    {"3 * 1.5s", 4500 * NS_PER_MS},
	    {"100M / 200M/s", 500 * NS_PER_MS},
	    {"1s / 3", 333333333},
	    {"7s mod 2s", NS_PER_SEC},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[256];
		struct made_plan m;

		snprintf(text, sizeof(text), "cgroup a  at (%s) alloc 1M in a", cases[i].text);
		need(&m, text);
		assert_int_equal(m.p->events[0].at_ns, cases[i].ns);
		drop(&m);
	}
}

static void test_wrong_values(void **state)
{
	static const char *const cases[][2] = {
	    {"300", "E301"},	      {"2s", "E302"},	       {"1M + 2s", "E303"},
	    {"1M * 1M", "E303"},      {"1M of 2M", "E303"},    {"(1M < 2M)", "E302"},
	    {"4000000T * 2", "E304"}, {"1M / 0", "E305"},      {"1M mod 0M", "E305"},
	    {"1M - 2M", "E306"},      {"nobody", "E201"},      {"a.peak", "E309"},
	    {"killed(a)", "E309"},    {"p95(a.peak)", "E309"}, {"mean(1M)", "E208"},
	    {"min(1M, 2s)", "E303"},  {"\"1M\"", "E302"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[256];

		snprintf(text, sizeof(text), "cgroup a  at 0s alloc %s in a", cases[i][0]);
		refuse(text, cases[i][1], NULL);
	}
}

static void test_params(void **state)
{
	const struct plan_override right = {"total", "half * 4"}, low = {"total", "1M"},
				   unit = {"total", "3"}, other = {"totl", "1G"},
				   file = {"file", "1G"};
	const char *text = "param total = 1G in 512M..4G \"budget\"  param file = \"x\"\n"
			   "let half = 512M  root < max total >  cgroup a  at 0s exec file in a";
	struct plan_options opt = {.overrides = &right, .noverrides = 1};
	struct made_plan m;
	uint64_t digest;

	(void)state;
	need(&m, text);
	digest = m.p->digest;
	assert_int_equal(m.p->nparams, 2);
	assert_string_equal(m.p->params[0].value, "1G");
	assert_string_equal(m.p->params[0].range, "512M..4G");
	assert_string_equal(m.p->params[0].doc, "budget");
	assert_false(m.p->params[0].overridden);
	drop(&m);

	make(&m, text, &opt);
	assert_non_null(m.p);
	assert_string_equal(m.p->params[0].value, "2G");
	assert_true(m.p->params[0].overridden);
	assert_int_equal(m.p->policies[0].attrs[0].max_bytes, 2 * GIB);
	assert_true(m.p->digest != digest);
	drop(&m);

	opt.overrides = &file; /* a string takes the text as it is */
	make(&m, text, &opt);
	assert_non_null(m.p);
	assert_string_equal(m.p->events[0].step.op.exec->command, "1G");
	drop(&m);

	opt.overrides = &low;
	refuse(text, "E307", &opt);
	opt.overrides = &unit;
	refuse(text, "E301", &opt);
	opt.overrides = &other;
	refuse(text, "E209", &opt);
}

/* ---- cgroups and targets ----------------------------------------------------------------------
 */

static void test_tree(void **state)
{
	static const char *const names[] = {"root",	      "team[0]", "team[0].kid[0]",
					    "team[0].kid[1]", "team[1]", "team[1].kid[0]",
					    "team[1].kid[1]", "box",	 "lone"};
	static const uint32_t parents[] = {0, 0, 1, 1, 0, 4, 4, 0, 7};
	struct made_plan m;

	(void)state;
	need(&m, "cgroup team[2] { cgroup kid[2] }  cgroup box { cgroup lone }\n"
		 "at 0s alloc 1M in team[*].kid[1], lone, team[1].kid[0..0]  at 1s free all in *");
	assert_int_equal(m.p->ncgroups, ARRAY_LEN(names));
	for (uint32_t i = 0; i < m.p->ncgroups; i++) {
		assert_string_equal(m.p->cgroups[i].name, names[i]);
		assert_int_equal(m.p->cgroups[i].parent, parents[i]);
	}
	/* in the order named: workers are numbered as they are first mentioned */
	static const uint32_t order[] = {3, 6, 8, 5, 2};

	assert_int_equal(m.p->nworkers, ARRAY_LEN(order));
	for (uint32_t i = 0; i < m.p->nworkers; i++)
		assert_int_equal(m.p->workers[i].cgroup, order[i]);
	assert_int_equal(m.p->nevents, 4 + 5);
	drop(&m);
}

static void test_workers(void **state)
{
	struct made_plan m;

	(void)state;
	need(&m, "cgroup a  cgroup b\n"
		 "at 0s alloc 1M in a  at 0s alloc 1M in a as x  at 0s alloc 1M in b as x\n"
		 "at 1s free all in a as x  at 1s kill a");
	assert_int_equal(m.p->nworkers, 3);
	assert_string_equal(m.p->workers[0].name, "");
	assert_string_equal(m.p->workers[1].name, "x");
	assert_int_equal(m.p->workers[2].cgroup, 2);
	assert_int_equal(m.p->events[3].step.op.target, 1);
	assert_int_equal(m.p->events[4].step.op.kind, OP_KILL);
	assert_int_equal(m.p->events[4].step.op.target, 1); /* the cgroup */
	drop(&m);
}

/* ---- time ------------------------------------------------------------------------------------ */

static void test_timeline(void **state)
{
	static const uint64_t seconds[] = {10, 15, 0, 2, 4, 15, 16, 17, 20};
	struct made_plan m;

	(void)state;
	need(&m, "cgroup a  at 10s alloc 1M in a  at +5s alloc 1M in a\n"
		 "every 2s until 6s alloc 1M in a\n" /* no `at`, and its end is exclusive */
		 "at +0s alloc 1M in a\n"
		 "for i in 1..2 { at +1s alloc i * 1M in a }\n"
		 "at +3s mark m");
	assert_int_equal(m.p->nevents, ARRAY_LEN(seconds));
	for (uint32_t i = 0; i < m.p->nevents; i++)
		assert_int_equal(m.p->events[i].at_ns, seconds[i] * NS_PER_SEC);
	assert_int_equal(m.p->events[7].step.op.bytes, 2 * MIB);
	assert_int_equal(m.p->events[8].step.kind, STEP_MARK);
	drop(&m);

	need(&m, "cgroup a  every 1s from 1s alloc 1M in a  finish at 3s");
	assert_int_equal(m.p->nevents, 2);
	assert_int_equal(m.p->finish_ns, 3 * NS_PER_SEC);
	drop(&m);
}

static void test_jitter(void **state)
{
	struct made_plan m;

	(void)state;
	need(&m, "cgroup a[3]  at 1s +/- 50ms { alloc 1M in a[*]; free all in a[0] }\n"
		 "at 2s alloc 1M in a[0]  for i in 0..1 { at 3s +/- 1s alloc 1M in a[i] }");
	assert_int_equal(m.p->ndraws, 3);
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(m.p->events[i].jitter_ns, 50 * NS_PER_MS);
		assert_int_equal(m.p->events[i].draw, 0);
	}
	assert_int_equal(m.p->events[4].jitter_ns, 0);
	assert_int_equal(m.p->events[5].draw, 1);
	assert_int_equal(m.p->events[6].draw, 2);
	drop(&m);
}

static void test_triggers(void **state)
{
	struct made_plan m;
	const struct plan_trigger *t;

	(void)state;
	need(&m, "root < max 1G >  cgroup a\n"
		 "at 0s alloc 1M in a\n"
		 "when root.usage > 90% of 1G for 1s within 60s { mark full; free all in a }\n"
		 "after full + 2s set a < high 1M >  after done(a) kill a");
	assert_int_equal(m.p->ntriggers, 3);
	t = m.p->triggers;
	assert_int_equal(t[0].kind, TRIGGER_WHEN);
	assert_int_equal(t[0].hold_ns, NS_PER_SEC);
	assert_int_equal(t[0].within_ns, 60 * NS_PER_SEC);
	assert_int_equal(t[0].nsteps, 2);
	assert_int_equal(t[0].cond->kind, PX_GT);
	assert_int_equal(t[0].cond->args[1]->kind, PX_CONST); /* folded: 90% of 1G */
	assert_int_equal(t[0].cond->args[1]->value, 9 * GIB / 10);
	assert_int_equal(t[1].kind, TRIGGER_AFTER);
	assert_int_equal(t[1].cond->kind, PX_MARK);
	assert_int_equal(t[1].hold_ns, 2 * NS_PER_SEC);
	assert_int_equal(t[1].steps[0].op.set->high_bytes, MIB);
	assert_int_equal(t[1].steps[0].op.set->set, CGA_BIT(CGA_HIGH));
	assert_int_equal(t[2].cond->kind, PX_DONE);
	assert_int_equal(m.p->nmarks, 1);
	drop(&m);
}

/* ---- policies -------------------------------------------------------------------------------- */

static const char three_policies[] =
    "root < max 1G; swap 0 >\n"
    "cgroup high < high 800M; priority high; protect low >\n"
    "cgroup low[2] < high 400M; delay 2s always; thp on >\n"
    "at 0s alloc 1M in *\n"
    "policy none { cgroup high, low[*] < high max; delay off; protect off > }\n"
    "policy half { root < max 512M > cgroup low[*] < max 1M > cgroup low[1] < max 2M > }\n"
    "policy bpf { }\n"
    "compare bpf, none, half baseline none\n";

static void test_policies(void **state)
{
	const struct plan_policy *p;
	struct made_plan m;

	(void)state;
	need(&m, three_policies);
	assert_int_equal(m.p->npolicies, 3);
	assert_int_equal(m.p->baseline, 1);
	p = m.p->policies;
	assert_string_equal(p[0].name, "bpf");
	assert_true(p[0].acts);
	assert_int_equal(p[0].attrs[2].priority, PRIORITY_LOW); /* as it is delayed */
	assert_true(p[0].attrs[2].delay_always);
	assert_false(p[1].acts);
	assert_int_equal(p[1].attrs[2].delay_ns, 0);
	assert_int_equal(p[1].attrs[2].priority, PRIORITY_NORMAL);
	assert_int_equal(p[1].attrs[1].high_bytes, NO_LIMIT);
	assert_int_equal(p[1].attrs[1].priority, PRIORITY_HIGH); /* not listed: as declared */
	assert_int_equal(p[2].attrs[0].max_bytes, GIB / 2);
	assert_int_equal(p[2].attrs[2].max_bytes, MIB);
	assert_int_equal(p[2].attrs[3].max_bytes, 2 * MIB); /* the last wins */
	assert_int_equal(p[2].attrs[3].high_bytes, 400 * MIB);
	assert_int_equal(m.p->needs, CAP_MEMORY | CAP_DELAY | CAP_DELAY_ALWAYS | CAP_PROTECT);
	/* undisturbed: no limits and no policy, except the root's budget; the rest stays */
	assert_int_equal(m.p->alone_attrs[0].max_bytes, GIB);
	assert_int_equal(m.p->alone_attrs[1].high_bytes, NO_LIMIT);
	assert_int_equal(m.p->alone_attrs[1].priority, PRIORITY_NORMAL);
	assert_int_equal(m.p->alone_attrs[2].delay_ns, 0);
	assert_true(m.p->alone_attrs[2].thp);
	drop(&m);
}

static void test_selected_policies(void **state)
{
	const char *const names[] = {"half", "bpf"};
	struct plan_options opt = {.policies = names, .npolicies = 2};
	struct made_plan m;
	char text[1024];

	(void)state;
	snprintf(text, sizeof(text), "%s%s", three_policies,
		 "expect bpf.high.peak < 1G  expect none.high.peak < half.high.peak");
	make(&m, text, &opt);
	assert_non_null(m.p);
	assert_int_equal(m.p->npolicies, 2);
	assert_string_equal(m.p->policies[0].name, "bpf"); /* in the order of `compare` */
	assert_int_equal(m.p->baseline, -1);
	assert_int_equal(m.p->nexpects, 1);
	assert_int_equal(m.p->nleft_out, 1);
	drop(&m);
	opt.npolicies = 1;
	make(&m, "cgroup a  at 0s alloc 1M in a", &opt);
	assert_null(m.p);
	drop(&m);
}

/* ---- workloads and replays --------------------------------------------------------------------
 */

static void test_workloads(void **state)
{
	const struct plan_step *s;
	struct made_plan m;

	(void)state;
	need(&m, "workload grow(size, pause = 2s, twice = 2 * size) {\n"
		 "    alloc size; sleep pause; hold twice; free all }\n"
		 "cgroup a[2]  at 1s start a[*] grow(10M, twice = 30M)  at 2s start a[0] grow(size "
		 "= 1M)");
	assert_int_equal(m.p->nevents, 3);
	for (uint32_t i = 0; i < 2; i++) {
		s = &m.p->events[i].step;
		assert_int_equal(s->kind, STEP_START);
		assert_int_equal(s->nbody, 4);
		assert_int_equal(s->body[0].bytes, 10 * MIB);
		assert_int_equal(s->body[1].ns, 2 * NS_PER_SEC);
		assert_int_equal(s->body[2].bytes, 30 * MIB);
		assert_int_equal(s->body[3].bytes, NO_LIMIT);
		assert_int_equal(s->body[3].target, i);
		assert_int_equal(s->op.target, i);
	}
	assert_int_equal(m.p->events[2].step.body[2].bytes, 2 * MIB);
	drop(&m);
	refuse("workload w(t) { alloc t }  cgroup a  at 0s start a w(2s)", "E302", NULL);
	refuse("workload w(t) { alloc b }  cgroup a  at 0s alloc 1M in a", "E201", NULL);
}

static void write_file(const char *dir, const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void test_replay(void **state)
{
	char dir[] = "/tmp/agentcg-plan-XXXXXX", text[1024], path[128];
	const struct op_series *series;
	const struct op_calls *calls;
	struct made_plan m;

	(void)state;
	assert_non_null(mkdtemp(dir));
	write_file(dir, "resources.json",
		   "{\"samples\": [{\"epoch\": 1767225600, \"mem_usage\": \"1MiB / 1GiB\"},\n"
		   "{\"epoch\": 1767225601, \"mem_usage\": \"5MiB / 1GiB\"},\n"
		   "{\"epoch\": 1767225602, \"mem_usage\": \"2MiB / 1GiB\"}]}");
	write_file(dir, "tool_calls.json",
		   "[{\"timestamp\": \"2026-01-01T00:00:00.500Z\", \"end_timestamp\": "
		   "\"2026-01-01T00:00:01.500Z\", \"tool\": \"Bash\", \"input\": {\"command\": "
		   "\"true\"}}]");
	snprintf(
	    text, sizeof(text),
	    "trace t = \"%s\"  cgroup a < max t.peak >  workload w(x) { replay memory x speed 3 }\n"
	    "at 0s replay memory t in a speed 2 base 10M\n"
	    "at 0s replay tools t in a simulated speed 0.5\n"
	    "at 0s start a w(t)  at t.duration replay memory t in a base 10M speed 200%%",
	    dir);
	need(&m, text);
	series = m.p->events[0].step.op.series;
	assert_int_equal(series->n, 3);
	assert_int_equal(series->v[1].at_ns, NS_PER_SEC / 2);
	assert_int_equal(series->v[1].bytes, 15 * MIB);
	calls = m.p->events[1].step.op.calls;
	assert_int_equal(calls->n, 1);
	assert_true(calls->simulated);
	assert_int_equal(calls->v[0].at_ns, NS_PER_SEC); /* 0.5 s at half the speed */
	assert_int_equal(calls->v[0].dur_ns, 2 * NS_PER_SEC);
	assert_int_equal(calls->v[0].bytes, 4 * MIB); /* from 1M up to 5M */
	assert_int_equal(m.p->events[2].step.body[0].series->v[1].at_ns, NS_PER_SEC / 3);
	assert_ptr_equal(m.p->events[3].step.op.series, series); /* shared */
	assert_int_equal(m.p->events[3].at_ns, 2 * NS_PER_SEC);
	assert_int_equal(m.p->policies[0].attrs[1].max_bytes, 5 * MIB);
	assert_int_equal(m.p->needs, CAP_MEMORY | CAP_LIKE);
	assert_int_equal(m.p->ntraces, 1);
	drop(&m);
	snprintf(path, sizeof(path), "%s/resources.json", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/tool_calls.json", dir);
	unlink(path);
	rmdir(dir);
}

/* ---- expectations ---------------------------------------------------------------------------- */

static void test_expectations(void **state)
{
	const struct plan_expect *e;
	struct made_plan m;
	char text[1024];

	(void)state;
	snprintf(text, sizeof(text), "%s%s", three_policies,
		 "claim \"C1\" { expect bpf.high.time <= 1.10 * alone.high.time confidence 95%\n"
		 "  expect sum(bpf.*.events.oom_kill) < sum(none.*.events.oom_kill) else warn }\n"
		 "expect high.alloc.p99 < 0.5s\n"
		 "expect p95(none.low[*].time) < 3s and throughput > 1M/s\n"
		 "for i in 0..1 { expect survived(bpf.low[i]) == 1 }");
	need(&m, text);
	assert_int_equal(m.p->nexpects, 6);
	e = m.p->expects;
	assert_string_equal(e[0].claim, "C1");
	assert_true(e[0].uses_alone && m.p->uses_alone && !e[0].each_policy);
	assert_true(e[0].confidence == 0.95);
	assert_int_equal(e[0].cond->args[0]->scope.policy, 0);
	assert_int_equal(e[0].cond->args[1]->kind, PX_MUL);
	assert_int_equal(e[0].cond->args[1]->args[1]->scope.policy, PX_ALONE);
	assert_true(e[1].warn_only);
	assert_int_equal(e[1].cond->args[0]->kind, PX_SUM);
	assert_int_equal(e[1].cond->args[0]->args[0]->scope.ncgroups, 3);
	assert_null(e[2].claim);
	assert_true(e[2].each_policy);
	assert_true(e[2].cond->args[1]->value == 0.5);
	assert_int_equal(e[3].cond->args[0]->args[0]->kind, PX_QUANTILE);
	assert_true(e[3].cond->args[0]->args[0]->q > 0.9499 &&
		    e[3].cond->args[0]->args[0]->q < 0.9501);
	assert_true(e[3].cond->args[1]->args[0]->scope.total);
	assert_int_equal(e[5].cond->args[0]->scope.cgroups[0], 3);
	assert_string_equal(e[5].text, "survived(bpf.low[i]) == 1 (i = 1)");
	drop(&m);
}

/* ---- the whole --------------------------------------------------------------------------------
 */

static void test_digest(void **state)
{
	static const char text[] = "param n = 1M  cgroup a  at 0s alloc n in a  repeat 3 seed 4";
	struct plan_options opt = {.repeat = 7, .has_seed = true, .seed = 9};
	struct made_plan a, b, c;

	(void)state;
	need(&a, text);
	make(&b, text, &opt);
	assert_non_null(b.p);
	need(&c, "param n = 1M  cgroup a  at 1s alloc n in a  repeat 3 seed 4");
	assert_int_equal(a.p->seed, 4);
	assert_int_equal(b.p->seed, 9);
	assert_int_equal(b.p->repeat, 7);
	assert_true(a.p->digest == b.p->digest);
	assert_true(a.p->digest != c.p->digest);
	drop(&a);
	drop(&b);
	drop(&c);
}

static void test_limits(void **state)
{
	struct plan_options opt = {.max_events = 100};
	struct made_plan m;

	(void)state;
	refuse("cgroup a  every 1us until 1h alloc 1M in a", "E411", &opt);
	refuse("for i in 0..2000000000 { }", "E411", &opt);
	refuse("cgroup a[10001]", "E307", NULL);
	refuse("cgroup a[1000] { cgroup b[1000] }", "E411", NULL);
	make(&m, "cgroup a  for i in 1..40 { at i * 1s alloc 1M in a }", &opt);
	assert_non_null(m.p);
	assert_int_equal(m.p->nevents, 40);
	drop(&m);
}

/* What check says, lower says. */
static void test_check_agrees(void **state)
{
	static const char *const texts[] = {
	    three_policies,
	    "cgroup low < high 400M; delay 2000ms >\nat 30s alloc 300M in low\n",
	    "cgroup low\nat 30s alloc 300 in lwo\nexpect low.peek < 3",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct lang_path lib = {0};
		struct made_plan m;
		struct buf said = {0};
		struct unit u;

		make(&m, texts[i], NULL);
		unit_init(&u);
		parse_text(&u, "t.acg", texts[i], strlen(texts[i]), &lib);
		assert_int_equal(plan_check(&u, NULL), m.p ? 0 : -EINVAL);
		diags_print(&u.diags, DIAG_TEXT, &said);
		assert_string_equal(buf_str(&said), buf_str(&m.said));
		buf_free(&said);
		unit_free(&u);
		drop(&m);
	}
}

/* Bytes that check and lower take from the arena for n statements. */
static void measure(uint32_t n, size_t *check, size_t *lower)
{
	struct lang_path lib = {0};
	const struct plan *p;
	struct buf b = {0};
	struct unit u;
	size_t before;

	buf_puts(&b, "cgroup low < high 400M >\n");
	for (uint32_t i = 0; i < n; i++)
		buf_puts(&b, "at 30s alloc 300M in low\n");
	unit_init(&u);
	assert_int_equal(parse_text(&u, "t.acg", b.s, b.n, &lib), 0);
	before = u.arena.bytes;
	assert_int_equal(plan_check(&u, NULL), 0);
	*check = u.arena.bytes - before;
	before = u.arena.bytes;
	assert_int_equal(plan_lower(&u, NULL, &p), 0);
	*lower = u.arena.bytes - before;
	assert_int_equal(p->nevents, n);
	unit_free(&u);
	buf_free(&b);
}

static void test_linear(void **state)
{
	size_t check[3], lower[3];

	(void)state;
	for (uint32_t i = 0, n = 1000; i < 3; i++, n *= 10)
		measure(n, &check[i], &lower[i]);
	/* Checking takes nothing for a statement, lowering one event. */
	assert_int_equal(check[0], check[1]);
	assert_int_equal(check[1], check[2]);
	assert_int_equal(lower[1] - lower[0], 9000 * sizeof(struct plan_event));
	assert_int_equal(lower[2] - lower[1], 90000 * sizeof(struct plan_event));
	assert_true(sizeof(struct plan_event) <= 200);
}

/* What a live run has to know of the world beside the simulated one. */
static void test_live_world(void **state)
{
	struct made_plan m;

	(void)state;
	need(&m, "machine < memory 2G >\n"
		 "cgroup a  cgroup b  cgroup c  cgroup d\n"
		 "workload w { sleep 1s exec \"true\" own cgroup }\n"
		 "at 0s exec \"true\" in a\n"
		 "at 0s exec \"true\" in b own cgroup\n"
		 "at 0s start c w\n"
		 "when killed(a) > 0 { exec \"true\" in d as other own cgroup }\n");
	for (uint32_t i = 0; i < m.p->ncgroups; i++)
		assert_int_equal(m.p->cgroups[i].nests, i >= 2);
	assert_int_equal(m.p->machine.stated, MACHINE_MEMORY);
	drop(&m);
	need(&m, "machine < fault 2us; cpus 3 >\n");
	assert_int_equal(m.p->machine.stated, MACHINE_CPUS);
	drop(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_live_world),	 cmocka_unit_test(test_sizes),
	    cmocka_unit_test(test_times),	 cmocka_unit_test(test_wrong_values),
	    cmocka_unit_test(test_params),	 cmocka_unit_test(test_tree),
	    cmocka_unit_test(test_workers),	 cmocka_unit_test(test_timeline),
	    cmocka_unit_test(test_jitter),	 cmocka_unit_test(test_triggers),
	    cmocka_unit_test(test_policies),	 cmocka_unit_test(test_selected_policies),
	    cmocka_unit_test(test_workloads),	 cmocka_unit_test(test_replay),
	    cmocka_unit_test(test_expectations), cmocka_unit_test(test_digest),
	    cmocka_unit_test(test_limits),	 cmocka_unit_test(test_check_agrees),
	    cmocka_unit_test(test_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
