/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cgroups.c - the tree of cgroups, and paths into it.
 *
 * Cgroups are numbered in pre-order, so the index of any member of any nested array is a sum of
 * offsets and needs no search.
 */
#include <inttypes.h>

#include "plan/check.h"

/* ---- building -------------------------------------------------------------------------------- */

/* Sizes from the leaves up; saturates above MAX_CGROUPS. */
static void measure(struct check *x, struct cg_decl *cg)
{
	uint64_t below = 1;
	int64_t count = 1;

	if (cg->ast->count)
		eval_integer(x, cg->ast->count, "the size of an array", 1, MAX_ARRAY, &count);
	cg->count = (uint32_t)count;
	attrs_read(x, cg->ast->attrs, ATTR_CGROUP, &cg->attrs, &cg->delay_at);
	for (struct cg_decl *k = cg->kids; k; k = k->next) {
		measure(x, k);
		k->offset = (uint32_t)below;
		below += (uint64_t)k->count * k->size;
		if (below > MAX_CGROUPS)
			below = MAX_CGROUPS;
	}
	cg->size = (uint32_t)below;
}

static bool too_many(struct check *x, const struct cg_decl *cg, uint64_t n)
{
	if (n <= MAX_CGROUPS)
		return false;
	complain(x, E_TOO_MANY, cg->ast->name_at, "with `%s` there are more than %u cgroups",
		 cg->ast->name->s, MAX_CGROUPS);
	return true;
}

/* Its names are known, and lead nowhere. */
static void forget(struct cg_decl *cg)
{
	cg->size = 0;
	for (struct cg_decl *k = cg->kids; k; k = k->next)
		forget(k);
}

static void fill(struct check *x, struct cg_decl *cg, uint32_t parent, const char *prefix)
{
	for (uint32_t i = 0; i < cg->count; i++) {
		uint32_t at = parent + cg->offset + i * cg->size;
		struct cg_spec *s = &x->specs[at];

		if (!i)
			cg->index = at; /* used of those that are under no array only */
		if (cg->array)
			s->name =
			    arena_printf(x->arena, "%s%s%s[%" PRIu32 "]", prefix ? prefix : "",
					 prefix ? "." : "", cg->ast->name->s, i);
		else if (prefix)
			s->name = arena_printf(x->arena, "%s.%s", prefix, cg->ast->name->s);
		else
			s->name = cg->ast->name->s;
		s->parent = parent;
		s->leaf = !cg->kids;
		x->declared[at] = cg->attrs;
		for (struct cg_decl *k = cg->kids; k; k = k->next)
			fill(x, k, at, cg->array || prefix ? s->name : NULL);
	}
}

void cgroups_build(struct check *x)
{
	struct cg_decl *cg, **link = &x->cgroups;
	struct cg_attrs root = cg_attrs_default;
	uint64_t n = 1;

	if (x->root_ast)
		attrs_read(x, x->root_ast->attrs, ATTR_ROOT, &root, NULL);
	while ((cg = *link)) {
		measure(x, cg);
		cg->offset = (uint32_t)n;
		if (too_many(x, cg, n + (uint64_t)cg->count * cg->size)) {
			*link = cg->next;
			forget(cg);
			continue;
		}
		n += (uint64_t)cg->count * cg->size;
		link = &cg->next;
	}
	x->ncgroups = (uint32_t)n;
	x->specs = arena_array(x->arena, struct cg_spec, n);
	x->declared = arena_array(x->arena, struct cg_attrs, n);
	x->stamps = arena_array(x->arena, uint32_t, n);
	x->main_worker = arena_array(x->arena, uint32_t, n);
	x->has_worker = arena_array(x->arena, bool, n);
	for (uint64_t i = 0; i < n; i++)
		x->main_worker[i] = UINT32_MAX;
	x->specs[0] = (struct cg_spec){.name = "root", .leaf = !x->cgroups};
	x->declared[0] = root;
	for (cg = x->cgroups; cg; cg = cg->next)
		fill(x, cg, 0, NULL);
}

/* ---- paths ----------------------------------------------------------------------------------- */

struct selection {
	uint32_t lo, hi;
};

static bool select_one(struct check *x, const struct ast_path *p, const struct cg_decl *cg,
		       const struct ast_expr *e, uint32_t *out)
{
	enum eval_mode mode = x->mode;
	int64_t i = 0;
	bool ok;

	x->mode = EVAL_CONST;
	ok = eval_integer(x, e, "an index", INT64_MIN, INT64_MAX, &i);
	x->mode = mode;
	if (!ok)
		return false;
	if (i < 0 || i >= cg->count) {
		complain(x, E_INDEX, e->at, "`%s` has no member %" PRId64, p->name->s, i);
		diag_hint(x->diags, "it has `%s[0]` to `%s[%" PRIu32 "]`", p->name->s, p->name->s,
			  cg->count - 1);
		return false;
	}
	*out = (uint32_t)i;
	return true;
}

static bool selection_of(struct check *x, const struct ast_path *p, const struct cg_decl *cg,
			 struct selection *s)
{
	*s = (struct selection){0, cg->count - 1};
	if (p->sel == SEL_NONE) {
		if (!cg->array)
			return true;
		complain(x, E_BARE_ARRAY, p->at, "`%s` is an array of cgroups", p->name->s);
		diag_hint(x->diags, "write `%s[*]` for all of it, `%s[0]` for one", p->name->s,
			  p->name->s);
		return false;
	}
	if (!cg->array) {
		complain(x, E_NOT_ARRAY, p->at, "`%s` is one cgroup, not an array", p->name->s);
		diag_note(x->diags, cg->ast->name_at, "it is defined here");
		return false;
	}
	if (p->sel == SEL_ALL)
		return true;
	if (!select_one(x, p, cg, p->lo, &s->lo))
		return false;
	s->hi = s->lo;
	if (p->sel != SEL_RANGE)
		return true;
	if (!select_one(x, p, cg, p->hi, &s->hi))
		return false;
	if (s->hi >= s->lo)
		return true;
	complain(x, E_EMPTY_RANGE, p->at, "this range ends below its start");
	return false;
}

