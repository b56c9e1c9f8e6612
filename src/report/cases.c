/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cases.c - claims as test cases, for whatever reads JUnit XML or TAP.
 *
 * Each expectation is a case.  FAIL is a failure; what could not be decided, or was not tested
 * (UNDECIDED, VOID, ABORTED), is an error in JUnit and not ok in TAP: a suite must not turn green
 * because the experiment tested nothing.  WARN passes, SKIP skips.  A scenario without
 * expectations has one case, its verdict.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "base/vec.h"
#include "report/claims.h"
#include "report/pool.h"
#include "report/report.h"
#include "report/text.h"
#include "report/xml.h"

enum outcome {
	CASE_PASSED,
	CASE_FAILED,
	CASE_ERROR,
	CASE_SKIPPED,
};

struct one_case {
	enum verdict verdict;
	struct buf name;    /* "C1 isolation: survived(bpf.high) == 1" */
	struct buf figures; /* "1 == 1", and why */
};

struct cases {
	VEC(struct one_case) list;
};

static enum outcome outcome_of(enum verdict v)
{
	switch (v) {
	case VERDICT_PASS:
	case VERDICT_WARN:
	case VERDICT_NONE:
		return CASE_PASSED;
	case VERDICT_FAIL:
		return CASE_FAILED;
	case VERDICT_SKIP:
		return CASE_SKIPPED;
	case VERDICT_UNDECIDED:
	case VERDICT_VOID:
	case VERDICT_ABORTED:
		break;
	}
	return CASE_ERROR;
}

static void put_more(struct buf *out, const char *text)
{
	buf_printf(out, "%s%s", out->n ? "; " : "", text);
}

static void add_case(struct cases *cases, const struct results *r, const struct claim_result *c,
		     const struct expect_result *x)
{
	/* Of a whole that tested nothing no part counts as tested. */
	bool whole = r->verdict == VERDICT_VOID || r->verdict == VERDICT_ABORTED ||
		     (r->verdict == VERDICT_SKIP && !r->nruns);
	struct one_case one = {.verdict = whole ? r->verdict : x->verdict};

	if (c->name)
		buf_printf(&one.name, "%s: ", c->name);
	buf_puts(&one.name, x->expect->text);
	if (x->policy != PX_ANY_POLICY && r->plan->baseline >= 0)
		buf_printf(&one.name, " (%s)", pool_name(r, x->policy));
	if (x->has_sides)
		claims_put_sides(x, &one.figures);
	if (x->why)
		put_more(&one.figures, x->why);
	for (uint32_t i = 0; whole && i < r->nreasons; i++)
		put_more(&one.figures, r->reasons[i]);
	vec_push(&cases->list, one);
}

static struct cases cases_of(const struct results *r)
{
	struct cases cases = {0};
	struct one_case all = {.verdict = r->verdict};

	for (uint32_t i = 0; i < r->nclaims; i++)
		for (uint32_t k = 0; k < r->claims[i].nexpects; k++)
			add_case(&cases, r, &r->claims[i], &r->claims[i].expects[k]);
	if (!cases.list.n) {
		buf_puts(&all.name, "verdict");
		for (uint32_t i = 0; i < r->nreasons; i++)
			put_more(&all.figures, r->reasons[i]);
		vec_push(&cases.list, all);
	}
	return cases;
}

static void cases_free(struct cases *cases)
{
	struct one_case *c;

	vec_foreach (c, &cases->list) {
		buf_free(&c->name);
		buf_free(&c->figures);
	}
	vec_free(&cases->list);
}

/* ---- JUnit ---------------------------------------------------------------------------------- */

static void put_attribute(struct buf *out, const char *name, const char *value)
{
	xml_attribute(out, name, value, strlen(value));
}

static void put_case(struct buf *out, const char *class, const struct one_case *c)
{
	static const char *const elements[] = {NULL, "failure", "error", "skipped"};
	const char *element = elements[outcome_of(c->verdict)];
	struct buf message = {0};

	buf_puts(out, "  <testcase");
	put_attribute(out, "classname", class);
	put_attribute(out, "name", buf_str(&c->name));
	if (element) {
		buf_puts(&message, verdict_name(c->verdict));
		if (c->figures.n)
			buf_printf(&message, ": %s", buf_str(&c->figures));
		buf_printf(out, ">\n    <%s", element);
		put_attribute(out, "message", buf_str(&message));
		buf_puts(out, "/>\n  </testcase>\n");
	} else if (c->figures.n) {
		buf_puts(out, ">\n    <system-out>");
		xml_puts(out, buf_str(&c->figures));
		buf_puts(out, "</system-out>\n  </testcase>\n");
	} else {
		buf_puts(out, "/>\n");
	}
	buf_free(&message);
}

static void put_property(struct buf *out, const char *name, const char *value)
{
	buf_puts(out, "    <property");
	put_attribute(out, "name", name);
	put_attribute(out, "value", value);
	buf_puts(out, "/>\n");
}

void report_junit(const struct results *r, struct buf *out)
{
	struct cases cases = cases_of(r);
	const struct one_case *c;
	uint32_t n[CASE_SKIPPED + 1] = {0};
	char digest[24], seed[24];
	struct buf b = {0};

	vec_foreach (c, &cases.list)
		n[outcome_of(c->verdict)]++;
	snprintf(digest, sizeof digest, "%016" PRIx64, r->digest);
	snprintf(seed, sizeof seed, "%" PRIu64, r->seed);
	buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite");
	put_attribute(out, "name", r->plan->title);
	buf_printf(out, " tests=\"%zu\" failures=\"%u\" errors=\"%u\" skipped=\"%u\">\n",
		   cases.list.n, n[CASE_FAILED], n[CASE_ERROR], n[CASE_SKIPPED]);
	buf_puts(out, "  <properties>\n");
	put_property(out, "verdict", verdict_name(r->verdict));
	put_property(out, "digest", digest);
	put_property(out, "seed", seed);
	put_property(out, "backend", r->backend);
	pool_mechanisms(r, &b);
	if (b.n)
		put_property(out, "mechanism", buf_str(&b));
	buf_free(&b);
	if (r->kernel)
		put_property(out, "kernel", r->kernel);
	buf_puts(out, "  </properties>\n");
	vec_foreach (c, &cases.list)
		put_case(out, r->plan->path, c);
	buf_puts(out, "</testsuite>\n");
	cases_free(&cases);
}

/* ---- TAP ------------------------------------------------------------------------------------ */

void report_tap(const struct results *r, struct buf *out)
{
	struct cases cases = cases_of(r);

	buf_printf(out, "TAP version 13\n1..%zu\n", cases.list.n);
	for (size_t i = 0; i < cases.list.n; i++) {
		const struct one_case *c = &cases.list.v[i];
		enum outcome o = outcome_of(c->verdict);

		buf_printf(out, "%sok %zu - ", o == CASE_FAILED || o == CASE_ERROR ? "not " : "",
			   i + 1);
		text_tap(out, buf_str(&c->name));
		if (o == CASE_SKIPPED) {
			buf_puts(out, " # SKIP ");
			text_fit(out, buf_str(&c->figures), text_columns(buf_str(&c->figures)));
		}
		buf_printf(out, "\n# %s", verdict_name(c->verdict));
		if (c->figures.n && o != CASE_SKIPPED) {
			buf_puts(out, ": ");
			text_fit(out, buf_str(&c->figures), text_columns(buf_str(&c->figures)));
		}
		buf_putc(out, '\n');
	}
	cases_free(&cases);
}
