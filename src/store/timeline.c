/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store/timeline.h"

#include <errno.h>

#define FORMAT 2 /* 1: without the slowest allocations and commands */

static void put(struct buf *out, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		buf_putc(out, (char)(v | 0x80));
	buf_putc(out, (char)v);
}

/* The difference, small either way; wraps like unsigned numbers do. */
static void put_from(struct buf *out, uint64_t v, uint64_t from)
{
	uint64_t d = v - from;

	put(out, d >> 63 ? ~(d << 1) : d << 1);
}

static void pack_slow(const struct timeline_slow *s, struct buf *out)
{
	put(out, s->end_ns);
	put(out, s->bytes);
	put(out, s->latency_ns);
	put(out, s->worker);
	put(out, s->op);
	put(out, s->held.cpu_ns);
	put(out, s->held.throttle_ns);
	put(out, s->held.delay_ns);
	put(out, s->held.reclaim_ns);
	put(out, s->held.ready_ns);
	put(out, s->held.disk_ns);
	put(out, s->held.frozen_ns);
}

static void pack_cgroup(const struct timeline_cgroup *c, uint32_t nbuckets, struct buf *out)
{
	uint64_t last = 0;

	for (uint32_t i = 0; i < nbuckets; i++) {
		const struct timeline_bucket *b = &c->buckets[i];

		put(out, b->samples);
		put_from(out, b->min_bytes, last);
		put_from(out, b->max_bytes, b->min_bytes);
		last = b->max_bytes;
	}
	put(out, c->nlatency);
	for (uint32_t i = 0; i < c->nlatency; i++) {
		put(out, c->latency[i].from_ns);
		put(out, c->latency[i].count);
	}
	put(out, c->nslow);
	for (uint32_t i = 0; i < c->nslow; i++)
		pack_slow(&c->slow[i], out);
}

void timeline_pack(const struct timeline *t, uint32_t ncgroups, struct buf *out)
{
	uint64_t last = 0;

	put(out, FORMAT);
	put(out, t->width_ns);
	put(out, t->nbuckets);
	put(out, t->nevents);
	put(out, t->left_out);
	for (uint32_t i = 0; i < ncgroups; i++)
		pack_cgroup(&t->cgroups[i], t->nbuckets, out);
	for (uint32_t i = 0; i < t->nevents; i++) {
		const struct timeline_event *e = &t->events[i];

		put_from(out, e->t_ns, last);
		put_from(out, e->end_ns, e->t_ns);
		put(out, e->value);
		put(out, e->late_ns);
		/* UINT32_MAX is none. */
		put(out, (uint32_t)(e->cgroup + 1));
		put(out, (uint32_t)(e->worker + 1));
		put(out, e->kind);
		put(out, e->detail);
		last = e->t_ns;
	}
}

struct bytes {
	const unsigned char *at, *end;
	uint32_t format;
	bool bad;
};

static uint64_t get(struct bytes *b)
{
	uint64_t v = 0;

	for (unsigned int shift = 0; shift < 64; shift += 7) {
		unsigned char c;

		if (b->at == b->end)
			break;
		c = *b->at++;
		v |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80))
			return v;
	}
	b->bad = true;
	return 0;
}

static uint64_t get_from(struct bytes *b, uint64_t from)
{
	uint64_t v = get(b);

	return from + (v & 1 ? ~(v >> 1) : v >> 1);
}

/* At most `most`; each of what is counted takes a byte at least. */
static uint32_t get_count(struct bytes *b, uint64_t most)
{
	uint64_t v = get(b), left = (uint64_t)(b->end - b->at);

	if (v <= most && v <= left)
		return (uint32_t)v;
	b->bad = true;
	return 0;
}

static void unpack_slow(struct bytes *b, struct arena *a, const struct plan *p,
			struct timeline_cgroup *c)
{
	struct timeline_slow *v;

