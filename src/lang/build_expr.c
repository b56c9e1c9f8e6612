/* SPDX-License-Identifier: GPL-2.0-or-later */
/* build_expr.c - expressions, names, paths */
#include <string.h>

#include "lang/build.h"

static struct ast_expr *expr_new(struct scan *x, enum ast_expr_kind kind, struct span at)
{
	struct ast_expr *e = arena_new(x->arena, struct ast_expr);

	e->kind = (uint8_t)kind;
	e->at = at;
	e->depth = 1;
	return e;
}

/* One above the deepest child.  What would be too deep is cut off, so that it is reported once. */
static struct ast_expr *above(struct scan *x, struct ast_expr *e, uint32_t child)
{
	e->depth = child + 1;
	if (e->depth <= AST_MAX_DEPTH)
		return e;
	diag_at(&x->unit->diags, E_TOO_DEEP, e->at, "this expression is more than %d levels deep",
		AST_MAX_DEPTH);
	diag_hint(&x->unit->diags, "give a part of it a name with `let`");
	return expr_new(x, AE_ERROR, e->at);
}

static uint32_t max_depth(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

struct ast_expr *build_bad(struct scan *x, struct span at)
{
	return expr_new(x, AE_ERROR, at);
}

struct ast_expr *build_string(struct scan *x, struct span at, const struct sym *text)
{
	struct ast_expr *e = expr_new(x, AE_STRING, at);

	e->sym = text;
	return e;
}

struct ast_expr *build_path_expr(struct scan *x, struct span at, struct segs path)
{
	struct ast_expr *e = expr_new(x, AE_PATH, at);
	uint32_t depth = 0;

	e->path = path.first;
	for (const struct ast_path *p = path.first; p; p = p->next) {
		if (p->lo)
			depth = max_depth(depth, p->lo->depth);
		if (p->hi)
			depth = max_depth(depth, p->hi->depth);
	}
	return above(x, e, depth);
}

struct ast_expr *build_call(struct scan *x, struct span at, const struct sym *name,
			    struct span name_at, struct exprs args)
{
	struct ast_expr *e = expr_new(x, AE_CALL, at);
	uint32_t depth = 0;

	e->call = arena_new(x->arena, struct ast_call);
	e->call->name = name;
	e->call->name_at = name_at;
	e->call->args = args.first;
	for (const struct ast_expr_list *l = args.first; l; l = l->next)
		depth = max_depth(depth, l->e->depth);
	return above(x, e, depth);
}

struct ast_expr *build_parens(struct ast_expr *e)
{
	e->parens = true;
	return e;
}

struct ast_expr *build_unary(struct scan *x, struct span at, enum ast_op op, struct ast_expr *a)
{
	struct ast_expr *e;

	if (a->kind == AE_ERROR)
		return a;
	e = expr_new(x, AE_UNARY, at);
	e->op = (uint8_t)op;
	e->a = a;
	return above(x, e, a->depth);
}

struct ast_expr *build_binary(struct scan *x, struct span at, enum ast_op op, struct ast_expr *a,
			      struct ast_expr *b)
{
	struct ast_expr *e;

	if (a->kind == AE_ERROR)
		return a;
	if (b->kind == AE_ERROR)
		return b;
	e = expr_new(x, AE_BINARY, at);
	e->op = (uint8_t)op;
	e->a = a;
	e->b = b;
	return above(x, e, max_depth(a->depth, b->depth));
}

struct ast_expr_list *build_item(struct scan *x, struct ast_expr *e)
{
	struct ast_expr_list *l = arena_new(x->arena, struct ast_expr_list);

	l->e = e;
	return l;
}

struct ast_expr *build_value(struct ast_expr *e)
{
	const struct ast_path *p;
	bool on;

	if (e->kind != AE_PATH || e->parens)
		return e;
	p = e->path;
	if (p->next || p->sel != SEL_NONE || !p->name)
		return e;
	on = !strcmp(p->name->s, "on");
	if (on || !strcmp(p->name->s, "off")) {
		e->kind = AE_BOOL;
		e->u = on;
	}
	return e;
}

struct ast_name *build_name(struct scan *x, const struct sym *name, struct span at)
{
	struct ast_name *n = arena_new(x->arena, struct ast_name);

	n->name = name;
	n->at = at;
	return n;
}

struct ast_path *build_seg(struct scan *x, struct span at, const struct sym *name)
{
	struct ast_path *p = arena_new(x->arena, struct ast_path);

	p->name = name;
	p->at = at;
	return p;
}

/* The star of low[*] arrives as the path of every cgroup. */
static bool is_star(const struct ast_expr *e)
{
	return e->kind == AE_PATH && !e->parens && !e->path->name && !e->path->next &&
	       e->path->sel == SEL_NONE;
}

void build_select(struct scan *x, struct span at, struct segs path, struct ast_expr *lo,
		  struct ast_expr *hi)
{
	struct ast_path *p = path.last;

	if (p->sel != SEL_NONE) {
		diag_at(&x->unit->diags, E_SYNTAX, at, "an array has one index only");
		return;
	}
	p->at.end = at.end;
	if (!hi && is_star(lo)) {
		p->sel = SEL_ALL;
		return;
	}
	p->sel = hi ? SEL_RANGE : SEL_INDEX;
	p->lo = lo;
	p->hi = hi;
}

struct ast_path_list *build_target(struct scan *x, struct span at, struct segs path)
{
	struct ast_path_list *l = arena_new(x->arena, struct ast_path_list);

	l->path = path.first;
	l->at = at;
	return l;
}

void build_once(struct scan *x, struct ast_expr **slot, struct ast_expr *e, struct span keyword)
{
	if (*slot) {
		diag_at(&x->unit->diags, E_TWICE, keyword, "`%s` is written twice",
			scan_sym(x, keyword)->s);
		diag_note(&x->unit->diags, (*slot)->at, "its first value is here");
		return;
	}
	*slot = e;
}
