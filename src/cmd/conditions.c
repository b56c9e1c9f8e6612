/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conditions.c - --fail-if: what must not have changed (compare.h)
 *
 *   [POLICY.]CGROUP.METRIC OP VALUE   killed([POLICY.]CGROUP) OP VALUE   survived(...) OP VALUE
 *
 * A VALUE with a sign is a change from A to B: of the mean, by so many units, or with % in parts of
 * A's.  It is decided on the interval, as claims with a confidence are.  One without a sign is of B
 * alone, as it was observed: killed() and survived() are shares of its runs.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "cmd/compare.h"
#include "report/text.h"

enum asked {
	ASKED_METRIC,
	ASKED_KILLED,
	ASKED_SURVIVED,
};

struct asking {
	const char *text;
	const char *policy; /* NULL: under each */
	const char *cgroup;
	enum asked what;
	enum metric metric;
	char op[3];
	bool change, relative;
	double value; /* relative: 0.05; durations: seconds */
};

static bool wrong(struct pair *p, const struct asking *q, const char *why)
{
	diag_at(&p->c->diags, E_STORE_CONDITION, (struct span){0}, "`--fail-if '%s'`: %s", q->text,
		why);
	diag_hint(&p->c->diags, "'bpf.high.time > +5%%', 'high.stall > +10ms', 'killed(high) > 0'");
	return false;
}

/* ---- reading --------------------------------------------------------------------------------- */

static const char *trimmed(struct arena *a, const char *s, size_t n)
{
	while (n && strchr(" \t", s[n - 1]))
		n--;
	while (n && strchr(" \t", *s)) {
		s++;
		n--;
	}
	return arena_strndup(a, s, n);
}

