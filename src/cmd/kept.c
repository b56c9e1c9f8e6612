/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kept.c - from rows to results (kept.h) */
#include "cmd/kept.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd/load.h"
#include "cmd/output.h"
#include "experiment/experiment.h"

/* What --mechanism named; the words outlive the options. */
static int read_mechanism(struct store *s, struct kept *k, struct plan_options *o)
{
	struct options was = {0};
	const char **words;
	struct diags d;
	size_t n;
	int err = store_words(s, k->x.id, "argument", &k->a, &words, &n);

	if (err)
		return err;
	diags_init(&d, NULL);
	options_parse(CMD_RUN, "run", (int)n, (char **)words, n && !strcmp(words[0], "run"), &was,
		      &d);
	o->mechanism = was.mechanism;
	options_free(&was);
	diags_free(&d);
	return 0;
}

/* Of the command line that it was made with. */
static int read_options(struct store *s, struct kept *k, struct plan_options *o,
			struct lang_path *lib)
{
	struct plan_override *overrides;
	const char **params;
	size_t n;
	int err = store_words(s, k->x.id, "param", &k->a, &params, &n);

	if (err)
		return err;
	overrides = arena_array(&k->a, struct plan_override, n);
	for (size_t i = 0; i < n; i++) {
		size_t len = strcspn(params[i], "=");

		overrides[i].name = arena_strndup(&k->a, params[i], len);
		overrides[i].value = params[i] + len + (params[i][len] == '=');
	}
	*o = (struct plan_options){.overrides = overrides,
				   .noverrides = n,
				   .repeat = k->x.repeat,
				   .has_seed = true,
				   .seed = k->x.seed};
	err = store_words(s, k->x.id, "policy", &k->a, &params, &n);
	if (err)
		return err;
	o->policies = params;
	o->npolicies = n;
	err = read_mechanism(s, k, o);
	if (err)
		return err;
	err = store_words(s, k->x.id, "library", &k->a, &params, &n);
	if (err)
		return err;
	lib->dirs = params;
	lib->n = n;
	return 0;
}

/* A live run's machine is what it ran on, where the scenario leaves it open. */
static void use_machine(struct kept *k)
{
	struct plan *there = arena_dup(&k->a, k->plan, sizeof *k->plan);

	if (k->x.machine_memory_bytes) {
		there->machine.memory_bytes = k->x.machine_memory_bytes;
		there->machine.cpus = k->x.machine_cpus;
	}
	k->plan = there;
}

static int read_plan(struct cmd *c, struct store *s, struct kept *k)
{
	struct plan_options o;
	struct lang_path lib;
	char digest[17];

	if (read_options(s, k, &o, &lib) || store_files(s, k->x.id, &k->files))
		return STATUS_INTERNAL;
	if (!k->files.list.n) {
		diag_at(&c->diags, E_STORE_READ, (struct span){0}, "`%s` has no files", k->x.name);
		return STATUS_INTERNAL;
	}
	k->u.sources.disk = &k->files;
	if (load_plan_as(c, &k->u, k->files.list.v[0].path, &lib, &o, &k->plan)) {
		diag_at(&c->diags, E_STORE_PLAN, (struct span){0},
			"the scenario of `%s`, kept by agentcg %s, is none for this one", k->x.name,
			k->x.version);
		return STATUS_INTERNAL;
	}
	use_machine(k);
	snprintf(digest, sizeof digest, "%016" PRIx64, k->plan->digest);
	if (!strcmp(digest, k->x.plan_digest))
		return STATUS_OK;
	diag_at(&c->diags, E_STORE_PLAN, (struct span){0},
		"this agentcg understands the scenario of `%s` otherwise than agentcg %s did",
		k->x.name, k->x.version);
	return STATUS_INTERNAL;
}

/* Of the reasons those that skip a policy, as experiment_run() wants them. */
static void sort_reasons(struct kept *k)
{
	const struct plan *p = k->plan;
	const char **skipped = arena_array(&k->a, const char *, p->npolicies);
	size_t kept = 0;

	for (size_t i = 0; i < k->nreasons; i++) {
		bool taken = false;

		for (uint32_t q = 0; q < p->npolicies && !taken; q++) {
			const char *head =
			    arena_printf(&k->a, RESULTS_SKIPPED, p->policies[q].name, "");
			size_t len = strlen(head);

			taken = !strncmp(k->reasons[i], head, len);
			if (taken)
				skipped[q] = k->reasons[i] + len;
		}
		if (!taken)
			k->reasons[kept++] = k->reasons[i];
	}
	k->nreasons = kept;
	k->skipped = skipped;
}

int kept_load(struct cmd *c, struct store *s, const char *what, struct kept *k)
{
	int status;

	*k = (struct kept){0};
	unit_init(&k->u);
	diags_init(&k->diags, &k->u.sources);
	if (store_find(s, what, &k->a, &k->x))
		return STATUS_USAGE;
	status = read_plan(c, s, k);
	if (status != STATUS_OK)
		return status;
	if (store_runs(s, k->x.id, k->plan, &k->a, &k->runs, &k->nruns) ||
	    store_words(s, k->x.id, "reason", &k->a, &k->reasons, &k->nreasons))
		return STATUS_INTERNAL;
	sort_reasons(k);
	k->backend = backend_sim;
	k->backend.name = k->x.backend;
	k->backend.mechanism = k->x.mechanism;
	k->backend.kernel = k->x.kernel;
	k->backend.modelled = !strcmp(k->x.backend, backend_sim.name);
	return STATUS_OK;
}

void kept_free(struct kept *k)
{
	diags_free(&k->diags);
	unit_free(&k->u);
	files_free(&k->files);
	arena_free(&k->a);
}

int kept_results(struct cmd *c, struct kept *k, bool timelines, struct results **out)
{
	bool simulated = !strcmp(k->x.backend, backend_sim.name);
	const struct experiment_options x = {
	    .backend = &k->backend,
	    .have = k->runs,
	    .nhave = k->nruns,
	    .recall = true,
	    .redraw = timelines && simulated,
	    .timelines = timelines,
	    .reasons = k->reasons,
	    .nreasons = (uint32_t)k->nreasons,
	    .skipped = k->skipped,
	};
	int err = experiment_run(k->plan, &x, &k->diags, out);

	if (err || k->diags.errors)
		output_diags(c, &k->diags);
	return err ? STATUS_INTERNAL : STATUS_OK;
}
