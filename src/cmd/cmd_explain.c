/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_explain.c - agentcg explain: why a session took as long as it did */
#include <string.h>
#include <unistd.h>

#include "cmd/keeping.h"
#include "cmd/kept.h"
#include "cmd/load.h"
#include "cmd/output.h"
#include "cmd/signals.h"
#include "experiment/experiment.h"
#include "report/explain.h"
#include "report/pool.h"

#define ALONE "alone"

static bool find_session(struct cmd *c, const struct results *r, const char *name, uint32_t *out)
{
	const struct plan *p = r->plan;
	const char **names = NULL, *near;
	struct arena a = {0};
	bool there = false;

	for (uint32_t i = 0; i < r->nsessions; i++) {
		if (strcmp(p->cgroups[r->sessions[i]].name, name) != 0)
			continue;
		*out = r->sessions[i];
		return true;
	}
	for (uint32_t i = 0; i < p->ncgroups; i++)
		there |= !strcmp(p->cgroups[i].name, name);
	names = arena_array(&a, const char *, r->nsessions);
	for (uint32_t i = 0; i < r->nsessions; i++)
		names[i] = p->cgroups[r->sessions[i]].name;
	near = diag_nearest(name, names, r->nsessions);
	if (there)
		diag_at(&c->diags, E_WRONG_KIND, (struct span){0},
			"`%s` has no actions of its own: there is no time to explain", name);
	else
		diag_at(&c->diags, E_UNKNOWN_NAME, (struct span){0}, "no session is called `%s`",
			name);
	if (near && !there) {
		diag_hint(&c->diags, "did you mean `%s`?", near);
	} else {
		struct buf b = {0};

		for (uint32_t i = 0; i < r->nsessions && i < 8; i++)
			buf_printf(&b, "%s`%s`", i ? ", " : "", names[i]);
		diag_hint(&c->diags, "sessions are %s%s", buf_str(&b),
			  r->nsessions > 8 ? ", ..." : "");
		buf_free(&b);
	}
	arena_free(&a);
	return false;
}

/* Those of --policy, or all. */
static bool find_policies(struct cmd *c, const struct results *r, struct arena *a,
			  struct explain_choice *x)
{
	const struct plan *p = r->plan;
	size_t given = c->opt.policies.n;
	int32_t *list = arena_array(a, int32_t, given ? given : p->npolicies + 1u);
	const char **names = arena_array(a, const char *, p->npolicies + 1u);

	x->policies = list;
	for (uint16_t i = 0; i < p->npolicies; i++) {
		names[i] = p->policies[i].name;
		if (!given)
			list[x->npolicies++] = i;
	}
	names[p->npolicies] = ALONE;
	if (!given)
		list[x->npolicies++] = PX_ALONE;
	for (size_t k = 0; k < given; k++) {
		const char *want = c->opt.policies.v[k], *near;
		uint16_t i = 0;

		while (i <= p->npolicies && strcmp(names[i], want) != 0)
			i++;
		if (i <= p->npolicies) {
			list[x->npolicies++] = i < p->npolicies ? (int32_t)i : PX_ALONE;
			continue;
		}
		diag_at(&c->diags, E_POLICY_NOT_RUN, (struct span){0},
			"`%s` is not among the policies that were run", want);
		near = diag_nearest(want, names, p->npolicies + 1u);
		diag_hint(&c->diags, near ? "did you mean `%s`?" : "`agentcg show %s` names them",
			  near ? near : c->opt.operands.v[0]);
		return false;
	}
	return true;
}

