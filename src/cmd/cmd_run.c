/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_run.c - agentcg run: the experiment and its reports */
#include <errno.h>
#include <string.h>

#include "cmd/gauging.h"
#include "cmd/keeping.h"
#include "cmd/live_run.h"
#include "cmd/load.h"
#include "cmd/output.h"
#include "cmd/progress.h"
#include "cmd/reports.h"
#include "cmd/run.h"
#include "cmd/signals.h"
#include "cmd/sweep.h"
#include "cmd/vm_run.h"
#include "experiment/admit.h"
#include "experiment/experiment.h"

/* The simulator has each; which there are on a kernel, that kernel says. */
static bool mechanism_there(struct cmd *c)
{
	const char *name = c->opt.mechanism, *near, *names[16];
	size_t n = 0;

	if (!name || backend_mechanism_known(name))
		return true;
	for (; n < 16 && backend_mechanism(n); n++)
		names[n] = backend_mechanism(n);
	diag_at(&c->diags, E_USE_VALUE, (struct span){0}, "there is no mechanism `%s`", name);
	near = diag_nearest(name, names, n);
	if (near)
		diag_hint(&c->diags, "did you mean `%s`?", near);
	return false;
}

/* Is there a backend for these options?  Otherwise reported, and false. */
static bool backend_there(struct cmd *c)
{
	const struct options *o = &c->opt;

	if (o->backend && !strcmp(o->backend, "--vm") && o->cgroup) {
		diag_at(&c->diags, E_USE_TOGETHER, (struct span){0},
			"`--cgroup` names a cgroup of this host, and `--vm` has its own");
		return false;
	}
	if (o->and_sim && !o->backend) {
		diag_at(&c->diags, E_USE_TOGETHER, (struct span){0},
			"`--and-sim` is for live runs: without one there is only the simulator");
		diag_hint(&c->diags,
			  "with `--vm` or `--live` prediction stands beside observation");
		return false;
	}
	if (o->backend)
		return true; /* which mechanisms there are, the kernel says */
	if (o->cgroup || o->workdir || o->as_root) {
		diag_at(&c->diags, E_USE_TOGETHER, (struct span){0},
			"`--%s` is for live runs only: the simulator runs no commands and makes no "
			"cgroups",
			o->cgroup    ? "cgroup"
			: o->workdir ? "workdir"
				     : "as-root");
		diag_hint(&c->diags, "with `--live` the scenario runs on this machine");
		return false;
	}
	return mechanism_there(c);
}

int run_predict(const struct plan *p, struct diags *d, struct results *r,
		struct results **predicted)
{
	struct experiment_options x = {.backend = &backend_sim, .stop = &signals_stop};
	struct plan *same = arena_dup(&r->arena, p, sizeof *p);
	int err;

	/* Of the mechanism that a live run has found to work. */
	if (!same->mechanism && r->mechanism && backend_mechanism_known(r->mechanism))
		same->mechanism = r->mechanism;
	err = experiment_run(same, &x, d, predicted);

	if (!err)
		r->prediction = *predicted;
	return err;
}

/* What can be said before the hour that the runs may take is said then. */
static int look_ahead(struct cmd *c, const struct plan *p, const struct gauging_place *at,
		      const struct sources *sources, struct gauge *gauge)
{
	struct diags d;
	int err;

	diags_init(&d, sources);
	err = gauging_pace(at, p, &d, gauge);
	/* Where that was measured, the latter has it too, from more samples. */
	if (!err && c->opt.calibrated)
		err = gauging_all(at, &d, gauge);
	output_diags(c, &d);
	diags_free(&d);
	return err;
}

