/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stat/verdict.h"

#include <stdarg.h>

#include "base/buf.h"
#include "base/units.h"
#include "base/vec.h"
#include "stat/contention.h"
#include "stat/evaluate.h"

const char *verdict_name(enum verdict v)
{
	switch (v) {
	case VERDICT_PASS:
		return "PASS";
	case VERDICT_WARN:
		return "WARN";
	case VERDICT_FAIL:
		return "FAIL";
	case VERDICT_UNDECIDED:
		return "UNDECIDED";
	case VERDICT_VOID:
		return "VOID";
	case VERDICT_SKIP:
		return "SKIP";
	case VERDICT_ABORTED:
		return "ABORTED";
	case VERDICT_NONE:
		break;
	}
	return "NONE";
}

const char *summary_end_name(enum summary_end e)
{
	switch (e) {
	case END_FINISHED:
		return "finished";
	case END_DEADLINE:
		return "deadline";
	case END_ABORTED:
		return "aborted";
	case END_STUCK:
		return "stuck";
	case END_INTERRUPTED:
		break;
	}
	return "interrupted";
}

int results_exit_status(const struct results *r)
{
	if (r->interrupted)
		return 130;
	switch (r->verdict) {
	case VERDICT_PASS:
	case VERDICT_WARN:
	case VERDICT_NONE:
		return 0;
	case VERDICT_FAIL:
	case VERDICT_UNDECIDED:
		return 1;
	case VERDICT_SKIP:
		return 3;
	case VERDICT_VOID:
		return 4;
	case VERDICT_ABORTED:
		break;
	}
	return 5;
}

static enum verdict worse(enum verdict a, enum verdict b)
{
	static const unsigned char severity[] = {
	    [VERDICT_NONE] = 0,	     [VERDICT_PASS] = 1, [VERDICT_WARN] = 2, [VERDICT_SKIP] = 3,
	    [VERDICT_UNDECIDED] = 4, [VERDICT_FAIL] = 5, [VERDICT_VOID] = 6, [VERDICT_ABORTED] = 7,
	};

	return severity[a] >= severity[b] ? a : b;
}

/* ---- reasons -------------------------------------------------------------------------------- */

struct judge {
	struct results *r;
	VEC(const char *) reasons;
};

__attribute__((format(printf, 2, 3))) static void note(struct judge *j, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vec_push(&j->reasons, arena_vprintf(&j->r->arena, fmt, ap));
	va_end(ap);
}

__attribute__((format(printf, 2, 3))) static void find_void(struct judge *j, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vec_push(&j->reasons, arena_vprintf(&j->r->arena, fmt, ap));
	va_end(ap);
	j->r->verdict = worse(j->r->verdict, VERDICT_VOID);
}

static const char *size(struct judge *j, uint64_t bytes)
{
	struct buf b = {0};
	const char *s;

	fmt_size_short(&b, bytes);
	s = arena_strndup(&j->r->arena, buf_str(&b), b.n);
	buf_free(&b);
	return s;
}

static const char *time_of(struct judge *j, uint64_t ns)
{
	struct buf b = {0};
	const char *s;

	fmt_seconds_short(&b, (double)ns / (double)NS_PER_SEC);
	s = arena_strndup(&j->r->arena, buf_str(&b), b.n);
	buf_free(&b);
	return s;
}

/* ---- claims --------------------------------------------------------------------------------- */

static void judge_expect(struct results *r, struct expect_result *x)
{
	const struct plan_expect *e = x->expect;
	const struct px *cond = e->cond;
	struct evaluation ev = evaluate(r, cond, x->policy);

	if (cond->kind >= PX_LT && cond->kind <= PX_NE) {
		struct evaluation left = evaluate(r, cond->args[0], x->policy);
		struct evaluation right = evaluate(r, cond->args[1], x->policy);

		x->has_sides = true;
		x->left = left.value;
		x->right = right.value;
		x->left_missing = left.empty;
		x->right_missing = right.empty;
		x->dim = (enum dim)cond->args[0]->dim;
	}
	if (ev.empty)
		x->verdict = VERDICT_VOID;
	else if (ev.value == 0)
		x->verdict = VERDICT_FAIL;
	else if (ev.missing)
		x->verdict = VERDICT_UNDECIDED;
	else
		x->verdict = VERDICT_PASS;
	if (ev.empty || ev.missing)
		x->why = evaluation_why(r, &ev, x->policy);
	if (e->warn_only && x->verdict != VERDICT_PASS)
		x->verdict = VERDICT_WARN;
}

