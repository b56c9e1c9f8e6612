/* SPDX-License-Identifier: GPL-2.0-or-later */
/* print.c - the canonical form of a file; print.h states its rules */
#include "lang/print.h"

#include "lang/layout.h"
#include "lang/print_parts.h"

struct printer {
	const struct unit *u;
	struct layout l;
	bool flat; /* trying a block on one line: nothing in it is broken */
};

static void put(struct printer *p, const char *s)
{
	buf_puts(&p->l.code, s);
}

static void put_sym(struct printer *p, const char *before, const struct sym *s)
{
	if (!s)
		return;
	put(p, before);
	put(p, s->s);
}

static void put_part(struct printer *p, const char *before, const struct ast_expr *e)
{
	print_part(p->u, before, e, &p->l.code);
}

/* ---- attributes ---------------------------------------------------------------------------- */

/*
 * ` < a; b >`, the `<` standing at or behind offset from.  Returns the offset behind the `>`.  They
 * are broken over lines when they hold a comment, or when the line would become too long.
 */
static uint32_t put_attrs(struct printer *p, const struct ast_attr *attrs, uint32_t from,
			  int indent)
{
	uint32_t beg = layout_find(&p->l, from, '<'), end = beg;
	struct layout_mark m = layout_mark(&p->l);

	for (const struct ast_attr *a = attrs; a; a = a->next)
		end = a->at.end;
	end = layout_find(&p->l, end, '>');

	put(p, " <");
	for (const struct ast_attr *a = attrs; a; a = a->next) {
		put(p, a == attrs ? " " : "; ");
		print_attr(p->u, a, &p->l.code);
	}
	put(p, " >");
	if (p->flat || (!layout_has_comment(&p->l, end) &&
			(layout_width(&p->l) <= LAYOUT_COLUMNS || !attrs || !attrs->next)))
		return end;

	layout_undo(&p->l, m);
	put(p, " <");
	layout_trailing(&p->l, beg);
	for (const struct ast_attr *a = attrs; a; a = a->next) {
		bool first = a == attrs;

		/* What stands inside an attribute goes before it. */
		layout_comments(&p->l, a->at.end, indent + 1, first);
		layout_line(&p->l, indent + 1, !first && layout_blank_before(&p->l, a->at.beg));
		print_attr(p->u, a, &p->l.code);
		if (a->next)
			put(p, ";");
		layout_trailing(&p->l, a->at.end);
	}
	layout_comments(&p->l, end, indent + 1, !attrs);
	layout_line(&p->l, indent, false);
	put(p, ">");
	return end;
}

/*
 * The parts of a file, of a block: statements, actions, the overlays of a policy.
 */
struct item {
	enum item_kind {
		STMT,
		ACTION,
		OVERLAY,
	} kind;
	const void *node; /* NULL behind the last */
};

/* ---- actions ------------------------------------------------------------------------------- */

/* Where the first attributes of an action begin, for the comments before them. */
static uint32_t action_head_end(const struct printer *p, const struct ast_action *a)
{
	const struct ast_path_list *l;

	if (a->kind == AA_SET) {
		for (l = a->in; l->next; l = l->next)
			;
		return layout_find(&p->l, l->at.end, '<');
	}
	if (a->mods && a->mods->like_at.end)
		return layout_find(&p->l, a->mods->like_at.beg, '<');
	return a->at.end;
}

static void put_mods(struct printer *p, const struct ast_mods *m, int indent)
{
	put_part(p, " over ", m->over);
	put_part(p, " each ", m->each);
	put_part(p, " speed ", m->speed);
	put_part(p, " base ", m->base);
	if (m->with_memory_at.end)
		put(p, " with memory");
	if (m->simulated_at.end)
		put(p, " simulated");
	put_sym(p, " as ", m->as);
	put_part(p, " timeout ", m->timeout);
	if (m->own_cgroup_at.end)
		put(p, " own cgroup");
	if (m->like_at.end) {
		put(p, " like");
		put_attrs(p, m->like, m->like_at.beg, indent);
	}
}

static void put_action(struct printer *p, const struct ast_action *a, int indent)
{
	const char *in = " in ";

	put(p, print_verb(a));
	switch ((enum ast_action_kind)a->kind) {
	case AA_RECLAIM:
		in = " from ";
		break;
	case AA_START:
	case AA_SET:
	case AA_FREEZE:
	case AA_THAW:
	case AA_KILL:
		in = " ";
		break;
	case AA_MARK:
		put_sym(p, " ", a->mark->name);
		break;
	case AA_ERROR:
	case AA_ALLOC:
	case AA_FREE:
	case AA_HOLD:
	case AA_TOUCH:
	case AA_READ:
	case AA_SLEEP:
	case AA_REPLAY_MEMORY:
	case AA_REPLAY_TOOLS:
	case AA_EXEC:
		break;
	}
	if (a->all)
		put(p, " all");
	put_part(p, " ", a->amount);
	if (a->in) {
		put(p, in);
		print_paths(p->u, a->in, &p->l.code);
	}
	if (a->kind == AA_START) {
		put(p, " ");
		print_args(p->u, a->args, &p->l.code);
	}
	if (a->kind == AA_SET)
		put_attrs(p, a->attrs, action_head_end(p, a) - 1, indent);
	if (a->mods)
		put_mods(p, a->mods, indent);
}

