/* SPDX-License-Identifier: GPL-2.0-or-later */
/* build_action.c - attributes, actions and their modifiers */
#include <string.h>

#include "lang/build.h"

/* ---- attributes ---------------------------------------------------------------------------- */

/* The words that some attribute defines as its value. */
static bool is_slot_word(const struct sym *s)
{
	static const char *const words[] = {"max",    "off", "on",  "group", "single",
					    "normal", "low", "min", "high"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(s->s, words[i]))
			return true;
	return false;
}

/* The name that e is, when it is nothing but a name. */
static const struct sym *bare_word(const struct ast_expr *e)
{
	if (e->kind != AE_PATH || e->parens || e->path->next || e->path->sel != SEL_NONE)
		return NULL;
	return e->path->name;
}

struct ast_attr *build_attr(struct scan *x, struct span at, const struct sym *name,
			    struct span name_at, struct ast_expr *value)
{
	struct ast_attr *a = arena_new(x->arena, struct ast_attr);
	const struct sym *word = value ? bare_word(value) : NULL;

	a->name = name;
	a->name_at = name_at;
	a->at = at;
	if (word && is_slot_word(word)) {
		a->word = word;
		a->word_at = value->at;
	} else {
		a->value = value;
	}
	return a;
}

struct ast_attr *build_attr_extra(struct scan *x, struct span at, const struct sym *name,
				  struct span name_at, struct ast_expr *value,
				  const struct sym *extra, struct span extra_at)
{
	struct ast_attr *a = build_attr(x, at, name, name_at, value);

	a->extra = extra;
	a->extra_at = extra_at;
	return a;
}

/* ---- actions ------------------------------------------------------------------------------- */

struct ast_action *build_action(struct scan *x, struct span at, enum ast_action_kind kind,
				struct ast_expr *amount)
{
	struct ast_action *a = arena_new(x->arena, struct ast_action);
	const struct sym *word;

	a->kind = (uint8_t)kind;
	a->at = at;
	a->amount = amount;
	if (kind == AA_FREE && (word = bare_word(amount)) && !strcmp(word->s, "all")) {
		a->all = true;
		a->amount = NULL;
	}
	return a;
}

struct ast_action *build_cgroup_action(struct scan *x, struct span at, enum ast_action_kind kind,
				       struct paths in)
{
	struct ast_action *a = arena_new(x->arena, struct ast_action);

	a->kind = (uint8_t)kind;
	a->at = at;
	a->in = in.first;
	return a;
}

struct ast_action *build_start(struct scan *x, struct span at, struct paths in,
			       struct ast_args *args)
{
	struct ast_action *a = build_cgroup_action(x, at, AA_START, in);

	a->args = args;
	return a;
}

struct ast_action *build_set(struct scan *x, struct span at, struct paths in,
			     struct ast_attr *attrs)
{
	struct ast_action *a = build_cgroup_action(x, at, AA_SET, in);

	a->attrs = attrs;
	return a;
}

struct ast_action *build_mark(struct scan *x, struct span at, const struct sym *name,
			      struct span name_at)
{
	struct ast_action *a = arena_new(x->arena, struct ast_action);

	x->file->has_mark = true;
	a->kind = AA_MARK;
	a->at = at;
	a->mark = build_name(x, name, name_at);
	return a;
}

struct ast_args *build_args(struct scan *x, struct span at, const struct sym *workload,
			    struct span workload_at, struct ast_arg *first)
{
	struct ast_args *a = arena_new(x->arena, struct ast_args);

	a->workload = workload;
	a->workload_at = workload_at;
	a->at = at;
	a->first = first;
	return a;
}

struct ast_arg *build_arg(struct scan *x, const struct sym *name, struct span name_at,
			  struct ast_expr *value)
{
	struct ast_arg *a = arena_new(x->arena, struct ast_arg);

	a->name = name;
	a->name_at = name ? name_at : (struct span){0};
	a->value = build_value(value);
	return a;
}

