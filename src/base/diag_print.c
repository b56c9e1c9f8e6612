/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diag_print.c - diagnostics for people and for programs (diag.h); snippet.c draws the lines */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/mem.h"
#include "base/snippet.h"

#define MAX_ERRORS 20
#define MAX_CHAIN  64 /* imports are checked for cycles, but that check reports here too */

struct style {
	const char *bold, *error, *warning, *note, *off;
};

static const struct style plain = {"", "", "", "", ""};
static const struct style colour = {"\033[1m", "\033[1;31m", "\033[1;35m", "\033[1;36m", "\033[m"};

static struct place locate(const struct diags *d, struct span at)
{
	if (!d->sources || !at.end)
		return (struct place){.line_text = ""};
	return sources_locate(d->sources, at.beg);
}

static void put_place(struct buf *out, const char *path, uint32_t line, uint32_t col)
{
	snippet_text(out, path);
	if (line)
		buf_printf(out, ":%" PRIu32, line);
	if (line && col)
		buf_printf(out, ":%" PRIu32, col);
}

static void print_chain(const struct diags *d, const struct source *src, struct buf *out)
{
	for (int i = 0; i < MAX_CHAIN && src; i++) {
		struct place p = locate(d, src->used_at);

		if (p.src) {
			buf_puts(out, "  in file used at ");
			put_place(out, p.src->path, p.line, p.col);
			buf_putc(out, '\n');
		}
		src = p.src;
	}
}

static void print_text(const struct diags *d, const struct diag *g, const struct style *st,
		       struct buf *out)
{
	struct place p = locate(d, g->at), note = locate(d, g->note_at);
	bool error = diag_code_is_error(g->code);

	buf_puts(out, st->bold);
	if (p.src)
		put_place(out, p.src->path, p.line, p.col);
	else
		put_place(out, g->path ? g->path : "agentcg", g->line, g->col);
	buf_printf(out, ": %s%s[%s]:%s ", error ? st->error : st->warning,
		   error ? "error" : "warning", diag_code_name(g->code), st->off);
	snippet_text(out, g->text);
	buf_putc(out, '\n');
	if (p.src) {
		snippet_lines(out, &p, g->at.end - g->at.beg, g->hint, st->error, st->off);
	} else if (g->hint) {
		buf_puts(out, "  ");
		snippet_text(out, g->hint);
		buf_putc(out, '\n');
	}
	print_chain(d, p.src, out);
	if (!g->note)
		return;
	buf_puts(out, st->bold);
	if (note.src) {
		put_place(out, note.src->path, note.line, note.col);
		buf_puts(out, ": ");
	}
	buf_printf(out, "%snote:%s ", st->note, st->off);
	snippet_text(out, g->note);
	buf_putc(out, '\n');
	if (note.src)
		snippet_lines(out, &note, g->note_at.end - g->note_at.beg, NULL, st->note, st->off);
}

static void json_text(struct buf *out, const char *key, const char *s)
{
	buf_printf(out, ",\"%s\":", key);
	if (s)
		buf_json_string(out, s, strlen(s));
	else
		buf_puts(out, "null");
}

static void json_number(struct buf *out, const char *key, uint32_t v)
{
	if (v)
		buf_printf(out, ",\"%s\":%" PRIu32, key, v);
	else
		buf_printf(out, ",\"%s\":null", key);
}

static void json_place(const struct diags *d, struct span at, const struct diag *g, struct buf *out)
{
	struct place p = locate(d, at), end = {0};

	if (p.src && at.end > at.beg)
		end = sources_locate(d->sources, at.end);
	json_text(out, "file", p.src ? p.src->path : g ? g->path : NULL);
	json_number(out, "line", p.src ? p.line : g ? g->line : 0);
	json_number(out, "column", p.src ? p.col : g ? g->col : 0);
	json_number(out, "end_line", end.src ? end.line : p.line);
	json_number(out, "end_column", end.src ? end.col : p.col);
}

static void print_json(const struct diags *d, const struct diag *g, struct buf *out)
{
	const struct source *src = locate(d, g->at).src;
	const char *sep = "";

	buf_printf(out, "{\"severity\":\"%s\",\"code\":\"%s\"",
		   diag_code_is_error(g->code) ? "error" : "warning", diag_code_name(g->code));
	json_place(d, g->at, g, out);
	json_text(out, "text", g->text);
	json_text(out, "hint", g->hint);
	if (g->note) {
		buf_puts(out, ",\"note\":{\"text\":");
		buf_json_string(out, g->note, strlen(g->note));
		json_place(d, g->note_at, NULL, out);
		buf_putc(out, '}');
	} else {
		buf_puts(out, ",\"note\":null");
	}
	buf_puts(out, ",\"used_at\":[");
	for (int i = 0; i < MAX_CHAIN && src; i++) {
		struct place p = locate(d, src->used_at);

		if (p.src) {
			buf_printf(out, "%s{\"file\":", sep);
			buf_json_string(out, p.src->path, strlen(p.src->path));
			buf_printf(out, ",\"line\":%" PRIu32 ",\"column\":%" PRIu32 "}", p.line,
				   p.col);
			sep = ",";
		}
		src = p.src;
	}
	buf_puts(out, "]}\n");
}

/* {0, 0}, no place, comes after all others. */
static uint32_t rank(const struct diag *g)
{
	return g->at.end ? g->at.beg : UINT32_MAX;
}

static int by_place(const void *va, const void *vb)
{
	const struct diag *a = *(const struct diag *const *)va;
	const struct diag *b = *(const struct diag *const *)vb;
	uint32_t ra = rank(a), rb = rank(b);

	if (ra != rb)
		return ra < rb ? -1 : 1;
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

void diags_print(const struct diags *d, enum diag_format format, struct buf *out)
{
	uint32_t errors = 0;
	const struct diag **sorted;

	if (!d->list.n)
		return;
	sorted = mem_alloc(d->list.n * sizeof(const struct diag *));
	for (size_t i = 0; i < d->list.n; i++)
		sorted[i] = &d->list.v[i];
	qsort(sorted, d->list.n, sizeof(const struct diag *), by_place);
	for (size_t i = 0; i < d->list.n; i++) {
		switch (format) {
		case DIAG_JSON:
			print_json(d, sorted[i], out);
			break;
		case DIAG_TEXT:
		case DIAG_TEXT_COLOUR:
			if (diag_code_is_error(sorted[i]->code) && errors++ >= MAX_ERRORS)
				break;
			print_text(d, sorted[i], format == DIAG_TEXT ? &plain : &colour, out);
			break;
		}
	}
	free(sorted);
	if (errors > MAX_ERRORS)
		buf_printf(out, "and %" PRIu32 " more error%s\n", errors - MAX_ERRORS,
			   errors - MAX_ERRORS == 1 ? "" : "s");
}
