/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/fake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct fake_script fake_script;
int fake_open_worlds;
uint32_t fake_nworkers;
struct cg_attrs fake_set[8];

struct fake_worker {
	const struct op *op;
	uint64_t start_ns, end_ns;
	bool dead;
};

struct fake {
	struct world world;
	struct obs_sink sink;
	uint64_t now_ns;
	uint32_t kills;
	struct fake_worker workers[8];
	uint64_t usage[8];
	bool frozen[8];
};

static int fake_probe(const struct requirement *r, char *why, size_t why_size)
{
	(void)r, (void)why, (void)why_size;
	return 1;
}

static int fake_open(const struct world *w, uint64_t seed, uint32_t rep, struct obs_sink sink,
		     struct diags *d, void **run)
{
	struct fake *f = mem_alloc(sizeof *f);

	(void)seed, (void)rep, (void)d;
	f->world = *w;
	f->sink = sink;
	fake_nworkers = w->nworkers;
	fake_open_worlds++;
	*run = f;
	return fake_script.open_err;
}

static uint64_t fake_now(void *run)
{
	return ((struct fake *)run)->now_ns;
}

static bool below(const struct world *w, uint32_t c, uint32_t top)
{
	while (c != top && c)
		c = w->cgroups[c].parent;
	return c == top;
}

static bool is_frozen(const struct fake *f, uint32_t worker)
{
	for (uint32_t c = f->world.workers[worker].cgroup;; c = f->world.cgroups[c].parent) {
		if (f->frozen[c])
			return true;
		if (!c)
			return false;
	}
}

static void fake_die(struct fake *f, uint32_t worker, enum kill_reason reason)
{
	struct obs o = {.t_ns = f->now_ns,
			.kind = OBS_KILL,
			.cgroup = f->world.workers[worker].cgroup,
			.worker = worker,
			.kill = {.reason = reason}};

	if (f->workers[worker].dead)
		return;
	f->workers[worker].dead = true;
	f->workers[worker].end_ns = f->now_ns; /* ends, with DONE_KILLED */
	f->sink.put(f->sink.ctx, &o);
}

static int fake_apply(void *run, const struct op *op, uint64_t due_ns)
{
	struct fake *f = run;
	struct fake_worker *w;
	struct cg_counters counters = {0};

	if (due_ns > f->now_ns)
		return -EINVAL;
	if (fake_script.apply_err && fake_script.apply_kind == op->kind)
		return fake_script.apply_err;
	if (op_is_worker(op->kind)) {
		w = &f->workers[op->target];
		if (w->op || w->dead)
			return -EBUSY;
		w->op = op;
		w->start_ns = w->end_ns = f->now_ns;
		if (op->kind == OP_SLEEP || op->ns)
			w->end_ns += op->ns;
		else if (op->kind == OP_ALLOC)
			w->end_ns += op->bytes;
		return 0;
	}
	switch ((enum op_kind)op->kind) {
	case OP_SAMPLE:
		for (uint32_t c = 0; c < f->world.ncgroups; c++)
			if (below(&f->world, c, op->target))
				counters.usage_bytes += f->usage[c];
		f->sink.put(f->sink.ctx, &(struct obs){.t_ns = f->now_ns,
						       .kind = OBS_SAMPLE,
						       .cgroup = op->target,
						       .worker = UINT32_MAX,
						       .counters = &counters});
		break;
	case OP_FREEZE:
	case OP_THAW:
		f->frozen[op->target] = op->kind == OP_FREEZE;
		break;
	case OP_KILL:
		for (uint32_t i = 0; i < f->world.nworkers; i++)
			if (below(&f->world, f->world.workers[i].cgroup, op->target))
				fake_die(f, i, KILL_OP);
		break;
	case OP_SET:
		fake_set[op->target] = *op->set;
		break;
	default:
		break;
	}
	return 0;
}

static void fake_done(struct fake *f, uint32_t i)
{
	struct fake_worker *w = &f->workers[i];
	uint32_t cgroup = f->world.workers[i].cgroup;
	struct obs o = {.t_ns = f->now_ns,
			.kind = OBS_DONE,
			.cgroup = cgroup,
			.worker = i,
			.done = {.start_ns = w->start_ns,
				 .bytes = w->op->bytes,
				 .status = w->dead ? DONE_KILLED : DONE_OK}};

	if (w->op->kind == OP_ALLOC)
		f->usage[cgroup] += w->op->bytes;
	else if (w->op->kind == OP_FREE)
		f->usage[cgroup] -=
		    w->op->bytes < f->usage[cgroup] ? w->op->bytes : f->usage[cgroup];
	w->op = NULL;
	f->sink.put(f->sink.ctx, &o);
}

