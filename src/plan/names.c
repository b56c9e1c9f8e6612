/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * names.c - one name space, in which the order of definitions is free.
 *
 * An array indexed by symbol id holds the declaration of each name, so that a look-up is one load.
 * Loop variables and arguments of workloads join it while their body is expanded.
 */
#include <string.h>

#include "base/mem.h"
#include "plan/check.h"

#define MAX_COMPARED 1000000 /* words, in all searches for near names */

const char *decl_kind_name(enum decl_kind k)
{
	switch (k) {
	case DECL_PARAM:
		return "a parameter";
	case DECL_LET:
		return "a constant";
	case DECL_CGROUP:
		return "a cgroup";
	case DECL_TRACE:
		return "a trace";
	case DECL_WORKLOAD:
		return "a workload";
	case DECL_POLICY:
		return "a policy";
	case DECL_MARK:
		return "a mark";
	case DECL_LOOP:
		return "a loop variable";
	case DECL_FORMAL:
		return "an argument";
	}
	return "a name";
}

void suggest(struct check *x, const char *word, const char *const *names, size_t n)
{
	if (n > MAX_COMPARED - x->suggestions)
		return;
	x->suggestions += (uint32_t)n;

	const char *near = diag_nearest(word, names, n);

	if (near)
		diag_hint(x->diags, "did you mean `%s`?", near);
}

static void suggest_name(struct check *x, const struct sym *s)
{
	VEC(const char *) v = {0};

	if (x->decls.n > MAX_COMPARED - x->suggestions)
		return;
	vec_push(&v, "root");
	for (size_t i = 0; i < x->decls.n; i++)
		if (x->decls.v[i]->name != s)
			vec_push(&v, x->decls.v[i]->name->s);
	for (const struct frame *f = x->frame; f; f = f->up)
		if (f->loop)
			vec_push(&v, f->loop->name->s);
		else
			for (const struct ast_formal *a = f->workload->formals; a; a = a->next)
				vec_push(&v, a->name->s);
	suggest(x, s->s, v.v, v.n);
	vec_free(&v);
}

struct decl *names_need(struct check *x, const struct sym *s, struct span at)
{
	struct decl *d = names_find(x, s);

	if (d) {
		d->used = true;
		return d;
	}
	if (x->import_missing) { /* which may have defined it, and was reported */
		x->complaints++;
		return NULL;
	}
	complain(x, E_UNKNOWN_NAME, at, "nothing here is called `%s`", s->s);
	suggest_name(x, s);
	return NULL;
}

void names_wrong_kind(struct check *x, const struct decl *d, struct span at, const char *wanted)
{
	x->complaints++;
	if (d->disputed)
		return;
	complain(x, E_WRONG_KIND, at, "`%s` is %s, not %s", d->name->s, decl_kind_name(d->kind),
		 wanted);
	if (d->at.end)
		diag_note(x->diags, d->at, "it is defined here");
}

/* ---- declaring ------------------------------------------------------------------------------- */

/* Names with a meaning of their own that no definition may take over. */
static bool reserved(struct check *x, const struct sym *s, struct span at)
{
	if (s != x->syms.alone)
		return false;
	complain(x, E_RESERVED_NAME, at, "`alone` names the undisturbed runs in results");
	diag_hint(x->diags, "choose another name");
	return true;
}

static struct decl *declare(struct check *x, enum decl_kind kind, const struct sym *name,
			    struct span at)
{
	struct decl *old, *d;

	if (!name || reserved(x, name, at))
		return NULL;
	old = names_find(x, name);
	if (old) {
		old->disputed = true;
		complain(x, E_DUPLICATE_NAME, at, "`%s` is defined already, as %s", name->s,
			 decl_kind_name(old->kind));
		diag_note(x->diags, old->at, "first defined here");
		return NULL;
	}
	d = arena_new(x->arena, struct decl);
	d->kind = (uint8_t)kind;
	d->name = name;
	d->at = at;
	x->names[name->id] = d;
	vec_push(&x->decls, d);
	return d;
}

static bool names_a_metric(const char *word)
{
	size_t n = strlen(word);

	for (int m = 0; m < M_COUNT; m++)
		if (!strncmp(metric_info[m].spelling, word, n) &&
		    (!metric_info[m].spelling[n] || metric_info[m].spelling[n] == '.'))
			return true;
	return false;
}