static bool same_claim(const struct plan_expect *a, const struct plan_expect *b)
{
	return a->claim == b->claim;
}

static void judge_claims(struct judge *j)
{
	struct results *r = j->r;
	const struct plan *p = r->plan;
	struct claim_result *claims = arena_array(&r->arena, struct claim_result, p->nexpects);
	uint32_t n = 0;

	for (uint32_t i = 0, end; i < p->nexpects; i = end) {
		struct claim_result *c = &claims[n++];
		struct expect_result *x;
		uint32_t nx = 0;

		for (end = i; end < p->nexpects && same_claim(&p->expects[i], &p->expects[end]);
		     end++)
			nx += p->expects[end].each_policy ? p->npolicies : 1;
		x = arena_array(&r->arena, struct expect_result, nx);
		c->name = p->expects[i].claim;
		c->expects = x;
		c->verdict = VERDICT_NONE;
		for (uint32_t k = i; k < end; k++) {
			bool each = p->expects[k].each_policy;

			for (uint32_t q = 0; q < (each ? p->npolicies : 1); q++, x++) {
				x->expect = &p->expects[k];
				x->policy = each ? (int32_t)q : PX_ANY_POLICY;
				judge_expect(r, x);
				c->verdict = worse(c->verdict, x->verdict);
				c->nexpects++;
				if (x->verdict == VERDICT_VOID)
					note(j, "%s%s: %s", c->name ? c->name : "an expectation",
					     c->name ? "" : " cannot be tested", x->why);
			}
		}
		r->verdict = worse(r->verdict, c->verdict);
	}
	r->claims = claims;
	r->nclaims = n;
}

/* ---- was it a test -------------------------------------------------------------------------- */

static void judge_contention(struct judge *j)
{
	const struct results *r = j->r;
	const struct plan *p = r->plan;
	const struct budget *b = r->nbudgets ? &r->budgets[0] : NULL;

	if (p->contention_none) {
		if (!r->contended || (!p->nexpects && p->baseline < 0))
			return;
		for (uint32_t i = 0; i < r->nbudgets; i++)
			if (r->budgets[i].contended || r->budgets[i].over.first_ns != NEVER)
				b = &r->budgets[i];
		find_void(j,
			  "sessions contend though the scenario says `contention none`: %s was met "
			  "in %u of %u runs, unlimited demand peaks at %s of %s",
			  p->cgroups[b->cgroup].name, b->contended, b->nruns,
			  size(j, b->over.peak_bytes), size(j, b->limit_bytes));
		return;
	}
	if (p->baseline < 0 || r->contended)
		return;
	if (!b)
		find_void(j, "no contention: no two sessions share a limit");
	else
		find_void(j,
			  "no contention: in no run of %s was a shared limit met, and unlimited "
			  "demand peaks at %s of the %s that %s allows",
			  p->policies[p->baseline].name, size(j, b->over.peak_bytes),
			  size(j, b->limit_bytes),
			  b->machine ? "the machine" : p->cgroups[b->cgroup].name);
}

static bool acted(const struct plan *p, const struct run_summary *run)
{
	for (uint32_t i = 0; i < p->ncgroups; i++)
		if (run->cgroups[i].counters.delays || run->cgroups[i].counters.protections)
			return true;
	return false;
}

static void judge_policies(struct judge *j)
{
	const struct results *r = j->r;
	const struct plan *p = r->plan;

	if (p->baseline < 0 || p->contention_none)
		return;
	for (uint32_t i = 0; i < p->npolicies; i++) {
		uint32_t runs = 0, active = 0;

		if (!p->policies[i].acts)
			continue;
		for (uint32_t k = 0; k < r->nruns; k++) {
			if (r->runs[k].policy != (int32_t)i || r->runs[k].end == END_INTERRUPTED)
				continue;
			runs++;
			active += acted(p, &r->runs[k]);
		}
		if (runs && !active)
			find_void(j, "policy %s never acted: no delay and no protection in %u %s",
				  p->policies[i].name, runs, runs == 1 ? "run" : "runs");
		else if (active < runs)
			note(j, "policy %s acted in %u of %u runs only", p->policies[i].name,
			     active, runs);
	}
}

