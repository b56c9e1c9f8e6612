/* SPDX-License-Identifier: GPL-2.0-or-later */
/* build_stmt.c - statements */
#include <string.h>

#include "lang/build.h"

/* A new statement, all zero but for what every one has. */
#define STMT(x, type, node_kind, span_)                                                            \
	({                                                                                         \
		struct type *stmt_ = arena_new((x)->arena, struct type);                           \
		stmt_->s.kind = (uint8_t)(node_kind);                                              \
		stmt_->s.at = (span_);                                                             \
		stmt_;                                                                             \
	})

void build_top(struct scan *x, struct ast_stmt *s)
{
	if (x->last)
		x->last->next = s;
	else
		x->file->stmts = s;
	x->last = s;
	x->file->nstmts++;
}

static void twice(struct scan *x, struct span keyword)
{
	diag_at(&x->unit->diags, E_TWICE, keyword, "`%s` is written twice",
		scan_sym(x, keyword)->s);
}

/* ---- definitions --------------------------------------------------------------------------- */

struct ast_stmt *build_text(struct scan *x, struct span at, enum ast_stmt_kind kind,
			    const struct sym *text, struct span text_at)
{
	struct ast_text *t = STMT(x, ast_text, kind, at);

	x->file->has_use |= kind == AS_USE;
	t->text = text;
	t->text_at = text_at;
	return &t->s;
}

struct ast_need *build_need(struct scan *x, struct span at, const struct sym *name, enum ast_op op,
			    struct ast_expr *version)
{
	struct ast_need *n = arena_new(x->arena, struct ast_need);

	n->name = name;
	n->at = at;
	n->op = (uint8_t)op;
	n->version = version;
	return n;
}

struct ast_stmt *build_require(struct scan *x, struct span at, struct needs needs)
{
	struct ast_require *r = STMT(x, ast_require, AS_REQUIRE, at);

	r->needs = needs.first;
	return &r->s;
}

struct ast_stmt *build_attrs_stmt(struct scan *x, struct span at, enum ast_stmt_kind kind,
				  struct ast_attr *attrs)
{
	struct ast_cgroup *c = STMT(x, ast_cgroup, kind, at);

	c->attrs = attrs;
	c->attrs_written = true;
	return &c->s;
}

struct ast_param *build_param(struct scan *x, struct span at, const struct sym *name,
			      struct span name_at, struct ast_expr *value)
{
	struct ast_param *p = STMT(x, ast_param, AS_PARAM, at);

	p->name = name;
	p->name_at = name_at;
	p->value = build_value(value);
	return p;
}

struct ast_param *build_param_range(struct scan *x, struct span at, struct ast_param *p,
				    struct ast_expr *lo, struct ast_expr *hi)
{
	p->s.at = at;
	if (p->lo) {
		diag_at(&x->unit->diags, E_TWICE, span_join(lo->at, hi->at),
			"the range of `%s` is written twice", p->name->s);
		return p;
	}
	p->lo = lo;
	p->hi = hi;
	return p;
}

struct ast_param *build_param_doc(struct scan *x, struct span at, struct ast_param *p,
				  const struct sym *doc, struct span doc_at)
{
	p->s.at = at;
	if (p->doc) {
		diag_at(&x->unit->diags, E_TWICE, doc_at, "the description is written twice");
		return p;
	}
	p->doc = doc;
	p->doc_at = doc_at;
	return p;
}

struct ast_stmt *build_let(struct scan *x, struct span at, const struct sym *name,
			   struct span name_at, struct ast_expr *value)
{
	struct ast_param *p = STMT(x, ast_param, AS_LET, at);

	p->name = name;
	p->name_at = name_at;
	p->value = build_value(value);
	return &p->s;
}

struct ast_cgroup *build_cgroup(struct scan *x, struct span at, const struct sym *name,
				struct span name_at, struct ast_expr *count)
{
	struct ast_cgroup *c = STMT(x, ast_cgroup, AS_CGROUP, at);

	c->name = name;
	c->name_at = name_at;
	c->count = count;
	return c;
}

struct ast_cgroup *build_cgroup_attrs(struct span at, struct ast_cgroup *cg, struct ast_attr *attrs)
{
	cg->s.at = at;
	cg->attrs = attrs;
	cg->attrs_written = true;
	return cg;
}

