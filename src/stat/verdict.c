/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stat/verdict.h"

#include "stat/contention.h"
#include "stat/contrast.h"
#include "stat/estimate.h"
#include "stat/evaluate.h"
#include "stat/judge.h"

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

/* ---- claims --------------------------------------------------------------------------------- */

static void judge_expect(struct results *r, struct expect_result *x)
{
	const struct plan_expect *e = x->expect;
	const struct px *cond = e->cond;
	int32_t skipped = estimate_skipped(r, cond, x->policy);
	struct evaluation ev;

	if (skipped != PX_ANY_POLICY) {
		x->verdict = VERDICT_SKIP;
		x->why = arena_printf(&r->arena, "policy %s is skipped",
				      r->plan->policies[skipped].name);
		return;
	}
	ev = evaluate(r, cond, x->policy);

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
	if (e->confidence > 0 && !ev.empty) {
		enum verdict v =
		    estimate_decide(r, cond, x->policy, e->confidence, &x->difference, &x->why);

		/* A claim on what some run lacks cannot pass, whatever the others say. */
		if (v != VERDICT_PASS || !ev.missing)
			x->verdict = v;
	}
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
				c->verdict = judge_worse(c->verdict, x->verdict);
				c->nexpects++;
				if (x->verdict == VERDICT_VOID)
					judge_note(j, "%s%s: %s",
						   c->name ? c->name : "an expectation",
						   c->name ? "" : " cannot be tested", x->why);
			}
		}
		r->verdict = judge_worse(r->verdict, c->verdict);
	}
	r->claims = claims;
	r->nclaims = n;
}

void verdict_judge(struct results *r)
{
	struct judge j = {.r = r};

	contention_judge(r);
	contrast_all(r);
	r->verdict = r->plan->baseline < 0 && !r->plan->nexpects ? VERDICT_NONE : VERDICT_PASS;
	judge_runs(&j);
	judge_claims(&j);
	judge_trust(&j);
	r->reasons = arena_dup(&r->arena, j.reasons.v, j.reasons.n * sizeof(*j.reasons.v));
	r->nreasons = (uint32_t)j.reasons.n;
	vec_free(&j.reasons);
}
