/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/cgroup/shield.h"

#include <stdlib.h>

#include "base/diag.h"
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

static uint8_t wanted(const struct mech_host *h, uint32_t i)
{
	const struct cg_attrs *a = h->cgroups[i].attrs;

	return a->priority == PRIORITY_HIGH ? a->protect : PROTECT_OFF;
}

/*
 * effective_protection() of mm/page_counter.c: below a child of the root that reclaims, a cgroup
 * has of its own setting what its parent's effective one leaves it, and of nothing that is nothing.
 * Raising the parent's as well would protect the siblings too (memory_recursiveprot).
 */
static void warn(const struct mech_host *h, uint32_t i, struct diags *d)
{
	uint8_t kind = wanted(h, i);

	for (uint32_t p = h->cgroups[i].parent; kind && p; p = h->cgroups[p].parent) {
		const struct cg_attrs *a = h->cgroups[p].attrs;
		const char *file = kind == PROTECT_MIN ? "min" : "low";

		if (kind == PROTECT_MIN ? a->min_bytes : a->low_bytes)
			continue;
		diag_file(
		    d, W_PROTECT_KERNEL, NULL, 0, 0,
		    "`protect` of `%s` has no effect by this mechanism: the kernel hands down "
		    "no more than memory.%s of `%s`, which is 0",
		    h->cgroups[i].name, file, h->cgroups[p].name);
		diag_hint(d, "`cgroup %s < %s SIZE >`, or `%s` at the top", h->cgroups[p].name,
			  file, h->cgroups[i].name);
		return;
	}
}

void shield_warn(const struct mech_host *h, struct diags *d)
{
	for (uint32_t i = 0; i < h->n; i++)
		warn(h, i, d);
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

int shield_set(struct shield *p, uint32_t cgroup)
{
	return wanted(p->h, cgroup) == p->of[cgroup].raised ? 0 : lower(p, cgroup);
}

static int step(struct shield *p, uint32_t i, uint64_t now_ns)
{
	struct cover *s = &p->of[i];
	uint8_t kind = wanted(p->h, i);
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
