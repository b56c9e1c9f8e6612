/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_plan - any text through the parser, the checks and the lowering: no crash, no leak, no hang;
 * check and lower say the same; and what plan.h promises of a plan that was made.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "lang/parse.h"
#include "plan/plan.h"
#include "trace/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * No file is reachable from here: what a path's letters ask for takes the place of the library's
 * trace_load.
 */
int trace_load(struct arena *a, struct files *disk, const char *path, enum trace_units units,
	       struct diags *d, struct span at, struct trace **out)
{
	static struct trace_sample samples[] = {
	    {0, 100 * MIB}, {NS_PER_SEC, 300 * MIB}, {3 * NS_PER_SEC, 50 * MIB}};
	static struct trace_call calls[] = {{-5, 10, "Read", NULL},
					    {7, 2 * NS_PER_SEC, "Bash", "true"}};
	struct trace *t = arena_new(a, struct trace);

	(void)disk;

	if (strchr(path, 'x')) {
		diag_at(d, E_NO_FILE, at, "no such recording");
		return -22;
	}
	t->path = path;
	t->units = units;
	if (!strchr(path, 'c')) {
		t->samples = samples;
		t->nsamples = 3;
		t->peak_bytes = 300 * MIB;
		t->mean_bytes = 150 * MIB;
	}
	if (!strchr(path, 's')) {
		t->calls = calls;
		t->ncalls = 2;
	}
	t->duration_ns = 3 * NS_PER_SEC;
	*out = t;
	return 0;
}

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void check_op(const struct plan *p, const struct op *op)
{
	require(op->kind < OP_COUNT);
	require(op->target < (op_is_worker(op->kind) ? p->nworkers : p->ncgroups));
	switch ((enum op_kind)op->kind) {
	case OP_REPLAY:
		require(op->series && op->series->n);
		break;
	case OP_TOOLS:
		require(op->calls && op->calls->n);
		break;
	case OP_EXEC:
		require(op->exec && op->exec->command);
		break;
	case OP_SET:
		require(op->set);
		break;
	default:
		break;
	}
}

static void check_step(const struct plan *p, const struct plan_step *s)
{
	switch ((enum step_kind)s->kind) {
	case STEP_OP:
		check_op(p, &s->op);
		break;
	case STEP_START:
		require(s->op.target < p->nworkers);
		for (uint32_t i = 0; i < s->nbody; i++) {
			check_op(p, &s->body[i]);
			require(s->body[i].target == s->op.target);
		}
		break;
	case STEP_MARK:
		require(s->mark < p->nmarks);
		break;
	}
}

static void check_px(const struct plan *p, const struct px *x)
{
	switch ((enum px_kind)x->kind) {
	case PX_CONST:
		break;
	case PX_METRIC:
	case PX_KILLED:
	case PX_SURVIVED:
	case PX_DONE:
		require(x->scope.ncgroups);
		require(x->scope.policy >= PX_ALONE && x->scope.policy < (int32_t)p->npolicies);
		for (uint32_t i = 0; i < x->scope.ncgroups; i++) {
			require(x->scope.cgroups[i] < p->ncgroups);
			require(!i || x->scope.cgroups[i] > x->scope.cgroups[i - 1]);
		}
		break;
	case PX_MARK:
		require(x->mark < p->nmarks);
		break;
	default:
		require(x->nargs);
		for (uint32_t i = 0; i < x->nargs; i++)
			check_px(p, x->args[i]);
		break;
	}
}

static void check_plan(const struct plan *p)
{
	require(p->ncgroups && p->npolicies && p->repeat && p->repeat_max >= p->repeat);
	require(p->baseline < (int32_t)p->npolicies && p->sample_ns);
	for (uint32_t i = 0; i < p->ncgroups; i++)
		require(i ? p->cgroups[i].parent < i && p->cgroups[i].name : !p->cgroups[i].parent);
	for (uint32_t i = 0; i < p->nworkers; i++)
		require(p->workers[i].cgroup && p->cgroups[p->workers[i].cgroup].leaf);
	for (uint32_t i = 0; i < p->nevents; i++) {
		require(p->events[i].at_ns != NEVER);
		require(!p->events[i].jitter_ns || p->events[i].draw < p->ndraws);
		check_step(p, &p->events[i].step);
	}
	for (uint32_t i = 0; i < p->ntriggers; i++) {
		check_px(p, p->triggers[i].cond);
		for (uint32_t k = 0; k < p->triggers[i].nsteps; k++)
			check_step(p, &p->triggers[i].steps[k]);
	}
	for (uint32_t i = 0; i < p->nexpects; i++) {
		require(p->expects[i].cond->dim == DIM_BOOL);
		check_px(p, p->expects[i].cond);
	}
	for (uint32_t i = 0; i < p->naborts; i++)
		check_px(p, p->aborts[i]);
	if (p->finish_when)
		check_px(p, p->finish_when);
}

static int make(const uint8_t *data, size_t size, bool lower, struct buf *said)
{
	struct plan_options opt = {.max_events = 5000};
	const struct plan *p = NULL;
	struct lang_path lib = {0};
	struct unit u;
	int err;

	unit_init(&u);
	err = parse_text(&u, "fuzz.acg", (const char *)data, size, &lib);
	if (!err)
		err = lower ? plan_lower(&u, &opt, &p) : plan_check(&u, &opt);
	require(!err == !u.diags.errors);
	require(lower && !err ? p != NULL : p == NULL);
	if (p)
		check_plan(p);
	diags_print(&u.diags, DIAG_TEXT, said);
	unit_free(&u);
	return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf checked = {0}, lowered = {0};

	require(make(data, size, false, &checked) == make(data, size, true, &lowered));
	require(!strcmp(buf_str(&checked), buf_str(&lowered)));
	buf_free(&checked);
	buf_free(&lowered);
	return 0;
}
