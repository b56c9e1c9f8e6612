/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trace_json.h - a JSON file, event by event.
 *
 * libyaml's parser under one event of context.  Every error is reported here with its line before a
 * function returns, so callers only pass it on.
 */
#ifndef AGENTCG_TRACE_TRACE_JSON_H
#define AGENTCG_TRACE_TRACE_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <yaml.h>

#include "base/diag.h"
#include "trace/trace_text.h"

#define TRACE_JSON_DEPTH   64 /* lists and objects within each other */
#define TRACE_JSON_REPORTS 20 /* errors of one file, then reading it ends */

struct trace_json {
	const char *path; /* for messages */
	struct diags *diags;
	struct span at; /* what in the scenario names the file, or none */

	yaml_parser_t parser;
	yaml_event_t event; /* the latest; scalars live until the next */
	uint32_t depth, reports;
	struct trace_text text;
};

/*
 * Large: allocate it (mem.h).  The fd stays the caller's.  Always trace_json_close an opened one.
 */
void trace_json_open(struct trace_json *j, int fd, const char *path, struct diags *d,
		     struct span at);
void trace_json_close(struct trace_json *j);

/* The next event but those of stream and document start.  0, -EINVAL, or -errno from reading. */
int trace_json_next(struct trace_json *j);
/* The event begins a value: read on to the event that ends it. */
int trace_json_skip(struct trace_json *j);

/* Is the event the scalar with this text? */
bool trace_json_is(const struct trace_json *j, const char *text);
/* A scalar null, or nothing at all. */
bool trace_json_is_null(const struct trace_json *j);

/*
 * Report at the event.  0, or -EINVAL when this file has had its share of errors: then stop.
 * The values read so far are good for nothing but finding more errors.
 */
int trace_json_error(struct trace_json *j, enum diag_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same about an earlier place, such as the start of the object that ends here. */
int trace_json_error_at(struct trace_json *j, yaml_mark_t mark, enum diag_code code,
			const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The event's text for a message: at most 40 bytes of it. */
struct trace_json_quote {
	char s[48];
};
struct trace_json_quote trace_json_quote(const struct trace_json *j);

#endif
