/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wire.c - what host and guest tell each other (wire.h) */
#include "vm/wire.h"

#include <string.h>

/* ---- plain values ------------------------------------------------------------------------------
 */

void wire_put(struct buf *b, uint64_t v)
{
	for (; v >> 7; v >>= 7)
		buf_putc(b, (char)(v | 0x80));
	buf_putc(b, (char)v);
}

void wire_put_text(struct buf *b, const char *s, size_t n)
{
	wire_put(b, n);
	if (n)
		buf_put(b, s, n);
}

void wire_put_str(struct buf *b, const char *s)
{
	wire_put_text(b, s, s ? strlen(s) : 0);
}

struct wire wire_of(const void *bytes, size_t n)
{
	return (struct wire){.at = bytes, .end = (const unsigned char *)bytes + n};
}

uint64_t wire_get(struct wire *w)
{
	uint64_t v = 0;

	for (unsigned shift = 0; w->at < w->end; shift += 7) {
		unsigned char c = *w->at++;

		/* The tenth byte has room for one bit. */
		if (shift > 63 || (shift == 63 && c > 1))
			break;
		v |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80))
			return v;
	}
	w->bad = true;
	w->at = w->end;
	return 0;
}

char *wire_get_str(struct wire *w, struct arena *a)
{
	uint64_t n = wire_get(w);

	if (n > (uint64_t)(w->end - w->at)) {
		w->bad = true;
		w->at = w->end;
		n = 0;
	}
	w->at += n;
	return arena_strndup(a, (const char *)w->at - n, (size_t)n);
}

bool wire_done(const struct wire *w)
{
	return !w->bad && w->at == w->end;
}

static uint32_t get_u32(struct wire *w)
{
	uint64_t v = wire_get(w);

	if (v > UINT32_MAX)
		w->bad = true;
	return (uint32_t)v;
}

/* Small numbers of either sign are short: 0, -1, 1, -2 as 0, 1, 2, 3. */
static void put_int(struct buf *b, int v)
{
	wire_put(b, v < 0 ? 2 * (uint64_t)(-(int64_t)v) - 1 : 2 * (uint64_t)v);
}

static int get_int(struct wire *w)
{
	uint32_t v = get_u32(w);

	return v & 1 ? -(int)(v / 2) - 1 : (int)(v / 2);
}

/* ---- messages ----------------------------------------------------------------------------------
 */

void wire_put_alive(struct buf *b, const struct wire_alive *m)
{
	wire_put(b, m->memory_bytes);
	wire_put(b, m->up_ns);
	wire_put_str(b, m->release);
}

bool wire_get_alive(struct wire *w, struct arena *a, struct wire_alive *m)
{
	m->memory_bytes = wire_get(w);
	m->up_ns = wire_get(w);
	m->release = wire_get_str(w, a);
	return wire_done(w);
}

void wire_put_hello(struct buf *b, const struct wire_hello *m)
{
	wire_put(b, sizeof(struct obs));
	wire_put(b, sizeof(struct note));
	wire_put(b, sizeof(struct cg_counters));
	wire_put(b, m->digest);
	wire_put(b, m->caps);
	wire_put_str(b, m->backend);
	wire_put_str(b, m->mechanism);
	wire_put_str(b, m->kernel);
}

bool wire_get_hello(struct wire *w, struct arena *a, struct wire_hello *m)
{
	if (wire_get(w) != sizeof(struct obs) || wire_get(w) != sizeof(struct note) ||
	    wire_get(w) != sizeof(struct cg_counters))
		w->bad = true;
	m->digest = wire_get(w);
	m->caps = get_u32(w);
	m->backend = wire_get_str(w, a);
	m->mechanism = wire_get_str(w, a);
	m->kernel = wire_get_str(w, a);
	return wire_done(w);
}

void wire_put_run(struct buf *b, const struct wire_run *m)
{
	wire_put(b, m->policy);
	wire_put(b, m->alone);
	wire_put(b, m->rep);
	wire_put(b, m->seed);
	wire_put(b, m->timeline_ns);
}

bool wire_get_run(struct wire *w, struct wire_run *m)
{
	m->policy = get_u32(w);
	m->alone = get_u32(w);
	m->rep = get_u32(w);
	m->seed = wire_get(w);
	m->timeline_ns = wire_get(w);
	return wire_done(w);
}

