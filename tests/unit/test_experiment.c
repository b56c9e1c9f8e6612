/* SPDX-License-Identifier: GPL-2.0-or-later */
/* the order of runs, what is refused, and an experiment from its first run to its verdict */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/units.h"
#include "experiment/admit.h"
#include "experiment/experiment.h"
#include "experiment/order.h"
#include "tests/unit/made.h"

#define S NS_PER_SEC

/* ---- a backend in virtual time: an allocation takes 1 ms per MiB, none but the killer's dies --
 */

#define KILLER 666 /* memory.min of a cgroup whose next allocation an OOM killer ends */

static struct {
	uint32_t opened, closed;
	int open_error;
} fake;

struct fake_run {
	const struct world *world;
	struct obs_sink sink;
	uint64_t now_ns;
	uint64_t ends_ns[4]; /* NEVER: idle */
	uint64_t bytes[4];
	struct cg_counters counters[MADE_CGROUPS];
};

static int fake_probe(const struct requirement *r, char *why, size_t why_size)
{
	if (!strcmp(r->feature, "psi"))
		return 1;
	if (strcmp(r->feature, "kernel") && strcmp(r->feature, "sched_ext"))
		return -EINVAL;
	snprintf(why, why_size, "this one has none");
	return 0;
}

static int fake_open(const struct world *w, uint64_t seed, uint32_t rep, struct obs_sink sink,
		     struct diags *d, void **run)
{
	struct fake_run *f = mem_alloc(sizeof(*f));

	(void)seed, (void)rep, (void)d;
	f->world = w;
	f->sink = sink;
	for (int i = 0; i < 4; i++)
		f->ends_ns[i] = NEVER;
	fake.opened++;
	*run = f;
	return fake.open_error;
}

static uint64_t fake_now(void *run)
{
	return ((struct fake_run *)run)->now_ns;
}

static int fake_apply(void *run, const struct op *op, uint64_t due_ns)
{
	struct fake_run *f = run;

	(void)due_ns;
	if (op_is_worker(op->kind)) {
		f->ends_ns[op->target] = f->now_ns + op->bytes / MIB * NS_PER_MS;
		f->bytes[op->target] = op->bytes;
	} else if (op->kind == OP_SAMPLE) {
		struct obs o = {.t_ns = f->now_ns, .kind = OBS_SAMPLE, .worker = UINT32_MAX};

		o.cgroup = op->target;
		o.counters = &f->counters[op->target];
		f->sink.put(f->sink.ctx, &o);
	}
	return 0;
}

static void fake_end(struct fake_run *f, uint32_t worker)
{
	uint32_t cgroup = f->world->workers[worker].cgroup;
	struct obs o = {.t_ns = f->now_ns, .cgroup = cgroup, .worker = worker};

	f->ends_ns[worker] = NEVER;
	if (f->world->attrs[cgroup].min_bytes == KILLER) {
		f->counters[0].ev_max += 35;
		f->counters[0].ev_oom++;
		f->counters[0].ev_oom_kill++;
		f->counters[cgroup].ev_oom_kill++;
		o.kind = OBS_KILL;
		o.kill.reason = KILL_OOM;
		f->sink.put(f->sink.ctx, &o);
		o.done.status = DONE_KILLED;
	} else {
		o.kind = OBS_STEP;
		o.step.bytes = f->bytes[worker];
		o.step.latency_ns = f->bytes[worker] / MIB * NS_PER_MS;
		f->sink.put(f->sink.ctx, &o);
		memset(&o.done, 0, sizeof(o.done));
		o.done.bytes = f->bytes[worker];
	}
	o.kind = OBS_DONE;
	o.done.late_ns = 0;
	f->sink.put(f->sink.ctx, &o);
}

static int fake_advance(void *run, uint64_t until_ns)
{
	struct fake_run *f = run;
	uint32_t next = 0;

	for (uint32_t i = 1; i < f->world->nworkers; i++)
		if (f->ends_ns[i] < f->ends_ns[next])
			next = i;
	if (f->world->nworkers && f->ends_ns[next] <= until_ns && f->ends_ns[next] != NEVER) {
		f->now_ns = f->ends_ns[next];
		fake_end(f, next);
		return 0;
	}
	if (until_ns == NEVER)
		return 1;
	f->now_ns = until_ns;
	return 0;
}

