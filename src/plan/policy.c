/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policy.c - policies: attributes laid over the declarations, and which of them are run.
 *
 * A policy names the cgroups it changes and the attributes it sets; all else is as declared, and
 * where two lists set one attribute of a cgroup, the later counts.
 */
#include <string.h>

#include "plan/check.h"

/* ---- overlays -------------------------------------------------------------------------------- */

static void lay_over(struct check *x, const struct ast_overlay *o, struct cg_attrs *attrs)
{
	struct cg_attrs set;

	if (x->over_limit || o->mechanism)
		return;
	attrs_read(x, o->attrs, o->root ? ATTR_ROOT : ATTR_CGROUP, &set, NULL);
	if (o->root) {
		if (attrs)
			cg_attrs_overlay(&attrs[0], &set, set.set);
		return;
	}
	if (!o->cgroups || !cgroups_targets(x, o->cgroups) ||
	    !action_room(x, o->at, (uint32_t)x->targets.list.n) || !attrs)
		return;
	for (size_t i = 0; i < x->targets.list.n; i++)
		cg_attrs_overlay(&attrs[x->targets.list.v[i]], &set, set.set);
}

/* A delayed cgroup has low priority unless it says otherwise. */
static void settle(struct cg_attrs *attrs, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (!(attrs[i].set & CGA_BIT(CGA_PRIORITY)))
			attrs[i].priority = attrs[i].delay_ns ? PRIORITY_LOW : PRIORITY_NORMAL;
}

static struct cg_attrs *attrs_of(struct check *x, const struct policy_decl *p)
{
	struct cg_attrs *attrs =
	    arena_dup(x->arena, x->declared, x->ncgroups * sizeof(*x->declared));

	if (p)
		for (const struct ast_overlay *o = p->ast->overlays; o; o = o->next)
			lay_over(x, o, attrs);
	settle(attrs, x->ncgroups);
	return attrs;
}

/* ---- what a policy does ---------------------------------------------------------------------- */

struct doings {
	bool delays, always, high, protects, cpu;
};

static struct doings doings_of(const struct cg_attrs *attrs, uint32_t n)
{
	struct doings d = {0};

	for (uint32_t i = 0; i < n; i++) {
		const struct cg_attrs *a = &attrs[i];

		d.delays |= a->delay_ns > 0;
		d.always |= a->delay_ns && a->delay_always;
		d.high |= a->priority == PRIORITY_HIGH;
		d.protects |= a->priority == PRIORITY_HIGH && a->protect != PROTECT_OFF;
		d.cpu |= (a->set & (CGA_BIT(CGA_CPU) | CGA_BIT(CGA_WEIGHT))) != 0;
	}
	return d;
}

/* ---- mechanisms ------------------------------------------------------------------------------ */

static const char *read_mechanism(struct check *x, const struct ast_name *n)
{
	VEC(const char *) v = {0};

	if (!n || !n->name)
		return NULL;
	if (backend_mechanism_known(n->name->s))
		return n->name->s;
	complain(x, E_UNKNOWN_MECHANISM, n->at, "there is no mechanism `%s`", n->name->s);
	for (size_t i = 0; backend_mechanism(i); i++)
		vec_push(&v, backend_mechanism(i));
	suggest(x, n->name->s, v.v, v.n);
	vec_free(&v);
	return NULL;
}

static const char *mechanism_of(struct check *x, const struct policy_decl *p)
{
	const struct ast_overlay *first = NULL;
	const char *name = NULL;

	for (const struct ast_overlay *o = p ? p->ast->overlays : NULL; o; o = o->next) {
		if (!o->mechanism)
			continue;
		if (first) {
			complain(x, E_SECOND, o->at, "a second `mechanism` in this policy");
			diag_note(x->diags, first->at, "the first is here");
			continue;
		}
		first = o;
		name = read_mechanism(x, o->mechanism);
	}
	return name;
}