static bool starts(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

/* "bpf.high" where bpf is a policy of both and high a cgroup, "high" under each policy. */
static bool read_cgroup(struct pair *p, struct asking *q, const char *name)
{
	struct compare_side side;

	for (uint32_t i = 0; compare_policy(p->rb, i); i++) {
		const char *policy = compare_policy(p->rb, i);
		size_t n = strlen(policy);

		if (!starts(name, policy) || name[n] != '.' ||
		    !compare_find(p->rb, policy, name + n + 1, &side))
			continue;
		q->policy = policy;
		q->cgroup = name + n + 1;
		if (compare_find(p->ra, policy, q->cgroup, &side))
			return true;
		return wrong(p, q, "A has no such policy or cgroup");
	}
	q->cgroup = name;
	for (uint32_t i = 0; compare_policy(p->rb, i); i++)
		if (compare_find(p->rb, compare_policy(p->rb, i), name, &side) &&
		    compare_find(p->ra, compare_policy(p->rb, i), name, &side))
			return true;
	return wrong(p, q, arena_printf(&p->a, "A and B have no cgroup `%s` in common", name));
}

static bool read_subject(struct pair *p, struct asking *q, const char *s)
{
	static const char *const functions[] = {
	    [ASKED_KILLED] = "killed(", [ASKED_SURVIVED] = "survived("};
	size_t len = strlen(s), best = 0;

	for (enum asked f = ASKED_KILLED; f <= ASKED_SURVIVED; f++) {
		size_t n = strlen(functions[f]);

		if (!starts(s, functions[f]) || s[len - 1] != ')')
			continue;
		q->what = f;
		return read_cgroup(p, q, trimmed(&p->a, s + n, len - n - 1));
	}
	for (enum metric m = 0; m < M_COUNT; m++) {
		size_t n = strlen(metric_info[m].spelling);

		if (n <= best || len < n + 2 || s[len - n - 1] != '.' ||
		    strcmp(s + len - n, metric_info[m].spelling))
			continue;
		best = n;
		q->metric = m;
	}
	if (!best)
		return wrong(p, q, "it names no metric of a cgroup");
	return read_cgroup(p, q, arena_strndup(&p->a, s, len - best - 1));
}

static bool read_unit(const char *s, enum dim dim, double *factor)
{
	static const struct {
		const char *name;
		enum dim dim;
		double factor;
	} units[] = {
	    {"", DIM_NUMBER, 1},	{"ns", DIM_DURATION, 1e-9}, {"us", DIM_DURATION, 1e-6},
	    {"ms", DIM_DURATION, 1e-3}, {"s", DIM_DURATION, 1},	    {"m", DIM_DURATION, 60},
	    {"h", DIM_DURATION, 3600},	{"B", DIM_SIZE, 1},	    {"K", DIM_SIZE, KIB},
	    {"M", DIM_SIZE, MIB},	{"G", DIM_SIZE, GIB},	    {"K/s", DIM_RATE, KIB},
	    {"M/s", DIM_RATE, MIB},	{"G/s", DIM_RATE, GIB},
	};

	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (units[i].dim == dim && !strcmp(units[i].name, s)) {
			*factor = units[i].factor;
			return true;
		}
	return false;
}

static bool read_value(struct pair *p, struct asking *q, const char *s)
{
	enum dim dim = q->what == ASKED_METRIC ? metric_info[q->metric].dim : DIM_NUMBER;
	double factor;
	char *end;

	q->change = *s == '+' || *s == '-';
	/* Not what else strtod takes: names, hexadecimals. */
	if (strspn(s + q->change, "0123456789.") == 0)
		return wrong(p, q, "there is no number behind the comparison");
	q->value = strtod(s, &end);
	if (*end == '%' && !end[1]) {
		q->relative = q->change && q->what == ASKED_METRIC;
		q->value /= 100;
		return q->relative || dim == DIM_NUMBER ||
		       wrong(p, q, "a share needs a sign here: +5% of A's mean");
	}
	if (q->value == 0 && !*end)
		return true;
	if (!read_unit(end, dim, &factor))
		return wrong(p, q, "the number lacks its unit, or has one of something else");
	q->value *= factor;
	return true;
}

static bool read(struct pair *p, struct asking *q)
{
	size_t at = strcspn(q->text, "<>=!"), n;

	if (!q->text[at])
		return wrong(p, q, "it compares nothing");
	n = 1 + (q->text[at + 1] == '=');
	memcpy(q->op, q->text + at, n);
	if (strcmp(q->op, "<") != 0 && strcmp(q->op, "<=") != 0 && strcmp(q->op, ">") != 0 &&
	    strcmp(q->op, ">=") != 0)
		return wrong(p, q, "it takes <, <=, > and >=");
	return read_subject(p, q, trimmed(&p->a, q->text, at)) &&
	       read_value(p, q, trimmed(&p->a, q->text + at + n, strlen(q->text + at + n)));
}

/* ---- judging --------------------------------------------------------------------------------- */

static bool holds(const struct asking *q, double v)
{
	if (q->op[0] == '<')
		return v < q->value || (q->op[1] && v == q->value);
	return v > q->value || (q->op[1] && v == q->value);
}

static void put_figure(struct buf *b, const struct asking *q, double v)
{
	if (q->relative) {
		buf_printf(b, "%+.2f%%", 100 * v);
		return;
	}
	if (q->change)
		buf_putc(b, v < 0 ? '-' : '+');
	text_value(b, q->change ? fabs(v) : v,
		   q->what == ASKED_METRIC ? metric_info[q->metric].dim : DIM_NUMBER);
}

static const char *figure(struct pair *p, const struct asking *q, double v,
			  const struct interval *in)
{
	struct buf b = {0};
	const char *s;

	put_figure(&b, q, v);
	if (in) {
		buf_puts(&b, " (");
		put_figure(&b, q, in->lo);
		buf_puts(&b, " to ");
		put_figure(&b, q, in->hi);
		buf_putc(&b, ')');
	}
	s = arena_strndup(&p->a, buf_str(&b), b.n);
	buf_free(&b);
	return s;
}

/* B alone, as it was seen. */
static void judge_seen(struct pair *p, const struct asking *q, const struct compare_side *b,
		       struct condition *out)
{
	uint32_t runs, survived;
	struct dist d;
	double v;

	compare_alive(b, &runs, &survived);
	if (!runs) {
		out->verdict = VERDICT_UNDECIDED;
		out->why = "B has no such run";
		return;
	}
	if (q->what == ASKED_METRIC) {
		d = results_dist(b->r, b->policy, b->cgroup, q->metric);
		if (!d.n || d.missing) {
			out->verdict = VERDICT_UNDECIDED;
			out->why = arena_printf(&p->a, "%u of %u runs of B have no value",
						d.n ? d.missing : runs, runs);
			return;
		}
		v = d.mean;
	} else {
		v = (double)survived / runs;
		if (q->what == ASKED_KILLED)
			v = 1 - v;
	}
	out->verdict = holds(q, v) ? VERDICT_FAIL : VERDICT_PASS;
	out->why = figure(p, q, v, NULL);
}

static void judge_change(struct pair *p, const struct asking *q, const struct compare_side *a,
			 const struct compare_side *b, struct condition *out)
{
	struct comparison c = compare_metric(a, b, q->metric, COMPARE_CONFIDENCE, p->paired);
	struct interval in = q->relative ? c.ratio_in : c.change_in;
	double v = q->relative ? c.ratio - 1 : c.change;
	uint32_t a_runs, b_runs, alive;

	compare_alive(a, &a_runs, &alive);
	compare_alive(b, &b_runs, &alive);
	out->verdict = VERDICT_UNDECIDED;
	if (!c.a_n || !c.b_n) {
		out->why = arena_printf(&p->a, "no value in %s",
					!c.a_n && !c.b_n ? "A nor in B"
					: !c.a_n	 ? "A"
							 : "B");
		return;
	}
	if (q->relative && c.a == 0) {
		out->why = "A's mean is 0: nothing is a share of it";
		return;
	}
	/* Those that lived may well be the lucky ones. */
	if (c.a_missing || c.b_missing) {
		out->why = arena_printf(&p->a, "%u of %u runs of A and %u of %u of B have no value",
					c.a_missing, a_runs, c.b_missing, b_runs);
		return;
	}
	if (!in.there) {
		out->why = arena_printf(&p->a, "%u and %u runs are too few for an interval (%u)",
					c.a_n, c.b_n, bootstrap_least(COMPARE_CONFIDENCE));
		return;
	}
	if (q->relative) {
		in.lo -= 1;
		in.hi -= 1;
	}
	if (holds(q, in.lo) == holds(q, in.hi))
		out->verdict = holds(q, in.lo) ? VERDICT_FAIL : VERDICT_PASS;
	out->why = figure(p, q, v, &in);
}

static void judge(struct pair *p, const struct asking *q, const char *policy)
{
	struct condition out = {.text = q->text, .policy = policy};
	struct compare_side a, b;

	if (!compare_find(p->ra, policy, q->cgroup, &a) ||
	    !compare_find(p->rb, policy, q->cgroup, &b))
		return;
	if (q->change)
		judge_change(p, q, &a, &b, &out);
	else
		judge_seen(p, q, &b, &out);
	vec_push(&p->conditions, out);
	if (out.verdict == VERDICT_FAIL || p->verdict == VERDICT_NONE ||
	    (out.verdict == VERDICT_UNDECIDED && p->verdict == VERDICT_PASS))
		p->verdict = out.verdict;
}

bool conditions_judge(struct pair *p)
{
	const char *const *text;

	p->verdict = VERDICT_NONE;
	vec_foreach (text, &p->c->opt.fail_ifs) {
		struct asking q = {.text = *text};

		if (!read(p, &q))
			return false;
		if ((q.what != ASKED_METRIC) && q.change)
			return wrong(p, &q, "killed() and survived() are of B alone: no sign");
		for (uint32_t i = 0; compare_policy(p->rb, i); i++) {
			const char *policy = compare_policy(p->rb, i);

			if (q.policy ? !strcmp(q.policy, policy) : strcmp(policy, "alone") != 0)
				judge(p, &q, policy);
		}
	}
	return true;
}
