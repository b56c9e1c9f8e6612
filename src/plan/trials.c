/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trials.c - the end of a run, and how often and in which order runs are made. */
#include <string.h>

#include "lang/print.h"
#include "plan/check.h"

const char *trials_text(struct check *x, const struct ast_expr *e)
{
	struct buf b = {0};
	const char *s;

	print_expr(x->u, e, &b);
	/* The passes of a loop have one text each: "survived(low[i]) == 1 (i = 0)". */
	for (const struct frame *f = x->frame; f; f = f->up)
		if (f->loop) {
			buf_printf(&b, f == x->frame ? " (%s = " : ", %s = ", f->loop->name->s);
			value_print(&f->loop->value, &b);
		}
	if (x->frame)
		buf_putc(&b, ')');
	s = arena_strndup(x->arena, buf_str(&b), b.n);
	buf_free(&b);
	return s;
}

void trials_finish_time(struct check *x)
{
	uint64_t at;

	if (x->finish && x->finish->time && eval_duration(x, x->finish->time, "`finish`", &at))
		x->plan.finish_ns = at;
}

static void read_abort(struct check *x, const struct ast_finish *s)
{
	const struct px *cond = eval_condition(x, s->cond, EVAL_LIVE, "`abort`");

	if (!cond || !x->keep)
		return;
	vec_push(&x->aborts, cond);
	vec_push(&x->abort_texts, trials_text(x, s->cond));
}

/* ---- repeat ---------------------------------------------------------------------------------- */

/* ci(high.time) < 5% */
static void read_until(struct check *x, const struct ast_expr *e)
{
	const struct ast_expr *ci = e->kind == AE_BINARY ? e->a : NULL;
	struct value v;
	struct ratio width;

	if (e->kind == AE_ERROR)
		return;
	if (!ci || (e->op != AO_LT && e->op != AO_LE) || ci->kind != AE_CALL ||
	    strcmp(ci->call->name->s, "ci") || !ci->call->args || ci->call->args->next) {
		complain(x, E_UNTIL, e->at, "`until` waits for a narrow confidence interval");
		diag_hint(x->diags, "until ci(high.time) < 5%%");
		return;
	}
	if (!eval_number(x, e->b, "`until`", &width))
		return;
	if (width.num <= 0) {
		complain(x, E_RANGE, e->b->at, "the width of an interval is more than 0");
		return;
	}
	x->mode = EVAL_AFTER;
	x->asks_alone = x->asks_left_out = false;
	v = eval(x, ci->call->args->e);
	x->mode = EVAL_CONST;
	x->plan.uses_alone |= x->asks_alone;
	if (v.dim == DIM_ERROR)
		return;
	if (!v.px) {
		complain(x, E_UNTIL, ci->at, "`ci` is of a measurement");
		return;
	}
	if (x->asks_left_out) { /* nothing to wait for: its policy is not run */
		x->plan.repeat = x->plan.repeat_max;
		return;
	}
	x->plan.repeat_until = v.px;
	x->plan.repeat_width = (double)width.num / (double)width.den;
}

static void read_repeat(struct check *x, const struct ast_repeat *r)
{
	int64_t lo = 1, hi, seed;

	if (r->lo)
		eval_integer(x, r->lo, "`repeat`", 1, 1000000, &lo);
	hi = lo;
	if (r->hi && eval_integer(x, r->hi, "`repeat`", 1, 1000000, &hi) && hi < lo)
		complain(x, E_EMPTY_RANGE, span_join(r->lo->at, r->hi->at),
			 "this range ends below its start");
	x->plan.repeat = (uint32_t)lo;
	x->plan.repeat_max = (uint32_t)hi;
	if (r->until)
		read_until(x, r->until);
	else if (r->hi) {
		complain(x, E_UNTIL, span_join(r->lo->at, r->hi->at),
			 "a range of repetitions needs `until`, which says when there are enough");
		diag_hint(x->diags, "until ci(high.time) < 5%%");
	}
	if (r->interleave && strcmp(r->interleave->s, "random"))
		complain(x, E_ATTR_VALUE, r->interleave_at, "`interleave` is `random`, not `%s`",
			 r->interleave->s);
	x->plan.interleave_random = r->interleave;
	if (r->seed && eval_integer(x, r->seed, "`seed`", 0, INT64_MAX, &seed))
		x->plan.seed = (uint64_t)seed;
}

/* ---- sweep, contention ------------------------------------------------------------------------
 */

