/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * print_demand.c - demand against each shared limit, in words and over time.
 *
 * A limit is shared when at least two sessions (leaf cgroups with workers) are below it.  Without a
 * limit of its own, the scenario's root has the machine's memory.
 */
#include "plan/print_demand.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "plan/demand.h"

#define ROWS	  20 /* of the table over time, at most */
#define BAR_LIMIT 30 /* columns up to the limit */
#define BAR_MAX	  44 /* columns in all; a bar that would be longer ends in + */

void print_seconds(struct buf *out, uint64_t ns)
{
	char frac[16];
	size_t n = 9;

	buf_printf(out, "%" PRIu64, ns / NS_PER_SEC);
	ns %= NS_PER_SEC;
	for (size_t i = n; i-- > 0; ns /= 10)
		frac[i] = (char)('0' + ns % 10);
	while (n && frac[n - 1] == '0')
		n--;
	if (n)
		buf_putc(out, '.');
	buf_put(out, frac, n);
	buf_putc(out, 's');
}

static uint64_t limit_of(const struct plan *p, uint32_t policy, uint32_t cgroup)
{
	uint64_t max = p->policies[policy].attrs[cgroup].max_bytes;

	return max == NO_LIMIT && !cgroup ? p->machine.memory_bytes : max;
}

/* The policies under which the limit is this one: ", under static, native"; "" when all. */
static void put_policies(const struct plan *p, uint32_t cgroup, uint64_t limit, struct buf *out)
{
	const char *between = " under ";
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->npolicies; i++)
		n += limit_of(p, i, cgroup) == limit;
	if (n == p->npolicies)
		return;
	for (uint32_t i = 0; i < p->npolicies; i++) {
		if (limit_of(p, i, cgroup) != limit)
			continue;
		buf_printf(out, "%s%s", between, p->policies[i].name);
		between = ", ";
	}
}

/* Is the limit of policy the first of its value? */
static bool is_new_limit(const struct plan *p, uint32_t cgroup, uint32_t policy)
{
	for (uint32_t i = 0; i < policy; i++)
		if (limit_of(p, i, cgroup) == limit_of(p, policy, cgroup))
			return false;
	return true;
}

static bool *find_sessions(const struct plan *p)
{
	bool *session = mem_alloc(p->ncgroups * sizeof *session);

	for (uint32_t i = 0; i < p->nworkers; i++)
		session[p->workers[i].cgroup] = p->cgroups[p->workers[i].cgroup].leaf;
	return session;
}

static bool is_below(const struct plan *p, uint32_t c, uint32_t top)
{
	while (c != top && c)
		c = p->cgroups[c].parent;
	return c == top;
}

static uint32_t count_sessions(const struct plan *p, const bool *session, uint32_t top)
{
	uint32_t n = 0;

	for (uint32_t c = 0; c < p->ncgroups; c++)
		n += session[c] && is_below(p, c, top);
	return n;
}

static void put_limit(const struct plan *p, uint32_t cgroup, uint64_t limit, struct buf *out)
{
	bool memory = p->policies[0].attrs[cgroup].max_bytes == NO_LIMIT && !cgroup;

	if (memory && limit == p->machine.memory_bytes)
		buf_puts(out, "the machine's memory ");
	else
		buf_printf(out, "%s max ", p->cgroups[cgroup].name);
	fmt_size(out, limit);
	put_policies(p, cgroup, limit, out);
}

static void put_percent(struct buf *out, uint64_t part, uint64_t of)
{
	if (of)
		buf_printf(out, "%" PRIu64 "%%", mul_div(part, 100, of));
	else
		buf_puts(out, "-");
}

/* ---- over time ------------------------------------------------------------------------------ */

/* A step that people count in, at least end / ROWS. */
static uint64_t row_step(uint64_t end_ns)
{
	static const uint64_t seconds[] = {1,	2,   5,	  10,	15,   20,   30,	   60,	  120,
					   300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400};
	uint64_t least = end_ns / ROWS + 1;

	for (uint64_t ns = 1; ns < NS_PER_SEC; ns *= 10)
		for (uint64_t k = 1; k <= 5; k += k == 1 ? 1 : 3)
			if (k * ns >= least)
				return k * ns;
	for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++)
		if (seconds[i] * NS_PER_SEC >= least)
			return seconds[i] * NS_PER_SEC;
	return (least / (86400 * NS_PER_SEC) + 1) * (86400 * NS_PER_SEC);
}

static void put_right(struct buf *out, size_t from, size_t width)
{
	size_t n = out->n - from;

	if (n >= width)
		return;
	buf_pad(out, ' ', width - n);
	memmove(out->s + from + width - n, out->s + from, n);
	memset(out->s + from, ' ', width - n);
}

static void put_bar(struct buf *out, uint64_t bytes, uint64_t limit)
{
	uint64_t n = limit ? mul_div(bytes, BAR_LIMIT, limit) : 0;
	bool cut = n > BAR_MAX - 2;

	if (bytes > limit && n == BAR_LIMIT)
		n++; /* over is over */
	if (cut)
		n = BAR_MAX - 2;
	buf_putc(out, '|');
	for (uint64_t i = 0; i < BAR_LIMIT; i++)
		buf_putc(out, i < n ? '#' : ' ');
	buf_putc(out, '|');
	for (uint64_t i = BAR_LIMIT; i < n; i++)
		buf_putc(out, '!');
	if (cut)
		buf_putc(out, '+');
}

