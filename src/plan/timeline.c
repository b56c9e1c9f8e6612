/* SPDX-License-Identifier: GPL-2.0-or-later */
/* timeline.c - at, every, for, when, after: unrolled in the order of the text. */
#include <string.h>

#include "plan/check.h"

static void expand_at(struct check *x, const struct ast_at *s)
{
	uint64_t at = 0, jitter = 0;

	if (!eval_duration(x, s->time, "the time", &at) ||
	    (s->jitter && !eval_duration(x, s->jitter, "`+/-`", &jitter))) {
		at = x->last_at_ns; /* go on: the actions have errors of their own */
	} else if (s->relative) {
		if (!x->has_last_at) {
			complain(x, E_NO_AT_BEFORE, s->time->at,
				 "`+` counts from the `at` before, and there is none");
			diag_hint(x->diags, "say `at` with a time from the start");
		}
		at += x->last_at_ns;
		if (at > MAX_NS) {
			complain(x, E_OVERFLOW, s->time->at, "this is too late");
			diag_hint(x->diags, "times end at 1000000h");
			at = 0;
		}
	}
	x->last_at_ns = at;
	x->has_last_at = true;
	x->at_ns = at;
	x->jitter_ns = jitter;
	x->draw = jitter ? x->ndraws++ : 0;
	actions_expand(x, s->body);
	x->jitter_ns = 0;
	x->draw = 0;
}

static bool read_every(struct check *x, const struct ast_every *s, uint64_t *period, uint64_t *from,
		       uint64_t *until)
{
	bool ok = eval_duration(x, s->period, "the period", period);

	*from = 0;
	if (ok && !*period) {
		complain(x, E_PERIOD, s->period->at, "a period of zero never ends");
		ok = false;
	}
	if (s->from && !eval_duration(x, s->from, "`from`", from))
		ok = false;
	if (s->until) {
		if (!eval_duration(x, s->until, "`until`", until))
			return false;
	} else if (x->plan.finish_ns == NEVER) {
		complain(x, E_EVERY_END, s->s.at, "this never ends");
		diag_hint(x->diags, "say `until`, or `finish ... by` for all");
		return false;
	} else {
		*until = x->plan.finish_ns;
	}
	if (ok && s->until && *until <= *from) {
		complain(x, E_EMPTY_RANGE,
			 span_join(s->from ? s->from->at : s->until->at, s->until->at),
			 "this ends before it starts");
		ok = false;
	}
	return ok;
}

static void expand_every(struct check *x, const struct ast_every *s)
{
	uint64_t period, from, until, complaints;

	if (!read_every(x, s, &period, &from, &until)) {
		actions_expand(x, s->body); /* checked all the same */
		return;
	}
	for (uint64_t at = from; at < until; at += period) {
		complaints = x->complaints;
		x->at_ns = at;
		if (!action_room(x, s->s.at, 1))
			return;
		actions_expand(x, s->body);
		if (x->complaints != complaints)
			return;
	}
}

static bool read_range(struct check *x, const struct ast_for *f, int64_t *lo, int64_t *hi)
{
	if (!eval_integer(x, f->lo, "a range", INT32_MIN, INT32_MAX, lo) ||
	    !eval_integer(x, f->hi, "a range", INT32_MIN, INT32_MAX, hi))
		return false;
	if (*hi >= *lo)
		return true;
	complain(x, E_EMPTY_RANGE, span_join(f->lo->at, f->hi->at),
		 "this range ends below its start");
	return false;
}

bool timeline_for(struct check *x, const struct ast_for *f,
		  void (*each)(struct check *x, const struct ast_stmt *s))
{
	struct decl variable = {.kind = DECL_LOOP, .name = f->name, .at = f->name_at};
	struct frame frame = {.up = x->frame, .at = f->name_at, .loop = &variable};
	uint32_t complaints = x->complaints;
	int64_t lo, hi;

	if (!f->name)
		return false;
	names_push(x, &variable);
	if (!read_range(x, f, &lo, &hi)) {
		/* The body is checked all the same, as far as it can be. */
		for (const struct ast_stmt *s = f->body; s; s = s->next)
			each(x, s);
		names_pop(x, &variable);
		return false;
	}
	x->frame = &frame;
	for (int64_t i = lo; i <= hi; i++) {
		variable.value = value_number(i);
		if (!action_room(x, f->s.at, 1))
			break;
		for (const struct ast_stmt *s = f->body; s; s = s->next)
			each(x, s);
		if (x->complaints != complaints)
			break;
	}
	x->frame = frame.up;
	names_pop(x, &variable);
	return x->complaints == complaints;
}

