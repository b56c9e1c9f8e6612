/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "experiment/experiment.h"

#include <errno.h>
#include <stdlib.h>

#include "base/digest.h"
#include "base/mem.h"
#include "base/units.h"
#include "base/vec.h"
#include "experiment/admit.h"
#include "experiment/order.h"
#include "run/engine.h"
#include "stat/collect.h"
#include "stat/estimate.h"
#include "stat/timeline.h"
#include "stat/verdict.h"

struct experiment {
	const struct plan *plan;
	const struct experiment_options *options;
	struct diags *diags;
	struct results *results;
	struct collect *collect;
	uint64_t timeline_ns; /* 0: no timelines */
	struct arena run_arena;
	VEC(struct run_summary) runs;
	const struct run_summary **have; /* options.have in order of by_plan */
};

/* ---- the engine's news, for the statistics --------------------------------------------------- */

static void put_obs(void *ctx, const struct obs *o)
{
	const struct experiment *x = ctx;

	collect_obs(x->collect, o);
	if (x->options->observe)
		x->options->observe(x->options->progress_ctx, o);
}

static void put_note(void *ctx, const struct note *n)
{
	struct collect *c = ((const struct experiment *)ctx)->collect;
	struct recording *r = collect_recording(c);

	switch ((enum note_kind)n->kind) {
	case NOTE_DUE:
		collect_due(c, n->worker, n->t_ns);
		collect_noticed(c, n->late_ns);
		break;
	case NOTE_BEGIN:
		collect_begun(c, n->worker, n->t_ns, n->late_ns);
		collect_asked(c, n->worker, n->bytes, n->t_ns);
		if (r)
			recording_action(r, n->worker, (uint8_t)n->op, n->late_ns);
		break;
	case NOTE_DROPPED:
		collect_dropped(c, n->worker);
		break;
	case NOTE_DONE:
		collect_done(c, n->cgroup);
		break;
	case NOTE_MARK:
		if (r)
			recording_moment(r, TIMELINE_MARK, n->t_ns, n->index);
		break; /* the outcome has it */
	case NOTE_TRIGGER:
		if (r)
			recording_moment(r, TIMELINE_TRIGGER, n->t_ns, n->index);
		break;
	case NOTE_LIMIT:
		if (r)
			recording_limit(r, n->t_ns, n->cgroup, (enum cg_attr)n->index, n->bytes);
		break;
	}
}

static enum summary_end summary_end(enum run_end end)
{
	switch (end) {
	case RUN_FINISHED:
		return END_FINISHED;
	case RUN_DEADLINE:
		return END_DEADLINE;
	case RUN_ABORTED:
		return END_ABORTED;
	case RUN_STUCK:
		return END_STUCK;
	case RUN_INTERRUPTED:
	case RUN_FAILED:
		break;
	}
	return END_INTERRUPTED;
}

/* ---- the experiment -------------------------------------------------------------------------- */

static bool stopped(const struct experiment *x)
{
	return x->options->stop && *x->options->stop;
}

static int run_once(struct experiment *x, const struct planned_run *run)
{
	const struct plan *p = x->plan;
	bool alone = run->policy == PX_ALONE;
	struct run_config config = {
	    .plan = p,
	    .backend = x->options->backend,
	    .attrs = alone ? p->alone_attrs : p->policies[run->policy].attrs,
	    .mechanism = plan_mechanism(p, run->policy),
	    .alone = alone ? run->alone : UINT32_MAX,
	    .seed = p->seed,
	    .rep = run->rep,
	    .timeline_ns = x->timeline_ns,
	    .stop = x->options->stop,
	    .sink = {.obs = put_obs, .note = put_note, .ctx = x},
	    .arena = &x->run_arena,
	    .diags = x->diags,
	};
	struct run_outcome outcome = {0};
	struct run_summary summary;
	int err;

	collect_begin(x->collect, run->policy, run->alone, run->rep);
	arena_reset(&x->run_arena);
	err = x->options->run ? x->options->run(x->options->run_ctx, &config, &outcome)
			      : engine_run(&config, &outcome);
	if (err) {
		if (!x->diags->errors)
			diag_at(x->diags, E_RUN_FAILED, (struct span){0, 0},
				"a run of `%s` failed on the backend `%s`",
				alone ? p->cgroups[run->alone].name : p->policies[run->policy].name,
				x->options->backend->name);
		return err;
	}

	struct collect_outcome end = {
	    .end = summary_end(outcome.end),
	    .end_ns = outcome.end_ns,
	    .abort = outcome.abort,
	    .marks_ns = outcome.marks_ns,
	    .fired_ns = outcome.fired_ns,
	};

	collect_end(x->collect, &end, &x->results->arena, &summary);
	summary.mechanism = results_mechanism(x->results, run->policy);
	summary.kernel = x->options->backend->kernel;
	summary.clock = x->options->backend->clock;
	vec_push(&x->runs, summary);
	return 0;
}

