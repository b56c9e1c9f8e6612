/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * eval.c - expressions to values, and values to what a place asks for.
 *
 * Literals, which nearly all of a large scenario's expressions are, take a short way through the
 * eval_* functions.
 */
#include <inttypes.h>
#include <string.h>

#include "plan/check.h"

const char *dim_name(enum dim d)
{
	switch (d) {
	case DIM_ERROR:
		return "an error";
	case DIM_NUMBER:
		return "a number";
	case DIM_SIZE:
		return "a size";
	case DIM_DURATION:
		return "a duration";
	case DIM_RATE:
		return "a rate";
	case DIM_BOOL:
		return "a condition";
	case DIM_STRING:
		return "a string";
	case DIM_TRACE:
		return "a trace";
	case DIM_CGROUPS:
		return "a cgroup";
	}
	return "a value";
}

struct value value_number(int64_t n)
{
	return (struct value){.dim = DIM_NUMBER, .n = {n, 1}};
}

void value_print(const struct value *v, struct buf *out)
{
	switch ((enum dim)v->dim) {
	case DIM_SIZE:
	case DIM_DURATION:
		if (v->n.num < 0)
			buf_putc(out, '-');

		uint64_t n = (uint64_t)(v->n.num < 0 ? -(v->n.num / v->n.den) : ratio_floor(v->n));

		if (v->dim == DIM_SIZE)
			fmt_size(out, n);
		else
			fmt_duration(out, n);
		break;
	case DIM_RATE:
		fmt_size(out, (uint64_t)ratio_floor(v->n));
		buf_puts(out, "/s");
		break;
	case DIM_NUMBER:
		fmt_ratio(out, v->n);
		break;
	case DIM_BOOL:
		buf_puts(out, v->n.num ? "on" : "off");
		break;
	case DIM_STRING:
		buf_puts(out, v->string);
		break;
	case DIM_TRACE:
		buf_puts(out, v->trace->ast->name->s);
		break;
	case DIM_ERROR:
	case DIM_CGROUPS:
		break;
	}
}

/* ---- names ----------------------------------------------------------------------------------- */

static bool has_selector(struct check *x, const struct ast_path *p, const struct decl *d)
{
	if (p->sel == SEL_NONE)
		return false;
	complain(x, E_NOT_ARRAY, p->at, "`%s` is %s, not an array of cgroups", d->name->s,
		 decl_kind_name(d->kind));
	return true;
}

static struct value eval_name(struct check *x, const struct ast_path *p, struct decl *d)
{
	struct value v = d->value;

	if (has_selector(x, p, d))
		return (struct value){.dim = DIM_ERROR};
	if (d->kind == DECL_TRACE)
		v = (struct value){.dim = DIM_TRACE, .trace = d->trace};
	if (!p->next)
		return v;
	if (v.dim == DIM_TRACE || v.dim == DIM_ERROR)
		return trace_field(x, &v, p->next);
	complain(x, E_WRONG_KIND, p->next->at, "`%s` is %s and has no parts", d->name->s,
		 decl_kind_name(d->kind));
	return (struct value){.dim = DIM_ERROR};
}

static struct value eval_path(struct check *x, const struct ast_path *p, struct span at)
{
	struct decl *d = p->name ? names_find(x, p->name) : NULL;

	if (!d)
		return measure_path(x, p, at);
	d->used = true;
	switch ((enum decl_kind)d->kind) {
	case DECL_PARAM:
	case DECL_LET:
		if (!params_ready(x, d, p->at))
			return (struct value){.dim = DIM_ERROR};
		return eval_name(x, p, d);
	case DECL_LOOP:
	case DECL_FORMAL:
	case DECL_TRACE:
		return eval_name(x, p, d);
	case DECL_CGROUP:
	case DECL_POLICY:
	case DECL_MARK:
	case DECL_WORKLOAD:
		break;
	}
	return measure_path(x, p, at);
}

/* ---- functions ------------------------------------------------------------------------------- */

static struct value eval_call(struct check *x, const struct ast_expr *e)
{
	static const char *const names[] = {"min",	"max",	"sum", "killed",
					    "survived", "done", "p95"};
	const struct ast_call *c = e->call;
	double q = measure_quantile(c->name);
	struct value *args;
	enum px_kind k;
	uint32_t n = 0;

