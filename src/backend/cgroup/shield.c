/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/cgroup/shield.h"

#include <stdlib.h>

#include "base/mem.h"

struct cover {
	uint8_t raised;	   /* enum protect: what is raised now */
	uint64_t until_ns; /* while it is */
	uint64_t times;
};

struct shield {
	const struct mech_host *h;
	const struct watch *watch;
	void *watching;
	struct cover *of; /* [h->n] */
};

static enum cg_attr file_of(uint8_t kind)
{
	return kind == PROTECT_MIN ? CGA_MIN : CGA_LOW;
}

struct shield *shield_open(const struct mech_host *h, const struct watch *watch, void *watching)
{
	struct shield *p = mem_alloc(sizeof *p);

	p->h = h;
	p->watch = watch;
	p->watching = watching;
	p->of = mem_alloc(h->n * sizeof *p->of);
	return p;
}

static int lower(struct shield *p, uint32_t i)
{
	struct cover *s = &p->of[i];
	int err;

	if (!s->raised)
		return 0;
	err = p->h->restore(p->h->ctx, i, file_of(s->raised));
	if (!err)
		s->raised = PROTECT_OFF;
	return err;
}

static uint8_t wanted(const struct shield *p, uint32_t i)
{
	const struct cg_attrs *a = p->h->cgroups[i].attrs;

	return a->priority == PRIORITY_HIGH ? a->protect : PROTECT_OFF;
}

int shield_set(struct shield *p, uint32_t cgroup)
{
	return wanted(p, cgroup) == p->of[cgroup].raised ? 0 : lower(p, cgroup);
}

static int step(struct shield *p, uint32_t i, uint64_t now_ns)
{
	struct cover *s = &p->of[i];
	uint8_t kind = wanted(p, i);
	int err;

	/* While it is raised, there is nothing to ask before it may end. */
	if (!kind || (s->raised && now_ns < s->until_ns))
		return 0;
	s->until_ns = p->watch->active_until(p->watching, i, now_ns);
	if (s->until_ns <= now_ns)
		return lower(p, i);
	if (s->raised)
		return 0;
	err = p->h->limit(p->h->ctx, i, file_of(kind), NO_LIMIT);
	if (err)
		return err;
	s->raised = kind;
	s->times++;
	return 0;
}

int shield_step(struct shield *p, uint64_t now_ns)
{
	for (uint32_t i = 0; i < p->h->n; i++) {
		int err = step(p, i, now_ns);

		if (err)
			return err;
	}
	return 0;
}

uint64_t shield_due(const struct shield *p)
{
	uint64_t due = NEVER;

	for (uint32_t i = 0; i < p->h->n; i++)
		if (p->of[i].raised && p->of[i].until_ns < due)
			due = p->of[i].until_ns;
	return due;
}

uint64_t shield_count(const struct shield *p, uint32_t cgroup)
{
	return p->of[cgroup].times;
}

void shield_close(struct shield *p)
{
	if (!p)
		return;
	for (uint32_t i = 0; i < p->h->n; i++)
		(void)lower(p, i);
	free(p->of);
	free(p);
}