/* ---- modifiers ----------------------------------------------------------------------------- */

static struct ast_mods *mods_of(struct scan *x, struct ast_action *a)
{
	if (!a->mods)
		a->mods = arena_new(x->arena, struct ast_mods);
	return a->mods;
}

/* Is this the first?  *slot then takes the place; else it is reported. */
static bool first(struct scan *x, struct span *slot, struct span keyword, struct span end)
{
	if (slot->end) {
		diag_at(&x->unit->diags, E_TWICE, keyword, "`%s` is written twice",
			scan_sym(x, keyword)->s);
		diag_note(&x->unit->diags, *slot, "first written here");
		return false;
	}
	*slot = span_join(keyword, end);
	return true;
}

struct ast_action *build_in(struct scan *x, struct span at, struct ast_action *a, struct paths in,
			    struct span keyword, bool from)
{
	struct diags *d = &x->unit->diags;
	const char *due = a->kind == AA_RECLAIM ? "from" : "in";

	a->at = at;
	if (from != (a->kind == AA_RECLAIM)) {
		diag_at(d, E_NO_MODIFIER, keyword, "`%s` does not say where here",
			from ? "from" : "in");
		diag_hint(d, "write `%s`", due);
	} else if (a->in) {
		diag_at(d, E_TWICE, keyword, "the cgroups are named twice");
		diag_note(d, a->in->at, "first named here");
		return a;
	} else if (a->mods) {
		diag_at(d, E_IN_FIRST, keyword, "`%s` comes before the other modifiers", due);
		diag_hint(d, "write it right behind the amount");
	}
	a->in = in.first;
	return a;
}

struct ast_action *build_mod(struct scan *x, struct span at, struct ast_action *a,
			     enum build_mod mod, struct ast_expr *e, struct span keyword,
			     struct span end)
{
	struct ast_mods *m = mods_of(x, a);
	struct ast_expr **value = NULL;
	struct span *place = NULL;

	switch (mod) {
	case MOD_OVER:
		value = &m->over;
		place = &m->over_at;
		break;
	case MOD_EACH:
		value = &m->each;
		place = &m->each_at;
		break;
	case MOD_SPEED:
		value = &m->speed;
		place = &m->speed_at;
		break;
	case MOD_BASE:
		value = &m->base;
		place = &m->base_at;
		break;
	case MOD_TIMEOUT:
		value = &m->timeout;
		place = &m->timeout_at;
		break;
	case MOD_WITH_MEMORY:
	case MOD_SIMULATED:
	case MOD_OWN_CGROUP:
		return build_flag(x, at, a, mod, keyword, end);
	}
	a->at = at;
	if (first(x, place, keyword, end))
		*value = e;
	return a;
}

struct ast_action *build_flag(struct scan *x, struct span at, struct ast_action *a,
			      enum build_mod mod, struct span keyword, struct span end)
{
	struct ast_mods *m = mods_of(x, a);

	a->at = at;
	if (mod == MOD_WITH_MEMORY)
		first(x, &m->with_memory_at, keyword, end);
	else if (mod == MOD_SIMULATED)
		first(x, &m->simulated_at, keyword, end);
	else
		first(x, &m->own_cgroup_at, keyword, end);
	return a;
}

struct ast_action *build_as(struct scan *x, struct span at, struct ast_action *a,
			    const struct sym *name, struct span name_at, struct span keyword)
{
	struct ast_mods *m = mods_of(x, a);

	a->at = at;
	if (first(x, &m->as_at, keyword, name_at)) {
		m->as = name;
		m->as_at = name_at;
	}
	return a;
}

struct ast_action *build_like(struct scan *x, struct span at, struct ast_action *a,
			      struct ast_attr *attrs, struct span keyword, struct span end)
{
	struct ast_mods *m = mods_of(x, a);

	a->at = at;
	if (first(x, &m->like_at, keyword, end))
		m->like = attrs;
	return a;
}