static int fake_advance(void *run, uint64_t until_ns)
{
	struct fake *f = run;
	uint64_t next = NEVER;
	uint32_t who = UINT32_MAX;

	if (fake_script.advance_err)
		return fake_script.advance_err;
	for (uint32_t i = 0; i < f->world.nworkers; i++) {
		struct fake_worker *w = &f->workers[i];

		if (w->op && (w->dead || !is_frozen(f, i)) && w->end_ns < next) {
			next = w->end_ns;
			who = i;
		}
	}
	bool kill = f->kills < fake_script.nkills && fake_script.kills[f->kills].t_ns < next;

	if (kill)
		next = fake_script.kills[f->kills].t_ns;
	if (fake_script.stop_at_ns && until_ns >= fake_script.stop_at_ns &&
	    next > fake_script.stop_at_ns) {
		f->now_ns = fake_script.stop_at_ns;
		fake_script.stop_at_ns = 0;
		*fake_script.stop = 1;
		return -EINTR;
	}
	if (next == NEVER || next > until_ns) {
		if (until_ns != NEVER && until_ns > f->now_ns)
			f->now_ns = until_ns;
		return next == NEVER;
	}
	if (next > f->now_ns)
		f->now_ns = next;
	if (kill) {
		fake_die(f, fake_script.kills[f->kills].worker, fake_script.kills[f->kills].reason);
		f->kills++;
	} else {
		fake_done(f, who);
		f->now_ns += fake_script.late_ns;
	}
	return 0;
}

static void fake_close(void *run)
{
	if (!run)
		return;
	fake_open_worlds--;
	free(run);
}

const struct backend fake_backend = {
    .name = "fake",
    .mechanism = "none",
    .caps = CAP_MEMORY,
    .probe = fake_probe,
    .open = fake_open,
    .now = fake_now,
    .apply = fake_apply,
    .advance = fake_advance,
    .close = fake_close,
};

/* ---- plans by hand -------------------------------------------------------------------------- */

struct plan fake_plan(struct arena *a)
{
	static const struct cg_spec cgroups[] = {
	    {.name = "root"}, {.name = "a", .leaf = true}, {.name = "b", .leaf = true}};
	static const struct worker_spec workers[] = {
	    {.cgroup = 1, .name = ""}, {.cgroup = 2, .name = ""}, {.cgroup = 1, .name = "tool"}};
	static const char *const marks[] = {"m0", "m1"};
	struct cg_attrs *attrs = arena_array(a, struct cg_attrs, 3);
	struct plan_policy *policy = arena_new(a, struct plan_policy);

	for (int i = 0; i < 3; i++)
		attrs[i] = cg_attrs_default;
	*policy = (struct plan_policy){.name = "declared", .attrs = attrs};
	return (struct plan){
	    .title = "by hand",
	    .path = "hand.acg",
	    .machine = machine_default,
	    .cgroups = cgroups,
	    .ncgroups = 3,
	    .workers = workers,
	    .nworkers = 3,
	    .policies = policy,
	    .npolicies = 1,
	    .baseline = -1,
	    .alone_attrs = attrs,
	    .marks = marks,
	    .nmarks = 2,
	    .finish_ns = NEVER,
	    .sample_ns = 100 * NS_PER_MS,
	    .repeat = 1,
	    .repeat_max = 1,
	    .seed = 1,
	};
}

/* The arrays of a plan are const; these add one more by copying, which tests can afford. */
void fake_event(struct arena *a, struct plan *p, uint64_t at_ns, struct plan_step step)
{
	struct plan_event *v = arena_array(a, struct plan_event, p->nevents + 1);

	if (p->nevents)
		memcpy(v, p->events, p->nevents * sizeof *v);
	v[p->nevents++] = (struct plan_event){.at_ns = at_ns, .step = step};
	p->events = v;
}

struct plan_step fake_op(enum op_kind kind, uint32_t target, uint64_t bytes, uint64_t ns)
{
	return (struct plan_step){
	    .op = {.kind = (uint8_t)kind, .target = target, .bytes = bytes, .ns = ns},
	    .kind = STEP_OP};
}

struct plan_step fake_mark(uint32_t mark)
{
	return (struct plan_step){.kind = STEP_MARK, .mark = mark};
}

void fake_trigger(struct arena *a, struct plan *p, struct plan_trigger t, struct plan_step step)
{
	struct plan_trigger *v = arena_array(a, struct plan_trigger, p->ntriggers + 1);

	if (p->ntriggers)
		memcpy(v, p->triggers, p->ntriggers * sizeof *v);
	t.steps = arena_dup(a, &step, sizeof step);
	t.nsteps = 1;
	v[p->ntriggers++] = t;
	p->triggers = v;
}

