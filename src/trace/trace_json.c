/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/trace_json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

void trace_json_open(struct trace_json *j, int fd, const char *path, struct diags *d,
		     struct span at)
{
	j->path = path;
	j->diags = d;
	j->at = at;
	j->depth = j->reports = 0;
	memset(&j->event, 0, sizeof(j->event));
	if (!yaml_parser_initialize(&j->parser))
		mem_exhausted(sizeof(j->parser));
	trace_text_init(&j->text, fd);
	yaml_parser_set_encoding(&j->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input(&j->parser, trace_text_read, &j->text);
}

void trace_json_close(struct trace_json *j)
{
	yaml_event_delete(&j->event);
	yaml_parser_delete(&j->parser);
}

static void report(struct trace_json *j, enum diag_code code, size_t line, size_t col,
		   const char *fmt, ...) __attribute__((format(printf, 5, 6)));

static void report_args(struct trace_json *j, enum diag_code code, size_t line, size_t col,
			const char *fmt, va_list ap)
{
	struct arena *a = &j->diags->arena;

	if (line > UINT32_MAX)
		line = col = 0;
	diag_file(j->diags, code, j->path, (uint32_t)line, col > UINT32_MAX ? 0 : (uint32_t)col,
		  "%s", arena_vprintf(a, fmt, ap));
	if (j->at.end)
		diag_note(j->diags, j->at, "the trace is named here");
	j->reports++;
}

static void report(struct trace_json *j, enum diag_code code, size_t line, size_t col,
		   const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report_args(j, code, line, col, fmt, ap);
	va_end(ap);
}

int trace_json_error(struct trace_json *j, enum diag_code code, const char *fmt, ...)
{
	yaml_mark_t mark = j->event.start_mark;
	va_list ap;

	va_start(ap, fmt);
	report_args(j, code, mark.line + 1, mark.column + 1, fmt, ap);
	va_end(ap);
	return j->reports < TRACE_JSON_REPORTS ? 0 : -EINVAL;
}

int trace_json_error_at(struct trace_json *j, yaml_mark_t mark, enum diag_code code,
			const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report_args(j, code, mark.line + 1, mark.column + 1, fmt, ap);
	va_end(ap);
	return j->reports < TRACE_JSON_REPORTS ? 0 : -EINVAL;
}

/*
 * What the scanner's words mean here, where they speak of YAML or leave out that the file was cut
 * off; or NULL.
 */
static const char *plainer_words(const struct trace_json *j)
{
	const yaml_parser_t *p = &j->parser;
	const struct trace_text *t = &j->text;

	if (strstr(p->problem, "unexpected end of stream"))
		return "the file ends within a string";
	if (j->depth && t->eof && t->out_at == t->out_end && t->raw_at == t->raw_end &&
	    p->unread <= 1 && p->problem_mark.index == p->mark.index)
		return "the file ends too early, before its last list or object is closed";
	if (strstr(p->problem, "document start"))
		return "there is more after the end of the JSON value";
	return NULL;
}

/* Why the parser gave up. */
static int report_parser(struct trace_json *j)
{
	const yaml_parser_t *p = &j->parser;
	const struct trace_text *t = &j->text;
	const char *words;

	switch (p->error) {
	case YAML_MEMORY_ERROR:
		mem_exhausted(0);
	case YAML_READER_ERROR:
		if (t->fault == TRACE_TEXT_IO) {
			report(j, E_TRACE_READ, 0, 0, "cannot be read: %s", strerror(t->error));
			return -t->error;
		}
		if (t->fault == TRACE_TEXT_UTF8)
			report(j, E_TRACE_UTF8, t->line, t->col, "this is not UTF-8");
		else if (t->fault == TRACE_TEXT_LONG)
			report(j, E_TRACE_LIMIT, t->line, 0,
			       "a string of more than %u MiB is not read",
			       (unsigned int)(TRACE_TEXT_STRING >> 20));
		else
			report(j, E_TRACE_SYNTAX, p->mark.line + 1, 0,
			       "the control character 0x%02x is not allowed in JSON",
			       (unsigned int)p->problem_value);
		return -EINVAL;
	default:
		break;
	}
	words = plainer_words(j);
	report(j, E_TRACE_SYNTAX, p->problem_mark.line + 1, p->problem_mark.column + 1, "%s%s",
	       words ? "" : "this is not JSON: ", words ? words : p->problem);
	return -EINVAL;
}

static int enter(struct trace_json *j)
{
	if (++j->depth <= TRACE_JSON_DEPTH)
		return 0;
	trace_json_error(j, E_TRACE_LIMIT, "lists and objects are nested more than %d deep",
			 TRACE_JSON_DEPTH);
	return -EINVAL;
}

int trace_json_next(struct trace_json *j)
{
	do {
		yaml_event_delete(&j->event);
		if (!yaml_parser_parse(&j->parser, &j->event))
			return report_parser(j);
	} while (j->event.type == YAML_STREAM_START_EVENT ||
		 j->event.type == YAML_DOCUMENT_START_EVENT);

	switch (j->event.type) {
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return enter(j);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		j->depth--;
		return 0;
	case YAML_ALIAS_EVENT:
		trace_json_error(j, E_TRACE_SYNTAX, "this is not JSON: it refers to an anchor");
		return -EINVAL;
	default:
		return 0;
	}
}

int trace_json_skip(struct trace_json *j)
{
	uint32_t depth = j->depth;

	if (j->event.type != YAML_SEQUENCE_START_EVENT && j->event.type != YAML_MAPPING_START_EVENT)
		return 0;
	while (j->depth >= depth) {
		int err = trace_json_next(j);

		if (err)
			return err;
	}
	return 0;
}

bool trace_json_is(const struct trace_json *j, const char *text)
{
	return j->event.type == YAML_SCALAR_EVENT && j->event.data.scalar.length == strlen(text) &&
	       !memcmp(j->event.data.scalar.value, text, j->event.data.scalar.length);
}

bool trace_json_is_null(const struct trace_json *j)
{
	return j->event.type == YAML_SCALAR_EVENT &&
	       j->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       (trace_json_is(j, "null") || trace_json_is(j, ""));
}

struct trace_json_quote trace_json_quote(const struct trace_json *j)
{
	struct trace_json_quote q;
	size_t n;

	switch (j->event.type) {
	case YAML_SEQUENCE_START_EVENT:
		strcpy(q.s, "[...]");
		return q;
	case YAML_SCALAR_EVENT:
		break;
	default:
		strcpy(q.s, "{...}");
		return q;
	}
	n = j->event.data.scalar.length;
	if (n <= 40) {
		snprintf(q.s, sizeof(q.s), "%.*s", (int)n, (char *)j->event.data.scalar.value);
		return q;
	}
	for (n = 37; n && (j->event.data.scalar.value[n] & 0xc0) == 0x80; n--)
		; /* not within a character */
	snprintf(q.s, sizeof(q.s), "%.*s...", (int)n, (char *)j->event.data.scalar.value);
	return q;
}
