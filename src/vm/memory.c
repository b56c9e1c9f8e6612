/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory.c - how much memory a machine needs, and how fast an emulated one gives it (vm.h) */
#include <inttypes.h>

#include "base/units.h"
#include "plan/demand.h"
#include "plan/plan.h"
#include "vm/vm.h"

/* Kernel, its tables, init, agentcg: 6.1 and 7.3 with 256M were seen to use less than 110M. */
#define SYSTEM_BYTES (144 * MIB)
/* A worker's process, its page tables left aside. */
#define WORKER_BYTES (2 * MIB)
#define LEAST_BYTES  (256 * MIB)
#define STEP_BYTES   (16 * MIB)

/*
 * Pages of 4K, one processor, software emulation: 300M took 1.1 s to 1.8 s.  The slower of the two,
 * as the host is seldom idle.
 */
#define PACE_BYTES (300 * MIB)
#define PACE_NS	   UINT64_C(1800000000)

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
	return (bytes + STEP_BYTES - 1) / STEP_BYTES * STEP_BYTES;
}

/* ---- pace -------------------------------------------------------------------------------------
 */

/* Of all that is paced, the steepest. */
struct pace {
	uint64_t bytes, ns; /* so much in that time */
	struct span at;
};

static bool steeper(uint64_t bytes, uint64_t ns, const struct pace *p)
{
	return !p->ns || mul_div(bytes, NS_PER_SEC, ns) > mul_div(p->bytes, NS_PER_SEC, p->ns);
}

static void note(struct pace *p, uint64_t bytes, uint64_t ns, struct span at)
{
	if (bytes && ns && steeper(bytes, ns, p))
		*p = (struct pace){bytes, ns, at};
}

static void note_series(struct pace *p, const struct op_series *s, struct span at)
{
	for (uint32_t i = 1; s && i < s->n; i++)
		if (s->v[i].bytes > s->v[i - 1].bytes)
			note(p, s->v[i].bytes - s->v[i - 1].bytes,
			     s->v[i].at_ns - s->v[i - 1].at_ns, at);
}

static void note_op(struct pace *p, const struct op *op, struct span at)
{
	if (op->kind == OP_ALLOC)
		note(p, op->bytes, op->ns, at);
	else if (op->kind == OP_REPLAY)
		note_series(p, op->series, at);
	else if (op->kind == OP_TOOLS)
		note_series(p, op->calls->memory, at);
}

static void note_step(struct pace *p, const struct plan_step *s)
{
	if (s->kind == STEP_OP)
		note_op(p, &s->op, s->at);
	else if (s->kind == STEP_START)
		for (uint32_t i = 0; i < s->nbody; i++)
			note_op(p, &s->body[i], s->at);
}

void vm_warn_pace(const struct plan *plan, struct diags *d)
{
	struct pace p = {0};
	struct buf size = {0}, rate = {0};

	for (uint32_t i = 0; i < plan->nevents; i++)
		note_step(&p, &plan->events[i].step);
	for (uint32_t i = 0; i < plan->ntriggers; i++)
		for (uint32_t k = 0; k < plan->triggers[i].nsteps; k++)
			note_step(&p, &plan->triggers[i].steps[k]);
	if (!p.ns || mul_div(p.bytes, PACE_NS, p.ns) <= PACE_BYTES)
		return;
	fmt_size_short(&size, p.bytes);
	fmt_seconds_short(&rate, (double)p.ns / 1e9);
	diag_at(d, W_VM_PACE, p.at,
		"an emulated machine cannot follow a rise of %s in %s: it will be late",
		buf_str(&size), buf_str(&rate));
	diag_hint(d, "it touches about 170M a second; huge pages (`thp`) or a lower `speed` help");
	buf_free(&size);
	buf_free(&rate);
}