static int explain(struct cmd *c, const struct results *r)
{
	struct explain_choice x = {.rep = c->opt.rep ? c->opt.rep - 1 : EXPLAIN_ANY_REP};
	const char *json = c->opt.reports[REPORT_JSON], *page = c->opt.reports[REPORT_MARKDOWN];
	struct report_style style = output_style(c);
	struct buf out = {0};
	struct arena a = {0};
	int status = STATUS_OK;

	if (!find_session(c, r, c->opt.operands.v[1], &x.cgroup) || !find_policies(c, r, &a, &x)) {
		status = STATUS_USAGE;
	} else if (!explain_runs(r, &x)) {
		if (c->opt.rep)
			diag_at(&c->diags, E_USE_VALUE, (struct span){0},
				"there is no repetition %u of it: %u were made", c->opt.rep,
				r->repetitions);
		else
			diag_at(&c->diags, E_STORE_STATE, (struct span){0},
				"no run of it came to its end");
		status = STATUS_USAGE;
	} else {
		if (json) {
			explain_json(r, &x, &out);
			status = output_file(c, json, &out);
			buf_clear(&out);
		}
		if (page) {
			explain_markdown(r, &x, &out);
			status = status_of_both(status, output_file(c, page, &out));
			buf_clear(&out);
		}
		if (!(json && !strcmp(json, "-")) && !(page && !strcmp(page, "-"))) {
			explain_table(r, &x, &style, &out);
			status = status_of_both(status, output_stdout(c, &out));
		}
	}
	buf_free(&out);
	arena_free(&a);
	return status;
}

static int explain_kept(struct cmd *c)
{
	struct results *r = NULL;
	struct store *s = NULL;
	struct arena a = {0};
	const char *path;
	struct kept k;
	int status = STATUS_INTERNAL;

	if (c->opt.params.n || c->opt.repeat || c->opt.has_seed) {
		diag_at(&c->diags, E_USE_TOGETHER, (struct span){0},
			"`--%s` is for a scenario: what is kept was made with its own",
			c->opt.params.n ? "param"
			: c->opt.repeat ? "repeat"
					: "seed");
		return STATUS_USAGE;
	}
	path = keeping_path(c, &a);
	if (path && !store_open(path, STORE_READ, &c->diags, &s)) {
		status = kept_load(c, s, c->opt.operands.v[0], &k);
		if (status == STATUS_OK)
			status = kept_results(c, &k, true, &r);
		if (status == STATUS_OK)
			status = explain(c, r);
		results_free(r);
		kept_free(&k);
	}
	store_close(s);
	arena_free(&a);
	return status;
}

/* `alone` is asked for, not compared. */
static void leave_out_alone(struct plan_options *o, struct arena *a)
{
	const char **names = arena_array(a, const char *, o->npolicies);
	size_t n = 0;

	for (size_t i = 0; i < o->npolicies; i++)
		if (strcmp(o->policies[i], ALONE) != 0)
			names[n++] = o->policies[i];
	o->policies = names;
	o->npolicies = n;
}

static int explain_file(struct cmd *c)
{
	struct experiment_options x = {
	    .backend = &backend_sim, .stop = &signals_stop, .timelines = true};
	struct plan_options o = load_options(c);
	struct results *r = NULL;
	struct arena a = {0};
	const struct plan *p;
	struct lang_path lib = load_library_path(&a);
	struct diags d;
	struct unit u;
	int status;

	leave_out_alone(&o, &a);
	unit_init(&u);
	status = load_plan_as(c, &u, c->opt.operands.v[0], &lib, &o, &p);
	diags_init(&d, &u.sources);
	if (status == STATUS_OK) {
		signals_catch();
		if (experiment_run(p, &x, &d, &r))
			status = STATUS_USAGE;
		output_diags(c, &d);
	}
	if (status == STATUS_OK && r->interrupted)
		status = STATUS_INTERRUPTED;
	if (status == STATUS_OK)
		status = explain(c, r);
	results_free(r);
	diags_free(&d);
	unit_free(&u);
	arena_free(&a);
	return status;
}

/* A name that `runs` lists, not a file's. */
static bool is_kept(const char *what)
{
	size_t n = strlen(what);

	if (!strcmp(what, "-") || strchr(what, '/') || (n > 4 && !strcmp(what + n - 4, ".acg")))
		return false;
	return !strcmp(what, "last") || !what[strspn(what, "0123456789abcdef")] ||
	       access(what, F_OK);
}

int cmd_explain(struct cmd *c)
{
	if (c->opt.operands.n != 2) {
		diag_at(&c->diags, E_USE_FILES, (struct span){0},
			"`agentcg explain` takes a kept experiment or a scenario, and a session");
		diag_hint(&c->diags, "agentcg explain [OPTION...] RUN|FILE CGROUP");
		return STATUS_USAGE;
	}
	return is_kept(c->opt.operands.v[0]) ? explain_kept(c) : explain_file(c);
}
