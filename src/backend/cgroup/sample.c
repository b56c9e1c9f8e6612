/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/cgroup/sample.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/cgroup/cgfs.h"
#include "base/units.h"

#define FAST_NS	   (50 * NS_PER_MS)
#define STAT_EVERY 10

/* ---- texts ----------------------------------------------------------------------------------- */

/* 0 where the kernel does not say. */
static uint64_t key(const char *text, const char *name)
{
	uint64_t v = 0;

	(void)cgfs_key(text, name, &v);
	return v;
}

void sample_parse_stat(const char *text, struct cg_counters *c)
{
	uint64_t refaults = key(text, "workingset_refault_anon") +
			    key(text, "workingset_refault_file") +
			    key(text, "workingset_refault"); /* before 5.9 */

	c->anon_bytes = key(text, "anon");
	c->file_bytes = key(text, "file");
	c->reclaimed_bytes = key(text, "pgsteal") * PAGE_BYTES;
	c->refault_bytes = refaults * PAGE_BYTES;
	c->faults = key(text, "pgfault");
}

void sample_parse_events(const char *text, struct cg_counters *c)
{
	c->ev_low = key(text, "low");
	c->ev_high = key(text, "high");
	c->ev_max = key(text, "max");
	c->ev_oom = key(text, "oom");
	c->ev_oom_kill = key(text, "oom_kill");
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=1234", in microseconds */
static uint64_t pressure_total(const char *text, const char *kind)
{
	const char *line = strstr(text, kind);
	const char *total = line ? strstr(line, "total=") : NULL;

	return total ? strtoull(total + strlen("total="), NULL, 10) * NS_PER_US : 0;
}

void sample_parse_pressure(const char *text, struct cg_counters *c)
{
	c->psi_some_ns = pressure_total(text, "some ");
	c->psi_full_ns = pressure_total(text, "full ");
}

/* ---- files ----------------------------------------------------------------------------------- */

static int open_one(int dirfd, const char *file)
{
	return openat(dirfd, file, O_RDONLY | O_CLOEXEC);
}

int sampler_open(struct sampler *s, int dirfd)
{
	*s = SAMPLER_NONE;
	s->current = open_one(dirfd, "memory.current");
	if (s->current < 0)
		return -errno;
	s->peak = open_one(dirfd, "memory.peak");
	s->swap = open_one(dirfd, "memory.swap.current");
	s->events = open_one(dirfd, "memory.events");
	s->local = open_one(dirfd, "memory.events.local");
	s->stat = open_one(dirfd, "memory.stat");
	s->pressure = open_one(dirfd, "memory.pressure");
	return 0;
}

void sampler_close(struct sampler *s)
{
	const int fds[] = {s->current, s->peak, s->swap, s->events, s->local, s->stat, s->pressure};

	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	*s = SAMPLER_NONE;
}

/*
 * A kernel's file that is shown as a whole (seq_file, single_open) comes in one read if there is
 * room for it; looking for its end would double the price.
 */
static ssize_t read_once(int fd, char *text, size_t size)
{
	ssize_t n;

	do
		n = pread(fd, text, size - 1, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	return n;
}

static int read_number(int fd, uint64_t *out)
{
	char text[32];
	uint64_t v = 0;
	ssize_t n;

	if (fd < 0)
		return 0;
	n = read_once(fd, text, sizeof text);
	if (n < 0)
		return (int)n;
	for (const char *s = text; *s >= '0' && *s <= '9'; s++)
		v = v * 10 + (uint64_t)(*s - '0');
	*out = v;
	return 0;
}

static int read_text(int fd, void (*parse)(const char *text, struct cg_counters *c),
		     struct cg_counters *c)
{
	char text[8192];
	ssize_t n;

	if (fd < 0)
		return 0;
	n = read_once(fd, text, sizeof text);
	/* memory.pressure cannot be read where PSI is built in and switched off (-EOPNOTSUPP). */
	if (n < 0)
		return n == -EOPNOTSUPP ? 0 : (int)n;
	parse(text, c);
	return 0;
}

static bool stat_due(const struct sampler *s, uint64_t now_ns)
{
	uint64_t apart = now_ns - s->last_ns;

	return !s->stat_ns || apart >= FAST_NS || now_ns - s->stat_ns >= STAT_EVERY * apart;
}

/* Into s->last, in place: a sample that fails ends the run, and copies are a tenth of its price. */
static int read_all(struct sampler *s, uint64_t now_ns)
{
	struct cg_counters *c = &s->last;
	int err;

	err = read_number(s->current, &c->usage_bytes);
	if (!err)
		err = read_number(s->peak, &c->peak_bytes);
	if (!err)
		err = read_number(s->swap, &c->swap_bytes);
	if (!err)
		err = read_text(s->events, sample_parse_events, c);
	if (!err)
		err = read_text(s->pressure, sample_parse_pressure, c);
	if (!err && stat_due(s, now_ns)) {
		err = read_text(s->stat, sample_parse_stat, c);
		s->stat_ns = now_ns;
	}
	if (c->usage_bytes > c->peak_bytes) /* without memory.peak; with it, it is a moment older */
		c->peak_bytes = c->usage_bytes;
	s->last_ns = now_ns;
	return err;
}

int sampler_base(struct sampler *s, uint64_t now_ns)
{
	int err = read_all(s, now_ns);

	if (!err)
		s->base = s->last;
	return err;
}

int sampler_read(struct sampler *s, uint64_t now_ns, struct cg_counters *out)
{
	int err = read_all(s, now_ns);

	if (err)
		return err;
	*out = s->last;
	out->ev_low -= s->base.ev_low;
	out->ev_high -= s->base.ev_high;
	out->ev_max -= s->base.ev_max;
	out->ev_oom -= s->base.ev_oom;
	out->ev_oom_kill -= s->base.ev_oom_kill;
	out->reclaimed_bytes -= s->base.reclaimed_bytes;
	out->refault_bytes -= s->base.refault_bytes;
	out->faults -= s->base.faults;
	out->psi_some_ns -= s->base.psi_some_ns;
	out->psi_full_ns -= s->base.psi_full_ns;
	return 0;
}

int sampler_events(const struct sampler *s, struct cg_counters *c)
{
	int err = read_text(s->events, sample_parse_events, c);

	if (err)
		return err;
	c->ev_low -= s->base.ev_low;
	c->ev_high -= s->base.ev_high;
	c->ev_max -= s->base.ev_max;
	c->ev_oom -= s->base.ev_oom;
	c->ev_oom_kill -= s->base.ev_oom_kill;
	return 0;
}

int sampler_level(const struct sampler *s, struct level_events *out)
{
	char text[1024];
	ssize_t n;

	if (s->local < 0) {
		*out = (struct level_events){0};
		return 0;
	}
	n = read_once(s->local, text, sizeof text);
	if (n < 0)
		return (int)n;
	*out = (struct level_events){
	    .high = key(text, "high"),
	    .max = key(text, "max"),
	    .oom = key(text, "oom"),
	    .oom_kill = key(text, "oom_kill"),
	};
	return 0;
}
