/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pace.c - what is paced against what was measured (pace.h) */
#include "run/pace.h"

#include "base/vec.h"

/* No machine was seen to be slower than this, and what rises more slowly need not be measured. */
#define CALM_BPS   (16 * MIB)
#define HUGE_BYTES (2 * MIB)

/* ---- everything that is paced ------------------------------------------------------------------
 */

/* One rise: `bytes` from at_ns of its op on, to be there by until_ns. */
struct rise {
	const struct plan *plan;
	struct span at;
	uint32_t worker;
	uint64_t at_ns, until_ns, bytes;
	bool first; /* of its op */
};
typedef void take_rise(void *ctx, const struct rise *r);

static void each_of_series(const struct op_series *s, struct rise r, take_rise *take, void *ctx)
{
	uint64_t held = 0;

	/* The last sample has no next one that it could be late for. */
	for (uint32_t i = 0; s && i + 1 < s->n; i++) {
		r.first = i == 1;
		r.at_ns = s->v[i].at_ns;
		r.until_ns = s->v[i + 1].at_ns;
		r.bytes = s->v[i].bytes > held ? s->v[i].bytes - held : 0;
		held = s->v[i].bytes;
		/* What it begins with is as good as allocated at once. */
		if (i)
			take(ctx, &r);
	}
}

static void each_of_op(const struct op *op, struct rise r, take_rise *take, void *ctx)
{
	r.worker = op->target;
	if (op->kind == OP_ALLOC && op->ns) {
		r.first = true;
		r.at_ns = 0;
		r.until_ns = op->ns;
		r.bytes = op->bytes;
		take(ctx, &r);
	} else if (op->kind == OP_REPLAY) {
		each_of_series(op->series, r, take, ctx);
	} else if (op->kind == OP_TOOLS) {
		each_of_series(op->calls->memory, r, take, ctx);
	}
}

static void each_of_step(const struct plan *p, const struct plan_step *s, take_rise *take,
			 void *ctx)
{
	struct rise r = {.plan = p, .at = s->at};

	if (s->kind == STEP_OP && op_is_worker((enum op_kind)s->op.kind)) {
		each_of_op(&s->op, r, take, ctx);
	} else if (s->kind == STEP_START) {
		for (uint32_t i = 0; i < s->nbody; i++) {
			struct op op = s->body[i];

			op.target = s->op.target;
			each_of_op(&op, r, take, ctx);
		}
	}
}

static void each_rise(const struct plan *p, take_rise *take, void *ctx)
{
	for (uint32_t i = 0; i < p->nevents; i++)
		each_of_step(p, &p->events[i].step, take, ctx);
	for (uint32_t i = 0; i < p->ntriggers; i++)
		for (uint32_t k = 0; k < p->triggers[i].nsteps; k++)
			each_of_step(p, &p->triggers[i].steps[k], take, ctx);
}

/* Under every policy: where one of them has small pages, these are what it has to make. */
static bool in_huge_pages(const struct plan *p, uint32_t worker)
{
	uint32_t cgroup = p->workers[worker].cgroup;

	for (uint32_t i = 0; i < p->npolicies; i++)
		if (!p->policies[i].attrs[cgroup].thp)
			return false;
	return true;
}

/* ---- what has to be known ---------------------------------------------------------------------
 */

static void note_need(void *ctx, const struct rise *r)
{
	uint32_t *needs = ctx;
	uint64_t ns = r->until_ns > r->at_ns ? r->until_ns - r->at_ns : 1;

	if (mul_div(r->bytes, NS_PER_SEC, ns) < CALM_BPS)
		return;
	*needs |= GAUGE_BIT(GAUGE_FAULT);
	if (in_huge_pages(r->plan, r->worker) && r->bytes >= HUGE_BYTES)
		*needs |= GAUGE_BIT(GAUGE_HUGE);
}

uint32_t pace_needs(const struct plan *p)
{
	uint32_t needs = 0;

	each_rise(p, note_need, &needs);
	return needs;
}

