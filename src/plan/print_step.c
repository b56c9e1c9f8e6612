/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * print_step.c - attributes and steps as the language would write them.
 *
 * What a plan no longer knows by name (a trace, a workload) is described by what is left of it.
 */
#include "plan/print_step.h"

#include <inttypes.h>
#include <string.h>

#include "plan/print_plan.h"

#define BODY_SHOWN 6 /* actions of a workload that are spelled out */

/* ---- attributes ----------------------------------------------------------------------------- */

static void put_size(struct buf *out, const char *name, uint64_t bytes)
{
	buf_puts(out, name);
	fmt_size(out, bytes);
}

static void put_duration(struct buf *out, const char *name, uint64_t ns)
{
	buf_puts(out, name);
	fmt_duration(out, ns);
}

static void print_attr(const struct cg_attrs *a, enum cg_attr which, struct buf *out)
{
	static const char *const priorities[] = {"normal", "high", "low"};
	static const char *const protects[] = {"off", "low", "min"};

	switch (which) {
	case CGA_MIN:
		put_size(out, "min ", a->min_bytes);
		break;
	case CGA_LOW:
		put_size(out, "low ", a->low_bytes);
		break;
	case CGA_HIGH:
		put_size(out, "high ", a->high_bytes);
		break;
	case CGA_MAX:
		put_size(out, "max ", a->max_bytes);
		break;
	case CGA_SWAP:
		put_size(out, "swap ", a->swap_bytes);
		break;
	case CGA_OOM:
		buf_puts(out, a->oom_group ? "oom group" : "oom single");
		break;
	case CGA_WEIGHT:
		buf_printf(out, "weight %" PRIu32, a->weight);
		break;
	case CGA_CPU:
		if (!a->cpu_ppm) {
			buf_puts(out, "cpu max");
			break;
		}
		buf_puts(out, "cpu ");
		fmt_ratio(out, (struct ratio){a->cpu_ppm / 10000, 1});
		if (a->cpu_ppm % 10000)
			buf_printf(out, ".%04" PRIu32, a->cpu_ppm % 10000);
		buf_putc(out, '%');
		break;
	case CGA_THP:
		buf_puts(out, a->thp ? "thp on" : "thp off");
		break;
	case CGA_PRIORITY:
		buf_printf(out, "priority %s", priorities[a->priority]);
		break;
	case CGA_DELAY:
		if (!a->delay_ns) {
			buf_puts(out, "delay off");
			break;
		}
		put_duration(out, "delay ", a->delay_ns);
		if (a->delay_always)
			buf_puts(out, " always");
		break;
	case CGA_THRESHOLD:
		buf_printf(out, "threshold %" PRIu64, a->threshold);
		break;
	case CGA_WINDOW:
		put_duration(out, "window ", a->window_ns);
		break;
	case CGA_PROTECT:
		buf_printf(out, "protect %s", protects[a->protect]);
		break;
	case CGA_COUNT:
		break;
	}
}

void print_attrs(const struct cg_attrs *a, uint32_t mask, struct buf *out)
{
	const char *between = "";

	for (unsigned i = 0; i < CGA_COUNT; i++) {
		if (!(mask & CGA_BIT(i)))
			continue;
		buf_puts(out, between);
		print_attr(a, (enum cg_attr)i, out);
		between = "; ";
	}
}

bool attr_same(const struct cg_attrs *a, const struct cg_attrs *b, enum cg_attr which)
{
	switch (which) {
	case CGA_MIN:
		return a->min_bytes == b->min_bytes;
	case CGA_LOW:
		return a->low_bytes == b->low_bytes;
	case CGA_HIGH:
		return a->high_bytes == b->high_bytes;
	case CGA_MAX:
		return a->max_bytes == b->max_bytes;
	case CGA_SWAP:
		return a->swap_bytes == b->swap_bytes;
	case CGA_OOM:
		return a->oom_group == b->oom_group;
	case CGA_WEIGHT:
		return a->weight == b->weight;
	case CGA_CPU:
		return a->cpu_ppm == b->cpu_ppm;
	case CGA_THP:
		return a->thp == b->thp;
	case CGA_PRIORITY:
		return a->priority == b->priority;
	case CGA_DELAY:
		return a->delay_ns == b->delay_ns && a->delay_always == b->delay_always;
	case CGA_THRESHOLD:
		return a->threshold == b->threshold;
	case CGA_WINDOW:
		return a->window_ns == b->window_ns;
	case CGA_PROTECT:
		return a->protect == b->protect;
	case CGA_COUNT:
		break;
	}
	return true;
}

/* ---- steps ---------------------------------------------------------------------------------- */

static void put_series(const struct op_series *s, struct buf *out)
{
	uint64_t peak = 0;

	for (uint32_t i = 0; i < s->n; i++)
		peak = s->v[i].bytes > peak ? s->v[i].bytes : peak;
	buf_printf(out, "%" PRIu32 " samples", s->n);
	if (s->n) {
		buf_puts(out, ", ");
		fmt_seconds_short(out, (double)s->v[s->n - 1].at_ns / 1e9);
	}
	buf_puts(out, ", peak ");
	fmt_size_short(out, peak);
}

