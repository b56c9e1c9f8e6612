/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diag.c - collecting diagnostics; diag_print.c shows them */
#include "base/diag.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const struct {
	const char *name, *summary;
} codes[] = {
#define DIAG(name, code, summary) {#code, summary},
#include "base/diag_codes.def"
#undef DIAG
    {NULL, NULL},
};

const char *diag_code_name(enum diag_code c)
{
	return codes[c].name;
}

const char *diag_code_summary(enum diag_code c)
{
	return codes[c].summary;
}

bool diag_code_is_error(enum diag_code c)
{
	return codes[c].name[0] == 'E';
}

void diags_init(struct diags *d, const struct sources *s)
{
	*d = (struct diags){.sources = s};
}

void diags_free(struct diags *d)
{
	arena_free(&d->arena);
	vec_free(&d->list);
	free(d->seen);
	*d = (struct diags){0};
}

static bool same_place(const struct diag *a, const struct diag *b)
{
	return a->code == b->code && a->at.beg == b->at.beg && a->at.end == b->at.end;
}

static size_t hash_place(const struct diag *g)
{
	uint64_t h = (uint64_t)g->at.beg << 32 | g->at.end;

	h = (h + (uint64_t)g->code * UINT64_C(0xd6e8feb86659fd93)) * UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(h >> 32);
}

/* The entry of an earlier report of that code at that place, or the free one for it. */
static uint32_t *find_seen(const struct diags *d, const struct diag *g)
{
	size_t mask = d->nseen - 1;

	for (size_t i = hash_place(g) & mask;; i = (i + 1) & mask) {
		uint32_t *e = &d->seen[i];

		if (!*e || same_place(&d->list.v[*e - 1], g))
			return e;
	}
}

static void grow_seen(struct diags *d)
{
	d->nseen = d->nseen ? d->nseen * 2 : 64;
	free(d->seen);
	d->seen = mem_alloc(d->nseen * sizeof(*d->seen));
	for (size_t i = 0; i < d->list.n; i++)
		if (d->list.v[i].at.end)
			*find_seen(d, &d->list.v[i]) = (uint32_t)i + 1;
}

static bool is_second(struct diags *d, const struct diag *g)
{
	uint32_t *e;

	if (!g->at.end)
		return false;
	if (2 * (d->list.n + 1) > d->nseen)
		grow_seen(d);
	e = find_seen(d, g);
	if (*e)
		return true;
	*e = (uint32_t)d->list.n + 1;
	return false;
}

static void report(struct diags *d, struct diag g, const char *fmt, va_list ap)
{
	d->dropped = is_second(d, &g);
	if (d->dropped)
		return;
	g.seq = (uint32_t)d->list.n;
	g.text = arena_vprintf(&d->arena, fmt, ap);
	vec_push(&d->list, g);
	if (diag_code_is_error(g.code))
		d->errors++;
	else
		d->warnings++;
}

void diag_at(struct diags *d, enum diag_code code, struct span at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(d, (struct diag){.code = code, .at = at}, fmt, ap);
	va_end(ap);
}

void diag_file(struct diags *d, enum diag_code code, const char *path, uint32_t line, uint32_t col,
	       const char *fmt, ...)
{
	struct diag g = {.code = code, .line = line, .col = col};
	va_list ap;

	if (path)
		g.path = arena_strndup(&d->arena, path, strlen(path));
	va_start(ap, fmt);
	report(d, g, fmt, ap);
	va_end(ap);
}

void diag_hint(struct diags *d, const char *fmt, ...)
{
	va_list ap;

	if (d->dropped || !d->list.n)
		return;
	va_start(ap, fmt);
	vec_last(&d->list)->hint = arena_vprintf(&d->arena, fmt, ap);
	va_end(ap);
}

void diag_note(struct diags *d, struct span at, const char *fmt, ...)
{
	va_list ap;

	if (d->dropped || !d->list.n)
		return;
	va_start(ap, fmt);
	vec_last(&d->list)->note_at = at;
	vec_last(&d->list)->note = arena_vprintf(&d->arena, fmt, ap);
	va_end(ap);
}