static struct px *new_px(struct arena *a, enum px_kind kind)
{
	struct px *e = arena_new(a, struct px);

	e->kind = (uint8_t)kind;
	return e;
}

const struct px *fake_of(struct arena *a, enum px_kind kind, uint32_t cgroup)
{
	struct px *e = new_px(a, kind);

	e->scope = (struct px_scope){.policy = PX_ANY_POLICY,
				     .ncgroups = 1,
				     .cgroups = arena_dup(a, &cgroup, sizeof cgroup)};
	return e;
}

const struct px *fake_metric(struct arena *a, enum metric m, uint32_t cgroup)
{
	struct px *e = (struct px *)fake_of(a, PX_METRIC, cgroup);

	e->metric = m;
	return e;
}

const struct px *fake_const(struct arena *a, double v)
{
	struct px *e = new_px(a, PX_CONST);

	e->value = v;
	return e;
}

const struct px *fake_expr(struct arena *a, enum px_kind kind, const struct px *x,
			   const struct px *y)
{
	struct px *e = new_px(a, kind);
	const struct px **args = arena_array(a, const struct px *, 2);

	args[0] = x;
	args[1] = y;
	e->args = args;
	e->nargs = y ? 2 : 1;
	return e;
}

const struct px *fake_mark_reached(struct arena *a, uint32_t mark)
{
	struct px *e = new_px(a, PX_MARK);

	e->mark = mark;
	return e;
}

/* ---- running -------------------------------------------------------------------------------- */

struct logger {
	struct fake_result *res;
	bool all;
};

static void put_ms(struct buf *b, uint64_t ns)
{
	buf_printf(b, "%g", (double)ns / 1e6);
}

static void log_obs(void *ctx, const struct obs *o)
{
	struct logger *l = ctx;
	struct buf *b = &l->res->log;

	if (o->kind == OBS_SAMPLE) {
		l->res->samples[o->cgroup]++;
		return;
	}
	put_ms(b, o->t_ns);
	if (o->kind == OBS_DONE)
		buf_printf(b, " end %u%s\n", o->worker,
			   o->done.status == DONE_KILLED ? " killed" : "");
	else if (o->kind == OBS_KILL)
		buf_printf(b, " kill %u\n", o->worker);
	else
		buf_printf(b, " obs %u\n", o->kind);
}

static void log_note(void *ctx, const struct note *n)
{
	struct logger *l = ctx;
	struct buf *b = &l->res->log;

	/* The backend's log of ops has the `set` that a limit comes from. */
	if ((n->kind == NOTE_DUE && !l->all) || n->kind == NOTE_LIMIT)
		return;
	put_ms(b, n->t_ns);
	switch ((enum note_kind)n->kind) {
	case NOTE_DUE:
		buf_printf(b, " due %s %u\n", op_kind_name((enum op_kind)n->op), n->worker);
		break;
	case NOTE_BEGIN:
		buf_printf(b, " %s %u", op_kind_name((enum op_kind)n->op), n->worker);
		if (n->late_ns) {
			buf_puts(b, " late ");
			put_ms(b, n->late_ns);
		}
		buf_putc(b, '\n');
		break;
	case NOTE_DROPPED:
		buf_printf(b, " dropped %s %u\n", op_kind_name((enum op_kind)n->op), n->worker);
		break;
	case NOTE_MARK:
		buf_printf(b, " mark %u\n", n->index);
		break;
	case NOTE_TRIGGER:
		buf_printf(b, " trigger %u\n", n->index);
		break;
	case NOTE_DONE:
		buf_printf(b, " done %u\n", n->cgroup);
		break;
	case NOTE_LIMIT:
		break;
	}
}

struct fake_result fake_run(struct arena *a, const struct plan *p, const struct backend *b,
			    uint32_t alone, uint32_t rep, bool all)
{
	struct fake_result res = {0};
	struct logger l = {&res, all};
	struct diags d;
	static volatile sig_atomic_t stop;

	stop = 0;
	fake_script.stop = &stop;
	diags_init(&d, NULL);

	struct run_config c = {
	    .plan = p,
	    .backend = b,
	    .attrs = p->policies[0].attrs,
	    .alone = alone,
	    .seed = 7,
	    .rep = rep,
	    .timeline_ns = fake_script.timeline_ns,
	    .stop = &stop,
	    .sink = {log_obs, log_note, &l},
	    .arena = a,
	    .diags = &d,
	};

	res.err = engine_run(&c, &res.out);
	res.errors = d.errors;
	diags_free(&d);
	fake_script = (struct fake_script){0};
	return res;
}
