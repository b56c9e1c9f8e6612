/* SPDX-License-Identifier: GPL-2.0-or-later */
/* action.c - actions to steps: what each verb takes, as a table. */
#include <inttypes.h>

#include "plan/check.h"

_Static_assert(sizeof(struct plan_event) <= 200, "a million events must fit in memory");

enum modifier {
	MOD_OVER,
	MOD_EACH,
	MOD_SPEED,
	MOD_BASE,
	MOD_TIMEOUT,
	MOD_AS,
	MOD_WITH_MEMORY,
	MOD_SIMULATED,
	MOD_OWN_CGROUP,
	MOD_LIKE,
	MOD_COUNT
};
#define BIT(m) (1u << (m))

static const char *const modifier_names[MOD_COUNT] = {
    [MOD_OVER] = "over",
    [MOD_EACH] = "each",
    [MOD_SPEED] = "speed",
    [MOD_BASE] = "base",
    [MOD_TIMEOUT] = "timeout",
    [MOD_AS] = "as",
    [MOD_WITH_MEMORY] = "with memory",
    [MOD_SIMULATED] = "simulated",
    [MOD_OWN_CGROUP] = "own cgroup",
    [MOD_LIKE] = "like",
};

enum verb_place {
	OUTSIDE = 1, /* of workloads */
	INSIDE = 2,
};

static const struct verb {
	const char *name;
	const char *quoted; /* for messages about its amount */
	uint8_t op;	    /* enum op_kind */
	uint8_t amount;	    /* enum dim; DIM_ERROR: none */
	uint8_t places;	    /* OUTSIDE, INSIDE */
	uint16_t modifiers;
} verbs[] = {
    [AA_ALLOC] = {"alloc", "`alloc`", OP_ALLOC, DIM_SIZE, OUTSIDE | INSIDE,
		  BIT(MOD_OVER) | BIT(MOD_AS)},
    [AA_FREE] = {"free", "`free`", OP_FREE, DIM_SIZE, OUTSIDE | INSIDE, BIT(MOD_AS)},
    [AA_HOLD] = {"hold", "`hold`", OP_HOLD, DIM_SIZE, OUTSIDE | INSIDE, BIT(MOD_AS)},
    [AA_TOUCH] = {"touch", "`touch`", OP_TOUCH, DIM_SIZE, OUTSIDE | INSIDE,
		  BIT(MOD_OVER) | BIT(MOD_EACH) | BIT(MOD_AS)},
    [AA_READ] = {"read", "`read`", OP_READ, DIM_SIZE, OUTSIDE | INSIDE,
		 BIT(MOD_OVER) | BIT(MOD_AS)},
    [AA_SLEEP] = {"sleep", "`sleep`", OP_SLEEP, DIM_DURATION, INSIDE, 0},
    [AA_REPLAY_MEMORY] = {"replay memory", "`replay memory`", OP_REPLAY, DIM_TRACE,
			  OUTSIDE | INSIDE, BIT(MOD_SPEED) | BIT(MOD_BASE) | BIT(MOD_AS)},
    [AA_REPLAY_TOOLS] = {"replay tools", "`replay tools`", OP_TOOLS, DIM_TRACE, OUTSIDE | INSIDE,
			 BIT(MOD_SPEED) | BIT(MOD_BASE) | BIT(MOD_AS) | BIT(MOD_WITH_MEMORY) |
			     BIT(MOD_SIMULATED)},
    [AA_EXEC] = {"exec", "`exec`", OP_EXEC, DIM_STRING, OUTSIDE | INSIDE,
		 BIT(MOD_AS) | BIT(MOD_TIMEOUT) | BIT(MOD_OWN_CGROUP) | BIT(MOD_LIKE)},
    [AA_START] = {"start", "`start`", OP_COUNT, DIM_ERROR, OUTSIDE, BIT(MOD_AS)},
    [AA_SET] = {"set", "`set`", OP_SET, DIM_ERROR, OUTSIDE, 0},
    [AA_FREEZE] = {"freeze", "`freeze`", OP_FREEZE, DIM_ERROR, OUTSIDE, 0},
    [AA_THAW] = {"thaw", "`thaw`", OP_THAW, DIM_ERROR, OUTSIDE, 0},
    [AA_KILL] = {"kill", "`kill`", OP_KILL, DIM_ERROR, OUTSIDE, 0},
    [AA_RECLAIM] = {"reclaim", "`reclaim`", OP_RECLAIM, DIM_SIZE, OUTSIDE, 0},
    [AA_MARK] = {"mark", "`mark`", OP_COUNT, DIM_ERROR, OUTSIDE, 0},
};

/* ---- checks ---------------------------------------------------------------------------------- */