	if (measure_is_call(c))
		return measure_call(x, e);
	if (!strcmp(c->name->s, "min"))
		k = PX_MIN;
	else if (!strcmp(c->name->s, "max"))
		k = PX_MAX;
	else if (!strcmp(c->name->s, "sum"))
		k = PX_SUM;
	else if (q > 0)
		k = PX_QUANTILE;
	else {
		complain(x, E_UNKNOWN_FUNCTION, c->name_at, "there is no function `%s`",
			 c->name->s);
		suggest(x, c->name->s, names, sizeof(names) / sizeof(*names));
		return (struct value){.dim = DIM_ERROR};
	}
	for (const struct ast_expr_list *l = c->args; l; l = l->next)
		n++;
	if (!n) {
		complain(x, E_ARGUMENTS, e->at, "`%s` needs an argument", c->name->s);
		return (struct value){.dim = DIM_ERROR};
	}
	args = arena_array(x->arena, struct value, n);
	n = 0;
	for (const struct ast_expr_list *l = c->args; l; l = l->next)
		args[n++] = eval(x, l->e);
	if (k == PX_QUANTILE) {
		bool measured = x->mode == EVAL_AFTER;

		for (uint32_t i = 0; i < n; i++) {
			if (args[i].dim == DIM_ERROR)
				return args[i];
			measured = measured && args[i].px;
		}
		if (!measured) {
			complain(x, x->mode == EVAL_AFTER ? E_ARGUMENTS : E_METRIC_PLACE, e->at,
				 "`%s` is of measurements, known after a run", c->name->s);
			return (struct value){.dim = DIM_ERROR};
		}
	}
	return value_fold(x, k, args, n, q, e->at);
}

/* ---- expressions ----------------------------------------------------------------------------- */

static struct value eval_literal(struct check *x, enum dim dim, uint64_t u, struct span at)
{
	if (u < MAX_BYTES)
		return (struct value){.dim = (uint8_t)dim, .n = {(int64_t)u, 1}};
	complain(x, E_OVERFLOW, at, "this is too large");
	if (dim == DIM_DURATION)
		diag_hint(x->diags, "times end at 1000000h");
	return (struct value){.dim = DIM_ERROR};
}

static struct value eval_inner(struct check *x, const struct ast_expr *e)
{
	struct value a;

	switch ((enum ast_expr_kind)e->kind) {
	case AE_ERROR:
		break;
	case AE_SIZE:
		return eval_literal(x, DIM_SIZE, e->u, e->at);
	case AE_DURATION:
		return eval_literal(x, DIM_DURATION, e->u, e->at);
	case AE_RATE:
		return eval_literal(x, DIM_RATE, e->u, e->at);
	case AE_NUMBER:
		a = (struct value){.dim = DIM_NUMBER, .n = e->ratio};
		a.zero = !e->ratio.num && !e->percent;
		return a;
	case AE_VERSION:
		complain(x, E_TYPE, e->at, "a version stands in `require` only");
		break;
	case AE_STRING:
		return (struct value){.dim = DIM_STRING, .string = e->sym->s, .from = e->at};
	case AE_BOOL:
		return (struct value){.dim = DIM_BOOL, .n = {e->u ? 1 : 0, 1}};
	case AE_PATH:
		return eval_path(x, e->path, e->at);
	case AE_UNARY:
		a = eval(x, e->a);
		return value_unary(x, e->op, a, e->at);
	case AE_BINARY:
		a = eval(x, e->a);
		return value_binary(x, e->op, a, eval(x, e->b), e->at);
	case AE_CALL:
		return eval_call(x, e);
	}
	return (struct value){.dim = DIM_ERROR};
}

struct value eval(struct check *x, const struct ast_expr *e)
{
	struct value v = {.dim = DIM_ERROR};

	if (!e)
		return v;
	if (x->depth >= MAX_EXPR_DEPTH) {
		complain(x, E_EXPR_DEPTH, e->at, "too many values wait for one another here");
		diag_hint(x->diags, "define each before its first use");
		return v;
	}
	x->depth++;
	v = eval_inner(x, e);
	x->depth--;
	return v;
}

/* ---- what a place asks for ------------------------------------------------------------------- */

static void complain_unit(struct check *x, enum dim dim, const struct ast_expr *e, const char *what)
{
	size_t n;
	const char *s = sources_text(&x->u->sources, e->at, &n);
	bool plain = e->kind == AE_NUMBER && !e->percent && n < 16 && !e->parens;

	complain(x, E_NEEDS_UNIT, e->at, "%s needs %s, and this is a number", what, dim_name(dim));
	if (dim == DIM_SIZE)
		diag_hint(x->diags, "sizes need a unit: %.*sM", plain ? (int)n : 3,
			  plain ? s : "400");
	else if (dim == DIM_DURATION)
		diag_hint(x->diags, "durations need a unit: %.*ss", plain ? (int)n : 2,
			  plain ? s : "30");
	else
		diag_hint(x->diags, "rates need a unit: %.*sM/s", plain ? (int)n : 3,
			  plain ? s : "200");
}

