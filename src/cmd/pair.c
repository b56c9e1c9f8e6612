/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pair.c - what two experiments differ in, and how they are compared (compare.h) */
#include <inttypes.h>
#include <string.h>

#include "cmd/compare.h"

static const char *const kinds[] = {"scenario",	 "traces", "params", "backend",
				    "mechanism", "kernel", "seed"};
#define NKINDS (sizeof kinds / sizeof *kinds)

static void differ(struct pair *p, const char *kind, const char *text)
{
	vec_push(&p->unlike, (struct unlike){kind, text});
}

static void differ_names(struct pair *p, const char *kind, const char *a, const char *b)
{
	a = a ? a : "none";
	b = b ? b : "none";
	if (strcmp(a, b))
		differ(p, kind, arena_printf(&p->a, "%s, %s", a, b));
}

/* The i-th text that was read; what -p says is a text too, and compared as a parameter. */
static const struct source *text(const struct kept *k, size_t i)
{
	for (size_t s = 0; s < k->u.sources.list.n; s++) {
		const struct source *src = k->u.sources.list.v[s];
		bool read = !strcmp(src->path, "<stdin>");

		for (size_t f = 0; f < k->files.list.n && !read; f++)
			read = !strcmp(src->path, k->files.list.v[f].path);
		if (read && !i--)
			return src;
	}
	return NULL;
}

static void find_scenario(struct pair *p)
{
	for (size_t i = 0;; i++) {
		const struct source *a = text(p->before, i), *b = text(p->after, i);
		const char *x = a ? a->path : "nothing", *y = b ? b->path : "nothing";

		if (!a && !b)
			return;
		if (a && b && a->len == b->len && !memcmp(a->text, b->text, a->len))
			continue;
		differ(p, "scenario",
		       !strcmp(x, y) ? arena_printf(&p->a, "the text of %s", x)
				     : arena_printf(&p->a, "the texts %s, %s", x, y));
	}
}

static void find_traces(struct pair *p)
{
	const struct plan *a = p->before->plan, *b = p->after->plan;

	for (uint32_t i = 0; i < a->ntraces; i++)
		for (uint32_t k = 0; k < b->ntraces; k++)
			if (!strcmp(a->traces[i].name, b->traces[k].name) &&
			    a->traces[i].digest != b->traces[k].digest)
				differ(p, "traces",
				       arena_printf(&p->a, "%s: %s, %s", a->traces[i].name,
						    a->traces[i].path, b->traces[k].path));
}

static void find_params(struct pair *p)
{
	const struct plan *a = p->before->plan, *b = p->after->plan;

	for (uint32_t i = 0; i < a->nparams; i++)
		for (uint32_t k = 0; k < b->nparams; k++)
			if (!strcmp(a->params[i].name, b->params[k].name) &&
			    strcmp(a->params[i].value, b->params[k].value))
				differ(p, "params",
				       arena_printf(&p->a, "%s: %s, %s", a->params[i].name,
						    a->params[i].value, b->params[k].value));
}

/* Is `kind` one of the words of --across? */
static bool meant(const struct pair *p, const char *kind)
{
	size_t n = strlen(kind);

	for (const char *at = p->c->opt.across; at && *at;) {
		size_t len = strcspn(at, ",");

		if (len == n && !memcmp(at, kind, n))
			return true;
		at += len + (at[len] == ',');
	}
	return false;
}

static bool across_known(struct pair *p)
{
	for (const char *at = p->c->opt.across; at && *at;) {
		size_t len = strcspn(at, ",");
		const char *word = arena_strndup(&p->a, at, len), *near;
		bool known = false;

		for (size_t i = 0; i < NKINDS; i++)
			known |= !strcmp(kinds[i], word);
		if (!known) {
			diag_at(&p->c->diags, E_USE_VALUE, (struct span){0},
				"`--across` does not take `%s`", word);
			near = diag_nearest(word, kinds, NKINDS);
			diag_hint(&p->c->diags, "%s",
				  near ? near
				       : "scenario, traces, params, backend, mechanism, kernel, "
					 "seed");
			return false;
		}
		at += len + (at[len] == ',');
	}
	return true;
}

static bool unlike_find(struct pair *p)
{
	const struct store_experiment *a = &p->before->x, *b = &p->after->x;
	struct unlike *u;
	bool ok = true;

	if (!across_known(p))
		return false;
	find_scenario(p);
	find_traces(p);
	find_params(p);
	differ_names(p, "backend", a->backend, b->backend);
	differ_names(p, "mechanism", a->mechanism, b->mechanism);
	differ_names(p, "kernel", a->kernel, b->kernel);
	if (a->seed != b->seed)
		differ(p, "seed", arena_printf(&p->a, "%" PRIu64 ", %" PRIu64, a->seed, b->seed));
	if (!p->unlike.n && strcmp(a->digest, b->digest))
		differ(p, "scenario",
		       arena_printf(&p->a, "their digests %s, %s", a->digest, b->digest));
	vec_foreach (u, &p->unlike) {
		if (meant(p, u->kind))
			continue;
		diag_at(&p->c->diags, E_STORE_UNLIKE, (struct span){0},
			"`%s` and `%s` differ in %s: %s", a->name, b->name, u->kind, u->text);
		diag_hint(&p->c->diags, "`--across %s` when that is what is compared", u->kind);
		ok = false;
	}
	return ok;
}

bool pair_make(struct pair *p)
{
	const struct store_experiment *a = &p->before->x, *b = &p->after->x;

	p->paired = a->seed == b->seed && !strcmp(a->backend, backend_sim.name) &&
		    !strcmp(b->backend, backend_sim.name);
	return unlike_find(p);
}

void pair_free(struct pair *p)
{
	vec_free(&p->unlike);
	arena_free(&p->a);
}
