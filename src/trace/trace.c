/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trace.c - find the files of a recording and put what they hold in order */
#include "trace/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/digest.h"
#include "trace/trace_read.h"

#define SAMPLES_NAME "resources.json"
#define CALLS_NAME   "tool_calls.json"

/* ---- files ---------------------------------------------------------------------------------- */

struct load {
	struct arena *arena;
	struct files *disk;
	enum trace_units units;
	struct diags *diags;
	struct span at;
	struct trace_raw raw;
};

static int load_file(struct load *l, const char *path, enum trace_kind due)
{
	return trace_read(l->arena, l->disk, path, due, l->units, l->diags, l->at, &l->raw);
}

static void report(struct load *l, enum diag_code code, const char *path, const char *text)
{
	if (l->at.end)
		diag_at(l->diags, code, l->at, "`%s` %s", path, text);
	else
		diag_file(l->diags, code, path, 0, 0, "%s", text);
}

static int load_folder(struct load *l, const char *path)
{
	size_t n = strlen(path);
	const char *slash = n && path[n - 1] == '/' ? "" : "/";
	int samples =
	    load_file(l, arena_printf(l->arena, "%s%s" SAMPLES_NAME, path, slash), TRACE_SAMPLES);
	int calls =
	    load_file(l, arena_printf(l->arena, "%s%s" CALLS_NAME, path, slash), TRACE_CALLS);

	if (samples == -ENOENT && calls == -ENOENT) {
		report(l, E_TRACE_NONE, path,
		       "has neither a `" SAMPLES_NAME "` nor a `" CALLS_NAME "` in it");
		return -EINVAL;
	}
	if (samples && samples != -ENOENT)
		return samples;
	return calls == -ENOENT ? 0 : calls;
}

/* The file of the other kind beside it, unless that is the very same file. */
static int load_sibling(struct load *l, const char *path)
{
	const char *base = strrchr(path, '/');
	const char *name = l->raw.calls_path ? SAMPLES_NAME : CALLS_NAME;
	int err;

	base = base ? base + 1 : path;
	if (!strcmp(base, name))
		return 0;
	err = load_file(l, arena_printf(l->arena, "%.*s%s", (int)(base - path), path, name),
			l->raw.calls_path ? TRACE_SAMPLES : TRACE_CALLS);
	return err == -ENOENT ? 0 : err;
}

static int load_files(struct load *l, const char *path)
{
	int err;

	if (files_is_folder(l->disk, path))
		return load_folder(l, path);
	err = load_file(l, path, TRACE_ANY);
	if (err == -ENOENT)
		report(l, E_TRACE_READ, path, "does not exist");
	return err ? err : load_sibling(l, path);
}

/* ---- order ---------------------------------------------------------------------------------- */

/* The number in the file breaks ties, so that qsort is stable. */
static int by_epoch(const void *va, const void *vb)
{
	const struct trace_raw_sample *a = va, *b = vb;

	if (a->epoch_ns != b->epoch_ns)
		return a->epoch_ns < b->epoch_ns ? -1 : 1;
	return a->nr < b->nr ? -1 : a->nr > b->nr;
}

static int by_begin(const void *va, const void *vb)
{
	const struct trace_raw_call *a = va, *b = vb;

	if (a->begin_ns != b->begin_ns)
		return a->begin_ns < b->begin_ns ? -1 : 1;
	return a->nr < b->nr ? -1 : a->nr > b->nr;
}

/* One warning a file: where it first happens, and how often. */
struct repair {
	uint32_t n, nr, line;
};

static void repair_add(struct repair *p, uint32_t nr, uint32_t line)
{
	if (p->n++)
		return;
	p->nr = nr;
	p->line = line;
}