/* As -p takes it: a string without quotes. */
static const char *sweep_value(struct check *x, const struct value *v)
{
	struct buf b = {0};
	const char *s;

	if (v->dim == DIM_STRING)
		return v->string;
	if (v->dim == DIM_ERROR || v->px)
		return "";
	value_print(v, &b);
	s = arena_strndup(x->arena, buf_str(&b), b.n);
	buf_free(&b);
	return s;
}

static void read_sweep(struct check *x, const struct ast_sweep *s)
{
	struct decl *d = s->name ? names_need(x, s->name, s->name_at) : NULL;
	struct value v;

	struct plan_sweep sweep = {0};
	VEC(const char *) values = {0};

	if (d && d->kind != DECL_PARAM) {
		names_wrong_kind(x, d, s->name_at, "a parameter");
		d = NULL;
	}
	for (const struct ast_expr_list *l = s->values; l; l = l->next) {
		v = eval(x, l->e);
		if (d)
			params_allow(x, d, &v, l->e);
		vec_push(&values, sweep_value(x, &v));
	}
	for (size_t i = 0; d && i < x->sweeps.n; i++)
		if (!strcmp(x->sweeps.v[i].param, d->name->s))
			complain(x, E_SECOND, s->name_at, "a second sweep of `%s`", d->name->s);
	/* What the command line gives is given. */
	if (d && !d->overridden) {
		sweep.param = d->name->s;
		sweep.values = arena_dup(x->arena, values.v, values.n * sizeof(*values.v));
		sweep.nvalues = (uint32_t)values.n;
		if (!x->sweeps.n)
			x->plan.sweep_at = s->s.at;
		vec_push(&x->sweeps, sweep);
	}
	vec_free(&values);
}

static void read_contention(struct check *x, const struct ast_compare *c)
{
	const struct ast_name *word = c->policies;

	if (!word || !word->name)
		return;
	if (strcmp(word->name->s, "none") || word->next)
		complain(x, E_ATTR_VALUE, word->at, "`contention` is `none`, or left out");
	x->plan.contention_none = true;
}

/* ---- behind the timeline ----------------------------------------------------------------------
 */

static void later_statement(struct check *x, const struct ast_stmt *s)
{
	switch ((enum ast_stmt_kind)s->kind) {
	case AS_EXPECT:
		expect_statement(x, (const struct ast_expect *)s, NULL);
		break;
	case AS_CLAIM:
		expect_claim(x, (const struct ast_claim *)s);
		break;
	case AS_FOR:
		timeline_for(x, (const struct ast_for *)s, later_statement);
		break;
	case AS_ABORT:
		read_abort(x, (const struct ast_finish *)s);
		break;
	case AS_MEASURE:
		measure_statement(x, (const struct ast_measure *)s);
		break;
	case AS_SWEEP:
		read_sweep(x, (const struct ast_sweep *)s);
		break;
	case AS_REQUIRE:
		require_statement(x, (const struct ast_require *)s);
		break;
	default: /* in a `for` that was expanded before */
		break;
	}
}

/* The expectation that the command line asks for, through the one grammar there is. */
static void read_asked(struct check *x)
{
	struct ast_file *files = x->u->files;
	uint32_t errors = x->diags->errors;
	struct buf text = {0};
	const struct ast_file *f;

	buf_printf(&text, "expect %s\n", x->opt->expect);
	x->u->files = NULL;
	parse_only(x->u, x->opt->expect_name, text.s, text.n);
	f = x->u->files;
	x->u->files = files;
	buf_free(&text);
	if (!f || x->diags->errors != errors)
		return;
	if (!f->stmts || f->stmts->kind != AS_EXPECT || f->stmts->next) {
		diag_at(x->diags, E_OVERRIDE, (struct span){0}, "`%s` is not one condition",
			x->opt->expect);
		return;
	}
	expect_statement(x, (const struct ast_expect *)f->stmts, x->opt->expect_name);
}

void trials_later(struct check *x)
{
	if (x->finish && x->finish->cond)
		x->plan.finish_when = eval_condition(x, x->finish->cond, EVAL_LIVE, "`finish`");
	if (x->repeat_ast)
		read_repeat(x, x->repeat_ast);
	if (x->contention)
		read_contention(x, x->contention);
	for (size_t i = 0; i < x->later.n && !x->over_limit; i++)
		later_statement(x, x->later.v[i]);
	if (x->opt && x->opt->expect && !x->over_limit)
		read_asked(x);
}