static void fake_close(void *run)
{
	fake.closed++;
	free(run);
}

static const struct backend backend_fake = {
    .name = "fake",
    .mechanism = "none",
    .caps = CAP_MEMORY | CAP_DELAY,
    .probe = fake_probe,
    .open = fake_open,
    .now = fake_now,
    .apply = fake_apply,
    .advance = fake_advance,
    .close = fake_close,
};

/* ---- a plan: everybody allocates 100M at 1 s ------------------------------------------------- */

struct stage {
	struct made *made;
	struct plan_event events[4];
	struct diags diags;
	struct results *results;
	struct experiment_options options;
	uint32_t progressed, stop_at;
	volatile sig_atomic_t stop;
};

static void on_progress(void *ctx, uint32_t run, uint32_t nruns, int32_t policy, uint32_t cgroup,
			uint32_t rep)
{
	struct stage *s = ctx;

	(void)policy, (void)cgroup, (void)rep;
	assert_int_equal(run, s->progressed);
	assert_true(run < nruns);
	if (++s->progressed == s->stop_at)
		s->stop = 1;
}

static int set_up(void **state)
{
	struct stage *s = mem_alloc(sizeof(*s));
	struct plan *p;

	memset(&fake, 0, sizeof(fake));
	s->made = made_new();
	p = &s->made->plan;
	for (uint32_t i = 0; i < 4; i++) {
		s->events[i].at_ns = S;
		s->events[i].draw = UINT32_MAX;
		s->events[i].step.op =
		    (struct op){.kind = OP_ALLOC, .target = i, .bytes = 100 * MIB * (i + 1)};
	}
	p->events = s->events;
	p->nevents = 4;
	p->repeat = 3;
	p->sample_ns = S;
	s->made->attrs[MADE_STATIC][MADE_HIGH].min_bytes = KILLER;
	diags_init(&s->diags, NULL);
	s->options.backend = &backend_fake;
	s->options.progress = on_progress;
	s->options.progress_ctx = s;
	s->options.stop = &s->stop;
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *s = *state;

	results_free(s->results);
	diags_free(&s->diags);
	made_free(s->made);
	free(s);
	return 0;
}

static int run(struct stage *s)
{
	return experiment_run(&s->made->plan, &s->options, &s->diags, &s->results);
}

static bool reported(const struct stage *s, enum diag_code code)
{
	for (size_t i = 0; i < s->diags.list.n; i++)
		if (s->diags.list.v[i].code == code)
			return true;
	return false;
}

/* ---- order ------------------------------------------------------------------------------------
 */

static void repetition_by_repetition(void **state)
{
	struct stage *s = *state;
	static const uint32_t sessions[] = {MADE_HIGH, MADE_LOW1};
	struct planned_run *runs;
	uint32_t n;

	assert_int_equal(
	    order_runs(&s->made->plan, sessions, 2, 0, s->made->plan.repeat, &runs, &n), 0);
	assert_int_equal(n, 18);
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(runs[i].rep, i / 6);
		assert_int_equal(runs[i].policy, i % 6 < 4 ? (int32_t)(i % 6) : PX_ALONE);
		if (i % 6 >= 4)
			assert_int_equal(runs[i].alone, sessions[i % 6 - 4]);
	}
	free(runs);

	s->made->plan.uses_alone = false;
	assert_int_equal(
	    order_runs(&s->made->plan, sessions, 2, 0, s->made->plan.repeat, &runs, &n), 0);
	assert_int_equal(n, 12);
	free(runs);

	s->made->plan.repeat = UINT32_MAX;
	n = 7;
	assert_int_equal(
	    order_runs(&s->made->plan, sessions, 2, 0, s->made->plan.repeat, &runs, &n),
	    -EOVERFLOW);
	assert_int_equal(n, 7);
}