/* The verb and what follows, for one and for several. */
static void repair_warn(struct load *l, const struct repair *p, enum diag_code code,
			const char *path, const char *what, const char *one, const char *more)
{
	if (!p->n)
		return;
	if (p->n == 1)
		diag_file(l->diags, code, path, p->line, 0, "%s %" PRIu32 " %s", what, p->nr, one);
	else
		diag_file(l->diags, code, path, p->line, 0,
			  "%s %" PRIu32 " and %" PRIu32 " more %s", what, p->nr, p->n - 1, more);
	if (l->at.end)
		diag_note(l->diags, l->at, "the trace is named here");
}

static void order_samples(struct load *l)
{
	struct repair disorder = {0}, same = {0};
	struct trace_raw_sample *s = l->raw.samples.v;
	size_t n = l->raw.samples.n, kept = 0;

	for (size_t i = 1; i < n; i++)
		if (s[i].epoch_ns < s[i - 1].epoch_ns)
			repair_add(&disorder, s[i].nr, s[i].line);
	if (disorder.n)
		qsort(s, n, sizeof(*s), by_epoch);
	for (size_t i = 0; i < n; i++) {
		if (i + 1 < n && s[i].epoch_ns == s[i + 1].epoch_ns)
			repair_add(&same, s[i].nr, s[i].line);
		else
			s[kept++] = s[i];
	}
	l->raw.samples.n = kept;
	repair_warn(l, &disorder, W_TRACE_DISORDER, l->raw.samples_path, "sample",
		    "is earlier than the one before; the samples were sorted",
		    "are earlier than the one before; the samples were sorted");
	repair_warn(l, &same, W_TRACE_SAME_TIME, l->raw.samples_path, "sample",
		    "has the same time as the next one, which counts",
		    "have the same time as the next one, which counts");
}

/* A call that was cut off lasted at most until the next one began, or to the recording's end. */
static void end_calls(struct load *l, int64_t last_ns)
{
	struct repair open = {0};
	struct trace_raw_call *c = l->raw.calls.v;
	int64_t next_ns = last_ns;

	for (size_t i = l->raw.calls.n; i--;) {
		/* Calls of one moment run side by side: none ends the other. */
		if (i + 1 < l->raw.calls.n && c[i + 1].begin_ns > c[i].begin_ns)
			next_ns = c[i + 1].begin_ns;
		if (c[i].end_ns != TRACE_READ_OPEN)
			continue;
		c[i].end_ns = next_ns > c[i].begin_ns ? next_ns : c[i].begin_ns;
		open.n++;
		open.nr = c[i].nr; /* the earliest comes last here */
		open.line = c[i].line;
	}
	repair_warn(
	    l, &open, W_TRACE_NO_END, l->raw.calls_path, "call",
	    "has no `end_timestamp`: it is taken to last until the next call, or to the end",
	    "have no `end_timestamp`: they are taken to last until the next call, or to the end");
}

/*
 * Calls that run side by side are listed in any order, some by their ends, so that sorting them
 * repairs nothing and needs no warning.
 */
static void order_calls(struct load *l)
{
	struct trace_raw_call *c = l->raw.calls.v;
	size_t n = l->raw.calls.n;
	int64_t last_ns = l->raw.samples.n ? vec_last(&l->raw.samples)->epoch_ns : 0;

	if (n)
		qsort(c, n, sizeof(*c), by_begin);
	for (size_t i = 0; i < n; i++)
		if (c[i].end_ns > last_ns)
			last_ns = c[i].end_ns;
	end_calls(l, last_ns);
}

static void check_clocks(struct load *l)
{
	const struct trace_raw_call *c;
	int64_t first, last;

	if (l->raw.samples.n < 2 || !l->raw.calls.n)
		return;
	first = l->raw.samples.v[0].epoch_ns;
	last = vec_last(&l->raw.samples)->epoch_ns;
	vec_foreach (c, &l->raw.calls)
		if (c->begin_ns <= last && c->end_ns >= first)
			return;
	diag_file(l->diags, W_TRACE_CLOCKS, l->raw.calls_path, 0, 0,
		  "no call lies within the time of the samples: were the two files written by "
		  "different clocks?");
	if (l->at.end)
		diag_note(l->diags, l->at, "the trace is named here");
}

