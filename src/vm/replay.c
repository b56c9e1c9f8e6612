/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replay.c - runs in a machine, as the host sees them (vm.h) */
#include <errno.h>

#include "base/units.h"
#include "plan/plan.h"
#include "vm/state.h"

struct replay {
	struct vm *v;
	const struct run_config *c;
	uint64_t last_ns;
};

/* Statistics index by these. */
static bool sound_obs(const struct plan *p, const struct obs *o)
{
	if (o->kind > OBS_COMMAND || o->cgroup >= p->ncgroups ||
	    (o->worker >= p->nworkers && o->worker != UINT32_MAX))
		return false;
	if (o->kind == OBS_KILL && o->kill.limit_cgroup >= p->ncgroups &&
	    o->kill.limit_cgroup != UINT32_MAX)
		return false;
	return (o->kind != OBS_DONE && o->kind != OBS_STEP && o->kind != OBS_KILL &&
		o->kind != OBS_COMMAND) ||
	       o->worker != UINT32_MAX;
}

static bool sound_note(const struct plan *p, const struct note *n)
{
	switch ((enum note_kind)n->kind) {
	case NOTE_DUE:
	case NOTE_BEGIN:
	case NOTE_DROPPED:
		return n->worker < p->nworkers;
	case NOTE_DONE:
		return n->cgroup < p->ncgroups;
	case NOTE_LIMIT:
		return n->cgroup < p->ncgroups && n->index < CGA_COUNT;
	case NOTE_MARK:
		return n->index < p->nmarks;
	case NOTE_TRIGGER:
		return n->index < p->ntriggers;
	}
	return false;
}

static int hand_on(struct replay *r, const struct frame *f)
{
	const struct run_sink *sink = &r->c->sink;
	struct wire w = wire_of(f->bytes, f->n);
	struct wire_events last = {0};
	struct obs o;
	struct note n;

	for (;;) {
		switch (wire_next(&w, &last, &o, &n)) {
		case WIRE_END:
			return 0;
		case WIRE_BAD:
			return -EBADMSG;
		case WIRE_OBS:
			if (!sound_obs(r->v->plan, &o))
				return -EBADMSG;
			r->last_ns = o.t_ns;
			sink->obs(sink->ctx, &o);
			break;
		case WIRE_NOTE:
			if (!sound_note(r->v->plan, &n))
				return -EBADMSG;
			sink->note(sink->ctx, &n);
			break;
		}
	}
}

static const uint64_t *nevers(struct arena *a, uint32_t n)
{
	uint64_t *v = arena_array(a, uint64_t, n);

	for (uint32_t i = 0; i < n; i++)
		v[i] = NEVER;
	return v;
}

/* The machine goes; what it has observed so far stays. */
static void interrupted(struct replay *r, struct run_outcome *out)
{
	const struct plan *p = r->v->plan;

	machine_stop(&r->v->m);
	*out = (struct run_outcome){
	    .end = RUN_INTERRUPTED,
	    .end_ns = r->last_ns,
	    .marks_ns = nevers(r->c->arena, p->nmarks),
	    .fired_ns = nevers(r->c->arena, p->ntriggers),
	};
}

static int take_outcome(struct replay *r, const struct frame *f, struct run_outcome *out)
{
	const struct plan *p = r->v->plan;
	struct wire w = wire_of(f->bytes, f->n);
	struct wire_outcome m;

	if (!wire_get_outcome(&w, r->c->arena, &m) || m.nmarks != p->nmarks ||
	    m.nfired != p->ntriggers || (m.run.end == RUN_ABORTED && m.run.abort >= p->naborts))
		return -EBADMSG;
	if (m.err)
		out->end = RUN_FAILED;
	else
		*out = m.run;
	return m.err;
}

/* Until the outcome: 0 or -errno. */
static int replay(struct replay *r, struct run_outcome *out)
{
	struct frame f;
	struct wire w;

	for (;;) {
		int err = machine_next(&r->v->m, NEVER, &f);

		if (err == -ETIMEDOUT)
			return machine_complain_silent(&r->v->m);
		if (err)
			return err;
		w = wire_of(f.bytes, f.n);
		switch (f.type) {
		case MSG_EVENTS:
			err = hand_on(r, &f);
			break;
		case MSG_DIAGS:
			err = wire_get_diags(&w, r->c->arena, r->c->diags) ? 0 : -EBADMSG;
			break;
		case MSG_OUTCOME:
			return take_outcome(r, &f, out);
		default:
			err = -EBADMSG;
			break;
		}
		if (err)
			return err;
	}
}

static uint32_t policy_of(const struct plan *p, const struct run_config *c)
{
	for (uint32_t i = 0; i < p->npolicies; i++)
		if (p->policies[i].attrs == c->attrs)
			return i;
	return UINT32_MAX;
}

int vm_run(void *ctx, const struct run_config *c, struct run_outcome *out)
{
	struct vm *v = ctx;
	struct replay r = {.v = v, .c = c};
	struct wire_run m = {
	    .policy = c->alone == UINT32_MAX ? policy_of(c->plan, c) : UINT32_MAX,
	    .alone = c->alone,
	    .rep = c->rep,
	    .seed = c->seed,
	    .timeline_ns = c->timeline_ns,
	};
	struct buf b = {0};
	int err;

	v->m.d = c->diags;
	v->m.heard_ns = machine_now();
	wire_put_run(&b, &m);
	machine_send(&v->m, MSG_RUN, &b);
	buf_free(&b);
	err = replay(&r, out);
	if (err == -EINTR) {
		interrupted(&r, out);
		return 0;
	}
	if (err == -EBADMSG && !c->diags->errors)
		diag_at(c->diags, E_VM_DIED, (struct span){0},
			"the machine says what is not understood");
	if (err)
		out->end = RUN_FAILED;
	return err;
}