bool value_is(struct check *x, const struct value *v, enum dim dim, const struct ast_expr *e,
	      const char *what)
{
	if (v->dim == DIM_ERROR || dim == DIM_ERROR)
		return false;
	if (v->dim == dim)
		return true;
	if (v->zero && (dim == DIM_SIZE || dim == DIM_DURATION || dim == DIM_RATE))
		return true;
	if (v->dim == DIM_NUMBER && (dim == DIM_SIZE || dim == DIM_DURATION || dim == DIM_RATE))
		complain_unit(x, dim, e, what);
	else
		complain(x, E_TYPE, e->at, "%s needs %s, and this is %s", what, dim_name(dim),
			 dim_name(v->dim));
	return false;
}

static bool eval_whole(struct check *x, const struct ast_expr *e, enum dim dim, const char *what,
		       uint64_t limit, uint64_t *out)
{
	struct value v = eval(x, e);
	struct buf b = {0};

	if (!value_is(x, &v, dim, e, what))
		return false;
	if (v.n.num < 0) {
		v.dim = (uint8_t)dim;
		value_print(&v, &b);
		complain(x, E_NEGATIVE, e->at, "%s is negative: %s", what, buf_str(&b));
		buf_free(&b);
		return false;
	}

	uint64_t n = (uint64_t)ratio_floor(v.n);

	if (n > limit) {
		complain(x, E_OVERFLOW, e->at, "%s is too large", what);
		if (dim == DIM_DURATION)
			diag_hint(x->diags, "times end at 1000000h");
		return false;
	}
	*out = n;
	return true;
}

bool eval_size(struct check *x, const struct ast_expr *e, const char *what, uint64_t *bytes)
{
	if (!e)
		return false;
	if (e->kind == AE_SIZE && e->u < MAX_BYTES) {
		*bytes = e->u;
		return true;
	}
	return eval_whole(x, e, DIM_SIZE, what, MAX_BYTES - 1, bytes);
}

bool eval_duration(struct check *x, const struct ast_expr *e, const char *what, uint64_t *ns)
{
	if (!e)
		return false;
	if (e->kind == AE_DURATION && e->u <= MAX_NS) {
		*ns = e->u;
		return true;
	}
	return eval_whole(x, e, DIM_DURATION, what, MAX_NS, ns);
}

bool eval_rate(struct check *x, const struct ast_expr *e, const char *what, uint64_t *bps)
{
	return e && eval_whole(x, e, DIM_RATE, what, MAX_BYTES - 1, bps);
}

bool eval_number(struct check *x, const struct ast_expr *e, const char *what, struct ratio *n)
{
	struct value v = eval(x, e);

	if (!e || !value_is(x, &v, DIM_NUMBER, e, what))
		return false;
	*n = v.n;
	return true;
}

bool eval_integer(struct check *x, const struct ast_expr *e, const char *what, int64_t lo,
		  int64_t hi, int64_t *n)
{
	struct ratio r;
	struct buf b = {0};

	if (!eval_number(x, e, what, &r))
		return false;
	if (r.den == 1 && r.num >= lo && r.num <= hi) {
		*n = r.num;
		return true;
	}
	fmt_ratio(&b, r);
	if (r.den != 1)
		complain(x, E_NOT_INTEGER, e->at, "%s needs a whole number, not %s", what,
			 buf_str(&b));
	else if (hi == INT64_MAX)
		complain(x, E_RANGE, e->at, "%s is at least %" PRId64 ", not %s", what, lo,
			 buf_str(&b));
	else
		complain(x, E_RANGE, e->at, "%s is %" PRId64 " to %" PRId64 ", not %s", what, lo,
			 hi, buf_str(&b));
	buf_free(&b);
	return false;
}

const struct px *eval_condition(struct check *x, const struct ast_expr *e, enum eval_mode mode,
				const char *what)
{
	enum eval_mode before = x->mode;
	struct value v;

	x->mode = mode;
	v = eval(x, e);
	x->mode = before;
	if (!e || !value_is(x, &v, DIM_BOOL, e, what))
		return NULL;
	return value_px(x, &v, e->at);
}
