/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_test.c - agentcg test: scenarios against the tables beside them */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "cmd/diff.h"
#include "cmd/output.h"
#include "cmd/signals.h"
#include "cmd/slack.h"
#include "cmd/test.h"

#define TIMEOUT_S 120
/* Two tables of 80 columns, but for the blanks between them: their lines are seldom so long. */
#define SIDE_BY_SIDE_COLUMNS 160

struct testing {
	struct cmd *c;
	struct tests tests;
	struct slack slack;
	struct buf out;
	unsigned int diff_width; /* of differences side by side; 0: unified */
	size_t shown;		 /* tests before this one have been reported */
	bool deaf;		 /* standard output failed, and that was said */
	int status;
};

static uint32_t cpus(void)
{
	cpu_set_t set;

	/* More CPUs than the set has room for: some number that is enough. */
	return sched_getaffinity(0, sizeof set, &set) ? 4 : (uint32_t)CPU_COUNT(&set);
}

/* What was said so far; tests take time, and a reader wants to see them as they end. */
static void flush(struct testing *t)
{
	if (t->out.n && !t->deaf) {
		int status = output_stdout(t->c, &t->out);

		t->deaf = status != STATUS_OK;
		t->status = status_of_both(t->status, status);
	}
	buf_clear(&t->out);
}

/* ---- testing -------------------------------------------------------------------------------- */

/* Those that ended, as far as all before them have: the order is always the same. */
static void show_ended(struct testing *t)
{
	const struct options *o = &t->c->opt;

	while (t->shown < t->tests.list.n && t->tests.list.v[t->shown].outcome != TEST_NOT_RUN) {
		const struct test *done = &t->tests.list.v[t->shown++];

		if (o->reports[REPORT_TAP])
			test_put_tap(done, t->shown, &t->out);
		else if (!o->reports[REPORT_JUNIT] || strcmp(o->reports[REPORT_JUNIT], "-"))
			test_put_text(done, o->verbose, &t->out);
	}
	flush(t);
}

/* What the scenario said, but for "run 4 of 70: ...", which depends on how fast it went. */
static void put_said(struct buf *out, const struct buf *said)
{
	size_t begun = out->n;

	for (const char *at = buf_str(said); *at;) {
		size_t n = strcspn(at, "\n"), digits = 0;

		if (!strncmp(at, "run ", 4))
			digits = strspn(at + 4, "0123456789");
		if (!digits || strncmp(at + 4 + digits, " of ", 4)) {
			if (out->n == begun)
				buf_puts(out, "it said:\n");
			buf_printf(out, "%.*s\n", (int)n, at);
		}
		at += n + (at[n] == '\n');
	}
}

static void judge(struct testing *t, struct test *test, const struct test_ran *ran)
{
	struct buf want = {0}, got = {0};
	int err = test_read_file(test->table, &want);

	if (ran->broken || err) {
		test->outcome = TEST_BROKEN;
		test->reason = ran->broken ? ran->broken
					   : arena_printf(&t->tests.arena, "%s: cannot read it: %s",
							  test->table, strerror(-err));
	} else {
		slack_apply(&t->slack, &want, &ran->out, &got, &test->details);
		if (want.n == got.n && !memcmp(buf_str(&want), buf_str(&got), got.n)) {
			test->outcome = TEST_PASSED;
		} else {
			test->outcome = TEST_FAILED;
			test->reason =
			    arena_printf(&t->tests.arena, "differs from %s", test->table);
			diff_print(&want, &got, test->table, "actual", t->diff_width,
				   &test->details);
		}
	}
	if (test->outcome != TEST_PASSED)
		put_said(&test->details, &ran->said);
	buf_free(&want);
	buf_free(&got);
}

static void test_ended(void *ctx, size_t i, struct test_ran *ran)
{
	struct testing *t = ctx;
	struct test *test = &t->tests.list.v[i];

	test->took_ns = ran->took_ns;
	judge(t, test, ran);
	show_ended(t);
}

/* A word of a shell command. */
static const char *quoted(struct arena *a, const char *s)
{
	struct buf b = {0};
	const char *text;

	if (!s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			 "./_+-,:@%=")])
		return s;
	buf_putc(&b, '\'');
	for (; *s; s++)
		*s == '\'' ? buf_puts(&b, "'\\''") : buf_putc(&b, *s);
	buf_putc(&b, '\'');
	text = arena_strndup(a, b.s, b.n);
	buf_free(&b);
	return text;
}

