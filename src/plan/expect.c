/* SPDX-License-Identifier: GPL-2.0-or-later */
/* expect.c - expectations and the claims they make up. */
#include "plan/check.h"

static double read_confidence(struct check *x, const struct ast_expr *e)
{
	struct ratio n;

	if (!e || !eval_number(x, e, "`confidence`", &n))
		return 0;
	if (n.num > 0 && n.num < n.den)
		return (double)n.num / (double)n.den;
	complain(x, E_RANGE, e->at, "a confidence is more than 0 and less than 100%%");
	diag_hint(x->diags, "confidence 95%%");
	return 0;
}

void expect_statement(struct check *x, const struct ast_expect *e, const char *claim)
{
	struct plan_expect p = {.claim = claim, .warn_only = e->warn_only, .at = e->s.at};

	x->asks_each = x->asks_alone = x->asks_left_out = false;
	p.cond = eval_condition(x, e->cond, EVAL_AFTER, "`expect`");
	p.confidence = read_confidence(x, e->confidence);
	if (!p.cond || !x->keep || !action_room(x, e->s.at, 1))
		return;
	if (x->asks_left_out) {
		x->plan.nleft_out++;
		return;
	}
	p.each_policy = x->asks_each;
	p.uses_alone = x->asks_alone;
	p.text = trials_text(x, e->cond);
	x->plan.uses_alone |= p.uses_alone;
	vec_push(&x->expects, p);
}

/* One claim is one name; a claim in a `for` is one with the expectations of all passes. */
static void check_name(struct check *x, const struct ast_claim *c)
{
	const struct ast_claim **first;

	if (!x->claims)
		x->claims = arena_array(x->arena, const struct ast_claim *, x->nnames);
	first = &x->claims[c->name->id];
	if (!*first)
		*first = c;
	if (*first == c)
		return;
	complain(x, E_SECOND, c->name_at, "a second claim \"%s\"", c->name->s);
	diag_note(x->diags, (*first)->name_at, "the first is here");
}

void expect_claim(struct check *x, const struct ast_claim *c)
{
	if (!c->name)
		return;
	check_name(x, c);
	for (const struct ast_stmt *s = (const struct ast_stmt *)c->expects; s; s = s->next)
		if (s->kind == AS_EXPECT)
			expect_statement(x, (const struct ast_expect *)s, c->name->s);
}
