/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tree.c - the tree as text, for tests: every field that was filled, values beside spellings */
#include <inttypes.h>

#include "lang/print_parts.h"

struct tree {
	const struct unit *u;
	struct buf *out;
	int depth;
	bool places;
};

static void line(struct tree *t, const char *label)
{
	buf_pad(t->out, ' ', (size_t)(2 * t->depth));
	buf_puts(t->out, label);
}

static void end(struct tree *t)
{
	buf_putc(t->out, '\n');
}

static void place(struct tree *t, struct span at)
{
	if (t->places)
		buf_printf(t->out, "@%" PRIu32 "-%" PRIu32 " ", at.beg, at.end);
}

/* ---- expressions: as S-expressions --------------------------------------------------------- */

static void tree_expr(struct tree *t, const struct ast_expr *e);

static void tree_path(struct tree *t, const struct ast_path *p)
{
	for (const struct ast_path *q = p; q; q = q->next) {
		buf_puts(t->out, q == p ? "" : ".");
		place(t, q->at);
		buf_puts(t->out, q->name ? q->name->s : "*");
		switch ((enum ast_sel)q->sel) {
		case SEL_NONE:
			break;
		case SEL_ALL:
			buf_puts(t->out, "[all]");
			break;
		case SEL_INDEX:
		case SEL_RANGE:
			buf_putc(t->out, '[');
			tree_expr(t, q->lo);
			if (q->hi) {
				buf_puts(t->out, " to ");
				tree_expr(t, q->hi);
			}
			buf_putc(t->out, ']');
			break;
		}
	}
}

/* `300M`=314572800 */
static void literal(struct tree *t, const struct ast_expr *e, const char *unit)
{
	buf_putc(t->out, '`');
	print_span(t->u, e->at, t->out);
	buf_printf(t->out, "`=%" PRIu64 "%s", e->u, unit);
}

static void tree_expr(struct tree *t, const struct ast_expr *e)
{
	place(t, e->at);
	if (e->parens)
		buf_puts(t->out, "(parens ");
	switch ((enum ast_expr_kind)e->kind) {
	case AE_ERROR:
		buf_puts(t->out, "error");
		break;
	case AE_SIZE:
		literal(t, e, "B");
		break;
	case AE_DURATION:
		literal(t, e, "ns");
		break;
	case AE_RATE:
		literal(t, e, "B/s");
		break;
	case AE_NUMBER:
		buf_putc(t->out, '`');
		print_span(t->u, e->at, t->out);
		buf_printf(t->out, "`=%" PRId64 "/%" PRId64 "%s", e->ratio.num, e->ratio.den,
			   e->percent ? " percent" : "");
		break;
	case AE_VERSION:
		buf_puts(t->out, "version ");
		print_span(t->u, e->at, t->out);
		break;
	case AE_STRING:
		buf_printf(t->out, "\"%s\"", e->sym->s);
		break;
	case AE_BOOL:
		buf_puts(t->out, e->u ? "(bool on)" : "(bool off)");
		break;
	case AE_PATH:
		tree_path(t, e->path);
		break;
	case AE_UNARY:
	case AE_BINARY:
		buf_printf(t->out, "(%s ", print_op((enum ast_op)e->op));
		tree_expr(t, e->a);
		if (e->kind == AE_BINARY) {
			buf_putc(t->out, ' ');
			tree_expr(t, e->b);
		}
		buf_putc(t->out, ')');
		break;
	case AE_CALL:
		buf_printf(t->out, "(call %s", e->call->name->s);
		for (const struct ast_expr_list *l = e->call->args; l; l = l->next) {
			buf_putc(t->out, ' ');
			tree_expr(t, l->e);
		}
		buf_putc(t->out, ')');
		break;
	}
	if (e->parens)
		buf_putc(t->out, ')');
}

/* A line "label expression", when there is one. */
static void part(struct tree *t, const char *label, const struct ast_expr *e)
{
	if (!e)
		return;
	line(t, label);
	buf_putc(t->out, ' ');
	tree_expr(t, e);
	end(t);
}

static void word(struct tree *t, const char *label, const struct sym *s)
{
	if (!s)
		return;
	line(t, label);
	buf_printf(t->out, " %s\n", s->s);
}

static void flag(struct tree *t, const char *label, bool set)
{
	if (!set)
		return;
	line(t, label);
	end(t);
}

static void paths(struct tree *t, const char *label, const struct ast_path_list *l)
{
	for (; l; l = l->next) {
		line(t, label);
		buf_putc(t->out, ' ');
		place(t, l->at);
		tree_path(t, l->path);
		end(t);
	}
}

