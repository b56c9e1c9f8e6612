/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check.c - the passes that make a plan, in order (plan.h, check.h). */
#include <errno.h>
#include <string.h>

#include "base/digest.h"
#include "plan/check.h"

static void read_machine(struct check *x)
{
	x->plan.machine = machine_default;
	if (x->machine_ast)
		machine_read(x, x->machine_ast->attrs, &x->plan.machine);
}

/* Where something is wrong, half of these would be said because of it. */
static void warn(struct check *x)
{
	if (x->diags->errors)
		return;
	measure_asked(x);
	policies_warn(x);
	params_unused(x);
}

/* Each pass may use what those above it found out. */
static void (*const passes[])(struct check *x) = {
    names_declare,	 /* who is called what */
    params_evaluate,	 /* params and lets, with -p */
    traces_load,	 /* recordings, each once */
    read_machine,	 /* what is simulated */
    cgroups_build,	 /* the tree, numbered, as declared */
    policies_build,	 /* the attributes under each policy that runs */
    trials_finish_time,	 /* an end that `every` may need */
    timeline_expand,	 /* events, triggers, workers, marks */
    workloads_unstarted, /* check what no `start` did */
    trials_later,	 /* conditions and claims about all of these */
    warn,		 /* of what is legal and probably not meant */
};

static void init(struct check *x, struct unit *u, const struct plan_options *opt, bool keep)
{
	*x = (struct check){
	    .u = u,
	    .arena = &u->arena,
	    .diags = &u->diags,
	    .opt = opt,
	    .keep = keep,
	    .limit = opt && opt->max_events ? opt->max_events : MAX_EXPANSION,
	    .needs = CAP_MEMORY,
	    .plan =
		{
		    .finish_ns = NEVER,
		    .repeat = 1,
		    .repeat_max = 1,
		},
	};
}

static void free_scratch(struct check *x)
{
	vec_free(&x->decls);
	vec_free(&x->later);
	vec_free(&x->targets.list);
	vec_free(&x->steps);
	vec_free(&x->body);
	vec_free(&x->triggers);
	vec_free(&x->marks);
	vec_free(&x->workers);
	vec_free(&x->asked);
	vec_free(&x->policies);
	vec_free(&x->expects);
	vec_free(&x->sweeps);
	vec_free(&x->aborts);
	vec_free(&x->abort_texts);
	vec_free(&x->requires);
	vec_free(&x->params);
	vec_free(&x->traces);
	free(x->worker_slots);
}

/* 0 when nothing was wrong, from the first character on. */
static int run_passes(struct check *x)
{
	if (!x->u->files)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(passes) / sizeof(*passes); i++)
		passes[i](x);
	return x->diags->errors ? -EINVAL : 0;
}

/* ---- lowering -------------------------------------------------------------------------------- */

static const char *title_of(struct check *x)
{
	const char *path = x->u->files->source->path;
	const char *name = strrchr(path, '/');
	size_t n;

	if (x->scenario && x->scenario->text)
		return x->scenario->text->s;
	name = name ? name + 1 : path;
	n = strlen(name);
	if (n > 4 && !strcmp(name + n - 4, ".acg"))
		n -= 4;
	return arena_strndup(x->arena, name, n);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/*
 * A text without what cannot matter: comments are left out and white space counts as one blank.  A
 * `#` in a quoted text is no comment.
 */
static uint64_t digest_text(uint64_t h, const char *s, size_t len)
{
	bool quoted = false, blank = false;

	for (size_t i = 0; i < len; i++) {
		if (!quoted && s[i] == '#') {
			const char *end = memchr(s + i, '\n', len - i);

			i = end ? (size_t)(end - s) : len - 1;
			blank = true;
			continue;
		}
		if (!quoted && is_blank(s[i])) {
			blank = true;
			continue;
		}
		if (blank)
			h = digest_bytes(h, " ", 1);
		blank = false;
		if (quoted && s[i] == '\\' && i + 1 < len)
			h = digest_bytes(h, s + i++, 1);
		else if (s[i] == '"')
			quoted = !quoted;
		h = digest_bytes(h, s + i, 1);
	}
	return digest_bytes(h, "", 1);
}

static uint64_t digest_of(const struct check *x)
{
	uint64_t h = DIGEST_INIT;

	for (const struct ast_file *f = x->u->files; f; f = f->next)
		h = digest_text(h, f->source->text, f->source->len);
	for (size_t i = 0; i < x->params.n; i++) {
		h = digest_str(h, x->params.v[i].name);
		h = digest_str(h, x->params.v[i].value);
	}
	for (size_t i = 0; i < x->traces.n; i++)
		h = digest_u64(h, x->traces.v[i].digest);
	return h;
}

#define TAKE(x, field, count, vec)                                                                 \
	do {                                                                                       \
		(x)->plan.field =                                                                  \
		    arena_dup((x)->arena, (x)->vec.v, (x)->vec.n * sizeof(*(x)->vec.v));           \
		(x)->plan.count = (uint32_t)(x)->vec.n;                                            \
	} while (0)

static const struct plan *finish_plan(struct check *x)
{
	struct plan *p = &x->plan;

	p->title = title_of(x);
	p->path = x->u->files->source->path;
	p->sources = &x->u->sources;
	p->digest = digest_of(x);
	p->cgroups = x->specs;
	p->ncgroups = x->ncgroups;
	TAKE(x, workers, nworkers, workers);
	TAKE(x, policies, npolicies, policies);
	p->events = x->events;
	p->nevents = x->nevents;
	TAKE(x, triggers, ntriggers, triggers);
	TAKE(x, marks, nmarks, marks);
	TAKE(x, aborts, naborts, aborts);
	TAKE(x, abort_texts, naborts, abort_texts);
	TAKE(x, require, nrequire, requires);
	TAKE(x, expects, nexpects, expects);
	TAKE(x, sweeps, nsweeps, sweeps);
	TAKE(x, params, nparams, params);
	TAKE(x, traces, ntraces, traces);
	p->ndraws = x->ndraws;
	p->needs = x->needs;
	if (x->all_name_mechanisms)
		p->needs &= ~(uint32_t)(CAP_DELAY | CAP_DELAY_ALWAYS | CAP_PROTECT);
	if (!p->sample_ns)
		p->sample_ns = 100 * NS_PER_MS;
	if (x->opt && x->opt->repeat) {
		p->repeat = p->repeat_max = x->opt->repeat;
		p->repeat_until = NULL;
	}
	if (x->opt && x->opt->has_seed)
		p->seed = x->opt->seed;
	return arena_dup(x->arena, p, sizeof(*p));
}

int plan_check(struct unit *u, const struct plan_options *opt)
{
	struct check x;
	int err;

	init(&x, u, opt, false);
	err = run_passes(&x);
	free_scratch(&x);
	return err;
}

int plan_lower(struct unit *u, const struct plan_options *opt, const struct plan **out)
{
	struct check x;
	int err;

	init(&x, u, opt, true);
	err = run_passes(&x);
	if (!err)
		*out = finish_plan(&x);
	free_scratch(&x);
	return err;
}
