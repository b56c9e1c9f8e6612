/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * workers.c - who acts in a cgroup: its main worker, and others by name.
 *
 * Numbered in order of first mention.  Main workers are found by an array; named ones, of which
 * there are few, by a hash table of (cgroup, name).
 */
#include "base/mem.h"
#include "plan/check.h"

static uint32_t add(struct check *x, uint32_t cgroup, const char *name)
{
	struct worker_spec w = {.cgroup = cgroup, .name = name};

	vec_push(&x->workers, w);
	x->has_worker[cgroup] = true;
	return (uint32_t)x->workers.n - 1;
}

static size_t slot_of(const struct check *x, uint32_t cgroup, const char *name)
{
	size_t mask = x->nworker_slots - 1;
	uint64_t h = (uint64_t)cgroup << 32 ^ (uint64_t)(uintptr_t)name >> 3;

	/* The order of this table is never seen: workers are numbered as they come. */
	for (size_t i = (h * UINT64_C(0x9e3779b97f4a7c15) >> 32) & mask;; i = (i + 1) & mask) {
		uint32_t w = x->worker_slots[i];

		if (!w ||
		    (x->workers.v[w - 1].cgroup == cgroup && x->workers.v[w - 1].name == name))
			return i;
	}
}

static void grow(struct check *x)
{
	x->nworker_slots = x->nworker_slots ? x->nworker_slots * 2 : 64;
	free(x->worker_slots);
	x->worker_slots = mem_alloc(x->nworker_slots * sizeof(*x->worker_slots));
	for (size_t i = 0; i < x->workers.n; i++) {
		const struct worker_spec *w = &x->workers.v[i];

		if (w->name[0])
			x->worker_slots[slot_of(x, w->cgroup, w->name)] = (uint32_t)i + 1;
	}
}

uint32_t worker_of(struct check *x, uint32_t cgroup, const struct sym *as)
{
	size_t slot;

	if (!as) {
		if (x->main_worker[cgroup] == UINT32_MAX)
			x->main_worker[cgroup] = add(x, cgroup, "");
		return x->main_worker[cgroup];
	}
	if (2 * (size_t)(x->nnamed + 1) > x->nworker_slots)
		grow(x);
	slot = slot_of(x, cgroup, as->s);
	if (!x->worker_slots[slot]) {
		x->worker_slots[slot] = add(x, cgroup, as->s) + 1;
		x->nnamed++;
	}
	return x->worker_slots[slot] - 1;
}
