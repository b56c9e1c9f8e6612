/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/trace_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "trace/trace_json.h"
#include "trace/trace_value.h"

struct reader {
	struct trace_json *j;
	struct arena *arena;
	struct trace_raw *raw;
	enum trace_units units;
	const char *what;  /* "sample", "call" */
	uint32_t nr;	   /* of the one being read */
	yaml_mark_t start; /* of that one */
	uint32_t seen;	   /* its keys */
};

enum key {
	KEY_EPOCH = 1,
	KEY_MEMORY = 2,
	KEY_BEGIN = 4,
	KEY_END = 8,
	KEY_TOOL = 16,
	KEY_INPUT = 32,
	KEY_COMMAND = 64,
};

static const char *key_name(enum key k)
{
	switch (k) {
	case KEY_EPOCH:
		return "epoch";
	case KEY_MEMORY:
		return "mem_usage";
	case KEY_BEGIN:
		return "timestamp";
	case KEY_END:
		return "end_timestamp";
	case KEY_TOOL:
		return "tool";
	case KEY_INPUT:
		return "input";
	case KEY_COMMAND:
		return "command";
	}
	return "";
}

/* ---- values --------------------------------------------------------------------------------- */

/* Each reads the value at the event, reports what is wrong with it, and leaves the event at its
 * end. */

static int bad_time(struct reader *r, enum key k, int err)
{
	struct trace_json_quote q = trace_json_quote(r->j);
	const char *why = "is no time";

	if (err == -EDOM)
		why = "has no zone: `Z` or an offset such as `+01:00` must follow";
	else if (err == -ERANGE && k == KEY_EPOCH)
		why = "is out of range: seconds since 1970 are expected";
	else if (err == -ERANGE)
		why = "is out of range";
	return trace_json_error(r->j, E_TRACE_TIME, "%s %u: `%s` `%s` %s", r->what, r->nr,
				key_name(k), q.s, why);
}

static int read_time(struct reader *r, enum key k, int64_t *ns)
{
	const yaml_event_t *e = &r->j->event;
	int err = -EINVAL;

	if (e->type == YAML_SCALAR_EVENT) {
		const char *s = (const char *)e->data.scalar.value;

		if (k == KEY_EPOCH)
			err = trace_parse_epoch(s, e->data.scalar.length, ns);
		else
			err = trace_parse_timestamp(s, e->data.scalar.length, ns);
	}
	if (err && (err = bad_time(r, k, err)))
		return err;
	return trace_json_skip(r->j);
}

static int read_memory(struct reader *r, uint64_t *bytes)
{
	const yaml_event_t *e = &r->j->event;
	int err = -EINVAL;

	if (e->type == YAML_SCALAR_EVENT)
		err = trace_parse_memory((const char *)e->data.scalar.value, e->data.scalar.length,
					 r->units, bytes);
	if (err) {
		struct trace_json_quote q = trace_json_quote(r->j);

		err = trace_json_error(r->j, E_TRACE_MEMORY, "%s %u: `mem_usage` `%s` %s", r->what,
				       r->nr, q.s,
				       err == -ERANGE ? "is out of range"
						      : "is no amount such as `185.5MB / 134.5GB`");
		if (err)
			return err;
	}
	return trace_json_skip(r->j);
}

static int read_text(struct reader *r, enum key k, const char **text)
{
	const yaml_event_t *e = &r->j->event;
	int err = 0;

	if (e->type != YAML_SCALAR_EVENT) {
		err = trace_json_error(r->j, E_TRACE_SHAPE, "%s %u: `%s` is no text", r->what,
				       r->nr, key_name(k));
	} else if (memchr(e->data.scalar.value, 0, e->data.scalar.length)) {
		/* A command that is cut there would be another command. */
		err = trace_json_error(r->j, E_TRACE_NUL, "%s %u: `%s` has a NUL in it", r->what,
				       r->nr, key_name(k));
	} else {
		*text = arena_strndup(r->arena, (const char *)e->data.scalar.value,
				      e->data.scalar.length);
	}
	return err ? err : trace_json_skip(r->j);
}

/* ---- objects -------------------------------------------------------------------------------- */

static int not_an_object(struct reader *r, const char *part)
{
	int err =
	    trace_json_error(r->j, E_TRACE_SHAPE, "%s %u%s is no object", r->what, r->nr, part);

	return err ? err : trace_json_skip(r->j);
}

/*
 * The next key of the object: *k is which of `known` it is, 0 for another; *last after the last
 * one.  The event is then the key's value.  A null counts as if its key were not there.
 */
