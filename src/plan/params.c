/* SPDX-License-Identifier: GPL-2.0-or-later */
/* params.c - param and let: evaluated on first use, so that their order is free. */
#include <stdio.h>
#include <string.h>

#include "plan/check.h"

/* ---- -p name=value --------------------------------------------------------------------------- */

static const struct plan_override *override_of(const struct check *x, const struct decl *d)
{
	const struct plan_override *found = NULL;

	if (d->kind == DECL_PARAM && x->opt)
		for (size_t i = 0; i < x->opt->noverrides; i++)
			if (!strcmp(x->opt->overrides[i].name, d->name->s))
				found = &x->opt->overrides[i];
	return found; /* the last counts */
}

/* The tree of `value`, through the one grammar there is: as the only statement of a small text. */
static const struct ast_expr *parse_value(struct check *x, const struct plan_override *o)
{
	struct ast_file *files = x->u->files;
	const struct ast_param *let;
	uint32_t errors = x->diags->errors;
	struct buf name = {0}, text = {0};
	const struct ast_file *f;

	buf_printf(&name, "-p %s", o->name);
	buf_printf(&text, "let value = %s\n", o->value);
	x->u->files = NULL;
	parse_only(x->u, buf_str(&name), text.s, text.n);
	f = x->u->files;
	x->u->files = files;
	buf_free(&text);
	buf_free(&name);
	if (!f || x->diags->errors != errors)
		return NULL;
	let = (const struct ast_param *)f->stmts;
	if (!let || let->s.kind != AS_LET || let->s.next) {
		diag_at(x->diags, E_OVERRIDE, (struct span){0},
			"`-p %s=%s` is not one value of the language", o->name, o->value);
		return NULL;
	}
	return let->value;
}

static bool is_overridable(const struct check *x, const char *name)
{
	for (size_t i = 0; i < x->decls.n; i++) {
		const struct decl *d = x->decls.v[i];

		if ((d->kind == DECL_PARAM && !strcmp(d->name->s, name)) ||
		    (d->kind == DECL_TRACE && traces_overridden_by(x, d->trace->ast, name)))
			return true;
	}
	return false;
}

static void unknown_overrides(struct check *x)
{
	VEC(const char *) v = {0};

	if (!x->opt || !x->opt->noverrides)
		return;
	for (size_t i = 0; i < x->decls.n; i++)
		if (x->decls.v[i]->kind == DECL_PARAM || x->decls.v[i]->kind == DECL_TRACE)
			vec_push(&v, x->decls.v[i]->name->s);
	for (size_t i = 0; i < x->opt->noverrides; i++) {
		const char *name = x->opt->overrides[i].name;

		if (is_overridable(x, name))
			continue;
		if (!strcmp(name, "trace")) {
			diag_at(x->diags, E_UNKNOWN_PARAM, (struct span){0},
				"`-p trace` is for a scenario with one trace: name the one meant");
			continue;
		}

		const char *near = diag_nearest(name, v.v, v.n);

		diag_at(x->diags, E_UNKNOWN_PARAM, (struct span){0},
			near ? "`-p %s`: the scenario has no such parameter; did you mean `%s`?"
			     : "`-p %s`: the scenario has no such parameter",
			name, near);
	}
	vec_free(&v);
}

/* ---- values ---------------------------------------------------------------------------------- */

static bool report_cycle(struct check *x, struct decl *d, struct span at)
{
	struct buf b = {0};

	for (const struct decl *n = d->needs; n && n != d; n = n->needs)
		buf_printf(&b, " needs `%s`, which", n->name->s);
	complain(x, E_CYCLE, d->at, "`%s`%s needs `%s`", d->name->s, buf_str(&b), d->name->s);
	diag_note(x->diags, at, "needed here");
	buf_free(&b);
	return false;
}

static bool can_be_named(struct check *x, const struct decl *d, struct value *v)
{
	switch ((enum dim)v->dim) {
	case DIM_NUMBER:
	case DIM_SIZE:
	case DIM_DURATION:
	case DIM_RATE:
	case DIM_STRING:
	case DIM_BOOL:
		return true;
	case DIM_ERROR:
		return false;
	case DIM_TRACE:
	case DIM_CGROUPS:
		break;
	}
	complain(x, E_TYPE, d->param->value->at, "`%s` cannot be %s", d->name->s, dim_name(v->dim));
	diag_hint(x->diags, "a size, a duration, a rate, a number or a string is due");
	return false;
}

static struct value overridden_value(struct check *x, struct decl *d, const struct value *was,
				     const struct plan_override *o, struct span *at)
{
	const struct ast_expr *e;
	struct value v = {0};
	char what[128];

	d->overridden = true;
	if (was->dim == DIM_STRING) {
		v.dim = DIM_STRING;
		v.string = arena_strndup(x->arena, o->value, strlen(o->value));
		return v;
	}
	e = parse_value(x, o);
	if (!e)
		return v;
	*at = e->at;
	v = eval(x, e);
	snprintf(what, sizeof(what), "`%s`", d->name->s);
	if (!value_is(x, &v, was->dim, e, what))
		v.dim = DIM_ERROR;
	else
		v.dim = was->dim;
	return v;
}