static void print_over_time(const struct demand *d, uint32_t cgroup, uint64_t limit,
			    struct buf *out)
{
	const struct demand_series *s = &d->cgroups[cgroup];
	uint64_t step = row_step(d->end_ns), bytes = 0;
	size_t k = 0, from;

	buf_puts(out, "        from    demand  of it  highest in each interval\n");
	for (uint64_t at = 0; at == 0 || at < d->end_ns; at += step) {
		uint64_t highest = bytes;

		/* What is reached at the interval's start counts from there. */
		if (k < s->points.n && s->points.v[k].at_ns == at)
			highest = 0;
		for (; k < s->points.n && s->points.v[k].at_ns - at < step; k++) {
			bytes = s->points.v[k].bytes;
			highest = bytes > highest ? bytes : highest;
		}
		from = out->n;
		print_seconds(out, at);
		put_right(out, from, 12);
		from = out->n;
		fmt_size_short(out, highest);
		put_right(out, from, 10);
		from = out->n;
		put_percent(out, highest, limit);
		put_right(out, from, 7);
		buf_puts(out, "  ");
		put_bar(out, highest, limit);
		while (out->n && out->s[out->n - 1] == ' ')
			out->s[--out->n] = '\0';
		buf_putc(out, '\n');
	}
}

/* ---- in words ------------------------------------------------------------------------------- */

static void print_limit(const struct plan *p, const struct demand *d, const bool *session,
			uint32_t cgroup, uint64_t limit, struct buf *out)
{
	struct demand_over over;

	demand_against(d, cgroup, limit, &over);
	buf_puts(out, "  ");
	put_limit(p, cgroup, limit, out);
	buf_printf(out, ", shared by %" PRIu32 " sessions\n    peak demand ",
		   count_sessions(p, session, cgroup));
	fmt_size_short(out, over.peak_bytes);
	buf_puts(out, " at ");
	print_seconds(out, over.peak_ns);
	buf_puts(out, ", ");
	put_percent(out, over.peak_bytes, limit);
	buf_puts(out, " of it\n    ");
	if (over.first_ns == NEVER) {
		buf_puts(out, "never more than there is\n");
	} else {
		buf_puts(out, "more than there is from ");
		print_seconds(out, over.first_ns);
		buf_puts(out, " on, for ");
		print_seconds(out, over.total_ns);
		buf_puts(out, " in all\n");
	}
	for (uint32_t c = 1; c < p->ncgroups; c++) {
		if (!session[c] || !is_below(p, c, cgroup) || d->cgroups[c].peak_bytes <= limit)
			continue;
		buf_printf(out, "    warning: %s alone peaks at ", p->cgroups[c].name);
		fmt_size_short(out, d->cgroups[c].peak_bytes);
		buf_puts(out, ": no policy can save it\n");
	}
}

/* Sessions that do not fit into a limit of their own, or of a parent that they have to themselves.
 */
static void print_own_limits(const struct plan *p, const struct demand *d, const bool *session,
			     struct buf *out)
{
	for (uint32_t c = 1; c < p->ncgroups; c++) {
		uint64_t peak = d->cgroups[c].peak_bytes;

		if (count_sessions(p, session, c) != 1)
			continue;
		for (uint32_t i = 0; i < p->npolicies; i++) {
			uint64_t limit = limit_of(p, i, c);

			if (limit >= peak || !is_new_limit(p, c, i))
				continue;
			buf_printf(out, "  %s peaks at ", p->cgroups[c].name);
			fmt_size_short(out, peak);
			buf_puts(out, ", more than its own max ");
			fmt_size(out, limit);
			put_policies(p, c, limit, out);
			buf_putc(out, '\n');
		}
	}
}

void print_demand(const struct plan *p, struct buf *out)
{
	bool *session = find_sessions(p);
	struct demand d;
	size_t before;

	if (demand_compute(p, &d)) {
		free(session);
		return;
	}
	buf_puts(out, "\ndemand (nominal: nothing limited, nothing late)\n");
	before = out->n;
	for (uint32_t c = 0; c < p->ncgroups; c++) {
		if (count_sessions(p, session, c) < 2)
			continue;
		for (uint32_t i = 0; i < p->npolicies; i++) {
			uint64_t limit = limit_of(p, i, c);

			if (limit == NO_LIMIT || !is_new_limit(p, c, i))
				continue;
			print_limit(p, &d, session, c, limit, out);
			if (d.cgroups[c].points.n)
				print_over_time(&d, c, limit, out);
		}
	}
	print_own_limits(p, &d, session, out);
	if (d.reactive)
		buf_puts(out, "  actions of `when` and `after` are not in these figures\n");
	if (out->n == before)
		buf_puts(out, "  no limit is shared by several sessions\n");
	demand_free(&d);
	free(session);
}