static void names(struct tree *t, const char *label, const struct ast_name *n)
{
	for (; n; n = n->next)
		word(t, label, n->name);
}

static void attrs(struct tree *t, const struct ast_attr *a)
{
	for (; a; a = a->next) {
		word(t, "attr", a->name);
		t->depth++;
		word(t, "word", a->word);
		part(t, "value", a->value);
		word(t, "extra", a->extra);
		t->depth--;
	}
}

/* ---- actions ------------------------------------------------------------------------------- */

static void mods(struct tree *t, const struct ast_mods *m)
{
	part(t, "over", m->over);
	part(t, "each", m->each);
	part(t, "speed", m->speed);
	part(t, "base", m->base);
	part(t, "timeout", m->timeout);
	word(t, "as", m->as);
	flag(t, "with memory", m->with_memory_at.end);
	flag(t, "simulated", m->simulated_at.end);
	flag(t, "own cgroup", m->own_cgroup_at.end);
	flag(t, "like", m->like_at.end);
	t->depth++;
	attrs(t, m->like);
	t->depth--;
}

static void args(struct tree *t, const struct ast_args *a)
{
	word(t, "workload", a->workload);
	t->depth++;
	for (const struct ast_arg *g = a->first; g; g = g->next) {
		word(t, "name", g->name);
		part(t, "arg", g->value);
	}
	t->depth--;
}

static void actions(struct tree *t, const struct ast_action *a)
{
	for (; a; a = a->next) {
		line(t, "");
		place(t, a->at);
		buf_puts(t->out, print_verb(a));
		end(t);
		t->depth++;
		flag(t, "all", a->all);
		part(t, "amount", a->amount);
		paths(t, "in", a->in);
		if (a->kind == AA_START)
			args(t, a->args);
		else if (a->kind == AA_SET)
			attrs(t, a->attrs);
		else if (a->kind == AA_MARK)
			word(t, "mark", a->mark->name);
		if (a->mods)
			mods(t, a->mods);
		t->depth--;
	}
}

/* ---- statements ---------------------------------------------------------------------------- */

static void stmts(struct tree *t, const struct ast_stmt *s);