static void put_times(struct buf *b, const uint64_t *v, uint32_t n)
{
	wire_put(b, n);
	for (uint32_t i = 0; i < n; i++)
		wire_put(b, v[i] + 1); /* NEVER as 0 */
}

static const uint64_t *get_times(struct wire *w, struct arena *a, uint32_t *n)
{
	uint64_t *v;

	*n = get_u32(w);
	if (*n > (uint64_t)(w->end - w->at)) { /* each takes a byte at least */
		w->bad = true;
		*n = 0;
	}
	v = arena_array(a, uint64_t, *n);
	for (uint32_t i = 0; i < *n; i++)
		v[i] = wire_get(w) - 1;
	return v;
}

void wire_put_outcome(struct buf *b, const struct wire_outcome *m)
{
	put_int(b, m->err);
	wire_put(b, m->run.end);
	wire_put(b, m->run.end_ns);
	wire_put(b, m->run.abort);
	wire_put(b, m->run.unfinished);
	wire_put(b, m->run.dropped);
	wire_put(b, m->run.timers);
	put_times(b, m->run.marks_ns, m->nmarks);
	put_times(b, m->run.fired_ns, m->nfired);
}

bool wire_get_outcome(struct wire *w, struct arena *a, struct wire_outcome *m)
{
	uint32_t end;

	m->err = get_int(w);
	end = get_u32(w);
	if (end > RUN_FAILED)
		w->bad = true;
	m->run.end = (enum run_end)end;
	m->run.end_ns = wire_get(w);
	m->run.abort = get_u32(w);
	m->run.unfinished = get_u32(w);
	m->run.dropped = get_u32(w);
	m->run.timers = wire_get(w);
	m->run.marks_ns = get_times(w, a, &m->nmarks);
	m->run.fired_ns = get_times(w, a, &m->nfired);
	return wire_done(w);
}

void wire_put_gauge(struct buf *b, const struct wire_gauge *m)
{
	wire_put(b, m->what);
	wire_put(b, m->samples);
	wire_put(b, m->budget_ns);
}

bool wire_get_gauge(struct wire *w, struct wire_gauge *m)
{
	m->what = get_u32(w);
	m->samples = get_u32(w);
	m->budget_ns = wire_get(w);
	return wire_done(w);
}

void wire_put_gauged(struct buf *b, const struct wire_gauged *m)
{
	const struct gauge *g = &m->gauge;

	put_int(b, m->err);
	for (uint32_t i = 0; i < GAUGE_COUNT; i++) {
		wire_put(b, g->v[i].n);
		wire_put(b, g->v[i].least);
		wire_put(b, g->v[i].median);
		wire_put(b, g->v[i].most);
	}
	wire_put(b, g->sample_bytes);
	wire_put(b, g->file_bytes);
	wire_put(b, g->spread_ppm);
	wire_put(b, g->memory_bytes);
	wire_put(b, g->cpus);
}

bool wire_get_gauged(struct wire *w, struct wire_gauged *m)
{
	struct gauge *g = &m->gauge;

	m->err = get_int(w);
	for (uint32_t i = 0; i < GAUGE_COUNT; i++) {
		g->v[i].n = wire_get(w);
		g->v[i].least = wire_get(w);
		g->v[i].median = wire_get(w);
		g->v[i].most = wire_get(w);
	}
	g->sample_bytes = wire_get(w);
	g->file_bytes = wire_get(w);
	g->spread_ppm = wire_get(w);
	g->memory_bytes = wire_get(w);
	g->cpus = wire_get(w);
	return wire_done(w);
}

static void put_span(struct buf *b, struct span at)
{
	wire_put(b, at.beg);
	wire_put(b, at.end);
}

static struct span get_span(struct wire *w)
{
	uint32_t beg = get_u32(w), end = get_u32(w);

	return (struct span){beg, end};
}

void wire_put_diags(struct buf *b, const struct diags *d, size_t first)
{
	for (size_t i = first; i < d->list.n; i++) {
		const struct diag *g = &d->list.v[i];

		wire_put(b, g->code);
		put_span(b, g->at);
		wire_put_str(b, g->path);
		wire_put(b, g->line);
		wire_put(b, g->col);
		wire_put_str(b, g->text);
		wire_put_str(b, g->hint);
		put_span(b, g->note_at);
		wire_put_str(b, g->note);
	}
}