static void interleaving_shuffles_by_seed(void **state)
{
	struct stage *s = *state;
	struct planned_run *a, *b, *c;
	uint32_t n, seen[3][MADE_POLICIES] = {0}, moved = 0, differ = 0;

	s->made->plan.uses_alone = false;
	s->made->plan.interleave_random = true;
	order_runs(&s->made->plan, NULL, 0, 0, s->made->plan.repeat, &a, &n);
	order_runs(&s->made->plan, NULL, 0, 0, s->made->plan.repeat, &b, &n);
	s->made->plan.seed++;
	order_runs(&s->made->plan, NULL, 0, 0, s->made->plan.repeat, &c, &n);
	assert_int_equal(n, 12);
	assert_memory_equal(a, b, n * sizeof(*a));
	for (uint32_t i = 0; i < n; i++) {
		seen[a[i].rep][a[i].policy]++;
		moved += a[i].rep != i / 4 || a[i].policy != (int32_t)(i % 4);
		differ += a[i].rep != c[i].rep || a[i].policy != c[i].policy;
	}
	for (uint32_t i = 0; i < 12; i++)
		assert_int_equal(seen[i / 4][i % 4], 1);
	assert_true(moved > 0 && differ > 0);
	free(a);
	free(b);
	free(c);
}

/* ---- whole experiments ------------------------------------------------------------------------
 */

static void all_runs_are_summed_up(void **state)
{
	struct stage *s = *state;
	const struct results *r;
	struct dist d;

	assert_int_equal(run(s), 0);
	r = s->results;
	assert_int_equal(r->nruns, 3 * (4 + 3));
	assert_int_equal(r->planned, r->nruns);
	assert_int_equal(s->progressed, r->nruns);
	assert_int_equal(fake.opened, r->nruns);
	assert_int_equal(fake.closed, r->nruns);
	assert_int_equal(r->nsessions, 3);
	assert_int_equal(r->sessions[0], MADE_HIGH);
	d = results_dist(r, MADE_NONE, MADE_LOW0, M_TIME);
	assert_int_equal(d.n, 3);
	assert_true(d.mean == 0.2 && d.sd == 0);
	/* high has a second worker, which takes 400 ms */
	d = results_dist(r, MADE_NONE, MADE_HIGH, M_TIME);
	assert_true(d.mean == 0.4);
	d = results_dist(r, MADE_NONE, MADE_HIGH, M_ALLOC_MAX);
	assert_true(d.mean == 0.4);
	d = results_dist(r, PX_ALONE, MADE_LOW1, M_TIME);
	assert_true(d.n == 3 && d.mean == 0.3);
	d = results_dist(r, MADE_STATIC, MADE_HIGH, M_TIME);
	assert_int_equal(d.n, 0);
	assert_int_equal(d.missing, 3);
	assert_true(r->runs[1].contended);
	assert_false(r->runs[0].contended);
	/* demand (1000M of 1536M) and the baseline are calm */
	assert_int_equal(r->demand.cgroups[MADE_ROOT].peak_bytes, 1000 * MIB);
	assert_int_equal(r->verdict, VERDICT_VOID);
	assert_int_equal(results_exit_status(r), 4);
}

static void a_stop_keeps_what_was_measured(void **state)
{
	struct stage *s = *state;

	s->stop_at = 5;
	assert_int_equal(run(s), 0);
	assert_true(s->results->interrupted);
	assert_int_equal(results_exit_status(s->results), 130);
	assert_true(s->results->nruns >= 4 && s->results->nruns <= 5);
	assert_int_equal(s->results->planned, 21);
	assert_int_equal(s->results->runs[3].end, END_FINISHED);
	assert_int_equal(results_dist(s->results, MADE_BPF, MADE_LOW0, M_TIME).n, 1);
	assert_int_equal(fake.opened, fake.closed);
}