static void put_tools(const struct op_calls *c, struct buf *out)
{
	buf_printf(out, "replay tools (%" PRIu32 " calls", c->n);
	if (c->n) {
		buf_puts(out, ", ");
		fmt_seconds_short(out,
				  (double)(c->v[c->n - 1].at_ns + c->v[c->n - 1].dur_ns) / 1e9);
	}
	buf_puts(out, ", base ");
	fmt_size_short(out, c->base_bytes);
	if (c->simulated)
		buf_puts(out, ", simulated");
	if (c->memory) {
		buf_puts(out, ", with memory: ");
		put_series(c->memory, out);
	}
	buf_putc(out, ')');
}

/* The action up to `in`. */
static void put_verb(const struct plan *p, const struct op *op, struct buf *out)
{
	switch ((enum op_kind)op->kind) {
	case OP_ALLOC:
	case OP_HOLD:
	case OP_TOUCH:
	case OP_READ:
	case OP_FREE:
		buf_printf(out, "%s ", op_kind_name((enum op_kind)op->kind));
		if (op->kind == OP_FREE && op->bytes == NO_LIMIT)
			buf_puts(out, "all");
		else
			fmt_size(out, op->bytes);
		break;
	case OP_SLEEP:
		put_duration(out, "sleep ", op->ns);
		break;
	case OP_REPLAY:
		buf_puts(out, "replay memory (");
		put_series(op->series, out);
		buf_putc(out, ')');
		break;
	case OP_TOOLS:
		put_tools(op->calls, out);
		break;
	case OP_EXEC:
		buf_puts(out, "exec ");
		buf_json_string(out, op->exec->command, strlen(op->exec->command));
		break;
	case OP_SET:
		buf_printf(out, "set %s < ", p->cgroups[op->target].name);
		print_attrs(op->set, op->set->set, out);
		buf_puts(out, " >");
		break;
	case OP_FREEZE:
		buf_printf(out, "freeze %s", p->cgroups[op->target].name);
		break;
	case OP_THAW:
		buf_printf(out, "thaw %s", p->cgroups[op->target].name);
		break;
	case OP_KILL:
		buf_printf(out, "kill %s", p->cgroups[op->target].name);
		break;
	case OP_RECLAIM:
		put_size(out, "reclaim ", op->bytes);
		buf_printf(out, " from %s", p->cgroups[op->target].name);
		break;
	case OP_SAMPLE:
	case OP_COUNT:
		break;
	}
}

/* The modifiers, behind `in`. */
static void put_modifiers(const struct op *op, struct buf *out)
{
	switch ((enum op_kind)op->kind) {
	case OP_ALLOC:
	case OP_READ:
	case OP_TOUCH:
		if (op->ns)
			put_duration(out, " over ", op->ns);
		if (op->kind == OP_TOUCH && op->each_ns)
			put_duration(out, " each ", op->each_ns);
		break;
	case OP_EXEC:
		if (op->exec->timeout_ns != NEVER)
			put_duration(out, " timeout ", op->exec->timeout_ns);
		if (op->exec->own_cgroup)
			buf_puts(out, " own cgroup");
		if (op->exec->has_like) {
			put_duration(out, " like < time ", op->exec->like_ns);
			put_size(out, "; peak ", op->exec->like_peak_bytes);
			buf_puts(out, " >");
		}
		break;
	default:
		break;
	}
}

static void put_worker(const struct plan *p, uint32_t worker, struct buf *out)
{
	const struct worker_spec *w = &p->workers[worker];

	buf_puts(out, p->cgroups[w->cgroup].name);
	if (*w->name)
		buf_printf(out, " as %s", w->name);
}

void plan_print_step(const struct plan *p, const struct plan_step *s, struct buf *out)
{
	switch ((enum step_kind)s->kind) {
	case STEP_MARK:
		buf_printf(out, "mark %s", p->marks[s->mark]);
		return;
	case STEP_OP:
		put_verb(p, &s->op, out);
		if (op_is_worker((enum op_kind)s->op.kind)) {
			buf_puts(out, " in ");
			put_worker(p, s->op.target, out);
		}
		put_modifiers(&s->op, out);
		return;
	case STEP_START:
		buf_puts(out, "start ");
		put_worker(p, s->op.target, out);
		buf_puts(out, " {");
		for (uint32_t i = 0; i < s->nbody && i < BODY_SHOWN; i++) {
			buf_puts(out, i ? "; " : " ");
			put_verb(p, &s->body[i], out);
			put_modifiers(&s->body[i], out);
		}
		if (s->nbody > BODY_SHOWN)
			buf_printf(out, "; ... %" PRIu32 " more", s->nbody - BODY_SHOWN);
		buf_puts(out, " }");
		return;
	}
}