static int by_plan(const void *va, const void *vb)
{
	const struct run_summary *a = *(const struct run_summary *const *)va;
	const struct run_summary *b = *(const struct run_summary *const *)vb;

	if (a->rep != b->rep)
		return a->rep < b->rep ? -1 : 1;
	if (a->policy != b->policy)
		return a->policy < b->policy ? -1 : 1;
	if (a->policy != PX_ALONE)
		return 0;
	return a->alone < b->alone ? -1 : a->alone > b->alone;
}

static void sort_have(struct experiment *x)
{
	const struct experiment_options *o = x->options;

	if (!o->nhave)
		return;
	x->have = mem_alloc(o->nhave * sizeof(const struct run_summary *));
	for (uint32_t i = 0; i < o->nhave; i++)
		x->have[i] = &o->have[i];
	qsort(x->have, o->nhave, sizeof(const struct run_summary *), by_plan);
}

/* The run as it was made before, or NULL. */
static const struct run_summary *had(const struct experiment *x, const struct planned_run *run)
{
	const struct run_summary wanted = {
	    .policy = run->policy, .alone = run->alone, .rep = run->rep};
	const struct run_summary *key = &wanted, *const * found;

	if (!x->have)
		return NULL;
	found =
	    bsearch(&key, x->have, x->options->nhave, sizeof(const struct run_summary *), by_plan);
	if (!found || ((*found)->end == END_INTERRUPTED && !x->options->recall))
		return NULL;
	return *found;
}

/* As it was made before, with the timeline of now where it had none. */
static void restore(struct experiment *x, struct run_summary *run, const struct run_summary *made)
{
	const struct run_summary again = *run;

	*run = *made;
	if (!run->timeline)
		run->timeline = again.timeline;
	/* Older versions did not record where time went. */
	if (again.cgroups != made->cgroups && made->cgroups[0].spent.total_ns == NEVER) {
		struct cg_summary *cgs = arena_dup(&x->results->arena, made->cgroups,
						   x->plan->ncgroups * sizeof(*made->cgroups));

		for (uint32_t i = 0; i < x->plan->ncgroups; i++)
			cgs[i].spent = again.cgroups[i].spent;
		run->cgroups = cgs;
	}
}

/* Leave out the runs of policies that are skipped. */
static uint32_t without_skipped(const struct results *r, struct planned_run *v, uint32_t n)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n; i++)
		if (!results_skipped(r, v[i].policy))
			v[kept++] = v[i];
	return kept;
}

/* Sets results.interrupted when it was; *more: neither that nor an abort has ended everything. */
static int run_repetitions(struct experiment *x, uint32_t first, uint32_t end, bool *more)
{
	struct results *r = x->results;
	struct planned_run *order;
	uint32_t n;
	int err;

	*more = false;
	err = order_runs(x->plan, r->sessions, r->nsessions, first, end, &order, &n);
	if (err) {
		diag_at(x->diags, E_RUN_FAILED, (struct span){0, 0},
			"too many runs: %u repetitions of %u policies and %u sessions alone", end,
			x->plan->npolicies, r->nsessions);
		return err;
	}
	n = without_skipped(r, order, n);
	if (!first)
		r->planned = n / end * (x->plan->repeat_until ? x->plan->repeat_max : end);
	for (uint32_t i = 0; i < n && !err; i++) {
		const struct planned_run *run = &order[i];
		const struct run_summary *made = had(x, run);

		if (stopped(x) || (!made && x->options->recall)) {
			r->interrupted = true;
			break;
		}
		if (x->options->progress)
			x->options->progress(x->options->progress_ctx, (uint32_t)x->runs.n,
					     r->planned, run->policy, run->alone, run->rep);
		if (made && !x->options->redraw)
			vec_push(&x->runs, *made);
		else
			err = run_once(x, run);
		if (err)
			break;
		if (made)
			restore(x, vec_last(&x->runs), made);
		if (!made && x->options->keep)
			x->options->keep(x->options->keep_ctx, vec_last(&x->runs), r->planned);
		if (vec_last(&x->runs)->end == END_INTERRUPTED)
			r->interrupted = true;
		if (r->interrupted || vec_last(&x->runs)->end == END_ABORTED)
			break;
		*more = i + 1 == n;
	}
	free(order);
	return err;
}

/* With `until`, in batches, and a look at the interval between two. */
static int run_all(struct experiment *x)
{
	struct results *r = x->results;
	const struct plan *p = x->plan;
	uint32_t made = 0, end = p->repeat_until ? estimate_next_look(p, 0) : p->repeat;
	bool more = true;
	int err = 0;

	while (more && end && !err) {
		err = run_repetitions(x, made, end, &more);
		made = end;
		r->runs = x->runs.v;
		r->nruns = (uint32_t)x->runs.n;
		if (err || !p->repeat_until || !more)
			break;
		end = estimate_narrow(r) ? 0 : estimate_next_look(p, made);
	}
	r->runs = arena_dup(&r->arena, x->runs.v, x->runs.n * sizeof(*x->runs.v));
	r->nruns = (uint32_t)x->runs.n;
	if (more && !err)
		r->planned = r->nruns;
	return err;
}