int run_plan(struct cmd *c, const struct run_request *q)
{
	const struct plan *p = q->plan;
	struct live_session *live = q->live;
	struct keeping *k = q->keeping;
	struct progress progress;
	struct experiment_options x = {
	    .backend = &backend_sim,
	    .stop = &signals_stop,
	    /* What is simulated can be simulated again. */
	    .timelines = reports_want_timelines(c, p) || (k && c->opt.backend),
	    .progress = progress_run,
	    .observe = progress_obs,
	    .progress_ctx = &progress,
	    .begun = k ? keeping_begun : NULL,
	    .keep = k ? keeping_run : NULL,
	    .keep_ctx = k,
	    .have = q->have,
	    .nhave = q->nhave,
	};
	struct vm_machine machine = {0};
	struct results *r = NULL, *predicted = NULL;
	struct gauge gauge = {0};
	struct plan told; /* of the machine as it was measured */
	struct diags d;
	int status, kept, err = 0;

	diags_init(&d, &q->unit->sources);
	signals_catch();
	/* Before the hour that the runs may take. */
	if (c->opt.and_sim)
		err = admit_capabilities(p, &backend_sim, &d);
	if (err) {
		x.backend = NULL;
	} else if (live) {
		status = live_run_prepare(live, p, &d);
		if (status != STATUS_OK) {
			output_diags(c, &d);
			diags_free(&d);
			return status;
		}
		x.backend = live_session_backend(live);
	} else if (c->opt.backend) {
		err = vm_run_open(c, p, NULL, &d, &machine);
		x.backend = err ? NULL : vm_backend(machine.vm);
		x.run = vm_run;
		x.run_ctx = machine.vm;
	}
	if (!err && c->opt.backend)
		err = look_ahead(c, p, &(struct gauging_place){.live = live, .vm = machine.vm},
				 &q->unit->sources, &gauge);
	if (!err) {
		progress_begin(&progress, p, c->opt.quiet, c->opt.verbose);
		err = experiment_run(p, &x, &d, &r);
		progress_end(&progress);
	}
	if (!err) {
		r->populate_bps = gauge_small_bps(&gauge);
		r->populate_huge_bps = gauge_huge_bps(&gauge);
	}
	if (!err && c->opt.and_sim && !r->interrupted) {
		told = *p;
		if (c->opt.calibrated)
			gauging_apply(&gauge, &told.machine);
		err = run_predict(c->opt.calibrated ? &told : p, &d, r, &predicted);
	}
	output_diags(c, &d);
	kept = keeping_end(k, r);
	if (err == -EOPNOTSUPP || err == -EINVAL) {
		status = STATUS_USAGE;
	} else if (err == -EINTR) {
		status = STATUS_INTERRUPTED;
	} else if (err) {
		status = STATUS_INTERNAL;
	} else {
		status = q->report ? q->report(q->ctx, c, r) : reports_write(c, r);
		status = status_of_both(status, results_exit_status(r));
	}
	status = status_of_both(status, kept);
	results_free(r);
	results_free(predicted);
	vm_run_close(&machine); /* results name its kernel */
	diags_free(&d);
	return status;
}

int cmd_run(struct cmd *c)
{
	struct live_session *live = NULL;
	struct keeping *k = NULL;
	struct files files = {0};
	const struct plan *p;
	struct unit u;
	int status = STATUS_OK;

	if (!cmd_operands(c, 1, 1) || !backend_there(c))
		return STATUS_USAGE;
	unit_init(&u);
	if (c->opt.save)
		u.sources.disk = &files;
	if (c->opt.backend &&
	    !strcmp(c->opt.backend, "--live")) /* while this process is small: it forks */
		status = live_run_open(c, &live);
	if (status == STATUS_OK)
		status = load_plan(c, &u, c->opt.operands.v[0], &p);
	/* Before anything is measured: it would be in vain. */
	if (status == STATUS_OK && c->opt.save && !p->nsweeps)
		status = keeping_open(c, &files, &k);
	if (status == STATUS_OK && p->nsweeps) {
		live_session_close(live, &c->diags); /* each of its experiments has its own */
		live = NULL;
		status = sweep_run(c, p, c->opt.operands.v[0]);
	} else if (status == STATUS_OK) {
		const struct run_request q = {.unit = &u,
					      .plan = live ? live_run_plan(p, &u.arena) : p,
					      .live = live,
					      .keeping = k};

		status = run_plan(c, &q);
	}
	keeping_close(k);
	live_session_close(live, &c->diags);
	unit_free(&u);
	files_free(&files);
	return status;
}