/* ---- the trace ------------------------------------------------------------------------------ */

static void fill_samples(struct trace *t, const struct load *l, int64_t zero_ns)
{
	unsigned __int128 sum = 0;

	t->nsamples = (uint32_t)l->raw.samples.n;
	t->samples = arena_array(l->arena, struct trace_sample, t->nsamples);
	for (uint32_t i = 0; i < t->nsamples; i++) {
		const struct trace_raw_sample *s = &l->raw.samples.v[i];

		t->samples[i].at_ns = (uint64_t)(s->epoch_ns - zero_ns);
		t->samples[i].bytes = s->bytes;
		t->duration_ns = t->samples[i].at_ns;
		if (s->bytes > t->peak_bytes)
			t->peak_bytes = s->bytes;
		sum += s->bytes;
	}
	if (t->nsamples)
		t->mean_bytes = (uint64_t)(sum / t->nsamples);
}

static void fill_calls(struct trace *t, const struct load *l, int64_t zero_ns)
{
	t->ncalls = (uint32_t)l->raw.calls.n;
	t->calls = arena_array(l->arena, struct trace_call, t->ncalls);
	for (uint32_t i = 0; i < t->ncalls; i++) {
		const struct trace_raw_call *c = &l->raw.calls.v[i];

		t->calls[i] = (struct trace_call){
		    .at_ns = c->begin_ns - zero_ns,
		    .dur_ns = (uint64_t)(c->end_ns - c->begin_ns),
		    .tool = c->tool,
		    .command = c->command,
		};
		if (c->end_ns > zero_ns && (uint64_t)(c->end_ns - zero_ns) > t->duration_ns)
			t->duration_ns = (uint64_t)(c->end_ns - zero_ns);
	}
}

static uint64_t digest(const struct trace *t)
{
	uint64_t h = digest_u64(DIGEST_INIT, t->units);

	h = digest_u64(h, t->nsamples);
	for (uint32_t i = 0; i < t->nsamples; i++) {
		h = digest_u64(h, t->samples[i].at_ns);
		h = digest_u64(h, t->samples[i].bytes);
	}
	h = digest_u64(h, t->ncalls);
	for (uint32_t i = 0; i < t->ncalls; i++) {
		const struct trace_call *c = &t->calls[i];

		h = digest_u64(h, (uint64_t)c->at_ns);
		h = digest_u64(h, c->dur_ns);
		h = digest_str(h, c->tool);
		h = digest_u64(h, !!c->command);
		h = digest_str(h, c->command ? c->command : "");
	}
	return h;
}

static struct trace *assemble(struct load *l, const char *path)
{
	struct trace *t = arena_new(l->arena, struct trace);
	int64_t zero_ns;

	order_samples(l);
	order_calls(l);
	check_clocks(l);
	zero_ns = l->raw.samples.n ? l->raw.samples.v[0].epoch_ns : l->raw.calls.v[0].begin_ns;
	t->path = arena_strndup(l->arena, path, strlen(path));
	t->units = l->units;
	fill_samples(t, l, zero_ns);
	fill_calls(t, l, zero_ns);
	t->digest = digest(t);
	return t;
}

int trace_load(struct arena *a, struct files *disk, const char *path, enum trace_units units,
	       struct diags *d, struct span at, struct trace **out)
{
	struct load l = {.arena = a, .disk = disk, .units = units, .diags = d, .at = at};
	int err = load_files(&l, path);

	if (!err && l.raw.samples_path && !l.raw.samples.n) {
		report(&l, E_TRACE_EMPTY, l.raw.samples_path, "has no samples");
		err = -EINVAL;
	} else if (!err && !l.raw.samples.n && !l.raw.calls.n) {
		report(&l, E_TRACE_EMPTY, l.raw.calls_path,
		       "has no calls, and there are no samples");
		err = -EINVAL;
	}
	if (!err)
		*out = assemble(&l, path);
	vec_free(&l.raw.samples);
	vec_free(&l.raw.calls);
	return err;
}
