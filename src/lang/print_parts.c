/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lang/print_parts.h"

void print_span(const struct unit *u, struct span at, struct buf *out)
{
	size_t n;
	const char *s = sources_text(&u->sources, at, &n);

	buf_put(out, s, n);
}

void print_path(const struct unit *u, const struct ast_path *p, struct buf *out)
{
	for (const struct ast_path *q = p; q; q = q->next) {
		if (q != p)
			buf_putc(out, '.');
		buf_puts(out, q->name ? q->name->s : "*");
		switch ((enum ast_sel)q->sel) {
		case SEL_NONE:
			break;
		case SEL_ALL:
			buf_puts(out, "[*]");
			break;
		case SEL_INDEX:
		case SEL_RANGE:
			buf_putc(out, '[');
			print_expr(u, q->lo, out);
			print_part(u, "..", q->hi, out);
			buf_putc(out, ']');
			break;
		}
	}
}

void print_paths(const struct unit *u, const struct ast_path_list *l, struct buf *out)
{
	for (const struct ast_path_list *q = l; q; q = q->next) {
		if (q != l)
			buf_puts(out, ", ");
		print_path(u, q->path, out);
	}
}

void print_exprs(const struct unit *u, const struct ast_expr_list *l, struct buf *out)
{
	for (const struct ast_expr_list *q = l; q; q = q->next)
		print_part(u, q == l ? "" : ", ", q->e, out);
}

void print_names(const struct ast_name *n, struct buf *out)
{
	for (const struct ast_name *q = n; q; q = q->next)
		buf_printf(out, "%s%s", q == n ? "" : ", ", q->name->s);
}

const char *print_op(enum ast_op op)
{
	switch (op) {
	case AO_NONE:
		break;
	case AO_NEG:
	case AO_SUB:
		return "-";
	case AO_NOT:
		return "not";
	case AO_ADD:
		return "+";
	case AO_MUL:
		return "*";
	case AO_DIV:
		return "/";
	case AO_MOD:
		return "mod";
	case AO_OF:
		return "of";
	case AO_LT:
		return "<";
	case AO_LE:
		return "<=";
	case AO_GT:
		return ">";
	case AO_GE:
		return ">=";
	case AO_EQ:
		return "==";
	case AO_NE:
		return "!=";
	case AO_AND:
		return "and";
	case AO_OR:
		return "or";
	}
	return "?";
}

void print_part(const struct unit *u, const char *before, const struct ast_expr *e, struct buf *out)
{
	if (!e)
		return;
	buf_puts(out, before);
	print_expr(u, e, out);
}

void print_expr(const struct unit *u, const struct ast_expr *e, struct buf *out)
{
	if (e->parens)
		buf_putc(out, '(');
	switch ((enum ast_expr_kind)e->kind) {
	case AE_ERROR:
		buf_puts(out, "?");
		break;
	case AE_SIZE:
	case AE_DURATION:
	case AE_RATE:
	case AE_NUMBER:
	case AE_VERSION:
	case AE_STRING:
		print_span(u, e->at, out);
		break;
	case AE_BOOL:
		buf_puts(out, e->u ? "on" : "off");
		break;
	case AE_PATH:
		print_path(u, e->path, out);
		break;
	case AE_UNARY:
		buf_puts(out, e->op == AO_NOT ? "not " : "-");
		print_expr(u, e->a, out);
		break;
	case AE_BINARY:
		print_expr(u, e->a, out);
		buf_printf(out, " %s ", print_op((enum ast_op)e->op));
		print_expr(u, e->b, out);
		break;
	case AE_CALL:
		buf_printf(out, "%s(", e->call->name->s);
		print_exprs(u, e->call->args, out);
		buf_putc(out, ')');
		break;
	}
	if (e->parens)
		buf_putc(out, ')');
}

void print_attr(const struct unit *u, const struct ast_attr *a, struct buf *out)
{
	buf_puts(out, a->name->s);
	if (a->word)
		buf_printf(out, " %s", a->word->s);
	print_part(u, " ", a->value, out);
	if (a->extra)
		buf_printf(out, " %s", a->extra->s);
}

void print_args(const struct unit *u, const struct ast_args *a, struct buf *out)
{
	buf_puts(out, a->workload->s);
	if (!a->first)
		return;
	for (const struct ast_arg *g = a->first; g; g = g->next) {
		buf_puts(out, g == a->first ? "(" : ", ");
		if (g->name)
			buf_printf(out, "%s = ", g->name->s);
		print_expr(u, g->value, out);
	}
	buf_putc(out, ')');
}

void print_formals(const struct unit *u, const struct ast_formal *f, struct buf *out)
{
	for (const struct ast_formal *q = f; q; q = q->next) {
		buf_printf(out, "%s%s", q == f ? "(" : ", ", q->name->s);
		print_part(u, " = ", q->value, out);
	}
	if (f)
		buf_putc(out, ')');
}

void print_needs(const struct unit *u, const struct ast_need *n, struct buf *out)
{
	for (const struct ast_need *q = n; q; q = q->next)
		for (const struct ast_need *r = q; r; r = r->or_next) {
			if (r != q)
				buf_puts(out, " or ");
			else if (q != n)
				buf_puts(out, ", ");
			buf_puts(out, r->name->s);
			if (r->version)
				buf_printf(out, " %s ", print_op((enum ast_op)r->op));
			print_part(u, "", r->version, out);
		}
}

const char *print_verb(const struct ast_action *a)
{
	switch ((enum ast_action_kind)a->kind) {
	case AA_ERROR:
		break;
	case AA_ALLOC:
		return "alloc";
	case AA_FREE:
		return "free";
	case AA_HOLD:
		return "hold";
	case AA_TOUCH:
		return "touch";
	case AA_READ:
		return "read";
	case AA_SLEEP:
		return "sleep";
	case AA_REPLAY_MEMORY:
		return "replay memory";
	case AA_REPLAY_TOOLS:
		return "replay tools";
	case AA_EXEC:
		return "exec";
	case AA_START:
		return "start";
	case AA_SET:
		return "set";
	case AA_FREEZE:
		return "freeze";
	case AA_THAW:
		return "thaw";
	case AA_KILL:
		return "kill";
	case AA_RECLAIM:
		return "reclaim";
	case AA_MARK:
		return "mark";
	}
	return "?";
}