static struct cg_decl *declare_cgroup(struct check *x, const struct ast_cgroup *ast,
				      struct cg_decl *parent)
{
	struct decl *d = declare(x, DECL_CGROUP, ast->name, ast->name_at);
	struct cg_decl *cg = arena_new(x->arena, struct cg_decl), **tail = &cg->kids;

	cg->ast = ast;
	cg->parent = parent;
	cg->array = ast->count;
	cg->under_array = parent && (parent->array || parent->under_array);
	if (d)
		d->cgroup = cg;
	else
		cg->ast = NULL; /* its name leads elsewhere */
	/* team[0].usage has to mean one thing. */
	if (parent && ast->name && names_a_metric(ast->name->s))
		complain(x, E_RESERVED_NAME, ast->name_at,
			 "a nested cgroup cannot be called `%s`, as a metric is", ast->name->s);
	for (const struct ast_cgroup *k = ast->kids; k;
	     k = (const struct ast_cgroup *)(const void *)k->s.next) {
		*tail = declare_cgroup(x, k, cg);
		if ((*tail)->ast)
			tail = &(*tail)->next;
		else
			*tail = NULL;
	}
	return cg;
}

static void declare_top_cgroups(struct check *x, const struct ast_cgroup *ast,
				struct cg_decl ***tail)
{
	struct cg_decl *cg = declare_cgroup(x, ast, NULL);

	if (!cg->ast)
		return;
	**tail = cg;
	*tail = &cg->next;
}

struct decl *names_mark(struct check *x, const struct ast_name *n)
{
	struct decl *d = names_find(x, n->name);

	if (d && d->kind == DECL_MARK)
		return d;
	d = declare(x, DECL_MARK, n->name, n->at);
	if (!d)
		return NULL;
	d->used = true;
	d->mark = (uint32_t)x->marks.n;
	vec_push(&x->marks, n->name->s);
	return d;
}

static void declare_marks(struct check *x, const struct ast_action *a)
{
	for (; a; a = a->next)
		if (a->kind == AA_MARK && a->mark)
			names_mark(x, a->mark);
}

/* Marks are named by conditions that may stand before the action that sets them. */
static void walk_marks(struct check *x, const struct ast_stmt *s)
{
	for (; s; s = s->next)
		switch ((enum ast_stmt_kind)s->kind) {
		case AS_AT:
			declare_marks(x, ((const struct ast_at *)s)->body);
			break;
		case AS_EVERY:
			declare_marks(x, ((const struct ast_every *)s)->body);
			break;
		case AS_WHEN:
		case AS_AFTER:
			declare_marks(x, ((const struct ast_when *)s)->body);
			break;
		case AS_FOR:
			walk_marks(x, ((const struct ast_for *)s)->body);
			break;
		default:
			break;
		}
}

/* ---- statements ------------------------------------------------------------------------------ */

static bool is_definition(enum ast_stmt_kind k)
{
	switch (k) {
	case AS_ERROR:
	case AS_SCENARIO: /* the imported file's own title */
	case AS_USE:
	case AS_REQUIRE:
	case AS_MACHINE:
	case AS_PARAM:
	case AS_LET:
	case AS_ROOT:
	case AS_CGROUP:
	case AS_TRACE:
	case AS_WORKLOAD:
	case AS_POLICY:
		return true;
	default:
		return false;
	}
}

static bool holds_expectations(const struct ast_stmt *s)
{
	for (; s; s = s->next)
		if (s->kind == AS_EXPECT || s->kind == AS_CLAIM ||
		    (s->kind == AS_FOR && holds_expectations(((const struct ast_for *)s)->body)))
			return true;
	return false;
}

#define ONCE(x, slot, s, word)                                                                     \
	do {                                                                                       \
		if (!(slot))                                                                       \
			(slot) = (const void *)(s);                                                \
		else                                                                               \
			twice((x), (s)->at, ((const struct ast_stmt *)(const void *)(slot))->at,   \
			      (word));                                                             \
	} while (0)

struct walk {
	struct cg_decl **cgroups;
	bool imported;
	bool marks; /* something may ask for one */
};