bool wire_get_diags(struct wire *w, struct arena *a, struct diags *d)
{
	while (!w->bad && w->at < w->end) {
		uint32_t code = get_u32(w);
		struct span at = get_span(w), note_at;
		const char *path = wire_get_str(w, a), *text, *hint, *note;
		uint32_t line = get_u32(w), col = get_u32(w);

		text = wire_get_str(w, a);
		hint = wire_get_str(w, a);
		note_at = get_span(w);
		note = wire_get_str(w, a);
		if (w->bad || code >= DIAG_NCODES)
			return false;
		if (*path)
			diag_file(d, (enum diag_code)code, path, line, col, "%s", text);
		else
			diag_at(d, (enum diag_code)code, at, "%s", text);
		if (*hint)
			diag_hint(d, "%s", hint);
		if (*note)
			diag_note(d, note_at, "%s", note);
	}
	return wire_done(w);
}

/* ---- events ------------------------------------------------------------------------------------
 */

enum tag {
	TAG_OBS = 1,
	TAG_COUNTERS, /* an observation, and the counters it points to */
	TAG_NOTE,
};

/*
 * Which bytes of *now differ from *last, eight to a byte of flags, and what they are now; *last
 * becomes *now.
 */
static void put_changes(struct buf *b, void *last, const void *now, size_t n)
{
	unsigned char *was = last;
	const unsigned char *is = now;

	for (size_t at = 0; at < n; at += 8) {
		char changed[9];
		size_t k = 1;

		changed[0] = 0;
		for (size_t i = 0; i < 8 && at + i < n; i++)
			if (was[at + i] != is[at + i]) {
				changed[0] = (char)(changed[0] | 1 << i);
				changed[k++] = (char)is[at + i];
			}
		buf_put(b, changed, k);
	}
	memcpy(was, is, n);
}

static void get_changes(struct wire *w, void *last, size_t n)
{
	unsigned char *was = last;

	for (size_t at = 0; at < n && !w->bad; at += 8) {
		unsigned flags = w->at < w->end ? *w->at++ : (w->bad = true, 0u);

		for (size_t i = 0; i < 8; i++) {
			if (!(flags >> i & 1))
				continue;
			if (at + i >= n || w->at == w->end) {
				w->bad = true;
				return;
			}
			was[at + i] = *w->at++;
		}
	}
}

static bool has_counters(const struct obs *o)
{
	switch ((enum obs_kind)o->kind) {
	case OBS_SAMPLE:
		return true;
	case OBS_DONE:
	case OBS_STEP:
	case OBS_KILL:
	case OBS_LIMIT:
	case OBS_OOM:
	case OBS_DELAY:
	case OBS_COMMAND:
		break; /* these point to nothing */
	}
	return false;
}

void wire_put_obs(struct buf *b, struct wire_events *last, const struct obs *o)
{
	bool counters = has_counters(o);
	struct obs bare;

	/* With its padding: byte by byte. */
	memcpy(&bare, o, sizeof bare);
	if (counters)
		bare.counters = NULL;
	buf_putc(b, counters ? TAG_COUNTERS : TAG_OBS);
	put_changes(b, &last->obs, &bare, sizeof bare);
	if (counters)
		put_changes(b, &last->counters, o->counters, sizeof *o->counters);
}

void wire_put_note(struct buf *b, struct wire_events *last, const struct note *n)
{
	buf_putc(b, TAG_NOTE);
	put_changes(b, &last->note, n, sizeof *n);
}

enum wire_event wire_next(struct wire *w, struct wire_events *last, struct obs *o, struct note *n)
{
	unsigned tag;

	if (w->bad)
		return WIRE_BAD;
	if (w->at == w->end)
		return WIRE_END;
	tag = *w->at++;
	switch (tag) {
	case TAG_OBS:
	case TAG_COUNTERS:
		get_changes(w, &last->obs, sizeof *o);
		memcpy(o, &last->obs, sizeof *o);
		if (has_counters(o) != (tag == TAG_COUNTERS))
			w->bad = true;
		if (tag == TAG_COUNTERS) {
			get_changes(w, &last->counters, sizeof last->counters);
			o->counters = &last->counters;
		}
		return w->bad ? WIRE_BAD : WIRE_OBS;
	case TAG_NOTE:
		get_changes(w, &last->note, sizeof *n);
		memcpy(n, &last->note, sizeof *n);
		return w->bad ? WIRE_BAD : WIRE_NOTE;
	}
	w->bad = true;
	return WIRE_BAD;
}