static void judge_limits(struct judge *j)
{
	const struct results *r = j->r;
	uint32_t limits = 0, runs = 0;

	for (uint32_t k = 0; k < r->nruns; k++) {
		limits += r->runs[k].limits_not_in_force;
		runs += r->runs[k].limits_not_in_force > 0;
	}
	if (!limits)
		return;
	if (r->plan->baseline < 0 && !r->plan->nexpects)
		note(j, "limits not in force on reading back: %u, in %u of %u runs", limits, runs,
		     r->nruns);
	else
		find_void(j, "limits not in force on reading back: %u, in %u of %u runs", limits,
			  runs, r->nruns);
}

static const char *run_of(const struct results *r, const struct run_summary *run)
{
	return run->policy == PX_ALONE ? r->plan->cgroups[run->alone].name
				       : r->plan->policies[run->policy].name;
}

static void judge_ends(struct judge *j)
{
	struct results *r = j->r;
	const struct plan *p = r->plan;
	uint32_t late = 0;

	for (uint32_t k = 0; k < r->nruns; k++) {
		const struct run_summary *run = &r->runs[k];
		const char *alone = run->policy == PX_ALONE ? "alone." : "";

		switch ((enum summary_end)run->end) {
		case END_FINISHED:
			break;
		case END_DEADLINE:
			late++;
			break;
		case END_ABORTED:
			note(j, "aborted after %u of %u runs: %s%s, repetition %u, at %s: %s",
			     k + 1, r->planned, alone, run_of(r, run), run->rep + 1,
			     time_of(j, run->end_ns), p->abort_texts[run->abort]);
			r->verdict = worse(r->verdict, VERDICT_ABORTED);
			break;
		case END_STUCK:
			note(j,
			     "%s%s, repetition %u, came to a halt at %s: its workers wait for "
			     "what never comes",
			     alone, run_of(r, run), run->rep + 1, time_of(j, run->end_ns));
			break;
		case END_INTERRUPTED:
			note(j, "%s%s, repetition %u, was cut off at %s and is not counted", alone,
			     run_of(r, run), run->rep + 1, time_of(j, run->end_ns));
			break;
		}
	}
	if (late)
		note(j, "%u of %u runs ended by their deadline", late, r->nruns);
	if (r->interrupted) {
		note(j, "interrupted: %u of %u runs", r->nruns, r->planned);
		r->verdict = worse(r->verdict, VERDICT_ABORTED);
	}
}

/* What no policy can help: said beside a PASS as beside a FAIL. */
static void note_hopeless(struct judge *j)
{
	const struct results *r = j->r;
	const struct plan *p = r->plan;

	for (uint32_t i = 0; i < r->nsessions; i++) {
		uint32_t session = r->sessions[i], killed = 0, runs = 0;
		uint64_t peak = r->demand.cgroups[session].peak_bytes;

		for (uint32_t k = 0; k < r->nbudgets; k++) {
			uint32_t top = session;

			while (top > r->budgets[k].cgroup)
				top = p->cgroups[top].parent;
			if (top == r->budgets[k].cgroup && peak > r->budgets[k].limit_bytes) {
				note(j,
				     "%s alone needs %s of a budget of %s: no policy can save "
				     "it",
				     p->cgroups[session].name, size(j, peak),
				     size(j, r->budgets[k].limit_bytes));
				break;
			}
		}
		for (uint32_t k = 0; k < r->nruns; k++) {
			const struct run_summary *run = &r->runs[k];

			if (run->policy != PX_ALONE || run->alone != session ||
			    run->end == END_INTERRUPTED)
				continue;
			runs++;
			killed += run->cgroups[session].oom_killed;
		}
		if (killed)
			note(j, "%s is killed even alone, in %u of %u runs",
			     p->cgroups[session].name, killed, runs);
	}
}

void verdict_judge(struct results *r)
{
	struct judge j = {.r = r};

	contention_judge(r);
	r->verdict = r->plan->baseline < 0 && !r->plan->nexpects ? VERDICT_NONE : VERDICT_PASS;
	judge_ends(&j);
	judge_limits(&j);
	judge_contention(&j);
	judge_policies(&j);
	judge_claims(&j);
	note_hopeless(&j);
	r->reasons = arena_dup(&r->arena, j.reasons.v, j.reasons.n * sizeof(*j.reasons.v));
	r->nreasons = (uint32_t)j.reasons.n;
	vec_free(&j.reasons);
}