struct ast_stmt *build_kids(struct span at, struct ast_cgroup *cg, struct stmts kids)
{
	cg->s.at = at;
	cg->kids = (struct ast_cgroup *)kids.first;
	cg->braces = true;
	return &cg->s;
}

struct ast_trace *build_trace(struct scan *x, struct span at, const struct sym *name,
			      struct span name_at, struct ast_expr *file)
{
	struct ast_trace *t = STMT(x, ast_trace, AS_TRACE, at);

	t->name = name;
	t->name_at = name_at;
	t->file = file;
	return t;
}

struct ast_trace *build_trace_units(struct scan *x, struct span at, struct ast_trace *t,
				    const struct sym *units, struct span units_at)
{
	t->s.at = at;
	if (t->units) {
		diag_at(&x->unit->diags, E_TWICE, units_at, "`units` is written twice");
		diag_note(&x->unit->diags, t->units_at, "its first value is here");
		return t;
	}
	t->units = units;
	t->units_at = units_at;
	return t;
}

struct ast_formal *build_formal(struct scan *x, struct span at, const struct sym *name,
				struct ast_expr *value)
{
	struct ast_formal *f = arena_new(x->arena, struct ast_formal);

	f->name = name;
	f->at = at;
	f->value = value ? build_value(value) : NULL;
	return f;
}

struct ast_stmt *build_workload(struct scan *x, struct span at, const struct sym *name,
				struct span name_at, struct formals formals, struct body body)
{
	struct ast_workload *w = STMT(x, ast_workload, AS_WORKLOAD, at);

	w->name = name;
	w->name_at = name_at;
	w->formals = formals.first;
	w->body = body.first;
	return &w->s;
}

struct ast_overlay *build_overlay(struct scan *x, struct span at, struct ast_path_list *cgroups,
				  struct ast_attr *attrs)
{
	struct ast_overlay *o = arena_new(x->arena, struct ast_overlay);

	o->root = !cgroups;
	o->cgroups = cgroups;
	o->attrs = attrs;
	o->at = at;
	return o;
}

struct ast_overlay *build_overlay_mechanism(struct scan *x, struct span at, const struct sym *name,
					    struct span name_at)
{
	struct ast_overlay *o = arena_new(x->arena, struct ast_overlay);

	o->mechanism = build_name(x, name, name_at);
	o->at = at;
	return o;
}

struct ast_stmt *build_mechanism(struct scan *x, struct span at, const struct sym *name,
				 struct span name_at)
{
	struct ast_compare *c = STMT(x, ast_compare, AS_MECHANISM, at);

	c->policies = build_name(x, name, name_at);
	return &c->s;
}

struct ast_stmt *build_policy(struct scan *x, struct span at, const struct sym *name,
			      struct span name_at, struct overlays overlays)
{
	struct ast_policy *p = STMT(x, ast_policy, AS_POLICY, at);

	p->name = name;
	p->name_at = name_at;
	p->overlays = overlays.first;
	return &p->s;
}

/* ---- the timeline -------------------------------------------------------------------------- */

struct ast_stmt *build_at(struct scan *x, struct span at, struct ast_expr *time,
			  struct ast_expr *jitter, struct body body)
{
	struct ast_at *a = STMT(x, ast_at, AS_AT, at);

	a->braces = body.braces;
	a->time = time;
	a->jitter = jitter;
	a->body = body.first;
	return &a->s;
}

struct ast_stmt *build_at_relative(struct scan *x, struct span at, struct ast_expr *time,
				   struct ast_expr *jitter, struct body body)
{
	struct ast_stmt *s = build_at(x, at, time, jitter, body);

	((struct ast_at *)s)->relative = true;
	return s;
}

struct ast_every *build_every(struct scan *x, struct span at, struct ast_expr *period)
{
	struct ast_every *e = STMT(x, ast_every, AS_EVERY, at);

	e->period = period;
	return e;
}

struct ast_stmt *build_every_body(struct ast_every *e, struct span at, struct body body)
{
	e->s.at = at;
	e->braces = body.braces;
	e->body = body.first;
	return &e->s;
}

struct ast_stmt *build_for(struct scan *x, struct span at, const struct sym *name,
			   struct span name_at, struct ast_expr *lo, struct ast_expr *hi,
			   struct stmts body)
{
	struct ast_for *f = STMT(x, ast_for, AS_FOR, at);