	c->nslow = get_count(b, TIMELINE_SLOW);
	v = arena_array(a, struct timeline_slow, c->nslow);
	for (uint32_t i = 0; i < c->nslow && !b->bad; i++) {
		v[i].end_ns = get(b);
		v[i].bytes = get(b);
		v[i].latency_ns = get(b);
		v[i].worker = (uint32_t)get(b);
		v[i].op = (uint8_t)get(b);
		v[i].held.cpu_ns = get(b);
		v[i].held.throttle_ns = get(b);
		v[i].held.delay_ns = get(b);
		v[i].held.reclaim_ns = get(b);
		v[i].held.ready_ns = get(b);
		v[i].held.disk_ns = get(b);
		v[i].held.frozen_ns = get(b);
		b->bad |= v[i].worker >= p->nworkers || v[i].op >= OP_COUNT;
	}
	c->slow = v;
}

static void unpack_cgroup(struct bytes *b, struct arena *a, const struct plan *p, uint32_t nbuckets,
			  struct timeline_cgroup *c)
{
	struct timeline_bucket *buckets = arena_array(a, struct timeline_bucket, nbuckets);
	struct timeline_bin *bins;
	uint64_t last = 0;

	for (uint32_t i = 0; i < nbuckets && !b->bad; i++) {
		buckets[i].samples = (uint32_t)get(b);
		buckets[i].min_bytes = get_from(b, last);
		buckets[i].max_bytes = last = get_from(b, buckets[i].min_bytes);
	}
	c->buckets = buckets;
	c->nlatency = get_count(b, UINT32_MAX);
	bins = arena_array(a, struct timeline_bin, c->nlatency);
	for (uint32_t i = 0; i < c->nlatency && !b->bad; i++) {
		bins[i].from_ns = get(b);
		bins[i].count = get(b);
	}
	c->latency = bins;
	if (b->format > 1)
		unpack_slow(b, a, p, c);
}

/* Does everything it names exist?  Reports take that for granted. */
static bool event_fits(const struct timeline_event *e, const struct plan *p)
{
	if ((e->cgroup != UINT32_MAX && e->cgroup >= p->ncgroups) ||
	    (e->worker != UINT32_MAX && e->worker >= p->nworkers) || e->kind >= TIMELINE_KINDS)
		return false;
	if (e->kind == TIMELINE_MARK)
		return e->value < p->nmarks;
	return e->kind != TIMELINE_TRIGGER || e->value < p->ntriggers;
}

static void unpack_event(struct bytes *b, const struct plan *p, uint64_t last,
			 struct timeline_event *e)
{
	e->t_ns = get_from(b, last);
	e->end_ns = get_from(b, e->t_ns);
	e->value = get(b);
	e->late_ns = get(b);
	e->cgroup = (uint32_t)get(b) - 1;
	e->worker = (uint32_t)get(b) - 1;
	e->kind = (uint8_t)get(b);
	e->detail = (uint8_t)get(b);
	b->bad |= !event_fits(e, p);
}

int timeline_unpack(const void *bytes, size_t n, const struct plan *p, struct arena *a,
		    const struct timeline **out)
{
	struct timeline *t = arena_new(a, struct timeline);
	struct bytes b = {.at = bytes};
	struct timeline_cgroup *cgroups = arena_array(a, struct timeline_cgroup, p->ncgroups);
	struct timeline_event *events;

	b.end = n ? b.at + n : b.at;
	b.format = get_count(&b, FORMAT);
	b.bad |= !b.format;
	t->width_ns = get(&b);
	t->nbuckets = get_count(&b, TIMELINE_BUCKETS);
	t->nevents = get_count(&b, UINT32_MAX);
	t->left_out = (uint32_t)get(&b);
	for (uint32_t i = 0; i < p->ncgroups && !b.bad; i++)
		unpack_cgroup(&b, a, p, t->nbuckets, &cgroups[i]);
	events = arena_array(a, struct timeline_event, t->nevents);
	for (uint32_t i = 0; i < t->nevents && !b.bad; i++)
		unpack_event(&b, p, i ? events[i - 1].t_ns : 0, &events[i]);
	if (b.bad || b.at != b.end)
		return -EINVAL;
	t->cgroups = cgroups;
	t->events = events;
	*out = t;
	return 0;
}