static void an_abort_ends_the_experiment(void **state)
{
	struct stage *s = *state;
	static const uint32_t high = MADE_HIGH;
	static const char *const text = "killed(high) > 0";
	const struct px *cond =
	    made_op(s->made, PX_GT, made_of(s->made, PX_KILLED, PX_ANY_POLICY, 1, &high),
		    made_const(s->made, 0, DIM_NUMBER));

	s->made->plan.aborts = &cond;
	s->made->plan.abort_texts = &text;
	s->made->plan.naborts = 1;
	assert_int_equal(run(s), 0);
	assert_int_equal(s->results->nruns, 2);
	assert_int_equal(s->results->runs[1].end, END_ABORTED);
	assert_int_equal(s->results->verdict, VERDICT_ABORTED);
	assert_int_equal(results_exit_status(s->results), 5);
	assert_non_null(strstr(s->results->reasons[0], "killed(high) > 0"));
}

static void a_failing_backend_is_an_error(void **state)
{
	struct stage *s = *state;

	fake.open_error = -EPERM;
	assert_int_equal(run(s), -EPERM);
	assert_null(s->results);
	assert_true(s->diags.errors > 0);
	assert_int_equal(fake.opened, 1);
	assert_int_equal(fake.closed, 1);
}

static void digests_tell_unlike_experiments_apart(void **state)
{
	struct stage *s = *state;
	struct backend other = backend_fake;
	uint64_t first, second;

	assert_int_equal(run(s), 0);
	first = s->results->digest;
	results_free(s->results);
	s->progressed = 0;
	assert_int_equal(run(s), 0);
	assert_int_equal(s->results->digest, first);
	results_free(s->results);
	s->progressed = 0;
	other.mechanism = "freeze";
	s->options.backend = &other;
	assert_int_equal(run(s), 0);
	second = s->results->digest;
	assert_int_not_equal(second, first);
	results_free(s->results);
	s->results = NULL;
	s->progressed = 0;
	s->made->plan.seed++;
	assert_int_equal(run(s), 0);
	assert_int_not_equal(s->results->digest, second);
}

/* ---- what is refused --------------------------------------------------------------------------
 */

static void a_sweep_is_not_one_experiment(void **state)
{
	struct stage *s = *state;

	static const char *const values[] = {"1G", "2G"};
	static const struct plan_sweep sweep = {"total", values, 2};

	s->made->plan.sweeps = &sweep;
	s->made->plan.nsweeps = 1;
	assert_int_equal(run(s), -EOPNOTSUPP);
	assert_null(s->results);
	assert_int_equal(s->diags.errors, 1);
	assert_true(reported(s, E_RUN_SWEEP));
	assert_int_equal(fake.opened, 0);
}

static void unmet_requirements_skip(void **state)
{
	struct stage *s = *state;
	static const struct requirement met[] = {{.feature = "sched_ext"}, {.feature = "psi"}, {0}};
	static const struct requirement unmet[] = {
	    {.feature = "sched_ext"},
	    {.feature = "kernel", .cmp = 'g', .version = {6, 12, 3}},
	    {0}};
	const struct requirement *const both[] = {met, unmet};

	s->made->plan.require = both;
	s->made->plan.nrequire = 1;
	assert_int_equal(run(s), 0);
	assert_int_not_equal(s->results->verdict, VERDICT_SKIP);
	results_free(s->results);
	s->results = NULL;
	s->progressed = fake.opened = 0;
	/* before abilities: what the author foresaw is no error */
	s->made->plan.needs = CAP_EXEC;
	s->made->plan.nrequire = 2;
	assert_int_equal(run(s), 0);
	assert_int_equal(s->results->verdict, VERDICT_SKIP);
	assert_int_equal(results_exit_status(s->results), 3);
	assert_int_equal(s->results->nreasons, 1);
	assert_string_equal(
	    s->results->reasons[0],
	    "requires sched_ext (this one has none) or kernel >= 6.12.3 (this one has none)");
	assert_int_equal(s->diags.errors, 0);
	assert_int_equal(fake.opened, 0);
}

