/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pool.h - the workers of a live run: processes that hold memory and do what they are told.
 *
 * A zygote is forked while agentcg is still small and before it has threads, maps or a scenario.
 * It makes the workers, each straight into its cgroup (clone3 with CLONE_INTO_CGROUP; where that is
 * not permitted, fork and a write to cgroup.procs before the worker touches memory), reaps them and
 * says how they ended.  Zygote and workers die with the coordinator (PR_SET_PDEATHSIG), and
 * commands with their worker.
 *
 * The coordinator talks to a worker over a socket and shared memory that the coordinator has
 * touched first, so that it is charged to the coordinator.  Times are CLOCK_MONOTONIC nanoseconds.
 */
#ifndef AGENTCG_BACKEND_CGROUP_POOL_H
#define AGENTCG_BACKEND_CGROUP_POOL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "backend/backend.h"

struct zygote;

/* Fork it.  0 or -errno.  Only while the process has one thread. */
int zygote_start(struct zygote **out);
pid_t zygote_pid(const struct zygote *z);
/* End it and what is left of its workers; waits for them.  NULL is fine. */
void zygote_stop(struct zygote *z);

/* How commands (exec, replay tools) are run. */
struct pool_commands {
	const char *workdir; /* absolute */
	bool as_root;	     /* else commands of a root coordinator run as `uid`, `gid` */
	uid_t uid;
	gid_t gid;
};

struct pool_worker {
	const char *name;  /* for messages: "low[0] as tool" */
	int cgroup_dirfd;  /* where it lives */
	int own_parent_fd; /* where children for `own cgroup` are made; -1: nowhere */
	bool thp;
	int oom_score_adj;
};

struct pool;

/*
 * Make n workers, idle and holding nothing but themselves.  On failure those that were made are
 * gone again.  0 or -errno: -EAGAIN, -ENOMEM, -EACCES (cgroup), -EPIPE (the zygote has died).
 */
int pool_open(struct zygote *z, const struct pool_worker *w, uint32_t n,
	      const struct pool_commands *commands, struct pool **out);
/* Kill and reap what lives, close everything.  NULL is fine. */
void pool_close(struct pool *p);

pid_t pool_pid(const struct pool *p, uint32_t worker); /* 0: it has ended */

/*
 * Begin one op (op_is_worker()) of an idle, living worker; op and what it points to must stay until
 * the op has ended.  0 or -errno: -ESRCH dead (or dying), -EBUSY.
 */
int pool_begin(struct pool *p, uint32_t worker, const struct op *op, uint64_t due_ns);

enum pool_event_kind {
	POOL_STEP,  /* it grew: one allocation latency, as in OBS_STEP */
	POOL_CHUNK, /* a part of it that took long (POOL_SLOW_NS): what held it can be asked now */
	POOL_DONE,  /* the op ended */
	POOL_COMMAND, /* a command inside the op ended */
	POOL_EXIT,    /* the process has ended and is reaped; its op in flight has not been DONE */
};
#define POOL_SLOW_NS UINT64_C(5000000)

struct pool_event {
	uint8_t kind;
	uint32_t worker;
	uint64_t t_ns; /* when it happened */
	union {
		struct {
			uint64_t bytes, latency_ns, late_ns,
			    cpu_ns; /* cpu_ns: of latency_ns, on a CPU */
		} step;		    /* STEP and CHUNK; late_ns is 0 in a CHUNK */
		struct {
			uint64_t start_ns, bytes, late_ns;
			uint64_t short_bytes; /* replay: the most by which it was behind what was
						 asked when the sample's time was over */
			uint32_t status;      /* enum done_status */
			int32_t code;	      /* exec: exit status, 128 + signal */
		} done;
		struct {
			uint64_t start_ns;
			uint64_t peak_bytes; /* of its own cgroup; 0 without */
			uint32_t call;	     /* index in op_calls; exec: 0 */
			uint32_t
			    status; /* enum done_status; KILLED: by SIGKILL that we did not send */
			int32_t code;
		} command;
		struct {
			int status; /* as from waitpid */
			bool by_us; /* pool_close, or it ended with its command */
		} exit;
	};
};

int pool_fd(const struct pool *p); /* readable when there are events */
/* 1: *e is the next event, in order of time for each worker; 0: none now; -errno: zygote died. */
int pool_next(struct pool *p, struct pool_event *e);

#endif