bool action_room(struct check *x, struct span at, uint32_t n)
{
	if (n <= x->limit - x->expanded) {
		x->expanded += n;
		return true;
	}
	x->expanded = x->limit;
	if (!x->over_limit)
		complain(x, E_TOO_MANY, at, "this makes more than %" PRIu32 " events", x->limit);
	x->over_limit = true;
	return false;
}

static struct span modifier_at(const struct ast_mods *m, enum modifier which)
{
	switch (which) {
	case MOD_OVER:
		return m->over_at;
	case MOD_EACH:
		return m->each_at;
	case MOD_SPEED:
		return m->speed_at;
	case MOD_BASE:
		return m->base_at;
	case MOD_TIMEOUT:
		return m->timeout_at;
	case MOD_AS:
		return m->as_at;
	case MOD_WITH_MEMORY:
		return m->with_memory_at;
	case MOD_SIMULATED:
		return m->simulated_at;
	case MOD_OWN_CGROUP:
		return m->own_cgroup_at;
	case MOD_LIKE:
		return m->like_at;
	case MOD_COUNT:
		break;
	}
	return (struct span){0};
}

static bool modifiers_fit(struct check *x, const struct verb *v, const struct ast_mods *m)
{
	uint32_t allowed = x->in_body ? v->modifiers & ~BIT(MOD_AS) : v->modifiers;
	bool ok = true;

	for (enum modifier i = 0; i < MOD_COUNT; i++) {
		struct span at = modifier_at(m, i);

		if (!at.end || allowed & BIT(i))
			continue;
		if (v->modifiers & BIT(i))
			complain(x, E_MODIFIER, at,
				 "a workload is run by one worker: no `as` here");
		else
			complain(x, E_MODIFIER, at, "`%s` has no `%s`", v->name, modifier_names[i]);
		ok = false;
	}
	return ok;
}

static bool place_fits(struct check *x, const struct verb *v, const struct ast_action *a)
{
	bool names_targets = a->kind != AA_MARK;

	if (!(v->places & (x->in_body ? INSIDE : OUTSIDE))) {
		complain(x, E_ACTION_PLACE, a->at,
			 x->in_body ? "`%s` cannot stand in a workload"
				    : "`%s` can stand in a workload only",
			 v->name);
		diag_hint(x->diags, x->in_body ? "put it on the timeline"
					       : "on the timeline, `at` says when");
		return false;
	}
	if (x->in_body && a->in) {
		complain(x, E_ACTION_PLACE, a->in->at,
			 "in a workload, actions are those of the worker that runs it");
		diag_hint(x->diags, "leave out the cgroup");
		return false;
	}
	if (!x->in_body && !a->in && names_targets) {
		complain(x, E_ACTION_PLACE, a->at, "`%s` needs to know in which cgroup", v->name);
		return false;
	}
	return true;
}

/* No internal processes: a cgroup has cgroups or workers. */
static bool can_work(struct check *x, const struct ast_action *a, uint32_t cgroup)
{
	const struct cg_spec *s = &x->specs[cgroup];

	if (s->leaf && cgroup)
		return true;
	if (!cgroup)
		complain(x, E_PARENT_WORKER, a->in->at, "`root` holds cgroups, not workers");
	else
		complain(x, E_PARENT_WORKER, a->in->at,
			 "`%s` has cgroups below it, so it cannot have workers", s->name);
	return false;
}

/* ---- steps ----------------------------------------------------------------------------------- */

/*
 * What has to be there before a real run: for a command with a cgroup of its own a place beside its
 * worker, for a read a file.
 */
static void note_needs(struct check *x, const struct plan_step *s)
{
	const struct op *v = s->kind == STEP_START ? s->body : &s->op;
	uint32_t n = s->kind == STEP_START ? s->nbody : 1;

	for (uint32_t i = 0; i < n; i++) {
		struct worker_spec *w;

		if (!op_is_worker(v[i].kind))
			continue;
		w = &x->workers.v[v[i].target];
		if (v[i].kind == OP_EXEC && v[i].exec->own_cgroup)
			x->specs[w->cgroup].nests = true;
		if (v[i].kind == OP_READ && v[i].bytes > w->read_bytes)
			w->read_bytes = v[i].bytes;
	}
}

static void emit(struct check *x, const struct plan_step *s)
{
	if (x->keep && s->kind != STEP_MARK)
		note_needs(x, s);
	if (x->in_trigger) {
		if (x->keep)
			vec_push(&x->steps, *s);
		return;
	}
	if (x->keep)
		x->events[x->nevents] = (struct plan_event){
		    .at_ns = x->at_ns, .jitter_ns = x->jitter_ns, .draw = x->draw, .step = *s};
	x->nevents++;
}

