/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/op.h"

#include "backend/obs.h"

const struct cg_attrs cg_attrs_default = {
    .high_bytes = NO_LIMIT,
    .max_bytes = NO_LIMIT,
    .swap_bytes = NO_LIMIT,
    .threshold = 1,
    .window_ns = NS_PER_SEC,
    .weight = 100,
    .priority = PRIORITY_NORMAL,
    .protect = PROTECT_OFF,
};

const struct machine machine_default = {
    .memory_bytes = 16 * GIB,
    .fault_ns = 1600,
    .reaction_ns = NS_PER_MS,
    .free_ns = 250,
    .reclaim_bps = GIB,
    .disk_bps = 500 * MIB,
    .swapout_bps = 500 * MIB,
    .process_bytes = 512 * KIB,
    .cpus = 2,
    .noise_ppm = 30000,
};

void cg_attrs_overlay(struct cg_attrs *to, const struct cg_attrs *from, uint32_t mask)
{
	for (enum cg_attr a = 0; a < CGA_COUNT; a++) {
		if (!(mask & CGA_BIT(a)))
			continue;
		switch (a) {
		case CGA_MIN:
			to->min_bytes = from->min_bytes;
			break;
		case CGA_LOW:
			to->low_bytes = from->low_bytes;
			break;
		case CGA_HIGH:
			to->high_bytes = from->high_bytes;
			break;
		case CGA_MAX:
			to->max_bytes = from->max_bytes;
			break;
		case CGA_SWAP:
			to->swap_bytes = from->swap_bytes;
			break;
		case CGA_OOM:
			to->oom_group = from->oom_group;
			break;
		case CGA_WEIGHT:
			to->weight = from->weight;
			break;
		case CGA_CPU:
			to->cpu_ppm = from->cpu_ppm;
			break;
		case CGA_THP:
			to->thp = from->thp;
			break;
		case CGA_PRIORITY:
			to->priority = from->priority;
			break;
		case CGA_DELAY:
			to->delay_ns = from->delay_ns;
			to->delay_always = from->delay_always;
			break;
		case CGA_THRESHOLD:
			to->threshold = from->threshold;
			break;
		case CGA_WINDOW:
			to->window_ns = from->window_ns;
			break;
		case CGA_PROTECT:
			to->protect = from->protect;
			break;
		case CGA_COUNT:
			break;
		}
		to->set |= CGA_BIT(a);
	}
}

const char *op_kind_name(enum op_kind k)
{
	switch (k) {
	case OP_ALLOC:
		return "alloc";
	case OP_FREE:
		return "free";
	case OP_HOLD:
		return "hold";
	case OP_TOUCH:
		return "touch";
	case OP_READ:
		return "read";
	case OP_SLEEP:
		return "sleep";
	case OP_REPLAY:
		return "replay memory";
	case OP_TOOLS:
		return "replay tools";
	case OP_EXEC:
		return "exec";
	case OP_SET:
		return "set";
	case OP_FREEZE:
		return "freeze";
	case OP_THAW:
		return "thaw";
	case OP_KILL:
		return "kill";
	case OP_RECLAIM:
		return "reclaim";
	case OP_SAMPLE:
		return "sample";
	case OP_COUNT:
		break;
	}
	return "?";
}

const char *done_status_name(uint32_t status)
{
	switch ((enum done_status)status) {
	case DONE_OK:
		return "ok";
	case DONE_KILLED:
		return "killed";
	case DONE_FAILED:
		return "failed";
	case DONE_TIMEOUT:
		return "timed out";
	}
	return "";
}