static void skip_without_table(struct testing *t)
{
	struct arena *a = &t->tests.arena;

	for (size_t i = 0; i < t->tests.list.n; i++) {
		struct test *test = &t->tests.list.v[i];

		if (!access(test->table, F_OK) || errno != ENOENT)
			continue;
		test->outcome = TEST_SKIPPED;
		test->reason = arena_printf(a, "no %s (agentcg test --update %s makes it)",
					    test->table, quoted(a, test->scenario));
	}
}

static void test_all(struct testing *t, struct test_running *r)
{
	const struct options *o = &t->c->opt;
	struct test_counts n;

	if (!tests_find(t->c, &t->tests))
		return;
	r->ended = test_ended;
	if (o->reports[REPORT_TAP])
		tests_put_tap_plan(&t->tests, &t->out);
	skip_without_table(t);
	show_ended(t);
	tests_run(r);

	n = tests_count(&t->tests);
	if (o->reports[REPORT_JUNIT] &&
	    !n.not_run) { /* half a report would look like a whole one */
		struct buf xml = {0};

		tests_put_junit(&t->tests, &xml);
		t->status =
		    status_of_both(t->status, output_file(t->c, o->reports[REPORT_JUNIT], &xml));
		buf_free(&xml);
	}
	if (o->reports[REPORT_TAP] && n.not_run)
		buf_puts(&t->out, "Bail out! interrupted\n");
	if (o->reports[REPORT_TAP] || !o->reports[REPORT_JUNIT] ||
	    strcmp(o->reports[REPORT_JUNIT], "-"))
		tests_put_summary(&t->tests, o->reports[REPORT_TAP] ? "# " : "", &t->out);
	flush(t);
	if (n.failed)
		t->status = status_of_both(t->status, STATUS_FAIL);
	else if (!n.passed) /* nothing was tested: no success */
		t->status = status_of_both(t->status, STATUS_SKIP);
}

/* ---- --update ------------------------------------------------------------------------------- */

static void update_ended(void *ctx, size_t i, struct test_ran *ran)
{
	struct testing *t = ctx;
	const char *table = t->tests.list.v[i].table;
	struct buf old = {0};
	int err = test_read_file(table, &old);

	if (err && err != -ENOENT) {
		diag_file(&t->c->diags, E_TEST_FILE, table, 0, 0, "cannot read it: %s",
			  strerror(-err));
	} else if (ran->broken) {
		buf_printf(&t->out, "%s%s\n%s: left as it was\n", buf_str(&ran->said), ran->broken,
			   table);
		t->status = status_of_both(t->status, STATUS_FAIL);
	} else if (!err && old.n == ran->out.n &&
		   !memcmp(buf_str(&old), buf_str(&ran->out), old.n)) {
		buf_printf(&t->out, "%s: no change\n", table);
	} else {
		diff_print(&old, &ran->out, err ? "/dev/null" : table, table, t->diff_width,
			   &t->out);
		err = output_file(t->c, table, &ran->out);
		t->status = status_of_both(t->status, err);
		if (!err)
			buf_printf(&t->out, "%s: rewritten\n", table);
	}
	flush(t);
	buf_free(&old);
}

static void update(struct testing *t, struct test_running *r)
{
	struct test test = test_named(&t->tests, t->c->opt.update);

	if (!cmd_operands(t->c, 0, 0))
		return;
	if (access(test.scenario, R_OK)) {
		diag_file(&t->c->diags, E_TEST_FILE, test.scenario, 0, 0, "cannot read it: %s",
			  strerror(errno));
		return;
	}
	vec_push(&t->tests.list, test);
	r->ended = update_ended;
	tests_run(r);
}

int cmd_test(struct cmd *c)
{
	const struct options *o = &c->opt;
	struct testing t = {.c = c, .status = STATUS_OK};
	struct test_running r = {
	    .tests = &t.tests,
	    .jobs = o->jobs ? o->jobs : cpus(),
	    .timeout_s = o->timeout_s ? o->timeout_s : TIMEOUT_S,
	    .ctx = &t,
	};
	unsigned int width = output_style(c).width;

	if (o->slack && !slack_parse(o->slack, &t.slack, &c->diags))
		return STATUS_USAGE;
	if (o->side_by_side && width >= SIDE_BY_SIDE_COLUMNS)
		t.diff_width = width;
	signals_catch();
	if (o->update)
		update(&t, &r);
	else
		test_all(&t, &r);
	if (signals_stop)
		t.status = status_of_both(t.status, STATUS_INTERRUPTED);
	if (c->diags.errors && t.status != STATUS_INTERNAL)
		t.status = STATUS_USAGE;
	tests_free(&t.tests);
	buf_free(&t.out);
	return t.status;
}
