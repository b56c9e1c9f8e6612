/* SPDX-License-Identifier: GPL-2.0-or-later */
/* print_head.c - the first line of each statement */
#include "lang/print_parts.h"

static void put_sym(struct buf *out, const char *before, const struct sym *s)
{
	if (s)
		buf_printf(out, "%s%s", before, s->s);
}

static void put_param(const struct unit *u, struct buf *out, const struct ast_param *m,
		      const char *head)
{
	put_sym(out, head, m->name);
	print_part(u, " = ", m->value, out);
	print_part(u, " in ", m->lo, out);
	print_part(u, "..", m->hi, out);
	if (m->doc) {
		buf_puts(out, " ");
		print_span(u, m->doc_at, out);
	}
}

static void put_cgroup(const struct unit *u, struct buf *out, const struct ast_cgroup *c)
{
	put_sym(out, "cgroup ", c->name);
	print_part(u, "[", c->count, out);
	if (c->count)
		buf_puts(out, "]");
}

static void put_repeat(const struct unit *u, struct buf *out, const struct ast_repeat *r)
{
	print_part(u, "repeat ", r->lo, out);
	print_part(u, "..", r->hi, out);
	print_part(u, " until ", r->until, out);
	put_sym(out, " interleave ", r->interleave);
	print_part(u, " seed ", r->seed, out);
}

static void put_measure(const struct unit *u, struct buf *out, const struct ast_measure *m)
{
	buf_puts(out, "measure ");
	print_paths(u, m->what, out);
	if (m->of) {
		buf_puts(out, " of ");
		print_paths(u, m->of, out);
	}
	print_part(u, " each ", m->each, out);
}

void print_head(const struct unit *u, const struct ast_stmt *s, struct buf *out)
{
	const void *node = s;

	switch ((enum ast_stmt_kind)s->kind) {
	case AS_ERROR:
	case AS_BRIEF: /* unfolded by who calls */
		break;
	case AS_SCENARIO:
	case AS_USE:
		buf_puts(out, s->kind == AS_USE ? "use " : "scenario ");
		print_span(u, ((const struct ast_text *)node)->text_at, out);
		break;
	case AS_REQUIRE:
		buf_puts(out, "require ");
		print_needs(u, ((const struct ast_require *)node)->needs, out);
		break;
	case AS_MACHINE:
		buf_puts(out, "machine");
		break;
	case AS_ROOT:
		buf_puts(out, "root");
		break;
	case AS_PARAM:
		put_param(u, out, node, "param ");
		break;
	case AS_LET:
		put_param(u, out, node, "let ");
		break;
	case AS_CGROUP:
		put_cgroup(u, out, node);
		break;
	case AS_TRACE: {
		const struct ast_trace *t = node;

		put_sym(out, "trace ", t->name);
		print_part(u, " = ", t->file, out);
		put_sym(out, " units ", t->units);
		break;
	}
	case AS_WORKLOAD: {
		const struct ast_workload *w = node;

		put_sym(out, "workload ", w->name);
		print_formals(u, w->formals, out);
		break;
	}
	case AS_POLICY:
		put_sym(out, "policy ", ((const struct ast_policy *)node)->name);
		break;
	case AS_AT: {
		const struct ast_at *a = node;

		print_part(u, a->relative ? "at +" : "at ", a->time, out);
		print_part(u, " +/- ", a->jitter, out);
		break;
	}
	case AS_EVERY: {
		const struct ast_every *e = node;

		print_part(u, "every ", e->period, out);
		print_part(u, " from ", e->from, out);
		print_part(u, " until ", e->until, out);
		break;
	}
	case AS_FOR: {
		const struct ast_for *f = node;

		put_sym(out, "for ", f->name);
		print_part(u, " in ", f->lo, out);
		print_part(u, "..", f->hi, out);
		break;
	}
	case AS_WHEN: {
		const struct ast_when *w = node;

		print_part(u, "when ", w->cond, out);
		print_part(u, " for ", w->hold, out);
		print_part(u, " within ", w->within, out);
		break;
	}
	case AS_AFTER: {
		const struct ast_when *w = node;

		print_part(u, "after ", w->cond, out);
		print_part(u, " + ", w->hold, out);
		break;
	}
	case AS_FINISH: {
		const struct ast_finish *f = node;

		print_part(u, "finish when ", f->cond, out);
		print_part(u, f->cond ? " by " : "finish at ", f->time, out);
		break;
	}
	case AS_ABORT:
		print_part(u, "abort when ", ((const struct ast_finish *)node)->cond, out);
		break;
	case AS_MEASURE:
		put_measure(u, out, node);
		break;
	case AS_COMPARE:
	case AS_CONTENTION:
	case AS_MECHANISM: {
		const struct ast_compare *c = node;

		buf_puts(out, s->kind == AS_COMPARE	 ? "compare "
			      : s->kind == AS_CONTENTION ? "contention "
							 : "mechanism ");
		print_names(c->policies, out);
		if (c->baseline)
			put_sym(out, " baseline ", c->baseline->name);
		break;
	}
	case AS_REPEAT:
		put_repeat(u, out, node);
		break;
	case AS_SWEEP: {
		const struct ast_sweep *w = node;

		put_sym(out, "sweep ", w->name);
		buf_puts(out, " in ");
		print_exprs(u, w->values, out);
		break;
	}
	case AS_EXPECT: {
		const struct ast_expect *e = node;

		print_part(u, "expect ", e->cond, out);
		print_part(u, " confidence ", e->confidence, out);
		if (e->warn_only)
			buf_puts(out, " else warn");
		break;
	}
	case AS_CLAIM:
		buf_puts(out, "claim ");
		print_span(u, ((const struct ast_claim *)node)->name_at, out);
		break;
	}
}