static void read_default_mechanism(struct check *x)
{
	struct plan *p = &x->plan;

	if (x->mechanism) {
		p->mechanism = read_mechanism(x, x->mechanism->policies);
		p->mechanism_at = x->mechanism->s.at;
	}
	if (x->opt && x->opt->mechanism) {
		p->mechanism = x->opt->mechanism;
		p->mechanism_at = (struct span){0};
	}
}

/*
 * Without a policy that takes the default, what `set` says of delays is a matter of their
 * mechanisms.
 */
static void settle_needs(struct check *x)
{
	for (size_t i = 0; i < x->policies.n; i++)
		if (!x->policies.v[i].mechanism || x->plan.mechanism)
			return;
	x->all_name_mechanisms = true;
}

static void add_policy(struct check *x, const char *name, const struct policy_decl *p,
		       struct span at)
{
	struct plan_policy run = {.name = name, .attrs = attrs_of(x, p), .at = at};
	struct doings d = doings_of(run.attrs, x->ncgroups);

	run.mechanism = mechanism_of(x, p);
	run.acts = (d.delays && d.high) || d.protects;
	/* Who names the default asks for it as those who name none. */
	if (!run.mechanism || (x->plan.mechanism && !strcmp(run.mechanism, x->plan.mechanism))) {
		x->needs |= d.delays ? CAP_DELAY : 0;
		x->needs |= d.always ? CAP_DELAY_ALWAYS : 0;
		x->needs |= d.protects ? CAP_PROTECT : 0;
	}
	x->needs |= d.cpu ? CAP_CPU : 0;
	vec_push(&x->policies, run);
}

static struct span first_delay(const struct cg_decl *cg)
{
	struct span at = {0};

	for (; cg && !at.end; cg = cg->next)
		at = cg->delay_at.end ? cg->delay_at : first_delay(cg->kids);
	return at;
}

void policies_warn(struct check *x)
{
	for (size_t i = 0; i < x->policies.n; i++) {
		const struct plan_policy *p = &x->policies.v[i];
		struct doings d = doings_of(p->attrs, x->ncgroups);
		struct span at = first_delay(x->cgroups);

		if (!d.delays || d.high || x->sets_high)
			continue;
		if (x->compare)
			diag_at(
			    x->diags, W_DELAY_IDLE, at.end ? at : p->at,
			    "under policy `%s` no cgroup has `priority high`, so nobody is delayed",
			    p->name);
		else
			diag_at(x->diags, W_DELAY_IDLE, at,
				"no cgroup has `priority high`, so nobody is delayed");
		diag_hint(x->diags, "delays protect a cgroup that is `priority high`");
	}
}

/* ---- compare --------------------------------------------------------------------------------- */

static bool selected(const struct check *x, const struct sym *name)
{
	if (!x->opt || !x->opt->npolicies)
		return true;
	for (size_t i = 0; i < x->opt->npolicies; i++)
		if (!strcmp(x->opt->policies[i], name->s))
			return true;
	return false;
}

static struct decl *need_policy(struct check *x, const struct ast_name *n)
{
	struct decl *d = n->name ? names_need(x, n->name, n->at) : NULL;

	if (!d || d->kind == DECL_POLICY)
		return d;
	names_wrong_kind(x, d, n->at, "a policy");
	return NULL;
}

static const struct ast_name *earlier(const struct ast_compare *c, const struct ast_name *n)
{
	for (const struct ast_name *m = c->policies; m != n; m = m->next)
		if (m->name == n->name)
			return m;
	return NULL;
}

static void read_baseline(struct check *x, const struct ast_compare *c)
{
	const struct ast_name *n = c->baseline ? c->baseline : c->policies;
	const struct decl *d = n && n->name ? names_find(x, n->name) : NULL;

	x->plan.baseline = -1;
	if (c->baseline) {
		d = need_policy(x, c->baseline);
		if (d && d->policy->run == POLICY_NOT_COMPARED) {
			complain(x, E_BASELINE, n->at, "the baseline `%s` is not compared",
				 n->name->s);
			diag_hint(x->diags, "put it among those compared");
			return;
		}
	}
	if (d && d->kind == DECL_POLICY && x->policies.n > 1 && d->policy->run >= 0)
		x->plan.baseline = d->policy->run;
}

