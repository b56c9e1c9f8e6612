/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * traces.c - trace statements: the recordings are read, each once, before anything uses them.
 *
 * `-p NAME=FILE` names another file for the trace NAME; `-p trace=FILE` does so where there is only
 * one (`trace` is a reserved word, so no parameter can be called that).
 */
#include <string.h>

#include "base/mem.h"
#include "plan/check.h"

static const struct source *source_of(const struct check *x, struct span at)
{
	return at.end ? sources_locate(&x->u->sources, at.beg).src : NULL;
}

/* Relative to the file in which the string was written; on the command line, to where we are. */
static const char *resolve(struct check *x, const char *path, struct span from)
{
	const struct source *src = source_of(x, from);
	const char *slash = src && src->real ? strrchr(src->path, '/') : NULL;

	if (!slash || path[0] == '/')
		return path;
	return arena_printf(x->arena, "%.*s/%s", slash == src->path ? 0 : (int)(slash - src->path),
			    src->path, path);
}

static bool read_units(struct check *x, const struct ast_trace *t, enum trace_units *out)
{
	*out = TRACE_DECIMAL;
	if (!t->units || !strcmp(t->units->s, "decimal"))
		return true;
	*out = TRACE_BINARY;
	if (!strcmp(t->units->s, "binary"))
		return true;
	complain(x, E_ATTR_VALUE, t->units_at, "`units` is `decimal` or `binary`, not `%s`",
		 t->units->s);
	return false;
}

static struct trace *loaded_before(const struct check *x, const char *path, enum trace_units units)
{
	for (size_t i = 0; i < x->decls.n; i++) {
		const struct decl *d = x->decls.v[i];

		if (d->kind == DECL_TRACE && d->trace->trace && !strcmp(d->trace->path, path) &&
		    d->trace->trace->units == units)
			return d->trace->trace;
	}
	return NULL;
}

static size_t count_traces(const struct check *x)
{
	size_t n = 0;

	for (size_t i = 0; i < x->decls.n; i++)
		n += x->decls.v[i]->kind == DECL_TRACE;
	return n;
}

bool traces_overridden_by(const struct check *x, const struct ast_trace *t, const char *name)
{
	return !strcmp(t->name->s, name) || (!strcmp(name, "trace") && count_traces(x) == 1);
}

/* What -p says, or NULL. The last one counts. */
static const char *override_of(const struct check *x, const struct ast_trace *t)
{
	const char *found = NULL;

	if (x->opt)
		for (size_t i = 0; i < x->opt->noverrides; i++)
			if (traces_overridden_by(x, t, x->opt->overrides[i].name))
				found = x->opt->overrides[i].value;
	return found ? arena_strndup(x->arena, found, strlen(found)) : NULL;
}

static void load(struct check *x, struct trace_decl *t)
{
	enum trace_units units;
	struct value v;

	if (t->loaded)
		return;
	t->loaded = true; /* or tried; also ends `trace t = t` */
	if (!read_units(x, t->ast, &units))
		return;
	v = eval(x, t->ast->file);
	if (!t->ast->file || !value_is(x, &v, DIM_STRING, t->ast->file, "`trace`"))
		return;
	t->written = override_of(x, t->ast);
	if (t->written) {
		t->path = t->written;
	} else {
		t->written = v.string;
		t->path = resolve(x, v.string, v.from);
	}
	t->trace = loaded_before(x, t->path, units);
	if (!t->trace && trace_load(x->arena, x->u->sources.disk, t->path, units, x->diags,
				    t->ast->file->at, &t->trace))
		t->trace = NULL;
}

void traces_load(struct check *x)
{
	for (size_t i = 0; i < x->decls.n; i++) {
		const struct decl *d = x->decls.v[i];

		if (d->kind != DECL_TRACE)
			continue;
		load(x, d->trace);

		const struct trace *tr = d->trace->trace;

		if (!tr)
			continue;

		struct plan_trace p = {
		    .name = d->name->s,
		    .path = d->trace->written,
		    .file = d->trace->path,
		    .units = tr->units == TRACE_BINARY ? "binary" : "decimal",
		    .digest = tr->digest,
		    .duration_ns = tr->duration_ns,
		    .peak_bytes = tr->peak_bytes,
		    .mean_bytes = tr->mean_bytes,
		    .nsamples = tr->nsamples,
		    .ncalls = tr->ncalls,
		};

		vec_push(&x->traces, p);
	}
}

/* dask.peak, dask.mean, dask.duration: what a scenario's budget can be made of. */
struct value trace_field(struct check *x, const struct value *v, const struct ast_path *field)
{
	static const char *const names[] = {"peak", "mean", "duration"};
	const struct value wrong = {.dim = DIM_ERROR};
	const struct trace *tr;
	uint64_t n;
	size_t i = 0;

	if (v->dim == DIM_ERROR)
		return wrong;
	while (i < 3 && (!field->name || strcmp(field->name->s, names[i])))
		i++;
	if (i == 3 || field->next || field->sel != SEL_NONE) {
		complain(x, E_UNKNOWN_METRIC, field->at,
			 "a trace has `peak`, `mean` and `duration`");
		if (field->name)
			suggest(x, field->name->s, names, 3);
		return wrong;
	}
	load(x, v->trace);
	tr = v->trace->trace;
	if (!tr)
		return wrong;
	if (i < 2 && !tr->nsamples) {
		complain(x, E_TRACE_DATA, field->at, "`%s` needs samples, and `%s` has none",
			 names[i], v->trace->path);
		diag_hint(x->diags, "a resources.json has them");
		return wrong;
	}
	n = i == 0 ? tr->peak_bytes : i == 1 ? tr->mean_bytes : tr->duration_ns;
	return (struct value){.dim = i < 2 ? DIM_SIZE : DIM_DURATION, .n = {(int64_t)n, 1}};
}