static void stmt(struct tree *t, const struct ast_stmt *s)
{
	const void *node = s;

	switch ((enum ast_stmt_kind)s->kind) {
	case AS_ERROR:
	case AS_BRIEF: /* unfolded by who calls */
		break;
	case AS_SCENARIO:
	case AS_USE:
		word(t, "text", ((const struct ast_text *)node)->text);
		break;
	case AS_REQUIRE:
		for (const struct ast_need *n = ((const struct ast_require *)node)->needs; n;
		     n = n->next)
			for (const struct ast_need *o = n; o; o = o->or_next) {
				word(t, o == n ? "need" : "or", o->name);
				if (o->version)
					part(t, print_op((enum ast_op)o->op), o->version);
			}
		break;
	case AS_MACHINE:
	case AS_ROOT:
	case AS_CGROUP: {
		const struct ast_cgroup *c = node;

		word(t, "name", c->name);
		part(t, "count", c->count);
		attrs(t, c->attrs);
		stmts(t, c->kids ? &c->kids->s : NULL);
		break;
	}
	case AS_PARAM:
	case AS_LET: {
		const struct ast_param *p = node;

		word(t, "name", p->name);
		part(t, "value", p->value);
		part(t, "from", p->lo);
		part(t, "to", p->hi);
		word(t, "doc", p->doc);
		break;
	}
	case AS_TRACE: {
		const struct ast_trace *r = node;

		word(t, "name", r->name);
		part(t, "file", r->file);
		word(t, "units", r->units);
		break;
	}
	case AS_WORKLOAD: {
		const struct ast_workload *w = node;

		word(t, "name", w->name);
		for (const struct ast_formal *f = w->formals; f; f = f->next) {
			word(t, "formal", f->name);
			part(t, "default", f->value);
		}
		actions(t, w->body);
		break;
	}
	case AS_POLICY: {
		const struct ast_policy *p = node;

		word(t, "name", p->name);
		for (const struct ast_overlay *o = p->overlays; o; o = o->next) {
			if (o->mechanism) {
				names(t, "mechanism", o->mechanism);
				continue;
			}
			line(t, o->root ? "root\n" : "overlay\n");
			t->depth++;
			paths(t, "of", o->cgroups);
			attrs(t, o->attrs);
			t->depth--;
		}
		break;
	}
	case AS_AT: {
		const struct ast_at *a = node;

		part(t, a->relative ? "time +" : "time", a->time);
		part(t, "jitter", a->jitter);
		flag(t, "braces", a->braces);
		actions(t, a->body);
		break;
	}
	case AS_EVERY: {
		const struct ast_every *e = node;

		part(t, "period", e->period);
		part(t, "from", e->from);
		part(t, "until", e->until);
		flag(t, "braces", e->braces);
		actions(t, e->body);
		break;
	}
	case AS_FOR: {
		const struct ast_for *f = node;

		word(t, "name", f->name);
		part(t, "from", f->lo);
		part(t, "to", f->hi);
		stmts(t, f->body);
		break;
	}
	case AS_WHEN:
	case AS_AFTER: {
		const struct ast_when *w = node;

		part(t, "cond", w->cond);
		part(t, s->kind == AS_WHEN ? "for" : "plus", w->hold);
		part(t, "within", w->within);
		flag(t, "braces", w->braces);
		actions(t, w->body);
		break;
	}
	case AS_FINISH:
	case AS_ABORT:
		part(t, "cond", ((const struct ast_finish *)node)->cond);
		part(t, "time", ((const struct ast_finish *)node)->time);
		break;
	case AS_MEASURE: {
		const struct ast_measure *m = node;

		paths(t, "what", m->what);
		paths(t, "of", m->of);
		part(t, "each", m->each);
		break;
	}
	case AS_MECHANISM:
		names(t, "name", ((const struct ast_compare *)node)->policies);
		break;
	case AS_COMPARE:
	case AS_CONTENTION: {
		const struct ast_compare *c = node;

		names(t, "policy", c->policies);
		names(t, "baseline", c->baseline);
		break;
	}
	case AS_REPEAT: {
		const struct ast_repeat *r = node;

		part(t, "times", r->lo);
		part(t, "at most", r->hi);
		part(t, "until", r->until);
		word(t, "interleave", r->interleave);
		part(t, "seed", r->seed);
		break;
	}
	case AS_SWEEP: {
		const struct ast_sweep *w = node;

		word(t, "name", w->name);
		for (const struct ast_expr_list *l = w->values; l; l = l->next)
			part(t, "value", l->e);
		break;
	}
	case AS_EXPECT: {
		const struct ast_expect *e = node;

		part(t, "cond", e->cond);
		part(t, "confidence", e->confidence);
		flag(t, "else warn", e->warn_only);
		break;
	}
	case AS_CLAIM: {
		const struct ast_claim *c = node;

		word(t, "name", c->name);
		stmts(t, c->expects ? &c->expects->s : NULL);
		break;
	}
	}
}

static void stmts(struct tree *t, const struct ast_stmt *s)
{
	static const char *const heads[] = {
	    [AS_ERROR] = "error",     [AS_SCENARIO] = "scenario", [AS_USE] = "use",
	    [AS_REQUIRE] = "require", [AS_MACHINE] = "machine",	  [AS_PARAM] = "param",
	    [AS_LET] = "let",	      [AS_ROOT] = "root",	  [AS_CGROUP] = "cgroup",
	    [AS_TRACE] = "trace",     [AS_WORKLOAD] = "workload", [AS_POLICY] = "policy",
	    [AS_AT] = "at",	      [AS_EVERY] = "every",	  [AS_FOR] = "for",
	    [AS_WHEN] = "when",	      [AS_AFTER] = "after",	  [AS_FINISH] = "finish",
	    [AS_MEASURE] = "measure", [AS_COMPARE] = "compare",	  [AS_CONTENTION] = "contention",
	    [AS_REPEAT] = "repeat",   [AS_SWEEP] = "sweep",	  [AS_EXPECT] = "expect",
	    [AS_CLAIM] = "claim",     [AS_ABORT] = "abort",	  [AS_MECHANISM] = "mechanism",
	};

	for (; s; s = s->next) {
		struct ast_unfolded room;
		const struct ast_stmt *full = ast_unfold(s, &room);

		line(t, "");
		place(t, full->at);
		buf_puts(t->out, heads[full->kind]);
		end(t);
		t->depth++;
		stmt(t, full);
		t->depth--;
	}
}

void print_tree(const struct unit *u, const struct ast_file *f, struct buf *out)
{
	struct tree t = {.u = u, .out = out};

	stmts(&t, f->stmts);
}

void print_tree_places(const struct unit *u, const struct ast_file *f, struct buf *out)
{
	struct tree t = {.u = u, .out = out, .places = true};

	stmts(&t, f->stmts);
}