/* Not silently by another mechanism, nor at the cost of the others. */
static void a_policy_without_its_mechanism_is_skipped(void **state)
{
	struct stage *s = *state;
	struct plan *p = &s->made->plan;
	struct plan_policy *v = s->made->policies;
	uint32_t last = p->npolicies - 1, all;

	assert_int_equal(run(s), 0);
	all = s->results->nruns;
	results_free(s->results);
	s->results = NULL;
	s->progressed = fake.opened = 0;

	v[last].mechanism = "sched_ext";
	assert_int_equal(run(s), 0);
	assert_int_equal(s->results->nruns, all - p->repeat);
	assert_int_equal(s->results->planned, s->results->nruns);
	for (uint32_t i = 0; i < s->results->nruns; i++)
		assert_int_not_equal(s->results->runs[i].policy, last);
	assert_string_equal(results_skipped(s->results, (int32_t)last),
			    "there is no mechanism sched_ext: this one has none");
	assert_null(results_skipped(s->results, 0));
	results_free(s->results);
	s->results = NULL;
	s->progressed = fake.opened = 0;

	/* The baseline: there is nothing to compare with. */
	v[last].mechanism = NULL;
	v[p->baseline].mechanism = "sched_ext";
	assert_int_equal(run(s), 0);
	assert_int_equal(s->results->verdict, VERDICT_SKIP);
	assert_int_equal(s->results->nruns, 0);
	assert_int_equal(s->results->nreasons, 1);
}

static void unknown_features_are_errors(void **state)
{
	struct stage *s = *state;
	static const struct requirement unknown[] = {{.feature = "teleport"}, {0}};
	const struct requirement *const one[] = {unknown};

	s->made->plan.require = one;
	s->made->plan.nrequire = 1;
	assert_int_equal(run(s), -EINVAL);
	assert_true(reported(s, E_RUN_REQUIREMENT));
}

static void missing_abilities_are_named_with_their_place(void **state)
{
	struct stage *s = *state;
	static const struct op_exec exec = {.command = "true"};

	s->events[2].step.op.kind = OP_EXEC;
	s->events[2].step.op.exec = &exec;
	s->events[2].step.at = (struct span){100, 120};
	s->made->policies[MADE_BPF].at = (struct span){50, 60};
	s->made->attrs[MADE_BPF][MADE_HIGH].protect = PROTECT_LOW;
	s->made->plan.needs = CAP_MEMORY | CAP_DELAY | CAP_EXEC | CAP_PROTECT | CAP_CPU;
	assert_int_equal(admit_capabilities(&s->made->plan, &backend_fake, &s->diags), -EOPNOTSUPP);
	assert_int_equal(s->diags.errors, 3);
	for (size_t i = 0; i < s->diags.list.n; i++) {
		const struct diag *d = &s->diags.list.v[i];

		assert_int_equal(d->code, E_RUN_CAPABILITY);
		assert_non_null(d->hint);
		if (strstr(d->text, backend_cap_name(CAP_EXEC)))
			assert_int_equal(d->at.beg, 100);
		else if (strstr(d->text, backend_cap_name(CAP_PROTECT)))
			assert_int_equal(d->at.beg, 50);
		else
			assert_int_equal(d->at.end, 0);
	}
	assert_int_equal(run(s), -EOPNOTSUPP);
	s->made->plan.needs = CAP_MEMORY | CAP_DELAY;
	assert_int_equal(admit_capabilities(&s->made->plan, &backend_fake, &s->diags), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(repetition_by_repetition),
	    TEST(interleaving_shuffles_by_seed),
	    TEST(all_runs_are_summed_up),
	    TEST(a_stop_keeps_what_was_measured),
	    TEST(an_abort_ends_the_experiment),
	    TEST(a_failing_backend_is_an_error),
	    TEST(digests_tell_unlike_experiments_apart),
	    TEST(a_sweep_is_not_one_experiment),
	    TEST(unmet_requirements_skip),
	    TEST(a_policy_without_its_mechanism_is_skipped),
	    TEST(unknown_features_are_errors),
	    TEST(missing_abilities_are_named_with_their_place),
	};

	return cmocka_run_group_tests_name("experiment", tests, NULL, NULL);
}
