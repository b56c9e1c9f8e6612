/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * obs.h - observations: the only thing that comes back from a backend.
 */
#ifndef AGENTCG_BACKEND_OBS_H
#define AGENTCG_BACKEND_OBS_H

#include <stdint.h>

/* What a backend's nanoseconds are nanoseconds of. */
enum obs_clock {
	OBS_CLOCK_MODEL,    /* simulated: nothing is ever late by itself */
	OBS_CLOCK_HARDWARE, /* a machine's own, KVM included */
	OBS_CLOCK_EMULATED, /* software emulation: work takes longer, timers are later than on
			       hardware */
};

enum obs_kind {
	OBS_DONE,   /* a worker's op ended: .done */
	OBS_STEP,   /* inside an op, the worker grew: one allocation latency, .step */
	OBS_KILL,   /* a worker died: .kill; its op in flight, if any, then ends with DONE_KILLED */
	OBS_SAMPLE, /* .counters of a cgroup, asked for by OP_SAMPLE */
	OBS_LIMIT,  /* a limit that is not in force on reading back: .limit */
	OBS_OOM, /* an OOM killer was invoked in this cgroup's subtree (cgroup = whose max was hit)
		  */
	OBS_DELAY,   /* one policy delay began in this cgroup: .delay */
	OBS_COMMAND, /* inside an op, a real command ended: .command */
};

enum done_status {
	DONE_OK,
	DONE_KILLED,  /* the worker died meanwhile */
	DONE_FAILED,  /* exec: non-zero exit; .code */
	DONE_TIMEOUT, /* exec: ended by its timeout */
};

enum kill_reason {
	KILL_OOM,
	KILL_OP,      /* OP_KILL */
	KILL_UNKNOWN, /* live: somebody else's signal */
};

/*
 * Where the time of an allocation, or of an op, went.  What the parts leave of it is not explained:
 * a backend that cannot tell a part leaves it 0.  A live one has direct reclaim in cpu_ns, and in
 * reclaim_ns what was waited for it; it does not tell ready_ns and disk_ns.
 */
struct obs_held {
	uint64_t cpu_ns;      /* on a CPU */
	uint64_t throttle_ns; /* asleep over memory.high, by the kernel's own penalty */
	uint64_t delay_ns;    /* in policy delays */
	uint64_t reclaim_ns;  /* in reclaim, or waiting for an OOM killer */
	uint64_t ready_ns;    /* wanted a CPU that others had, or that cpu.max did not give */
	uint64_t disk_ns;     /* waiting for the disk or swap */
	uint64_t frozen_ns;   /* in a frozen cgroup, when there was something to do */
	uint64_t pace_ns;     /* asleep of its own will: `over`, `sleep`, a recording's times */
};

static inline void obs_held_add(struct obs_held *to, const struct obs_held *h)
{
	to->cpu_ns += h->cpu_ns;
	to->throttle_ns += h->throttle_ns;
	to->delay_ns += h->delay_ns;
	to->reclaim_ns += h->reclaim_ns;
	to->ready_ns += h->ready_ns;
	to->disk_ns += h->disk_ns;
	to->frozen_ns += h->frozen_ns;
	to->pace_ns += h->pace_ns;
}
static inline uint64_t obs_held_sum(const struct obs_held *h)
{
	return h->cpu_ns + h->throttle_ns + h->delay_ns + h->reclaim_ns + h->ready_ns + h->disk_ns +
	       h->frozen_ns + h->pace_ns;
}

/*
 * Counters of one cgroup since the run began, its descendants included where the kernel's file of
 * that name includes them (memory.events is hierarchical).
 */
struct cg_counters {
	uint64_t usage_bytes, peak_bytes;		       /* memory.current, memory.peak */
	uint64_t swap_bytes;				       /* memory.swap.current */
	uint64_t anon_bytes, file_bytes;		       /* memory.stat */
	uint64_t ev_low, ev_high, ev_max, ev_oom, ev_oom_kill; /* memory.events */
	uint64_t reclaimed_bytes;			       /* memory.stat pgsteal */
	uint64_t refault_bytes;				       /* read again from disk or swap */
	uint64_t faults;				       /* memory.stat pgfault */
	uint64_t delays, delayed_ns; /* policy delays of its tasks: count, time */
	uint64_t protections;	     /* reclaim passes that `protect` turned away */
	/*
	 * What the mechanism was asked, where it counts that: batches that it judged, delays that
	 * it asked for and their sum.  `delays` are those that came of it.
	 */
	uint64_t asked, given, given_ns;
	uint64_t throttled_ns;		   /* native memory.high sleep; a delay may lie in it */
	uint64_t psi_some_ns, psi_full_ns; /* memory.pressure total= */
	struct obs_held held; /* so far, of ops in flight of its own workers; or 0: not told */
};

struct obs {
	uint64_t t_ns;
	uint32_t kind;	 /* enum obs_kind */
	uint32_t cgroup; /* index */
	uint32_t worker; /* index; UINT32_MAX where no worker is meant */
	union {
		struct {
			uint64_t start_ns; /* when the op began; t_ns is its end */
			uint64_t bytes;	  /* completed: allocated, read, touched, replayed growth */
			uint64_t late_ns; /* paced ops: how much later than nominal it ended */
			uint64_t short_bytes; /* replay: the most by which it lagged behind a sample
						 when that one's time was over */
			struct obs_held held; /* of the time from start_ns to its end */
			uint32_t status;      /* enum done_status */
			int32_t code;
		} done;
		struct {
			uint64_t bytes, latency_ns, late_ns;
			struct obs_held held;
		} step;
		struct {
			uint32_t reason;       /* enum kill_reason */
			uint32_t limit_cgroup; /* OOM: whose limit was hit */
		} kill;
		struct {
			uint32_t attr; /* enum cg_attr */
			uint64_t asked, found;
		} limit;
		struct {
			uint64_t ns;	 /* from the charge on, at t_ns */
			uint64_t lag_ns; /* from there until its task stood still for it */
		} delay;
		struct {
			uint64_t start_ns;   /* t_ns is its end */
			uint64_t peak_bytes; /* of its own cgroup; 0 without one */
			uint32_t call;	     /* index in op_calls; exec: 0 */
			uint32_t status;     /* enum done_status */
			int32_t code;	     /* exit status, 128 + signal */
		} command;
		const struct cg_counters *counters; /* valid during the call only */
	};
};

/* Where observations go.  put must not call back into the backend. */
struct obs_sink {
	void (*put)(void *ctx, const struct obs *o);
	void *ctx;
};

#endif