static void compare(struct check *x, const struct ast_compare *c)
{
	for (const struct ast_name *n = c->policies; n; n = n->next) {
		struct decl *d = need_policy(x, n);

		if (!d)
			continue;
		if (d->policy->run != POLICY_NOT_COMPARED) {
			const struct ast_name *first = earlier(c, n);

			twice(x, n->at, first ? first->at : d->at, n->name->s);
			continue;
		}
		if (!selected(x, n->name)) {
			d->policy->run = POLICY_LEFT_OUT;
			continue;
		}
		if ((uint64_t)(x->policies.n + 1) * x->ncgroups > MAX_ATTR_SETS) {
			complain(x, E_TOO_MANY, n->at, "these are too many policies of %u cgroups",
				 x->ncgroups);
			return;
		}
		d->policy->run = (int32_t)x->policies.n;
		add_policy(x, n->name->s, d->policy, d->at);
	}
	read_baseline(x, c);
}

/* --policy x where there is no such policy to run */
static void unknown_selected(struct check *x)
{
	VEC(const char *) v = {0};

	if (!x->opt || !x->opt->npolicies)
		return;
	for (size_t i = 0; i < x->decls.n; i++)
		if (x->decls.v[i]->kind == DECL_POLICY &&
		    (!x->compare || x->decls.v[i]->policy->run != POLICY_NOT_COMPARED))
			vec_push(&v, x->decls.v[i]->name->s);
	for (size_t i = 0; i < x->opt->npolicies; i++) {
		const char *name = x->opt->policies[i], *near;
		size_t k = 0;

		while (k < v.n && strcmp(v.v[k], name))
			k++;
		if (k < v.n)
			continue;
		near = diag_nearest(name, v.v, v.n);
		diag_at(x->diags, E_POLICY_NOT_RUN, (struct span){0},
			near ? "`--policy %s`: the scenario compares no such policy; did you mean "
			       "`%s`?"
			     : "`--policy %s`: the scenario compares no such policy",
			name, near);
	}
	vec_free(&v);
}

/* Without `compare`, the timeline runs once as declared, or under the policies asked for. */
static void run_declared(struct check *x)
{
	for (size_t i = 0; x->opt && x->opt->npolicies && i < x->decls.n; i++) {
		struct decl *d = x->decls.v[i];

		if (d->kind != DECL_POLICY || !selected(x, d->name))
			continue;
		d->policy->run = (int32_t)x->policies.n;
		add_policy(x, d->name->s, d->policy, d->at);
	}
	if (!x->policies.n)
		add_policy(x, "declared", NULL, (struct span){0});
	x->plan.baseline = -1;
}

/* Limits and policy gone; the root keeps its own, as the budget is the machine's. */
static void make_alone(struct check *x)
{
	struct cg_attrs *a = arena_dup(x->arena, x->declared, x->ncgroups * sizeof(*a));

	for (uint32_t i = 1; i < x->ncgroups; i++) {
		cg_attrs_overlay(&a[i], &cg_attrs_default, CGA_POLICY);
		a[i].set &= ~CGA_POLICY;
	}
	x->plan.alone_attrs = a;
}

void policies_build(struct check *x)
{
	read_default_mechanism(x);
	if (x->compare)
		compare(x, x->compare);
	else
		run_declared(x);
	for (size_t i = 0; i < x->decls.n; i++) {
		const struct decl *d = x->decls.v[i];

		/* Those that are not run are checked all the same. */
		if (d->kind != DECL_POLICY || d->policy->run >= 0)
			continue;
		(void)mechanism_of(x, d->policy);
		for (const struct ast_overlay *o = d->policy->ast->overlays; o; o = o->next)
			lay_over(x, o, NULL);
	}
	unknown_selected(x);
	settle_needs(x);
	make_alone(x);
}
