/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * op.h - what a backend is told to do: the world a run starts with, and the operations on it.
 *
 * Everything here is plain data, const for the length of a run and owned by the plan.  Sizes are
 * bytes, times nanoseconds since the start of the run.
 */
#ifndef AGENTCG_BACKEND_OP_H
#define AGENTCG_BACKEND_OP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/units.h"

/* ---- the world ----------------------------------------------------------------------------- */

enum priority {
	PRIORITY_NORMAL,
	PRIORITY_HIGH, /* its page faults make it active */
	PRIORITY_LOW,  /* delayed while a priority-high cgroup is active */
};

enum protect {
	PROTECT_OFF,
	PROTECT_LOW, /* as if below memory.low while active */
	PROTECT_MIN,
};

enum cg_attr {
	CGA_MIN,    /* memory.min */
	CGA_LOW,    /* memory.low */
	CGA_HIGH,   /* memory.high */
	CGA_MAX,    /* memory.max */
	CGA_SWAP,   /* memory.swap.max */
	CGA_OOM,    /* memory.oom.group */
	CGA_WEIGHT, /* cpu.weight */
	CGA_CPU,    /* cpu.max */
	CGA_THP,    /* huge pages in workers */
	CGA_PRIORITY,
	CGA_DELAY, /* and always */
	CGA_THRESHOLD,
	CGA_WINDOW,
	CGA_PROTECT,
	CGA_COUNT
};
#define CGA_BIT(a) (UINT32_C(1) << (a))
/* Limits and policy: what the undisturbed (`alone`) run leaves out. */
#define CGA_POLICY                                                                                 \
	(CGA_BIT(CGA_MIN) | CGA_BIT(CGA_LOW) | CGA_BIT(CGA_HIGH) | CGA_BIT(CGA_MAX) |              \
	 CGA_BIT(CGA_PRIORITY) | CGA_BIT(CGA_DELAY) | CGA_BIT(CGA_THRESHOLD) |                     \
	 CGA_BIT(CGA_WINDOW) | CGA_BIT(CGA_PROTECT))

struct cg_attrs {
	uint32_t set; /* CGA_BIT()s that were written somewhere; the others hold defaults */
	uint64_t min_bytes, low_bytes;	/* default 0 */
	uint64_t high_bytes, max_bytes; /* default NO_LIMIT */
	uint64_t swap_bytes;		/* default NO_LIMIT */
	uint64_t delay_ns;		/* 0: off */
	uint64_t threshold;		/* default 1 */
	uint64_t window_ns;		/* default 1 s */
	uint32_t weight;		/* default 100 */
	uint32_t cpu_ppm;		/* of one cpu: 150% is 1500000; 0: no limit */
	bool oom_group, thp, delay_always;
	uint8_t priority; /* enum priority */
	uint8_t protect;  /* enum protect */
};
extern const struct cg_attrs cg_attrs_default;
/* Copy to *to the attributes of `from` named in `mask`, and mark them set. */
void cg_attrs_overlay(struct cg_attrs *to, const struct cg_attrs *from, uint32_t mask);

struct cg_spec {
	const char *name; /* "low[0]"; the root of the scenario is "root" */
	uint32_t parent;  /* index; cgroup 0 is the root and its own parent; parent < own index */
	bool leaf;	  /* has no child cgroups */
	bool nests;	  /* a leaf in which some command gets a cgroup of its own */
};

struct worker_spec {
	uint32_t cgroup;
	const char *name;    /* "" for the cgroup's main worker, else `as NAME` */
	uint64_t read_bytes; /* of its longest `read`: how long its file has to be; 0: none */
};

enum machine_stated {
	MACHINE_MEMORY = 1 << 0,
	MACHINE_CPUS = 1 << 1,
};

/*
 * What is modelled (simulator); of a real machine, memory and cpus are required where stated, and
 * its workers are as large as process_bytes says.
 */