/* Is there a moment to count from: a mark, or an end? */
static bool follows(struct check *x, const struct ast_expr *e)
{
	const struct decl *d;

	if (!e || e->kind == AE_ERROR)
		return false;
	if (e->kind == AE_CALL && !strcmp(e->call->name->s, "done"))
		return true;
	d = e->kind == AE_PATH && e->path->name ? names_find(x, e->path->name) : NULL;
	if (d && d->kind == DECL_MARK)
		return true;
	if (e->kind == AE_PATH && e->path->name && !d && e->path->name != x->syms.root &&
	    !e->path->next) {
		names_need(x, e->path->name, e->at); /* says that there is none */
		return false;
	}
	complain(x, E_AFTER, e->at, "`after` follows a mark or an end");
	if (d && d->kind == DECL_CGROUP)
		diag_hint(x->diags, "its workers' end is `done(...)`");
	else
		diag_hint(x->diags, "`when` reacts to measurements");
	return false;
}

static void expand_trigger(struct check *x, const struct ast_when *s, enum trigger_kind kind)
{
	struct plan_trigger t = {.kind = kind, .within_ns = NEVER, .at = s->s.at};
	const char *what = kind == TRIGGER_WHEN ? "`when`" : "`after`";
	uint32_t complaints = x->complaints;

	if (kind == TRIGGER_WHEN || follows(x, s->cond))
		t.cond = eval_condition(x, s->cond, EVAL_LIVE, what);
	if (s->hold)
		eval_duration(x, s->hold, kind == TRIGGER_WHEN ? "`for`" : "the delay", &t.hold_ns);
	if (s->within)
		eval_duration(x, s->within, "`within`", &t.within_ns);
	vec_clear(&x->steps);
	x->in_trigger = true;
	actions_expand(x, s->body);
	x->in_trigger = false;
	if (!x->keep || x->complaints != complaints || !action_room(x, s->s.at, 1))
		return;
	t.steps = arena_dup(x->arena, x->steps.v, x->steps.n * sizeof(*x->steps.v));
	t.nsteps = (uint32_t)x->steps.n;
	t.text = trials_text(x, s->cond);
	vec_push(&x->triggers, t);
}

static void expand_statement(struct check *x, const struct ast_stmt *s)
{
	struct ast_unfolded room;

	switch ((enum ast_stmt_kind)s->kind) {
	case AS_AT:
	case AS_BRIEF:
		expand_at(x, (const struct ast_at *)ast_unfold(s, &room));
		break;
	case AS_EVERY:
		expand_every(x, (const struct ast_every *)s);
		break;
	case AS_FOR:
		timeline_for(x, (const struct ast_for *)s, expand_statement);
		break;
	case AS_WHEN:
		expand_trigger(x, (const struct ast_when *)s, TRIGGER_WHEN);
		break;
	case AS_AFTER:
		expand_trigger(x, (const struct ast_when *)s, TRIGGER_AFTER);
		break;
	default: /* the other passes' */
		break;
	}
}

static void expand_all(struct check *x)
{
	x->expanded = x->nevents = x->ndraws = 0;
	x->last_at_ns = 0;
	x->has_last_at = false;
	vec_clear(&x->asked);
	/* Other files hold definitions only. */
	for (const struct ast_stmt *s = x->u->files->stmts; s && !x->over_limit; s = s->next)
		expand_statement(x, s);
}

/* Events are counted first and made then, so that a million of them are written once, in place. */
void timeline_expand(struct check *x)
{
	bool keep = x->keep;

	x->keep = false;
	expand_all(x);
	x->keep = keep;
	if (!keep || x->diags->errors)
		return;
	x->events = arena_array(x->arena, struct plan_event, x->nevents);
	expand_all(x);
}
