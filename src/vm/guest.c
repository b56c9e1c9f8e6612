/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guest.c - the agentcg in a machine that carries out runs (guest.h) */
#include "vm/guest.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/units.h"
#include "plan/plan.h"
#include "run/engine.h"
#include "vm/channel.h"
#include "vm/frame.h"
#include "vm/wire.h"

/*
 * A serial line under emulation takes 240 bytes a millisecond, and a processor while it does: so
 * much is sent while a run goes on, and no more often.
 */
#define FRAME_BYTES 2048
#define PERIOD_NS   NS_PER_SEC

struct serving {
	struct guest_host *h;
	const struct plan *plan;
	const struct backend *backend;
	struct arena run_arena;
	struct wire_events last;
	struct buf payload; /* the frame that is being filled */
	struct buf ready;   /* complete frames */
	size_t sent;	    /* of ready */
	uint64_t sent_ns;   /* when something was */
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

/* ---- events -----------------------------------------------------------------------------------
 */

static void close_frame(struct serving *s)
{
	if (!s->payload.n)
		return;
	frame_put(&s->ready, MSG_EVENTS, s->payload.s, (uint32_t)s->payload.n);
	buf_clear(&s->payload);
	memset(&s->last, 0, sizeof s->last);
}

static void send_some(struct serving *s)
{
	uint64_t now = now_ns();
	size_t n;

	if (s->sent == s->ready.n || now - s->sent_ns < PERIOD_NS)
		return;
	/* Whole frames only: init says on the same line that it lives. */
	n = frame_length(s->ready.s + s->sent);
	channel_write(s->h, s->ready.s + s->sent, n);
	s->sent += n;
	s->sent_ns = now;
}

static void send_rest(struct serving *s)
{
	close_frame(s);
	if (s->ready.n > s->sent)
		channel_write(s->h, s->ready.s + s->sent, s->ready.n - s->sent);
	buf_clear(&s->ready);
	s->sent = 0;
}

static void filled(struct serving *s)
{
	if (s->payload.n >= FRAME_BYTES - 512)
		close_frame(s);
	send_some(s);
}

static void put_obs(void *ctx, const struct obs *o)
{
	struct serving *s = ctx;

	wire_put_obs(&s->payload, &s->last, o);
	filled(s);
}

static void put_note(void *ctx, const struct note *n)
{
	struct serving *s = ctx;

	wire_put_note(&s->payload, &s->last, n);
	filled(s);
}

/* ---- requests ---------------------------------------------------------------------------------
 */

static void send_diags(struct guest_host *h, const struct diags *d)
{
	struct buf b = {0};

	wire_put_diags(&b, d, 0);
	if (b.n)
		channel_send(h, MSG_DIAGS, &b);
	buf_free(&b);
}

void guest_report(struct guest_host *h, const struct diags *d)
{
	send_diags(h, d);
}

static int run(struct serving *s, const struct wire_run *m)
{
	const struct plan *p = s->plan;
	bool alone = m->policy == UINT32_MAX;
	struct run_outcome out = {0};
	struct wire_outcome answer;
	struct buf b = {0};
	struct diags d;

	if (alone ? m->alone >= p->ncgroups : m->policy >= p->npolicies)
		return -EBADMSG;

	struct run_config c = {
	    .plan = p,
	    .backend = s->backend,
	    .attrs = alone ? p->alone_attrs : p->policies[m->policy].attrs,
	    .mechanism = plan_mechanism(p, alone ? -1 : (int32_t)m->policy),
	    .alone = alone ? m->alone : UINT32_MAX,
	    .seed = m->seed,
	    .rep = m->rep,
	    .timeline_ns = m->timeline_ns,
	    .sink = {.obs = put_obs, .note = put_note, .ctx = s},
	    .arena = &s->run_arena,
	    .diags = &d,
	};

	diags_init(&d, p->sources);
	arena_reset(&s->run_arena);
	s->sent_ns = now_ns();
	answer.err = engine_run(&c, &out);
	send_rest(s);
	send_diags(s->h, &d);
	answer.run = out;
	answer.nmarks = answer.err ? 0 : p->nmarks;
	answer.nfired = answer.err ? 0 : p->ntriggers;
	if (answer.err) {
		answer.nmarks = p->nmarks;
		answer.nfired = p->ntriggers;
		answer.run.end = RUN_FAILED;
		answer.run.marks_ns = arena_array(&s->run_arena, uint64_t, p->nmarks);
		answer.run.fired_ns = arena_array(&s->run_arena, uint64_t, p->ntriggers);
	}
	wire_put_outcome(&b, &answer);
	channel_send(s->h, MSG_OUTCOME, &b);
	buf_free(&b);
	diags_free(&d);
	return 0;
}

static int answer_probe(struct serving *s, struct wire *w)
{
	struct arena a = {0};
	struct requirement r = {.feature = wire_get_str(w, &a)};
	char why[256] = "";
	struct buf b = {0};
	int there;

	r.cmp = (int)wire_get(w);
	for (int i = 0; i < 3; i++)
		r.version[i] = (uint32_t)wire_get(w);
	if (!wire_done(w)) {
		arena_free(&a);
		return -EBADMSG;
	}
	there = s->backend->probe(&r, why, sizeof why);
	wire_put(&b, there < 0 ? 2 : (uint64_t)there);
	wire_put_str(&b, why);
	channel_send(s->h, MSG_PROBED, &b);
	buf_free(&b);
	arena_free(&a);
	return 0;
}

/* With the backend that runs have, in between them. */
static int measure(struct serving *s, struct wire *w)
{
	struct wire_gauged answer = {0};
	struct wire_gauge m;
	struct buf b = {0};
	struct diags d;

	if (!wire_get_gauge(w, &m))
		return -EBADMSG;

	struct gauge_config c = {
	    .backend = s->backend,
	    .machine = s->plan->machine,
	    .what = m.what,
	    .samples = m.samples,
	    .budget_ns = m.budget_ns,
	};

	diags_init(&d, s->plan->sources);
	answer.err = gauge_measure(&c, &d, &answer.gauge);
	send_diags(s->h, &d);
	wire_put_gauged(&b, &answer);
	channel_send(s->h, MSG_GAUGED, &b);
	buf_free(&b);
	diags_free(&d);
	return 0;
}

static void say_hello(struct serving *s)
{
	struct wire_hello h = {
	    .digest = s->plan->digest,
	    .caps = s->backend->caps,
	    .backend = s->backend->name,
	    .mechanism = s->backend->mechanism,
	    .kernel = s->backend->kernel,
	};
	struct buf b = {0};

	wire_put_hello(&b, &h);
	channel_send(s->h, MSG_HELLO, &b);
	buf_free(&b);
}

int guest_serve(struct guest_host *h, const struct plan *p, const struct backend *b)
{
	struct serving s = {.h = h, .plan = p, .backend = b};
	struct wire_run m;
	struct frame f;
	struct wire w;
	int err = 0;
	bool more = true;

	say_hello(&s);
	while (more && !err) {
		err = channel_next(h, &f);
		if (err)
			break;
		w = wire_of(f.bytes, f.n);
		switch (f.type) {
		case MSG_RUN:
			err = wire_get_run(&w, &m) ? run(&s, &m) : -EBADMSG;
			break;
		case MSG_GAUGE:
			err = measure(&s, &w);
			break;
		case MSG_PROBE:
			err = answer_probe(&s, &w);
			break;
		case MSG_BYE:
			more = false;
			break;
		default:
			err = -EBADMSG;
			break;
		}
	}
	arena_free(&s.run_arena);
	buf_free(&s.payload);
	buf_free(&s.ready);
	return err;
}