static void emit_on_targets(struct check *x, const struct ast_action *a, const struct op *op)
{
	const struct sym *as = a->mods ? a->mods->as : NULL;
	struct plan_step s = {.op = *op, .kind = STEP_OP, .at = a->at};

	if (!action_room(x, a->at, (uint32_t)x->targets.list.n))
		return;
	for (size_t i = 0; i < x->targets.list.n; i++) {
		uint32_t cgroup = x->targets.list.v[i];

		s.op.target = cgroup;
		if (op_is_worker(op->kind)) {
			if (!can_work(x, a, cgroup))
				return;
			s.op.target = worker_of(x, cgroup, as);
		}
		emit(x, &s);
	}
}

void action_start(struct check *x, const struct ast_action *a, const struct op *body,
		  uint32_t nbody)
{
	struct plan_step s = {.kind = STEP_START, .at = a->at};
	uint32_t n = (uint32_t)x->targets.list.n;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t cgroup = x->targets.list.v[i];
		struct op *own = NULL;

		if (!can_work(x, a, cgroup) || !action_room(x, a->at, nbody + 1))
			return;
		s.op.target = worker_of(x, cgroup, a->mods ? a->mods->as : NULL);
		if (x->keep) {
			own = arena_dup(x->arena, body, nbody * sizeof(*body));
			for (uint32_t k = 0; k < nbody; k++)
				own[k].target = s.op.target;
		}
		s.body = own;
		s.nbody = nbody;
		emit(x, &s);
	}
}

/* ---- one action ------------------------------------------------------------------------------ */

static bool read_pace(struct check *x, const struct ast_mods *m, struct op *op)
{
	uint64_t each = 0;

	if (m->over && !eval_duration(x, m->over, "`over`", &op->ns))
		return false;
	if (!m->each)
		return true;
	if (!eval_duration(x, m->each, "`each`", &each))
		return false;
	if (!m->over) {
		complain(x, E_MODIFIER, m->each_at, "`each` needs `over`, which says for how long");
		return false;
	}
	if (!each) {
		complain(x, E_PERIOD, m->each->at, "a period of zero never ends");
		return false;
	}
	op->each_ns = each;
	return true;
}

static bool read_replay(struct check *x, const struct ast_action *a, struct op *op)
{
	static const struct ast_mods none;
	const struct ast_mods *m = a->mods ? a->mods : &none;
	struct value v = eval(x, a->amount);
	bool simulated = m->simulated_at.end, with_memory = m->with_memory_at.end, ok;
	struct ratio speed = {1, 1};
	uint64_t base = 0;

	ok = !m->speed || eval_number(x, m->speed, "`speed`", &speed);
	if (m->base && !eval_size(x, m->base, "`base`", &base))
		ok = false;
	if (speed.num <= 0) {
		complain(x, E_RANGE, m->speed->at, "`speed` is more than 0");
		ok = false;
	}
	if (simulated && with_memory) {
		complain(x, E_REPLAY_MEMORY, m->with_memory_at,
			 "`simulated` takes each call's memory from the trace already");
		diag_hint(x->diags, "leave out one of the two");
		ok = false;
	}
	if (!value_is(x, &v, DIM_TRACE, a->amount, verbs[a->kind].quoted) || !ok || !v.trace->trace)
		return false;
	if (mul_div(v.trace->trace->duration_ns, (uint64_t)speed.den, (uint64_t)speed.num) >
	    MAX_NS) {
		complain(x, E_OVERFLOW, m->speed->at, "at this speed the replay is too long");
		diag_hint(x->diags, "times end at 1000000h");
		return false;
	}
	if (a->kind == AA_REPLAY_MEMORY) {
		if (!v.trace->trace->nsamples) {
			complain(x, E_TRACE_DATA, a->amount->at,
				 "`replay memory` needs samples, and `%s` has none", v.trace->path);
			diag_hint(x->diags, "a resources.json has them");
			return false;
		}
		op->series = replay_memory(x, v.trace, speed, base);
		return true;
	}
	if (!v.trace->trace->ncalls) {
		complain(x, E_TRACE_DATA, a->amount->at,
			 "`replay tools` needs tool calls, and `%s` has none", v.trace->path);
		diag_hint(x->diags, "a tool_calls.json has them");
		return false;
	}
	if ((simulated || with_memory) && !v.trace->trace->nsamples) {
		complain(x, E_TRACE_DATA, simulated ? m->simulated_at : m->with_memory_at,
			 "`%s` needs samples, and `%s` has none",
			 simulated ? "simulated" : "with memory", v.trace->path);
		diag_hint(x->diags, "a resources.json beside the tool_calls.json has them");
		return false;
	}
	op->calls = replay_tools(x, v.trace, speed, base, simulated, with_memory);
	x->needs |= simulated ? CAP_LIKE : CAP_EXEC;
	return true;
}