static const struct cg_decl *kid_named(const struct check *x, const struct cg_decl *cg,
				       const struct ast_path *p)
{
	const struct decl *d = p && p->name ? names_find(x, p->name) : NULL;

	return d && d->kind == DECL_CGROUP && d->cgroup->parent == cg ? d->cgroup : NULL;
}

/* Replace each cgroup of out from `from` on by its selected members of cg. */
static void descend(const struct cg_decl *cg, struct selection s, size_t from,
		    struct index_vec *out)
{
	struct index_vec next = {0};

	for (size_t i = from; i < out->list.n; i++)
		for (uint32_t m = s.lo; m <= s.hi; m++)
			vec_push(&next.list, out->list.v[i] + cg->offset + m * cg->size);
	out->list.n = from;
	for (size_t i = 0; i < next.list.n; i++)
		vec_push(&out->list, next.list.v[i]);
	vec_free(&next.list);
}

static bool all_leaves(struct check *x, struct span at, struct index_vec *out)
{
	if (x->ncgroups == 1) {
		complain(x, E_UNKNOWN_NAME, at,
			 "`*` is every cgroup without cgroups below it, and "
			 "there is none");
		return false;
	}
	for (uint32_t i = 1; i < x->ncgroups; i++)
		if (x->specs[i].leaf)
			vec_push(&out->list, i);
	return true;
}

static const struct cg_decl *first_cgroup(struct check *x, const struct ast_path *p)
{
	struct decl *d = names_need(x, p->name, p->at);

	if (!d)
		return NULL;
	if (d->kind == DECL_FORMAL && d->value.dim == DIM_ERROR)
		return NULL;
	if (d->kind != DECL_CGROUP) {
		names_wrong_kind(x, d, p->at, "a cgroup");
		return NULL;
	}
	if (!d->cgroup->size) /* below one that is wrong, or too many */
		return NULL;
	if (d->cgroup->under_array) {
		complain(x, E_NEEDS_PARENT, p->at, "there is a `%s` in each member of `%s`",
			 p->name->s, d->cgroup->parent->ast->name->s);
		diag_hint(x->diags, "say which: `%s[0].%s`", d->cgroup->parent->ast->name->s,
			  p->name->s);
		return NULL;
	}
	return d->cgroup;
}

static bool complain_rest(struct check *x, const struct ast_path *p)
{
	complain(x, E_UNKNOWN_NAME, p->at, "there is no cgroup `%s` below this one",
		 p->name ? p->name->s : "*");
	return false;
}

bool cgroups_resolve(struct check *x, const struct ast_path **path, bool whole,
		     struct index_vec *out)
{
	const struct ast_path *p = *path;
	const struct cg_decl *cg, *kid;
	size_t from = out->list.n;
	struct selection s;

	*path = p->next;
	if (!p->name)
		return all_leaves(x, p->at, out) &&
		       (!whole || !p->next || complain_rest(x, p->next));
	if (p->name == x->syms.root) {
		if (p->sel != SEL_NONE) {
			complain(x, E_NOT_ARRAY, p->at, "`root` is one cgroup, not an array");
			return false;
		}
		vec_push(&out->list, 0);
		return !whole || !p->next || complain_rest(x, p->next);
	}
	cg = first_cgroup(x, p);
	if (!cg || !selection_of(x, p, cg, &s))
		return false;
	for (uint32_t m = s.lo; m <= s.hi; m++)
		vec_push(&out->list, cg->index + m * cg->size);
	while ((kid = kid_named(x, cg, *path))) {
		cg = kid;
		if (!selection_of(x, *path, cg, &s))
			return false;
		descend(cg, s, from, out);
		*path = (*path)->next;
	}
	return !whole || !*path || complain_rest(x, *path);
}

static bool each_once(struct check *x, const struct ast_path_list *l, size_t from)
{
	for (size_t i = from; i < x->targets.list.n; i++) {
		uint32_t *stamp = &x->stamps[x->targets.list.v[i]];

		if (*stamp == x->stamp) {
			complain(x, E_TARGET_TWICE, l->at, "`%s` is named twice",
				 x->specs[x->targets.list.v[i]].name);
			return false;
		}
		*stamp = x->stamp;
	}
	return true;
}

bool cgroups_targets(struct check *x, const struct ast_path_list *l)
{
	const struct ast_path *p = l->path;
	const struct decl *d;
	bool ok = true;

	vec_clear(&x->targets.list);
	if (!l->next && p && p->name && p->sel == SEL_NONE && !p->next) {
		/* one plain cgroup, as nearly always */
		d = names_find(x, p->name);
		if (d && d->kind == DECL_CGROUP && !d->cgroup->array && !d->cgroup->under_array &&
		    d->cgroup->size) {
			vec_push(&x->targets.list, d->cgroup->index);
			return true;
		}
	}
	x->stamp++;
	for (; l; l = l->next) {
		size_t from = x->targets.list.n;

		p = l->path;
		ok = p && cgroups_resolve(x, &p, true, &x->targets) && each_once(x, l, from) && ok;
	}
	return ok;
}
