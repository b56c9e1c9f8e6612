/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/cgroup/freezer.h"

#include <errno.h>
#include <stdlib.h>

#include "backend/cgroup/hold.h"
#include "backend/cgroup/shield.h"
#include "base/diag.h"
#include "base/mem.h"

struct freezer {
	const struct mech_host *h;
	const struct watch *watch;
	void *watching;
	struct shield *shield;
	struct hold *of;     /* [h->n] */
	uint32_t *frozen_by; /* [h->n]: 1 + the cgroup whose delay it is frozen for; 0: it is not */
};

int freezer_open(const struct watch *watch, const char *name, const struct mech_host *h,
		 struct diags *d, void **m)
{
	struct freezer *f = mem_alloc(sizeof *f);
	char why[256];
	int err;

	f->h = h;
	f->watch = watch;
	err = watch->open(h, why, sizeof why, &f->watching);
	if (err) {
		diag_file(d, E_RUN_FAILED, NULL, 0, 0, "mechanism `%s`: %s", name, why);
		free(f);
		*m = NULL;
		return err;
	}
	f->shield = shield_open(h, watch, f->watching);
	shield_warn(h, d);
	f->of = mem_alloc(h->n * sizeof *f->of);
	f->frozen_by = mem_alloc(h->n * sizeof *f->frozen_by);
	*m = f;
	return 0;
}

int freezer_set(void *m, uint32_t cgroup, uint32_t mask)
{
	struct freezer *f = m;
	int err = f->watch->set(f->watching, cgroup, mask);

	return err ? err : shield_set(f->shield, cgroup);
}

int freezer_fd(void *m)
{
	struct freezer *f = m;

	return f->watch->fd(f->watching);
}

uint64_t freezer_due(void *m)
{
	struct freezer *f = m;
	uint64_t due = f->watch->due(f->watching);
	uint64_t lowered = shield_due(f->shield);

	if (lowered < due)
		due = lowered;
	for (uint32_t i = 0; i < f->h->n; i++)
		if (f->of[i].on && f->of[i].due_ns < due)
			due = f->of[i].due_ns;
	return due;
}

/* A cgroup that is gone needs no thawing. */
static int thaw(struct freezer *f, uint32_t cgroup)
{
	int err = 0;

	for (uint32_t i = cgroup; i < f->h->n; i++) {
		int one;

		if (f->frozen_by[i] != cgroup + 1)
			continue;
		f->frozen_by[i] = 0;
		one = f->h->freeze(f->h->ctx, i, false);
		if (one && one != -ENOENT && one != -ENODEV)
			err = one;
	}
	return err;
}

/* Has it, or one between it and the ancestor, a delay of its own, or `delay off`? */
static bool is_apart(const struct mech_host *h, uint32_t i, uint32_t ancestor)
{
	for (; i > ancestor; i = h->cgroups[i].parent) {
		const struct cg_attrs *a = h->cgroups[i].attrs;

		if (a->delay_ns || (a->set & CGA_BIT(CGA_DELAY)))
			return true;
	}
	return false;
}

static int freeze_one(struct freezer *f, uint32_t i, uint32_t for_cgroup)
{
	int err = f->h->freeze(f->h->ctx, i, true);

	if (!err)
		f->frozen_by[i] = for_cgroup + 1;
	return err;
}

/*
 * A delay is one for all below, but for those that have their own.  Where there are such, the
 * others are frozen one by one: tasks live in cgroups without others below.
 */
static int freeze(struct freezer *f, uint32_t cgroup)
{
	const struct mech_host *h = f->h;
	bool whole = true;
	int err = 0;

	for (uint32_t i = cgroup + 1; i < h->n; i++)
		whole &= !watch_below(h, i, cgroup) || !is_apart(h, i, cgroup);
	if (whole)
		return freeze_one(f, cgroup, cgroup);
	for (uint32_t i = cgroup + 1; i < h->n && !err; i++) {
		bool leaf = true;

		if (!watch_below(h, i, cgroup) || is_apart(h, i, cgroup))
			continue;
		for (uint32_t c = i + 1; c < h->n; c++)
			leaf &= h->cgroups[c].parent != i;
		/* One that is gone does not have to wait. */
		err = leaf ? freeze_one(f, i, cgroup) : 0;
		err = err == -ENOENT || err == -ENODEV ? 0 : err;
	}
	if (err)
		(void)thaw(f, cgroup);
	return err;
}

static int begin(struct freezer *f, const struct watch_event *e, uint64_t now_ns)
{
	struct hold *h = &f->of[e->cgroup];
	struct hold before = *h;
	uint64_t owed = hold_event(h, e, now_ns);
	int err;

	if (!owed)
		return 0;
	err = before.on ? 0 : freeze(f, e->cgroup);
	if (err) {
		*h = before;
		return err;
	}
	if (f->h->stopped)
		f->h->stopped(f->h->ctx, e->cgroup, e->t_ns, owed, 0);
	else
		f->h->delayed(f->h->ctx, e->cgroup, e->t_ns, owed);
	return 0;
}

int freezer_step(void *m, uint64_t now_ns)
{
	struct freezer *f = m;
	struct watch_event e;
	int err;

	/* First those that wait for us: a hold that runs too long is worse than one begun late. */
	for (uint32_t i = 0; i < f->h->n; i++) {
		if (!f->of[i].on || f->of[i].due_ns > now_ns)
			continue;
		err = thaw(f, i);
		if (err)
			return err;
		hold_end(&f->of[i], now_ns);
	}
	while ((err = f->watch->next(f->watching, now_ns, &e)) > 0) {
		err = begin(f, &e, now_ns);
		if (err)
			return err;
	}
	return err ? err : shield_step(f->shield, now_ns);
}

void freezer_count(void *m, uint32_t cgroup, uint64_t now_ns, struct cg_counters *c)
{
	struct freezer *f = m;
	uint64_t throttled_ns = 0;

	c->delays = c->delayed_ns = c->protections = 0;
	c->asked = c->given = c->given_ns = 0;
	for (uint32_t i = cgroup; i < f->h->n; i++) {
		struct cg_counters one = {0};

		if (!watch_below(f->h, i, cgroup))
			continue;
		c->delays += f->of[i].delays;
		c->delayed_ns += hold_ns(&f->of[i], now_ns);
		c->protections += shield_count(f->shield, i);
		f->watch->count(f->watching, i, &one);
		throttled_ns += one.throttled_ns;
		c->asked += one.asked;
		c->given += one.given;
		c->given_ns += one.given_ns;
		if (i == cgroup && one.faults)
			c->faults = one.faults;
	}
	if (throttled_ns)
		c->throttled_ns = throttled_ns;
}

void freezer_close(void *m)
{
	struct freezer *f = m;

	if (!f)
		return;
	for (uint32_t i = 0; i < f->h->n; i++)
		if (f->of[i].on)
			(void)thaw(f, i);
	shield_close(f->shield);
	f->watch->close(f->watching);
	free(f->frozen_by);
	free(f->of);
	free(f);
}