	f->name = name;
	f->name_at = name_at;
	f->lo = lo;
	f->hi = hi;
	f->body = body.first;
	return &f->s;
}

struct ast_when *build_when(struct scan *x, struct span at, enum ast_stmt_kind kind,
			    struct ast_expr *cond, struct ast_expr *hold)
{
	struct ast_when *w = STMT(x, ast_when, kind, at);

	w->cond = cond;
	w->hold = hold;
	return w;
}

struct ast_stmt *build_when_body(struct ast_when *w, struct span at, struct body body)
{
	w->s.at = at;
	w->braces = body.braces;
	w->body = body.first;
	return &w->s;
}

struct ast_stmt *build_finish(struct scan *x, struct span at, enum ast_stmt_kind kind,
			      struct ast_expr *cond, struct ast_expr *time)
{
	struct ast_finish *f = STMT(x, ast_finish, kind, at);

	f->cond = cond;
	f->time = time;
	return &f->s;
}

/* ---- measuring and judging ----------------------------------------------------------------- */

struct ast_measure *build_measure(struct scan *x, struct span at, struct paths what,
				  struct ast_path_list *of, struct ast_expr *each)
{
	struct ast_measure *m = STMT(x, ast_measure, AS_MEASURE, at);

	m->what = what.first;
	m->of = of;
	m->each = each;
	return m;
}

struct ast_compare *build_compare(struct scan *x, struct span at, struct names policies)
{
	struct ast_compare *c = STMT(x, ast_compare, AS_COMPARE, at);

	c->policies = policies.first;
	return c;
}

struct ast_compare *build_baseline(struct scan *x, struct span at, struct ast_compare *c,
				   const struct sym *name, struct span name_at, struct span keyword)
{
	c->s.at = at;
	if (c->baseline)
		twice(x, keyword);
	else
		c->baseline = build_name(x, name, name_at);
	return c;
}

struct ast_stmt *build_contention(struct scan *x, struct span at, const struct sym *name,
				  struct span name_at)
{
	struct ast_compare *c = STMT(x, ast_compare, AS_CONTENTION, at);

	c->policies = build_name(x, name, name_at);
	return &c->s;
}

struct ast_repeat *build_repeat(struct scan *x, struct span at, struct ast_expr *lo,
				struct ast_expr *hi)
{
	struct ast_repeat *r = STMT(x, ast_repeat, AS_REPEAT, at);

	r->lo = lo;
	r->hi = hi;
	return r;
}

struct ast_repeat *build_interleave(struct scan *x, struct span at, struct ast_repeat *r,
				    const struct sym *name, struct span name_at,
				    struct span keyword)
{
	r->s.at = at;
	if (r->interleave) {
		twice(x, keyword);
		return r;
	}
	r->interleave = name;
	r->interleave_at = name_at;
	return r;
}

struct ast_stmt *build_sweep(struct scan *x, struct span at, const struct sym *name,
			     struct span name_at, struct exprs values)
{
	struct ast_sweep *w = STMT(x, ast_sweep, AS_SWEEP, at);

	w->name = name;
	w->name_at = name_at;
	w->values = values.first;
	for (struct ast_expr_list *l = values.first; l; l = l->next)
		build_value(l->e);
	return &w->s;
}

struct ast_expect *build_expect(struct scan *x, struct span at, struct ast_expr *cond)
{
	struct ast_expect *e = STMT(x, ast_expect, AS_EXPECT, at);

	e->cond = cond;
	return e;
}

struct ast_expect *build_else(struct scan *x, struct span at, struct ast_expect *e,
			      const struct sym *name, struct span name_at)
{
	e->s.at = at;
	if (strcmp(name->s, "warn")) {
		diag_at(&x->unit->diags, E_SYNTAX, name_at, "expected `warn`, not `%s`", name->s);
		diag_hint(&x->unit->diags, "`else warn` is the only other outcome");
	}
	e->warn_only = true;
	return e;
}

struct ast_stmt *build_claim(struct scan *x, struct span at, const struct sym *name,
			     struct span name_at, struct stmts expects)
{
	struct ast_claim *c = STMT(x, ast_claim, AS_CLAIM, at);

	c->name = name;
	c->name_at = name_at;
	c->expects = (struct ast_expect *)expects.first;
	return &c->s;
}