/* ---- what is too steep ------------------------------------------------------------------------
 */

struct lagging {
	uint64_t small_bps, huge_bps;
	uint64_t free_ns;      /* of the worker: when it has caught up, from the begin of its op */
	struct pace_lag worst; /* of all */
	VEC(struct span) statements;
};

static bool same_place(struct span a, struct span b)
{
	return a.beg == b.beg && a.end == b.end;
}

static void note_statement(struct lagging *l, struct span at)
{
	for (size_t i = 0; i < l->statements.n; i++)
		if (same_place(l->statements.v[i], at))
			return;
	vec_push(&l->statements, at);
}

static uint64_t time_for(const struct lagging *l, uint64_t bytes, bool huge)
{
	uint64_t large = huge ? bytes - bytes % HUGE_BYTES : 0;

	return (large ? mul_div(large, NS_PER_SEC, l->huge_bps) : 0) +
	       mul_div(bytes - large, NS_PER_SEC, l->small_bps);
}

static void note_lag(void *ctx, const struct rise *r)
{
	struct lagging *l = ctx;
	bool huge = l->huge_bps && in_huge_pages(r->plan, r->worker) && r->bytes >= HUGE_BYTES;
	uint64_t late_ns;

	if (r->first || l->free_ns < r->at_ns)
		l->free_ns = r->at_ns;
	l->free_ns += time_for(l, r->bytes, huge);
	late_ns = l->free_ns > r->until_ns ? l->free_ns - r->until_ns : 0;
	if (!r->bytes || late_ns < PACE_LATE_NS)
		return;
	note_statement(l, r->at);
	if (late_ns > l->worst.late_ns)
		l->worst = (struct pace_lag){
		    .at = r->at,
		    .bytes = r->bytes,
		    .ns = r->until_ns - r->at_ns,
		    .late_ns = late_ns,
		    .can_bps = huge ? l->huge_bps : l->small_bps,
		    .huge = huge,
		};
}

uint32_t pace_lags(const struct plan *p, const struct gauge *g, struct pace_lag *worst)
{
	struct lagging l = {.small_bps = gauge_small_bps(g), .huge_bps = gauge_huge_bps(g)};
	uint32_t n;

	if (l.small_bps)
		each_rise(p, note_lag, &l);
	n = (uint32_t)l.statements.n;
	vec_free(&l.statements);
	if (n)
		*worst = l.worst;
	return n;
}

static const char *rate(struct buf *b, uint64_t bytes, uint64_t ns)
{
	fmt_size_short(b, mul_div(bytes, NS_PER_SEC, ns ? ns : 1));
	buf_puts(b, "/s");
	return buf_str(b);
}

void pace_warn(const struct plan *p, const struct gauge *g, const char *what, struct diags *d)
{
	struct buf asked = {0}, can = {0}, late = {0};
	struct pace_lag w;
	uint32_t n = pace_lags(p, g, &w);
	const char *huge;

	if (!n)
		return;
	/* Not in an emulated machine, where clearing 2M takes as long as 512 faults. */
	huge = !w.huge && gauge_huge_bps(g) > 2 * gauge_small_bps(g) ? " or `thp on`" : "";
	fmt_seconds_short(&late, (double)w.late_ns / (double)NS_PER_SEC);
	diag_at(d, W_PACE, w.at,
		"this asks for %s and %s fills %s of %s pages, as just measured: it will be up to "
		"%s late",
		rate(&asked, w.bytes, w.ns), what, rate(&can, w.can_bps, NS_PER_SEC),
		w.huge ? "huge" : "4K", buf_str(&late));
	if (n > 1)
		diag_hint(d,
			  "so will %u other statement%s; a lower `speed`, a longer `over`%s help",
			  n - 1, n > 2 ? "s" : "", huge);
	else
		diag_hint(d, "a lower `speed`, a longer `over`%s help", huge);
	buf_free(&asked);
	buf_free(&can);
	buf_free(&late);
}
