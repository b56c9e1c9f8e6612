/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * workload.c - start: the arguments get their names, and the body is lowered with them.
 *
 * How the body uses an argument decides what it may be, so it is checked anew for every start.
 */
#include "plan/check.h"

static const struct ast_formal *formal_named(const struct ast_workload *w, const struct sym *name,
					     uint32_t *index)
{
	const struct ast_formal *f = w->formals;

	for (*index = 0; f && f->name != name; f = f->next)
		(*index)++;
	return f;
}

static uint32_t count_formals(const struct ast_workload *w)
{
	uint32_t n = 0;

	for (const struct ast_formal *f = w->formals; f; f = f->next)
		n++;
	return n;
}

static void complain_unknown(struct check *x, const struct ast_workload *w,
			     const struct ast_arg *arg)
{
	VEC(const char *) v = {0};

	complain(x, E_ARGUMENTS, arg->name_at, "`%s` has no argument `%s`", w->name->s,
		 arg->name->s);
	for (const struct ast_formal *f = w->formals; f; f = f->next)
		vec_push(&v, f->name->s);
	suggest(x, arg->name->s, v.v, v.n);
	vec_free(&v);
}

/* Evaluate the arguments where they stand: formals[].state becomes DECL_READY for those given. */
static void read_arguments(struct check *x, const struct ast_workload *w,
			   const struct ast_args *args, struct decl *formals, uint32_t n)
{
	uint32_t next = 0, i;
	bool named = false;

	for (const struct ast_arg *arg = args->first; arg; arg = arg->next) {
		struct value v = eval(x, arg->value);

		if (!arg->name) {
			if (named) {
				complain(x, E_ARGUMENTS, arg->value->at,
					 "arguments without a name come first");
				continue;
			}
			i = next++;
			if (i >= n) {
				complain(x, E_ARGUMENTS, arg->value->at,
					 "`%s` takes %s%u argument%s", w->name->s,
					 n ? "at most " : "", n, n == 1 ? "" : "s");
				diag_note(x->diags, w->name_at, "it is defined here");
				return;
			}
		} else {
			named = true;
			if (!formal_named(w, arg->name, &i)) {
				complain_unknown(x, w, arg);
				continue;
			}
		}
		if (formals[i].state == DECL_READY) {
			complain(x, E_ARGUMENTS, arg->name ? arg->name_at : arg->value->at,
				 "`%s` is given twice", formals[i].name->s);
			continue;
		}
		formals[i].state = DECL_READY;
		formals[i].value = v;
	}
}

static void lower_body(struct check *x, const struct ast_workload *w, struct decl *formals,
		       uint32_t n, struct span at, bool started)
{
	struct frame frame = {.up = x->frame, .at = at, .workload = w};
	const struct ast_formal *f = w->formals;

	vec_clear(&x->body);
	if (started)
		x->frame = &frame;
	for (uint32_t i = 0; i < n; i++, f = f->next) {
		if (formals[i].state != DECL_READY && f->value)
			formals[i].value = eval(x, f->value);
		names_push(x, &formals[i]);
	}
	x->in_body = true;
	actions_expand(x, w->body);
	x->in_body = false;
	for (uint32_t i = 0; i < n; i++)
		names_pop(x, &formals[i]);
	x->frame = frame.up;
}

static struct decl *make_formals(struct check *x, const struct ast_workload *w, uint32_t *n)
{
	struct decl *formals;
	uint32_t i = 0;

	*n = count_formals(w);
	formals = arena_array(x->arena, struct decl, *n);
	for (const struct ast_formal *f = w->formals; f; f = f->next, i++) {
		formals[i].kind = DECL_FORMAL;
		formals[i].name = f->name;
		formals[i].at = f->at;
	}
	return formals;
}

void workload_start(struct check *x, const struct ast_action *a)
{
	const struct ast_args *args = a->args;
	struct decl *d =
	    args && args->workload ? names_need(x, args->workload, args->workload_at) : NULL;
	struct decl *formals;
	uint32_t n, i = 0;
	bool missing = false;

	if (d && d->kind != DECL_WORKLOAD) {
		names_wrong_kind(x, d, args->workload_at, "a workload");
		d = NULL;
	}
	if (!d) {
		cgroups_targets(x, a->in);
		return;
	}
	formals = make_formals(x, d->workload, &n);
	read_arguments(x, d->workload, args, formals, n);
	for (const struct ast_formal *f = d->workload->formals; f; f = f->next, i++) {
		if (formals[i].state == DECL_READY || f->value)
			continue;
		complain(x, E_ARGUMENTS, args->at, "`%s` needs its argument `%s`",
			 d->workload->name->s, f->name->s);
		diag_note(x->diags, f->at, "it has no default");
		missing = true;
	}
	lower_body(x, d->workload, formals, n, args->at, true);
	if (cgroups_targets(x, a->in) && !missing)
		action_start(x, a, x->body.v, (uint32_t)x->body.n);
}

/* What nothing starts is checked as far as it can be without its arguments. */
void workloads_unstarted(struct check *x)
{
	for (size_t i = 0; i < x->decls.n; i++) {
		struct decl *d = x->decls.v[i], *formals;
		uint32_t n, needs = x->needs;

		if (d->kind != DECL_WORKLOAD || d->used)
			continue;
		formals = make_formals(x, d->workload, &n);
		lower_body(x, d->workload, formals, n, d->at, false);
		x->needs = needs;
	}
}
