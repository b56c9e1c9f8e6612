/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * worker.h - inside a worker: a process of one thread that carries out one op after another.
 *
 * It allocates nothing but what ops say, besides its stack: what it needs itself would count as the
 * session's memory.
 */
#ifndef AGENTCG_BACKEND_CGROUP_WORKER_H
#define AGENTCG_BACKEND_CGROUP_WORKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "backend/cgroup/shared.h"

#define WORKER_CHUNK_PAGES 64u	/* MEMCG_CHARGE_BATCH: at most one batch is over high at a time */
#define WORKER_HUGE_PAGES  512u /* of a huge page */
/* What a cgroup is charged for a forked worker: its stack and page tables, 5 to 7 pages. */
#define WORKER_OWN_BYTES (6 * PAGE_BYTES)

/* What the zygote leaves a new worker. */
struct worker_seat {
	struct pool_shared *shared;
	uint32_t index;
	pid_t parent;
	int event_fd, data_fd, output_fd;
	int cgroup_fd, own_fd; /* -1: none */
	int err;	       /* it could not be moved to its cgroup */
};
_Noreturn void worker_main(const struct worker_seat *seat);

/* A command that runs, or none: pid 0. */
struct worker_command {
	pid_t pid;
	uint64_t start_ns, deadline_ns;
	bool timed_out;
	int cgroup_fd; /* its own; -1: none */
	char cgroup[32];
	uint64_t oom_kills; /* of the worker's cgroup when it began */
	uint64_t peak_bytes;
	bool poll_peak; /* no memory.peak here */
	/* once it has ended: */
	bool ended;
	uint64_t end_ns;
	int status;
};

struct hand {
	struct worker_seat seat;
	struct pool_slot *slot;

	/* memory: one range from base; `pages` of it are resident or swapped, the first ones */
	char *base;
	uint64_t reserved_bytes, writable_bytes;
	uint64_t want_bytes; /* what ops have asked for so far; pages is that rounded up */
	uint64_t pages, goal;
	bool was_thp, no_populate, swap;
	uint64_t huge_from, huge_to; /* pages: where this growth takes huge pages */

	/* the allocation in hand */
	uint64_t grow_bytes, step_ns, step_wait_ns, step_cpu_ns;
	uint64_t cpu_ns, cpu_wall_ns; /* CPU time when last read, and wall time since, if busy */
	uint64_t next_due_ns;	      /* replay: when the sample's time is over */
	bool short_noted;

	/* the op in hand */
	struct wire_op op;
	uint64_t start_ns, done_bytes, late_ns, short_bytes;
	uint64_t pace_ns; /* asleep of its own will */
	int32_t code;

	/* file */
	int file_fd; /* -1: none yet */
	uint64_t file_bytes;

	struct worker_command command;
	uint32_t ncommands;
};

/* ---- worker.c -------------------------------------------------------------------------------- */

void worker_emit(struct hand *w, const struct pool_event *e);
/* Sleep until then, if that is to come; returns the time it is. */
uint64_t worker_until(uint64_t t_ns);
/* The same as a part of its op: until then it had nothing to do. */
uint64_t worker_rest(struct hand *w, uint64_t t_ns);
static inline uint64_t worker_lateness(uint64_t now_ns, uint64_t due_ns)
{
	return now_ns > due_ns ? now_ns - due_ns : 0;
}
static inline uint64_t worker_plus(uint64_t a, uint64_t b) /* saturating: b may be NEVER */
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}
/* It cannot go on. */
_Noreturn void worker_fail(struct hand *w, int err);
/* Read from the data file; fails for good or not at all. */
void worker_data(struct hand *w, void *to, size_t bytes, uint64_t at);
/* Work that is spread over op.ns: when its part done/all is due. */
uint64_t worker_pace(const struct hand *w, uint64_t done, uint64_t all);

/* CPU time of its thread; of commands too, once they are reaped. */
uint64_t worker_cpu(void);
uint64_t worker_children_cpu(void);

/* ---- worker_mem.c ---------------------------------------------------------------------------- */

int worker_mem_init(struct hand *w); /* 0 or -errno */
/* Be as large as a process of so many bytes.  0 or -errno. */
int worker_mem_process(uint64_t bytes);
/* Begin a step towards holding `bytes`; hold() goes there at once, paced() over op.ns. */
void worker_mem_aim(struct hand *w, uint64_t bytes);
void worker_mem_hold(struct hand *w);
void worker_mem_paced(struct hand *w);
/* The step is over: if it was a growth, it counts as one allocation. */
void worker_mem_report(struct hand *w, uint64_t late_ns);
void worker_mem_touch(struct hand *w, uint64_t from, uint64_t to); /* pages */

/* ---- worker_file.c --------------------------------------------------------------------------- */

int worker_file_need(struct hand *w, uint64_t bytes); /* make it that long. 0 or -errno */
void worker_file_read(struct hand *w);		      /* OP_READ */

/* ---- worker_replay.c ------------------------------------------------------------------------- */

/* Samples or calls of the data file, read a few at a time. */
struct samples {
	uint64_t at;
	uint32_t n, first, have;
	struct op_sample v[64];
};
const struct op_sample *samples_get(struct hand *w, struct samples *s, uint32_t i);
void worker_replay(struct hand *w);	       /* OP_REPLAY */
enum done_status worker_tools(struct hand *w); /* OP_TOOLS */

/* ---- worker_exec.c --------------------------------------------------------------------------- */

enum done_status worker_exec(struct hand *w); /* OP_EXEC */
/* Begin a command that is at this place of the data file.  0 or -errno. */
int worker_command_begin(struct hand *w, uint64_t at, uint32_t len, uint64_t timeout_ns, bool own);
/* See whether it has ended or its time is over. */
void worker_command_look(struct hand *w);
/* Wait until it has ended or until then; returns the time. */
uint64_t worker_command_wait(struct hand *w, uint64_t until_ns);
/* It has ended: clear up, say so.  Does not return where it was killed by the OOM killer. */
enum done_status worker_command_end(struct hand *w, uint32_t call);

#endif