struct machine {
	uint32_t stated;	/* enum machine_stated: written in the scenario, not defaults */
	uint64_t memory_bytes;	/* 16G */
	uint64_t fault_ns;	/* 1600: one 4K page */
	uint64_t reaction_ns;	/* 1 ms: of mechanisms that act from user space */
	uint64_t huge_ns;	/* 0: one huge page takes as long as 125 of 4K */
	uint64_t free_ns;	/* 250: giving one 4K page back */
	uint64_t reclaim_bps;	/* 1G/s, bytes per second of CPU */
	uint64_t disk_bps;	/* 500M/s */
	uint64_t swapout_bps;	/* 500M/s */
	uint64_t process_bytes; /* 512K: what a worker is charged before it does anything */
	uint32_t cpus;		/* 2 */
	uint32_t noise_ppm; /* 30000 = 3%: half-width of a worker's speed factor, drawn per run */
};
extern const struct machine machine_default;

struct world {
	struct machine machine;
	const struct cg_spec *cgroups; /* [ncgroups], parents first */
	const struct cg_attrs *attrs;  /* [ncgroups], of the policy that runs */
	const struct worker_spec *workers;
	uint32_t ncgroups, nworkers;
	/*
	 * What carries out delay and protect, by the name that the scenario gives; NULL: as the
	 * backend has it.
	 */
	const char *mechanism;
};

/* ---- operations ---------------------------------------------------------------------------- */

enum op_kind {
	/* Of one worker; each ends with one OBS_DONE. The engine gives a worker one at a time. */
	OP_ALLOC,  /* bytes, over_ns */
	OP_FREE,   /* bytes (NO_LIMIT: all), newest first */
	OP_HOLD,   /* bytes: grow or shrink to exactly that */
	OP_TOUCH,  /* bytes, over_ns, each_ns */
	OP_READ,   /* bytes of file pages, over_ns */
	OP_SLEEP,  /* ns */
	OP_REPLAY, /* series */
	OP_TOOLS,  /* calls */
	OP_EXEC,   /* exec */
	/* Of one cgroup; done when apply returns, no observation of their own. */
	OP_SET, /* set: the attributes in set->set */
	OP_FREEZE,
	OP_THAW,
	OP_KILL,    /* cgroup.kill: every worker in the subtree */
	OP_RECLAIM, /* memory.reclaim: bytes */
	OP_SAMPLE,  /* emits one OBS_SAMPLE */
	OP_COUNT
};
static inline bool op_is_worker(enum op_kind k)
{
	return k <= OP_EXEC;
}
const char *op_kind_name(enum op_kind k);
const char *done_status_name(uint32_t status); /* enum done_status (obs.h): "timed out" */

/*
 * Memory to follow: at at_ns (from the start of the op) hold `bytes`.  Speed and base are applied
 * already.  Samples are followed in order, late ones too; the op ends when the last one is held.
 */
struct op_sample {
	uint64_t at_ns;
	uint64_t bytes;
};
struct op_series {
	const struct op_sample *v;
	uint32_t n;
};

/*
 * Tool calls to make: hold base_bytes, then for each call in order, not before at_ns: run `command`
 * (live), or take `bytes` more for dur_ns and give them back (simulated).  Before the first call
 * the base is held, after the last it is kept.  A late call keeps its duration. `memory`, when not
 * NULL, is followed at the same time (with memory).
 */
struct op_call {
	uint64_t at_ns, dur_ns;
	uint64_t bytes; /* simulated: growth during the call */
	const char
	    *command;	  /* NULL: a call without a command (Read, Edit); it only takes its time */
	const char *tool; /* "Bash" */
};
struct op_calls {
	const struct op_call *v;
	uint32_t n;
	bool simulated;
	uint64_t base_bytes;
	const struct op_series *memory;
};

struct op_exec {
	const char *command;
	uint64_t timeout_ns; /* NEVER: none */
	bool own_cgroup;
	bool has_like; /* what the simulator plays: */
	uint64_t like_ns, like_peak_bytes;
};

struct op {
	uint8_t kind;	 /* enum op_kind */
	uint32_t target; /* worker or cgroup index, as op_is_worker() says */
	uint64_t bytes;	 /* ALLOC FREE HOLD TOUCH READ RECLAIM */
	uint64_t ns;	 /* SLEEP: how long; ALLOC READ TOUCH: over, 0 = as fast as it goes */
	union {
		uint64_t each_ns; /* TOUCH: period, 0 = once */
		const struct op_series *series;
		const struct op_calls *calls;
		const struct op_exec *exec;
		const struct cg_attrs *set;
	};
};

#endif