static bool read_exec(struct check *x, const struct ast_action *a, struct op *op)
{
	struct op_exec e = {.timeout_ns = NEVER};
	const struct ast_mods *m = a->mods;
	struct value v = eval(x, a->amount);

	if (m && m->timeout && !eval_duration(x, m->timeout, "`timeout`", &e.timeout_ns))
		return false;
	if (m && m->like_at.end && !like_read(x, m->like, m->like_at, &e))
		return false;
	if (!value_is(x, &v, DIM_STRING, a->amount, "`exec`"))
		return false;
	e.command = v.string;
	e.own_cgroup = m && m->own_cgroup_at.end;
	x->needs |= e.has_like ? CAP_LIKE : CAP_EXEC;
	op->exec = x->keep ? arena_dup(x->arena, &e, sizeof(e)) : NULL;
	return true;
}

static bool read_set(struct check *x, const struct ast_action *a, struct op *op)
{
	uint32_t complaints = x->complaints;
	struct cg_attrs set;

	attrs_read(x, a->attrs, ATTR_SET, &set, NULL);
	for (size_t i = 0; i < x->targets.list.n; i++)
		if (!x->targets.list.v[i] &&
		    set.set & (CGA_BIT(CGA_PRIORITY) | CGA_BIT(CGA_DELAY) | CGA_BIT(CGA_THRESHOLD) |
			       CGA_BIT(CGA_WINDOW) | CGA_BIT(CGA_PROTECT)))
			complain(x, E_ATTR_PLACE, a->at,
				 "the root has no policy: it holds the others' budget");
	if (set.set & CGA_BIT(CGA_PRIORITY) && set.priority == PRIORITY_HIGH)
		x->sets_high = true;
	if (set.set & (CGA_BIT(CGA_CPU) | CGA_BIT(CGA_WEIGHT)))
		x->needs |= CAP_CPU;
	if (set.delay_ns)
		x->needs |= set.delay_always ? CAP_DELAY | CAP_DELAY_ALWAYS : CAP_DELAY;
	if (set.protect != PROTECT_OFF)
		x->needs |= CAP_PROTECT;
	op->set = x->keep ? arena_dup(x->arena, &set, sizeof(set)) : NULL;
	return x->complaints == complaints;
}

static bool read_operands(struct check *x, const struct verb *v, const struct ast_action *a,
			  struct op *op)
{
	switch ((enum dim)v->amount) {
	case DIM_SIZE:
		if (a->all)
			op->bytes = NO_LIMIT;
		else if (!eval_size(x, a->amount, v->quoted, &op->bytes))
			return false;
		break;
	case DIM_DURATION:
		if (!eval_duration(x, a->amount, v->quoted, &op->ns))
			return false;
		break;
	case DIM_TRACE:
		return a->amount && read_replay(x, a, op);
	case DIM_STRING:
		return a->amount && read_exec(x, a, op);
	default:
		return a->kind != AA_SET || read_set(x, a, op);
	}
	return !a->mods || read_pace(x, a->mods, op);
}

static void expand_mark(struct check *x, const struct ast_action *a)
{
	struct plan_step s = {.kind = STEP_MARK, .at = a->at};
	const struct decl *d = a->mark ? names_mark(x, a->mark) : NULL;

	if (!d || !action_room(x, a->at, 1))
		return;
	s.mark = d->mark;
	emit(x, &s);
}

/* A wrong action still means that somebody acts there: questions about them are no errors. */
static void know_workers(struct check *x, const struct verb *v)
{
	for (size_t i = 0; !x->in_body && op_is_worker(v->op) && i < x->targets.list.n; i++)
		x->has_worker[x->targets.list.v[i]] = true;
}

static void expand_action(struct check *x, const struct ast_action *a)
{
	const struct verb *v = &verbs[a->kind];
	struct op op = {.kind = v->op};
	bool ok;

	if (a->kind == AA_ERROR || !place_fits(x, v, a))
		return;
	ok = !a->mods || modifiers_fit(x, v, a->mods);
	if (a->kind == AA_MARK) {
		expand_mark(x, a);
		return;
	}
	if (a->kind == AA_START) {
		workload_start(x, a);
		return;
	}
	if (!x->in_body)
		ok = cgroups_targets(x, a->in) & ok;
	if (!(read_operands(x, v, a, &op) & ok)) {
		know_workers(x, v);
		return;
	}
	if (!x->in_body)
		emit_on_targets(x, a, &op);
	else if (action_room(x, a->at, 1))
		vec_push(&x->body, op);
}

void actions_expand(struct check *x, const struct ast_action *list)
{
	for (; list; list = list->next)
		expand_action(x, list);
}
