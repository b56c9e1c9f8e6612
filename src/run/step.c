/* SPDX-License-Identifier: GPL-2.0-or-later */
/* step.c - carry out one step of the plan */
#include <stdio.h>

#include "run/state.h"

bool step_worker(const struct plan_step *s, uint32_t *worker)
{
	switch ((enum step_kind)s->kind) {
	case STEP_OP:
		*worker = s->op.target;
		return op_is_worker(s->op.kind);
	case STEP_START:
		*worker = s->op.target;
		return true;
	case STEP_MARK:
		return false;
	}
	return false;
}

const struct op *step_ops(const struct plan_step *s, uint32_t *n)
{
	if (s->kind == STEP_START) {
		*n = s->nbody;
		return s->body;
	}
	*n = 1;
	return &s->op;
}

void step_fail(struct run *r, int err, struct span at, uint8_t op)
{
	char what[64];

	snprintf(what, sizeof what, "carry out `%s`", op_kind_name(op));
	run_fail(r, err, at, what);
}

int step_sample(struct run *r, uint32_t cgroup)
{
	struct op op = {.kind = OP_SAMPLE, .target = cgroup};
	int err = r->backend->apply(r->handle, &op, run_now(r));

	if (err)
		step_fail(r, err, (struct span){0, 0}, OP_SAMPLE);
	return err;
}

static void note_limits(struct run *r, const struct op *op)
{
	const struct {
		enum cg_attr attr;
		uint64_t bytes;
	} limits[] = {{CGA_HIGH, op->set->high_bytes}, {CGA_MAX, op->set->max_bytes}};

	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
		if (op->set->set & CGA_BIT(limits[i].attr))
			run_note(r, (struct note){.t_ns = run_now(r),
						  .bytes = limits[i].bytes,
						  .kind = NOTE_LIMIT,
						  .worker = UINT32_MAX,
						  .cgroup = op->target,
						  .index = limits[i].attr});
}

static void cgroup_op(struct run *r, const struct plan_step *s, uint64_t due_ns)
{
	struct op op = s->op;
	struct cg_attrs left;
	int err;

	if (op.kind == OP_SET && op.target && r->config->alone != UINT32_MAX) {
		/* Undisturbed: limits and policy stay as they are, also when they would change. */
		left = *op.set;
		left.set &= ~(uint32_t)CGA_POLICY;
		if (!left.set)
			return;
		op.set = &left;
	}
	r->quiet = r->quiet_sampled = false;
	err = r->backend->apply(r->handle, &op, due_ns);
	if (err)
		step_fail(r, err, s->at, op.kind);
	else if (op.kind == OP_SET)
		note_limits(r, &op);
}

static void mark(struct run *r, uint32_t index)
{
	uint64_t now = run_now(r);

	if (r->marks_ns[index] != NEVER)
		return;
	r->marks_ns[index] = now;
	r->changes |= CHANGE_MARK;
	run_note(r, (struct note){.t_ns = now,
				  .kind = NOTE_MARK,
				  .worker = UINT32_MAX,
				  .cgroup = UINT32_MAX,
				  .index = index});
}

void step_run(struct run *r, const struct plan_step *s, uint64_t due_ns)
{
	uint32_t worker, n;

	if (step_worker(s, &worker)) {
		const struct op *v = step_ops(s, &n);

		if (!r->workers[worker].absent)
			worker_due(r, worker, v, n, due_ns, s->at);
	} else if (s->kind == STEP_MARK) {
		mark(r, s->mark);
	} else {
		cgroup_op(r, s, due_ns);
	}
}