static void declare_statement(struct check *x, const struct ast_stmt *s, struct walk *w)
{
	const struct ast_trace *trace;
	const struct ast_workload *workload;
	const struct ast_policy *policy;
	const struct ast_param *param;
	struct decl *d;

	switch ((enum ast_stmt_kind)s->kind) {
	case AS_ERROR:
	case AS_USE:
	case AS_AT:
	case AS_BRIEF:
	case AS_EVERY:
		break;
	case AS_SCENARIO:
		if (!w->imported)
			ONCE(x, x->scenario, s, "scenario");
		break;
	case AS_MACHINE:
		ONCE(x, x->machine_ast, s, "machine");
		break;
	case AS_ROOT:
		ONCE(x, x->root_ast, s, "root");
		break;
	case AS_FINISH:
		w->marks = true;
		ONCE(x, x->finish, s, "finish");
		break;
	case AS_COMPARE:
		ONCE(x, x->compare, s, "compare");
		break;
	case AS_CONTENTION:
		ONCE(x, x->contention, s, "contention");
		break;
	case AS_MECHANISM:
		ONCE(x, x->mechanism, s, "mechanism");
		break;
	case AS_REPEAT:
		ONCE(x, x->repeat_ast, s, "repeat");
		break;
	case AS_PARAM:
	case AS_LET:
		param = (const struct ast_param *)s;
		d = declare(x, s->kind == AS_PARAM ? DECL_PARAM : DECL_LET, param->name,
			    param->name_at);
		if (d) {
			d->param = param;
			d->imported = w->imported;
		}
		break;
	case AS_CGROUP:
		declare_top_cgroups(x, (const struct ast_cgroup *)s, &w->cgroups);
		break;
	case AS_TRACE:
		trace = (const struct ast_trace *)s;
		d = declare(x, DECL_TRACE, trace->name, trace->name_at);
		if (d) {
			d->trace = arena_new(x->arena, struct trace_decl);
			d->trace->ast = trace;
		}
		break;
	case AS_WORKLOAD:
		workload = (const struct ast_workload *)s;
		d = declare(x, DECL_WORKLOAD, workload->name, workload->name_at);
		if (d)
			d->workload = workload;
		break;
	case AS_POLICY:
		policy = (const struct ast_policy *)s;
		d = declare(x, DECL_POLICY, policy->name, policy->name_at);
		if (d) {
			d->policy = arena_new(x->arena, struct policy_decl);
			d->policy->ast = policy;
			d->policy->run = POLICY_NOT_COMPARED;
		}
		break;
	case AS_FOR:
		w->marks = true;
		if (holds_expectations(((const struct ast_for *)s)->body))
			vec_push(&x->later, s);
		break;
	case AS_WHEN:
	case AS_AFTER:
		w->marks = true;
		break;
	case AS_EXPECT:
	case AS_CLAIM:
	case AS_ABORT:
		w->marks = true;
		vec_push(&x->later, s);
		break;
	case AS_REQUIRE:
	case AS_MEASURE:
	case AS_SWEEP:
		vec_push(&x->later, s);
		break;
	}
}

void names_declare(struct check *x)
{
	struct walk w = {.cgroups = &x->cgroups};

	x->nnames = x->u->names.n;
	x->names = arena_array(x->arena, struct decl *, x->nnames);
	x->syms.root = intern_find(&x->u->names, "root", 4);
	x->syms.alone = intern_find(&x->u->names, "alone", 5);
	x->syms.throughput = intern_find(&x->u->names, "throughput", 10);
	x->syms.max = intern_find(&x->u->names, "max", 3);
	for (const struct ast_file *f = x->u->files; f; f = f->next) {
		w.imported = f != x->u->files;
		for (const struct ast_stmt *s = f->stmts; s; s = s->next) {
			if (s->kind == AS_USE && !((const struct ast_text *)s)->file)
				x->import_missing = true;
			if (w.imported && !is_definition(s->kind)) {
				complain(x, E_NOT_DEFINITION, s->at,
					 "only definitions can stand in an imported file");
				continue;
			}
			declare_statement(x, s, &w);
		}
	}
	if (w.marks && x->u->files->has_mark)
		walk_marks(x, x->u->files->stmts);
}

void names_push(struct check *x, struct decl *d)
{
	struct decl *old = names_find(x, d->name);

	if (old) {
		old->disputed = true;
		complain(x, E_SHADOW, d->at, "`%s` cannot name %s: it is %s already", d->name->s,
			 decl_kind_name(d->kind), decl_kind_name(old->kind));
		diag_note(x->diags, old->at, "first defined here");
		return;
	}
	if (reserved(x, d->name, d->at) || d->name->id >= x->nnames)
		return;
	x->names[d->name->id] = d;
}

void names_pop(struct check *x, struct decl *d)
{
	if (names_find(x, d->name) == d)
		x->names[d->name->id] = NULL;
}