static void find_sessions(struct results *r)
{
	const struct plan *p = r->plan;
	uint32_t *sessions = arena_array(&r->arena, uint32_t, p->ncgroups);
	bool *works = mem_alloc(p->ncgroups * sizeof(*works));

	for (uint32_t w = 0; w < p->nworkers; w++)
		works[p->workers[w].cgroup] = true;
	for (uint32_t i = 0; i < p->ncgroups; i++)
		if (works[i])
			sessions[r->nsessions++] = i;
	free(works);
	r->sessions = sessions;
}

static const char *name_mechanism(struct results *r, const struct backend *b, const char *name)
{
	return b->modelled ? arena_printf(&r->arena, "%s (modelled)", name) : name;
}

/* A live backend has chosen its default before; a model is whatever it is told to be. */
static void name_mechanisms(struct results *r, const struct backend *b)
{
	const struct plan *p = r->plan;
	const char **own = arena_array(&r->arena, const char *, p->npolicies);

	r->mechanism =
	    p->mechanism && b->modelled ? name_mechanism(r, b, p->mechanism) : b->mechanism;
	for (uint32_t i = 0; i < p->npolicies; i++)
		if (p->policies[i].mechanism)
			own[i] = name_mechanism(r, b, p->policies[i].mechanism);
	r->mechanisms = own;
}

/* Results with unlike digests are never pooled. */
static uint64_t digest_of(const struct plan *p, const struct backend *b, const char *mechanism)
{
	uint64_t h = digest_u64(DIGEST_INIT, p->digest);

	h = digest_str(h, b->name);
	h = digest_str(h, mechanism ? mechanism : "");
	h = digest_str(h, b->kernel ? b->kernel : "");
	return digest_u64(h, p->seed);
}

/* Often enough to fill a timeline, never so often that looking would be felt on a real host. */
static uint64_t timeline_period(uint64_t nominal_end_ns)
{
	uint64_t ns = nominal_end_ns / TIMELINE_BUCKETS;

	ns -= ns % NS_PER_MS;
	return ns < 5 * NS_PER_MS ? 5 * NS_PER_MS : ns < 100 * NS_PER_MS ? ns : 100 * NS_PER_MS;
}

static void recall_reasons(struct experiment *x)
{
	const struct experiment_options *o = x->options;

	x->results->reasons =
	    arena_dup(&x->results->arena, o->reasons, o->nreasons * sizeof(*o->reasons));
	x->results->nreasons = o->nreasons;
}

static int carry_out(struct experiment *x)
{
	const struct plan *p = x->plan;
	const struct backend *b = x->options->backend;
	struct results *r = x->results;
	int err;

	err = admit_statements(p, x->diags);
	if (!err && x->options->recall)
		recall_reasons(x);
	else if (!err)
		err = admit_requirements(p, b, x->diags, &r->arena, &r->reasons, &r->nreasons);
	if (!err && x->options->recall) {
		r->skipped = x->options->skipped;
		admit_skipped(p, r);
	} else if (!err) {
		err = admit_mechanisms(p, b, x->diags, r);
	}
	if (err)
		return err;
	find_sessions(r);
	err = demand_compute(p, &r->demand);
	if (err)
		return err;
	if (r->nreasons) {
		r->verdict = VERDICT_SKIP;
		return x->options->begun ? x->options->begun(x->options->keep_ctx, r) : 0;
	}
	if (!x->options->recall)
		err = admit_capabilities(p, b, x->diags);
	if (!err && x->options->timelines) {
		x->timeline_ns = timeline_period(r->demand.end_ns);
		collect_timelines(x->collect, x->timeline_ns);
	}
	if (!err && x->options->begun)
		err = x->options->begun(x->options->keep_ctx, r);
	if (!err) {
		sort_have(x);
		err = run_all(x);
	}
	if (!err)
		verdict_judge(r);
	return err;
}

int experiment_run(const struct plan *p, const struct experiment_options *o, struct diags *d,
		   struct results **out)
{
	struct experiment x = {.plan = p, .options = o, .diags = d};
	struct results *r = mem_alloc(sizeof(*r));
	int err;

	x.results = r;
	r->plan = p;
	r->backend = o->backend->name;
	name_mechanisms(r, o->backend);
	r->kernel = o->backend->kernel;
	r->seed = p->seed;
	r->digest = digest_of(p, o->backend, r->mechanism);
	x.collect = collect_new(p);
	err = carry_out(&x);
	collect_free(x.collect);
	arena_free(&x.run_arena);
	vec_free(&x.runs);
	free(x.have);
	if (err) {
		results_free(r);
		return err;
	}
	*out = r;
	return 0;
}
