/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pool.h - the workers of a live run: processes that hold memory and do what they are told.
 *
 * A zygote is forked while agentcg is still small and before it has threads, maps or a scenario.
 * It makes the workers, each straight into its cgroup (clone3 with CLONE_INTO_CGROUP; where that is
 * not permitted, fork and a write to cgroup.procs before the worker touches memory), reaps them and
 * says how they ended.  It dies with the coordinator, workers die with it (PR_SET_PDEATHSIG), and
 * commands with their worker; what commands left running is killed too.
 *
 * The coordinator and a worker talk through shared memory that the coordinator has touched first,
 * so that it is charged to the coordinator: a mailbox for one op, a ring of events, one eventfd for
 * all.  A worker costs the coordinator no file descriptor.  Times are CLOCK_MONOTONIC nanoseconds.
 *
 * A worker grows by MADV_POPULATE_WRITE of 64 pages at a time, which is what the kernel charges at
 * a time: so memory.high throttles it as it throttles a program that writes one page after another.
 * Its memory is one range, used like a stack.  A huge page of which a part is freed goes back only
 * when the kernel splits it.
 */
#ifndef AGENTCG_BACKEND_CGROUP_POOL_H
#define AGENTCG_BACKEND_CGROUP_POOL_H

#include <stdbool.h>
#include <stddef.h>
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
	const char *workdir; /* absolute; NULL: / */
	/*
	 * Else commands of a root coordinator run as `uid`, `gid`, without other groups; if these
	 * are root's too, pool_begin refuses commands with -EPERM.
	 */
	bool as_root;
	uid_t uid;
	gid_t gid;
	uint64_t call_timeout_ns; /* of one tool call; 0 or NEVER: none */
	int output_fd;		  /* their stdout and stderr; -1: /dev/null */
	/*
	 * Where `read` has its files: absolute, on a file system that keeps them on a disk.  NULL:
	 * nowhere, pool_begin refuses a read with -EOPNOTSUPP.
	 */
	const char *file_dir;
};
/* Can files for `read` be there?  1, or 0 with the reason in why[], without a full stop. */
int pool_file_probe(const char *dir, char *why, size_t why_size);

struct pool_worker {
	const char *name; /* for messages: "low[0] as tool" */
	int cgroup_dirfd; /* where it lives; -1: where the zygote does (tests) */
	/*
	 * Where children for `own cgroup` are made and removed again; -1: nowhere, pool_begin
	 * refuses such an exec with -EOPNOTSUPP.  A worker that dies leaves its child behind, empty
	 * but for what cgroup.kill of the subtree finds.
	 */
	int own_parent_fd;
	bool thp;
	int oom_score_adj;
	/* Its file for `read` is made so long before pool_open returns; a longer read grows it. */
	uint64_t file_bytes;
	/*
	 * What its process takes altogether, before it does anything: what it has by being forked
	 * is made up to that, of memory that cannot be reclaimed (where the user may not lock it:
	 * not without swap).  Less than WORKER_OWN_BYTES, 0 too: just what it has.
	 */
	uint64_t process_bytes;
};

struct pool;

/*
 * Make n workers, idle and holding nothing but themselves.  On failure those that were made are
 * gone again.  0 or -errno: -EAGAIN, -ENOMEM, -EMFILE, -EACCES (cgroup), -ENOSPC (file), -EPIPE
 * (the zygote has died), -ETIMEDOUT (it does not listen), -EINTR (a signal was handled meanwhile).
 * Descriptors and strings are needed during the call only.
 */
int pool_open(struct zygote *z, const struct pool_worker *w, uint32_t n,
	      const struct pool_commands *commands, struct pool **out);
/* Kill and reap what lives, close everything.  NULL is fine. */
void pool_close(struct pool *p);

pid_t pool_pid(const struct pool *p, uint32_t worker); /* 0: it has ended */

/* Huge pages from its next growth on, or not; what it holds stays as it is. */
void pool_set_thp(struct pool *p, uint32_t worker, bool thp);

/*
 * Begin one op (op_is_worker()) of an idle, living worker.  What op points to (series, calls, exec)
 * must stay as it is until pool_close: it is sent to the workers once.  0 or -errno: -ESRCH dead
 * (or dying), -EBUSY, -EPERM, -EOPNOTSUPP (see above), -EPIPE.
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
			uint64_t cpu_ns;      /* on a CPU, reaped commands of it included */
			uint64_t pace_ns;     /* asleep of its own will */
			uint32_t status;      /* enum done_status */
			/* exec: exit status, 128 + signal; -errno: it could not be begun */
			int32_t code;
		} done;
		struct {
			uint64_t start_ns;
			uint64_t peak_bytes; /* of its own cgroup; 0 without */
			uint32_t call;	     /* index in op_calls; exec: 0 */
			/*
			 * enum done_status.  KILLED: by SIGKILL (or it exited with 137, as a shell
			 * does after its child's) while oom_kill of its cgroup rose; then the
			 * worker ends as well, as in the simulator.
			 */
			uint32_t status;
			int32_t code; /* as of done */
		} command;
		struct {
			int status;	 /* as from waitpid */
			bool by_command; /* it ended itself because its command was OOM-killed */
			/*
			 * Not 0: it ended itself because it could not go on, -errno.  Never from an
			 * OOM kill.
			 */
			int err;
		} exit;
	};
};

int pool_fd(const struct pool *p); /* readable when there are events */
/* 1: *e is the next event, in order of time for each worker; 0: none now; -errno: zygote died. */
int pool_next(struct pool *p, struct pool_event *e);

#endif