static int next_key(struct reader *r, uint32_t known, enum key *k, bool *last)
{
	int err = trace_json_next(r->j);

	*k = 0;
	*last = !err && r->j->event.type == YAML_MAPPING_END_EVENT;
	if (err || *last)
		return err;
	for (uint32_t i = 1; i <= KEY_COMMAND; i <<= 1)
		if ((known & i) && trace_json_is(r->j, key_name(i)))
			*k = i;
	if (*k & r->seen) {
		err = trace_json_error(r->j, E_TRACE_TWICE, "%s %u: `%s` stands twice", r->what,
				       r->nr, key_name(*k));
		if (err)
			return err;
	}
	/* A list or an object as a key is beyond JSON; whatever it holds, it is none of ours. */
	err = trace_json_skip(r->j);
	if (!err)
		err = trace_json_next(r->j);
	if (err)
		return err;
	if (trace_json_is_null(r->j))
		*k = 0;
	r->seen |= *k;
	return 0;
}

/* Are all of these there?  Reported where the object begins. */
static int require_keys(struct reader *r, uint32_t due)
{
	for (uint32_t i = 1; i <= KEY_COMMAND; i <<= 1) {
		int err = 0;

		if (due & ~r->seen & i)
			err = trace_json_error_at(r->j, r->start, E_TRACE_MISSING,
						  "%s %u has no `%s`", r->what, r->nr, key_name(i));
		if (err)
			return err;
	}
	return 0;
}

static int begin_one(struct reader *r, size_t n)
{
	if (n >= TRACE_READ_MOST) {
		trace_json_error(r->j, E_TRACE_LIMIT, "more than %d %ss are not read",
				 TRACE_READ_MOST, r->what);
		return -EINVAL;
	}
	r->seen = 0;
	r->start = r->j->event.start_mark;
	return 0;
}

static int read_sample(struct reader *r)
{
	struct trace_raw_sample s = {0};
	enum key k;
	bool last;
	int err = begin_one(r, r->raw->samples.n);

	if (err)
		return err;
	if (r->j->event.type != YAML_MAPPING_START_EVENT)
		return not_an_object(r, "");
	while (!(err = next_key(r, KEY_EPOCH | KEY_MEMORY, &k, &last)) && !last) {
		if (k == KEY_EPOCH)
			err = read_time(r, k, &s.epoch_ns);
		else if (k == KEY_MEMORY)
			err = read_memory(r, &s.bytes);
		else
			err = trace_json_skip(r->j);
		if (err)
			return err;
	}
	if (err || (err = require_keys(r, KEY_EPOCH | KEY_MEMORY)))
		return err;
	s.nr = r->nr;
	s.line = (uint32_t)r->start.line + 1;
	vec_push(&r->raw->samples, s);
	return 0;
}

/* Of a call's input only the command counts; other tools have no such key. */
static int read_input(struct reader *r, const char **command)
{
	enum key k;
	bool last;
	int err;

	if (r->j->event.type != YAML_MAPPING_START_EVENT)
		return not_an_object(r, ": its `input`");
	while (!(err = next_key(r, KEY_COMMAND, &k, &last)) && !last) {
		if (k == KEY_COMMAND)
			err = read_text(r, k, command);
		else
			err = trace_json_skip(r->j);
		if (err)
			return err;
	}
	return err;
}

static int read_call(struct reader *r)
{
	const uint32_t known = KEY_BEGIN | KEY_END | KEY_TOOL | KEY_INPUT;
	struct trace_raw_call c = {.end_ns = TRACE_READ_OPEN};
	uint32_t reports = r->j->reports;
	enum key k;
	bool last;
	int err = begin_one(r, r->raw->calls.n);

	if (err)
		return err;
	if (r->j->event.type != YAML_MAPPING_START_EVENT)
		return not_an_object(r, "");
	while (!(err = next_key(r, known, &k, &last)) && !last) {
		if (k == KEY_BEGIN)
			err = read_time(r, k, &c.begin_ns);
		else if (k == KEY_END)
			err = read_time(r, k, &c.end_ns);
		else if (k == KEY_TOOL)
			err = read_text(r, k, &c.tool);
		else if (k == KEY_INPUT)
			err = read_input(r, &c.command);
		else
			err = trace_json_skip(r->j);
		if (err)
			return err;
	}
	if (err || (err = require_keys(r, KEY_BEGIN | KEY_TOOL)))
		return err;
	/* Only of times that could be read. */
	if (reports == r->j->reports && c.end_ns != TRACE_READ_OPEN && c.end_ns < c.begin_ns &&
	    (err = trace_json_error_at(r->j, r->start, E_TRACE_ORDER, "%s %u ends before it begins",
				       r->what, r->nr)))
		return err;
	c.nr = r->nr;
	c.line = (uint32_t)r->start.line + 1;
	vec_push(&r->raw->calls, c);
	return 0;
}