static uint32_t overlay_head_end(const struct printer *p, const struct ast_overlay *o)
{
	uint32_t from = o->at.beg;

	if (o->mechanism)
		return o->at.end;
	for (const struct ast_path_list *l = o->cgroups; l; l = l->next)
		from = l->at.end;
	return layout_find(&p->l, from, '<');
}

static void put_overlay(struct printer *p, const struct ast_overlay *o, int indent)
{
	if (o->mechanism) {
		put(p, "mechanism");
		put_sym(p, " ", o->mechanism->name);
		return;
	}
	put(p, o->root ? "root" : "cgroup ");
	print_paths(p->u, o->cgroups, &p->l.code);
	put_attrs(p, o->attrs, overlay_head_end(p, o) - 1, indent);
}

/* ---- statements ---------------------------------------------------------------------------- */

static uint32_t max_end(uint32_t end, const struct ast_expr *e)
{
	return e && e->at.end > end ? e->at.end : end;
}

/* Past everything before the body or the attributes of a statement. */
static uint32_t head_end(const struct ast_stmt *s)
{
	switch ((enum ast_stmt_kind)s->kind) {
	case AS_CGROUP: {
		const struct ast_cgroup *c = (const void *)s;

		return max_end(c->name_at.end, c->count);
	}
	case AS_WORKLOAD: {
		const struct ast_workload *w = (const void *)s;
		uint32_t end = w->name_at.end;

		for (const struct ast_formal *f = w->formals; f; f = f->next)
			end = max_end(f->at.end, f->value);
		return end;
	}
	case AS_POLICY:
		return ((const struct ast_policy *)(const void *)s)->name_at.end;
	case AS_CLAIM:
		return ((const struct ast_claim *)(const void *)s)->name_at.end;
	case AS_AT: {
		const struct ast_at *a = (const void *)s;

		return max_end(a->time->at.end, a->jitter);
	}
	case AS_EVERY: {
		const struct ast_every *e = (const void *)s;

		return max_end(max_end(e->period->at.end, e->from), e->until);
	}
	case AS_FOR:
		return ((const struct ast_for *)(const void *)s)->hi->at.end;
	case AS_WHEN:
	case AS_AFTER: {
		const struct ast_when *w = (const void *)s;

		return max_end(max_end(w->cond->at.end, w->hold), w->within);
	}
	case AS_MACHINE:
	case AS_ROOT:
		return s->at.beg;
	default:
		return s->at.end;
	}
}

/* The body of a statement: its first item; *braces tells whether it has some. */
static struct item body_of(const struct ast_stmt *s, bool *braces)
{
	*braces = true;
	switch ((enum ast_stmt_kind)s->kind) {
	case AS_CGROUP:
		*braces = ((const struct ast_cgroup *)(const void *)s)->braces;
		return (struct item){STMT, ((const struct ast_cgroup *)(const void *)s)->kids};
	case AS_WORKLOAD:
		return (struct item){ACTION, ((const struct ast_workload *)(const void *)s)->body};
	case AS_POLICY:
		return (struct item){OVERLAY,
				     ((const struct ast_policy *)(const void *)s)->overlays};
	case AS_CLAIM:
		return (struct item){STMT, ((const struct ast_claim *)(const void *)s)->expects};
	case AS_FOR:
		return (struct item){STMT, ((const struct ast_for *)(const void *)s)->body};
	case AS_AT:
		*braces = ((const struct ast_at *)(const void *)s)->braces;
		return (struct item){ACTION, ((const struct ast_at *)(const void *)s)->body};
	case AS_EVERY:
		*braces = ((const struct ast_every *)(const void *)s)->braces;
		return (struct item){ACTION, ((const struct ast_every *)(const void *)s)->body};
	case AS_WHEN:
	case AS_AFTER:
		*braces = ((const struct ast_when *)(const void *)s)->braces;
		return (struct item){ACTION, ((const struct ast_when *)(const void *)s)->body};
	default:
		*braces = false;
		return (struct item){STMT, NULL};
	}
}

static const struct ast_attr *attrs_of(const struct ast_stmt *s, bool *written)
{
	const struct ast_cgroup *c = (const void *)s;

	*written = false;
	if (s->kind != AS_CGROUP && s->kind != AS_ROOT && s->kind != AS_MACHINE)
		return NULL;
	*written = c->attrs || c->attrs_written;
	return c->attrs;
}