static bool in_range(struct check *x, const struct decl *d, const struct value *v, struct span at)
{
	const struct ast_param *p = d->param;
	struct buf b = {0};
	struct value lo, hi;
	char what[128];

	if (!p->lo || !p->hi)
		return true;
	if (v->dim == DIM_STRING || v->dim == DIM_BOOL) {
		complain(x, E_TYPE, span_join(p->lo->at, p->hi->at),
			 "only numbers and quantities have a range, and `%s` is %s", d->name->s,
			 dim_name(v->dim));
		return false;
	}
	lo = eval(x, p->lo);
	hi = eval(x, p->hi);
	snprintf(what, sizeof(what), "the range of `%s`", d->name->s);
	if (!value_is(x, &lo, v->dim, p->lo, what) || !value_is(x, &hi, v->dim, p->hi, what))
		return false;
	if (ratio_cmp(lo.n, hi.n) > 0) {
		complain(x, E_EMPTY_RANGE, span_join(p->lo->at, p->hi->at),
			 "this range ends below its start");
		return false;
	}
	if (ratio_cmp(v->n, lo.n) >= 0 && ratio_cmp(v->n, hi.n) <= 0)
		return true;
	value_print(v, &b);
	complain(x, E_RANGE, at, "`%s` = %s is out of its range", d->name->s, buf_str(&b));
	diag_note(x->diags, span_join(p->lo->at, p->hi->at), "the range is here");
	buf_free(&b);
	return false;
}

void params_allow(struct check *x, const struct decl *d, const struct value *v,
		  const struct ast_expr *e)
{
	struct value own = *v;
	char what[128];

	snprintf(what, sizeof(what), "`%s`", d->name->s);
	if (d->value.dim == DIM_ERROR || !value_is(x, v, d->value.dim, e, what))
		return;
	own.dim = d->value.dim;
	in_range(x, d, &own, e->at);
}

bool params_ready(struct check *x, struct decl *d, struct span at)
{
	const struct plan_override *o;
	enum eval_mode mode = x->mode;
	struct decl *up = x->busy;
	const struct frame *frame = x->frame;
	struct span value_at;

	if (up)
		up->needs = d;
	if (d->state == DECL_READY)
		return d->value.dim != DIM_ERROR;
	if (d->state == DECL_BUSY)
		return report_cycle(x, d, at);
	d->state = DECL_BUSY;
	x->busy = d;
	x->mode = EVAL_CONST;
	x->frame = NULL;
	if (d->param->value) {
		value_at = d->param->value->at;
		d->value = eval(x, d->param->value);
		d->value.zero = false;
		if (!can_be_named(x, d, &d->value))
			d->value.dim = DIM_ERROR;
		o = override_of(x, d);
		if (o && d->value.dim != DIM_ERROR)
			d->value = overridden_value(x, d, &d->value, o, &value_at);
		if (d->value.dim != DIM_ERROR)
			in_range(x, d, &d->value, value_at);
	}
	x->busy = up;
	x->mode = mode;
	x->frame = frame;
	d->state = DECL_READY;
	return d->value.dim != DIM_ERROR;
}

static const char *printed(struct check *x, const struct value *v)
{
	struct buf b = {0};
	const char *s;

	value_print(v, &b);
	s = arena_strndup(x->arena, buf_str(&b), b.n);
	buf_free(&b);
	return s;
}

static const char *printed_range(struct check *x, const struct decl *d)
{
	struct value lo, hi;

	if (!d->param->lo || !d->param->hi)
		return NULL;
	lo = eval(x, d->param->lo);
	hi = eval(x, d->param->hi);
	if (lo.dim == DIM_ERROR || hi.dim == DIM_ERROR)
		return NULL;
	/* `in 0..10s`: the 0 needs no unit to mean 0s, in print too. */
	return arena_printf(x->arena, "%s..%s", lo.zero ? "0" : printed(x, &lo), printed(x, &hi));
}

void params_evaluate(struct check *x)
{
	unknown_overrides(x);
	for (size_t i = 0; i < x->decls.n; i++) {
		struct decl *d = x->decls.v[i];

		if (d->kind != DECL_PARAM && d->kind != DECL_LET)
			continue;
		x->busy = NULL;
		if (!params_ready(x, d, d->at) || d->kind != DECL_PARAM)
			continue;

		struct plan_param p = {
		    .name = d->name->s,
		    .value = printed(x, &d->value),
		    .doc = d->param->doc ? d->param->doc->s : NULL,
		    .range = printed_range(x, d),
		    .overridden = d->overridden,
		    .dim = (enum dim)d->value.dim,
		};

		if (p.range) {
			p.lo = eval(x, d->param->lo).n;
			p.hi = eval(x, d->param->hi).n;
		}

		vec_push(&x->params, p);
	}
}

void params_unused(struct check *x)
{
	for (size_t i = 0; i < x->decls.n; i++) {
		const struct decl *d = x->decls.v[i];

		if (d->kind == DECL_PARAM && !d->used && !d->imported)
			diag_at(x->diags, W_PARAM_UNUSED, d->at, "nothing uses the parameter `%s`",
				d->name->s);
	}
}
