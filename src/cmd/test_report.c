/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_report.c - what came of tests: text, TAP, JUnit (test.h) */
#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "cmd/test.h"
#include "report/text.h"
#include "report/xml.h"

struct test_counts tests_count(const struct tests *t)
{
	struct test_counts n = {0};

	for (size_t i = 0; i < t->list.n; i++) {
		switch (t->list.v[i].outcome) {
		case TEST_NOT_RUN:
			n.not_run++;
			break;
		case TEST_PASSED:
			n.passed++;
			break;
		case TEST_FAILED:
		case TEST_BROKEN:
			n.failed++;
			break;
		case TEST_SKIPPED:
			n.skipped++;
			break;
		}
	}
	return n;
}

void tests_put_summary(const struct tests *t, const char *prefix, struct buf *out)
{
	struct test_counts n = tests_count(t);

	if (n.not_run)
		buf_printf(out, "%sinterrupted: %" PRIu32 " not run\n", prefix, n.not_run);
	buf_printf(out, "%s%" PRIu32 " passed, %" PRIu32 " failed, %" PRIu32 " skipped\n", prefix,
		   n.passed, n.failed, n.skipped);
}

/* A name may hold anything but what would break the line. */
static void put_name(struct buf *out, const char *s)
{
	text_fit(out, s, text_columns(s));
}

/* ---- text ----------------------------------------------------------------------------------- */

void test_put_text(const struct test *t, bool verbose, struct buf *out)
{
	switch (t->outcome) {
	case TEST_PASSED:
		if (!verbose)
			return;
		buf_puts(out, "ok ");
		put_name(out, t->scenario);
		break;
	case TEST_FAILED:
	case TEST_BROKEN:
		buf_puts(out, "not ok ");
		put_name(out, t->scenario);
		if (t->outcome == TEST_BROKEN)
			buf_printf(out, ": %s", t->reason);
		break;
	case TEST_SKIPPED:
		buf_puts(out, "skipped ");
		put_name(out, t->scenario);
		buf_puts(out, ": ");
		put_name(out, t->reason);
		break;
	case TEST_NOT_RUN:
		return;
	}
	buf_putc(out, '\n');
	buf_put(out, buf_str(&t->details), t->details.n);
}

/* ---- TAP ------------------------------------------------------------------------------------ */

void tests_put_tap_plan(const struct tests *t, struct buf *out)
{
	buf_printf(out, "TAP version 13\n1..%zu%s\n", t->list.n,
		   t->list.n ? "" : " # SKIP no scenarios");
}

void test_put_tap(const struct test *t, size_t number, struct buf *out)
{
	bool failed = t->outcome == TEST_FAILED || t->outcome == TEST_BROKEN;

	if (t->outcome == TEST_NOT_RUN)
		return;
	buf_printf(out, "%sok %zu - ", failed ? "not " : "", number);
	text_tap(out, t->scenario);
	if (t->outcome == TEST_SKIPPED) {
		buf_puts(out, " # SKIP ");
		put_name(out, t->reason); /* to the end of the line, as it is */
	}
	buf_putc(out, '\n');
	if (t->outcome == TEST_BROKEN)
		buf_printf(out, "# %s\n", t->reason);
	for (const char *at = buf_str(&t->details); *at;) {
		size_t n = strcspn(at, "\n");

		buf_printf(out, "#%s%.*s\n", n ? " " : "", (int)n, at);
		at += n + (at[n] == '\n');
	}
}

/* ---- JUnit ---------------------------------------------------------------------------------- */

static void put_seconds(struct buf *out, uint64_t ns)
{
	buf_printf(out, " time=\"%" PRIu64 ".%03" PRIu64 "\"", ns / NS_PER_SEC,
		   ns % NS_PER_SEC / NS_PER_MS);
}

/* The folder is the class: readers of JUnit group by it. */
static void put_case(struct buf *out, const struct test *t)
{
	const char *slash = strrchr(t->scenario, '/');
	const char *name = slash ? slash + 1 : t->scenario;
	const char *folder = slash ? t->scenario : ".";
	const char *element = NULL;

	buf_puts(out, "  <testcase");
	xml_attribute(out, "classname", folder,
		      slash && slash > t->scenario ? (size_t)(slash - t->scenario) : 1);
	xml_attribute(out, "name", name, strlen(name) - strlen(".acg"));
	xml_attribute(out, "file", t->scenario, strlen(t->scenario));
	put_seconds(out, t->took_ns);
	switch (t->outcome) {
	case TEST_PASSED:
	case TEST_NOT_RUN:
		break;
	case TEST_FAILED:
		element = "failure";
		break;
	case TEST_BROKEN:
		element = "error";
		break;
	case TEST_SKIPPED:
		element = "skipped";
		break;
	}
	if (!element) {
		buf_puts(out, "/>\n");
		return;
	}
	buf_printf(out, ">\n    <%s", element);
	xml_attribute(out, "message", t->reason, strlen(t->reason));
	if (t->details.n) {
		buf_putc(out, '>');
		xml_put(out, t->details.s, t->details.n, false);
		buf_printf(out, "</%s>\n  </testcase>\n", element);
	} else {
		buf_puts(out, "/>\n  </testcase>\n");
	}
}

void tests_put_junit(const struct tests *t, struct buf *out)
{
	struct test_counts n = tests_count(t);
	uint64_t took_ns = 0;
	uint32_t broken = 0;

	for (size_t i = 0; i < t->list.n; i++) {
		took_ns += t->list.v[i].took_ns;
		broken += t->list.v[i].outcome == TEST_BROKEN;
	}
	buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	buf_printf(out,
		   "<testsuite name=\"agentcg\" tests=\"%zu\" failures=\"%" PRIu32
		   "\" errors=\"%" PRIu32 "\" skipped=\"%" PRIu32 "\"",
		   t->list.n, n.failed - broken, broken, n.skipped);
	put_seconds(out, took_ns);
	buf_puts(out, ">\n");
	for (size_t i = 0; i < t->list.n; i++)
		put_case(out, &t->list.v[i]);
	buf_puts(out, "</testsuite>\n");
}
