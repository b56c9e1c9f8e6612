/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory.c - how much memory a machine needs (vm.h) */
#include "base/units.h"
#include "plan/demand.h"
#include "plan/plan.h"
#include "vm/vm.h"

/* Kernel, its tables, init, agentcg: 6.1 and 7.3 with 256M were seen to use less than 110M. */
#define SYSTEM_BYTES (144 * MIB)
/* A worker's process, its page tables left aside. */
#define WORKER_BYTES (2 * MIB)
#define LEAST_BYTES  (256 * MIB)
/* With less than 512M to give, Linux switches huge pages off (hugepage_init(), mm/huge_memory.c).
 */
#define LEAST_HUGE_BYTES (640 * MIB)
#define STEP_BYTES	 (16 * MIB)

static uint64_t of_step(const struct plan_step *s)
{
	uint64_t sum = 0;

	if (s->kind == STEP_OP && (s->op.kind == OP_ALLOC || s->op.kind == OP_HOLD))
		return s->op.bytes;
	if (s->kind == STEP_START)
		for (uint32_t i = 0; i < s->nbody; i++)
			if (s->body[i].kind == OP_ALLOC || s->body[i].kind == OP_HOLD)
				sum += s->body[i].bytes;
	return sum;
}

/* The most that is held, up to the root's limit where every policy has one. */
static uint64_t most_held(const struct plan *p)
{
	struct demand d;
	uint64_t peak, limit = 0;

	if (demand_compute(p, &d))
		return 0;
	peak = d.cgroups[0].peak_bytes;
	demand_free(&d);
	for (uint32_t i = 0; i < p->ntriggers; i++)
		for (uint32_t k = 0; k < p->triggers[i].nsteps; k++)
			peak += of_step(&p->triggers[i].steps[k]);
	for (uint32_t i = 0; i < p->npolicies; i++)
		if (p->policies[i].attrs[0].max_bytes > limit)
			limit = p->policies[i].attrs[0].max_bytes;
	return peak < limit ? peak : limit;
}

static bool wants_huge(const struct plan *p)
{
	for (uint32_t i = 0; i < p->npolicies; i++)
		for (uint32_t k = 0; k < p->ncgroups; k++)
			if (p->policies[i].attrs[k].thp)
				return true;
	return false;
}

uint64_t vm_memory_for(const struct plan *p, uint64_t initrd_bytes)
{
	uint64_t held = most_held(p), bytes;

	/* Page tables are 0.2%, the kernel's own map of its pages 1.6%. */
	bytes = held + held / 50 + p->nworkers * WORKER_BYTES + SYSTEM_BYTES;
	/* The archive and what is unpacked from it are there at the same time, and the latter may
	   take half of the memory. */
	if (bytes < 5 * initrd_bytes)
		bytes = 5 * initrd_bytes;
	bytes += 2 * initrd_bytes;
	if (p->machine.stated & MACHINE_MEMORY && bytes < p->machine.memory_bytes + SYSTEM_BYTES)
		bytes = p->machine.memory_bytes + SYSTEM_BYTES;
	if (bytes < LEAST_BYTES)
		bytes = LEAST_BYTES;
	if (wants_huge(p) && bytes < LEAST_HUGE_BYTES)
		bytes = LEAST_HUGE_BYTES;
	return (bytes + STEP_BYTES - 1) / STEP_BYTES * STEP_BYTES;
}