/* ---- items and blocks ---------------------------------------------------------------------- */

static struct span item_at(struct item it)
{
	switch (it.kind) {
	case STMT:
		return ((const struct ast_stmt *)it.node)->at;
	case ACTION:
		return ((const struct ast_action *)it.node)->at;
	case OVERLAY:
		return ((const struct ast_overlay *)it.node)->at;
	}
	return (struct span){0};
}

static struct item item_next(struct item it)
{
	switch (it.kind) {
	case STMT:
		it.node = ((const struct ast_stmt *)it.node)->next;
		break;
	case ACTION:
		it.node = ((const struct ast_action *)it.node)->next;
		break;
	case OVERLAY:
		it.node = ((const struct ast_overlay *)it.node)->next;
		break;
	}
	return it;
}

/* Comments up to here cannot stay where they are and go before the item. */
static uint32_t item_head_end(const struct printer *p, struct item it)
{
	struct ast_unfolded room;
	const struct ast_stmt *s;
	struct item body;
	bool braces, attrs;

	if (it.kind == ACTION)
		return action_head_end(p, it.node);
	if (it.kind == OVERLAY)
		return overlay_head_end(p, it.node);
	s = ast_unfold(it.node, &room);
	attrs_of(s, &attrs);
	if (attrs)
		return layout_find(&p->l, head_end(s), '<');
	body = body_of(s, &braces);
	if (braces)
		return layout_find(&p->l, head_end(s), '{');
	return body.node ? action_head_end(p, body.node) : s->at.end;
}

static void put_block(struct printer *p, struct item first, struct span braces, int indent);

static void put_stmt(struct printer *p, const struct ast_stmt *s, int indent)
{
	bool braces, written;
	struct item body = body_of(s, &braces);
	const struct ast_attr *attrs = attrs_of(s, &written);
	uint32_t end = head_end(s);

	print_head(p->u, s, &p->l.code);
	if (written)
		end = put_attrs(p, attrs, end, indent);
	if (braces) {
		uint32_t open = layout_find(&p->l, end, '{') - 1;

		put_block(p, body, (struct span){open, s->at.end}, indent);
	} else if (body.node) {
		put(p, " ");
		put_action(p, body.node, indent);
	}
}

static void put_item(struct printer *p, struct item it, int indent)
{
	struct ast_unfolded room;

	switch (it.kind) {
	case STMT:
		put_stmt(p, ast_unfold(it.node, &room), indent);
		break;
	case ACTION:
		put_action(p, it.node, indent);
		break;
	case OVERLAY:
		put_overlay(p, it.node, indent);
		break;
	}
}

/* Each on lines of its own, with the comments before and behind it. */
static void put_items(struct printer *p, struct item it, int indent)
{
	bool first = true;

	for (; it.node; it = item_next(it), first = false) {
		struct span at = item_at(it);
		bool blank;

		blank = layout_comments(&p->l, at.beg, indent, first) || !first;
		blank = blank && layout_blank_before(&p->l, at.beg);
		if (layout_hoist(&p->l, item_head_end(p, it), indent, blank))
			blank = false;
		layout_line(&p->l, indent, blank);
		put_item(p, it, indent);
		layout_trailing(&p->l, at.end);
	}
}

/* On one line where its author wrote it so, it fits and it holds no comment. */
static bool put_flat_block(struct printer *p, struct item it, struct span braces, int indent)
{
	struct layout_mark m = layout_mark(&p->l);
	bool outer = p->flat;
	const char *sep = " ";

	if (!p->flat && (layout_has_comment(&p->l, braces.end) ||
			 (it.node && layout_has_newline(&p->l, braces))))
		return false;
	p->flat = true;
	put(p, " {");
	for (; it.node; it = item_next(it), sep = "; ") {
		put(p, sep);
		put_item(p, it, indent);
	}
	put(p, " }");
	p->flat = outer;
	if (p->flat || layout_width(&p->l) <= LAYOUT_COLUMNS)
		return true;
	layout_undo(&p->l, m);
	return false;
}

static void put_block(struct printer *p, struct item first, struct span braces, int indent)
{
	if (put_flat_block(p, first, braces, indent))
		return;
	put(p, " {");
	layout_trailing(&p->l, braces.beg + 1);
	put_items(p, first, indent + 1);
	layout_comments(&p->l, braces.end - 1, indent + 1, !first.node);
	layout_line(&p->l, indent, false);
	put(p, "}");
}

void print_fmt(const struct unit *u, const struct ast_file *f, struct buf *out)
{
	struct printer p = {.u = u};

	layout_init(&p.l, f->source);
	put_items(&p, (struct item){STMT, f->stmts}, 0);
	layout_comments(&p.l, UINT32_MAX, 0, !f->stmts);
	layout_write(&p.l, out);
	layout_free(&p.l);
}
