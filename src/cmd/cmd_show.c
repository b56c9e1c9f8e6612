/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_show.c - agentcg show, resume: a kept experiment again */
#include <string.h>

#include "cmd/keeping.h"
#include "cmd/kept.h"
#include "cmd/live_run.h"
#include "cmd/reports.h"
#include "cmd/run.h"

/* Of the command line that it was made with: what runs are made by.  What is shown is asked now. */
static bool take_options(struct cmd *c, struct store *s, const struct kept *k, struct arena *a)
{
	const char **words;
	struct options was = {0};
	struct diags d;
	bool ok;
	size_t n;

	if (store_words(s, k->x.id, "argument", a, &words, &n))
		return false;
	diags_init(&d, NULL);
	options_parse(CMD_RUN, "run", (int)n, (char **)words, n && !strcmp(words[0], "run"), &was,
		      &d);
	ok = !d.errors;
	c->opt.backend = was.backend;
	c->opt.kernel = was.kernel;
	c->opt.vm_memory_bytes = was.vm_memory_bytes;
	c->opt.mechanism = was.mechanism;
	c->opt.cgroup = was.cgroup;
	c->opt.workdir = was.workdir;
	c->opt.as_root = was.as_root;
	c->opt.and_sim = was.and_sim;
	for (size_t i = 0; i < was.packs.n; i++)
		vec_push(&c->opt.packs, was.packs.v[i]);
	c->words = words;
	c->nwords = n;
	diags_free(&d);
	options_free(&was);
	return ok;
}

int cmd_show(struct cmd *c)
{
	struct store *s = NULL;
	struct results *r = NULL, *predicted = NULL;
	struct arena a = {0};
	const char *path;
	struct kept k;
	int status = STATUS_INTERNAL;

	if (!cmd_operands(c, 1, 1))
		return STATUS_USAGE;
	path = keeping_path(c, &a);
	if (path && !store_open(path, STORE_READ, &c->diags, &s)) {
		status = kept_load(c, s, c->opt.operands.v[0], &k);
		if (status == STATUS_OK)
			take_options(c, s, &k, &a);
		if (status == STATUS_OK)
			status = kept_results(c, &k, reports_want_timelines(c, k.plan), &r);
		if (status == STATUS_OK && c->opt.and_sim && !r->interrupted &&
		    run_predict(k.plan, &k.diags, r, &predicted))
			status = STATUS_INTERNAL;
		if (status == STATUS_OK)
			/* `report` shows verdicts; it does not pass them on. */
			status = status_of_both(reports_write(c, r), c->what->bit == CMD_SHOW
									 ? results_exit_status(r)
									 : STATUS_OK);
		results_free(r);
		results_free(predicted);
		kept_free(&k);
	}
	store_close(s);
	arena_free(&a);
	return status;
}

static bool lacks_runs(struct cmd *c, const struct store_experiment *x)
{
	if (!strcmp(x->state, "running")) {
		diag_at(&c->diags, E_STORE_STATE, (struct span){0},
			"`%s` is still running: its process lives", x->name);
		return false;
	}
	if (!strcmp(x->state, "complete")) {
		diag_at(&c->diags, E_STORE_STATE, (struct span){0}, "`%s` is complete", x->name);
		diag_hint(&c->diags, "`agentcg show %s` reports it", x->name);
		return false;
	}
	return true;
}

static int resume(struct cmd *c, struct store *s, struct kept *k, struct arena *a)
{
	struct live_session *live = NULL;
	struct run_request q = {0};
	struct keeping *keeping;
	int status = STATUS_OK;

	if (!lacks_runs(c, &k->x))
		return STATUS_USAGE;
	if (!take_options(c, s, k, a)) {
		diag_at(&c->diags, E_STORE_PLAN, (struct span){0},
			"this agentcg does not know the options that `%s` was made with",
			k->x.name);
		return STATUS_USAGE;
	}
	if (c->opt.backend && !strcmp(c->opt.backend, "--live"))
		status = live_run_open(c, &live);
	if (status == STATUS_OK) {
		keeping = keeping_again(c, s, &k->x);
		q.unit = &k->u;
		q.plan = live ? live_run_plan(k->plan, &k->u.arena) : k->plan;
		q.live = live;
		q.have = k->runs;
		q.nhave = k->nruns;
		q.keeping = keeping;
		status = run_plan(c, &q);
		keeping_close(keeping);
	}
	live_session_close(live, &c->diags);
	return status;
}

int cmd_resume(struct cmd *c)
{
	struct store *s = NULL;
	struct arena a = {0};
	const char *path;
	struct kept k;
	int status = STATUS_INTERNAL;

	if (!cmd_operands(c, 1, 1))
		return STATUS_USAGE;
	path = keeping_path(c, &a);
	if (path && !store_open(path, STORE_WRITE, &c->diags, &s)) {
		status = kept_load(c, s, c->opt.operands.v[0], &k);
		if (status == STATUS_OK)
			status = resume(c, s, &k, &a);
		kept_free(&k);
	}
	store_close(s);
	arena_free(&a);
	return status;
}