/* ---- files ---------------------------------------------------------------------------------- */

/* The event begins the list. */
static int read_list(struct reader *r, const char *what, int (*read_one)(struct reader *))
{
	r->what = what;
	r->nr = 0;
	for (;;) {
		int err = trace_json_next(r->j);

		if (err || r->j->event.type == YAML_SEQUENCE_END_EVENT)
			return err;
		r->nr++;
		err = read_one(r);
		if (err)
			return err;
	}
}

static int wrong_kind(struct reader *r, yaml_mark_t at, const char *why)
{
	trace_json_error_at(r->j, at, E_TRACE_KIND, "%s", why);
	return -EINVAL;
}

static int read_resources(struct reader *r, const char *path)
{
	yaml_mark_t start = r->j->event.start_mark;
	int err;

	for (;;) {
		bool samples;

		err = trace_json_next(r->j);
		if (err)
			return err;
		if (r->j->event.type == YAML_MAPPING_END_EVENT)
			break;
		samples = trace_json_is(r->j, "samples");
		if (samples && r->raw->samples_path &&
		    (err = trace_json_error(r->j, E_TRACE_TWICE, "`samples` stands twice")))
			return err;
		err = trace_json_skip(r->j);
		if (!err)
			err = trace_json_next(r->j);
		if (err)
			return err;
		if (!samples) {
			err = trace_json_skip(r->j);
		} else if (r->j->event.type != YAML_SEQUENCE_START_EVENT) {
			return wrong_kind(r, r->j->event.start_mark, "`samples` is no list");
		} else {
			r->raw->samples_path = path;
			err = read_list(r, "sample", read_sample);
		}
		if (err)
			return err;
	}
	if (!r->raw->samples_path)
		return wrong_kind(r, start,
				  "this has no `samples`, and is no list of tool calls either");
	return 0;
}

static int read_document(struct reader *r, const char *path, enum trace_kind due)
{
	int err = trace_json_next(r->j);

	if (err)
		return err;
	switch (r->j->event.type) {
	case YAML_MAPPING_START_EVENT:
		if (due == TRACE_CALLS)
			return wrong_kind(r, r->j->event.start_mark,
					  "this is no list of tool calls");
		err = read_resources(r, path);
		break;
	case YAML_SEQUENCE_START_EVENT:
		if (due == TRACE_SAMPLES)
			return wrong_kind(r, r->j->event.start_mark,
					  "this is no object with `samples`");
		r->raw->calls_path = path;
		err = read_list(r, "call", read_call);
		break;
	case YAML_STREAM_END_EVENT:
		trace_json_error(r->j, E_TRACE_EMPTY, "this file is empty");
		return -EINVAL;
	default:
		return wrong_kind(r, r->j->event.start_mark,
				  "this is neither an object with `samples` nor a list of tool "
				  "calls");
	}
	/* The ends of the document and of the stream; anything else is one value too many. */
	for (int i = 0; !err && i < 2; i++)
		err = trace_json_next(r->j);
	if (!err && r->j->event.type != YAML_STREAM_END_EVENT)
		err = trace_json_error(r->j, E_TRACE_SYNTAX,
				       "there is more after the end of the JSON value");
	return err;
}

int trace_read(struct arena *a, struct files *disk, const char *path, enum trace_kind due,
	       enum trace_units units, struct diags *d, struct span at, struct trace_raw *raw)
{
	struct reader r = {.arena = a, .raw = raw, .units = units};
	int fd, err;

	err = files_open(disk, path, &fd);
	if (err == -ENOENT)
		return err;
	if (err) {
		diag_file(d, E_TRACE_READ, path, 0, 0, "cannot be read: %s", strerror(-err));
		if (at.end)
			diag_note(d, at, "the trace is named here");
		return err;
	}
	r.j = mem_alloc(sizeof(*r.j));
	trace_json_open(r.j, fd, path, d, at);
	err = read_document(&r, path, due);
	if (!err && r.j->reports)
		err = -EINVAL;
	trace_json_close(r.j);
	free(r.j);
	close(fd);
	return err;
}
