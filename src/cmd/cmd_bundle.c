/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_bundle.c - agentcg bundle: an experiment to take along, and whether it is what it says */
#include <string.h>

#include "cmd/keeping.h"
#include "cmd/kept.h"
#include "cmd/output.h"
#include "cmd/signals.h"
#include "experiment/experiment.h"
#include "report/report.h"

static int pack(struct cmd *c)
{
	struct store_experiment x;
	struct store *s = NULL;
	struct arena a = {0};
	const char *path = keeping_path(c, &a);
	int status = STATUS_INTERNAL;

	if (path && !store_open(path, STORE_READ, &c->diags, &s)) {
		if (store_find(s, c->opt.operands.v[0], &a, &x))
			status = STATUS_USAGE;
		else if (!store_bundle(s, x.id, c->opt.operands.v[1]))
			status = STATUS_OK;
	}
	store_close(s);
	arena_free(&a);
	return status;
}

/* ---- --verify -------------------------------------------------------------------------------- */

enum finding {
	SAME,
	DIFFERS,
	NOT_SIMULATED,
	INCOMPLETE,
	FAILED, /* reported */
};

static enum finding make_again(struct kept *k, const struct results *was)
{
	const struct experiment_options x = {.backend = &backend_sim, .stop = &signals_stop};
	struct buf a = {0}, b = {0};
	struct results *r = NULL;
	enum finding found = FAILED;

	if (!experiment_run(k->plan, &x, &k->diags, &r) && !r->interrupted) {
		report_json(was, &a);
		report_json(r, &b);
		found = a.n == b.n && !memcmp(a.s, b.s, a.n) ? SAME : DIFFERS;
	}
	results_free(r);
	buf_free(&a);
	buf_free(&b);
	return found;
}

static enum finding verify_one(struct cmd *c, struct store *s, const char *name)
{
	enum finding found = FAILED;
	struct results *was = NULL;
	struct kept k;

	if (kept_load(c, s, name, &k) == STATUS_OK &&
	    kept_results(c, &k, false, &was) == STATUS_OK) {
		if (strcmp(k.x.backend, backend_sim.name) != 0)
			found = NOT_SIMULATED;
		else if (strcmp(k.x.state, "complete") != 0)
			found = INCOMPLETE;
		else
			found = make_again(&k, was);
	}
	results_free(was);
	kept_free(&k);
	return found;
}

static int verify(struct cmd *c)
{
	static const char *const words[] = {
	    [SAME] = "the same again",
	    [DIFFERS] = "DIFFERS from what is made of it here",
	    [NOT_SIMULATED] = "not simulated: its runs can only be judged again",
	    [INCOMPLETE] = "not complete: nothing to compare",
	    [FAILED] = "cannot be made again",
	};
	struct store_experiment *all;
	struct store *s = NULL;
	struct arena a = {0};
	struct buf out = {0};
	int status = STATUS_INTERNAL;
	size_t n;

	signals_catch();
	if (!store_open(c->opt.operands.v[0], STORE_READ, &c->diags, &s) &&
	    !store_list(s, &a, &all, &n)) {
		status = STATUS_OK;
		for (size_t i = 0; i < n && !signals_stop; i++) {
			enum finding found = verify_one(c, s, all[i].name);

			buf_printf(&out, "%s: %s\n", all[i].name, words[found]);
			if (found == DIFFERS)
				status = status_of_both(status, STATUS_FAIL);
			if (found == FAILED)
				status = status_of_both(status, STATUS_INTERNAL);
		}
		if (signals_stop)
			status = STATUS_INTERRUPTED;
		status = status_of_both(status, output_stdout(c, &out));
	}
	buf_free(&out);
	store_close(s);
	arena_free(&a);
	return status;
}

int cmd_bundle(struct cmd *c)
{
	size_t operands = c->opt.verify ? 1 : 2;

	if (c->opt.operands.n == operands)
		return c->opt.verify ? verify(c) : pack(c);
	diag_at(&c->diags, E_USE_FILES, (struct span){0}, "`agentcg bundle` takes %s",
		c->opt.verify ? "one file to verify" : "a kept experiment and a file to write");
	diag_hint(&c->diags, "%s",
		  c->opt.verify ? "agentcg bundle --verify FILE"
				: "agentcg bundle [OPTION...] NAME FILE");
	return STATUS_USAGE;
}
