/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shared.h - what the coordinator, the zygote and the workers of a pool say to each other.
 *
 * One mapping for the whole pool, made and touched by the coordinator: a header, a bitmap of the
 * workers that have news, and a slot for each worker.  Every field has one writer, named below.
 * Whoever has news writes them, then sets its bit, and if the bit was not set, the eventfd.
 *
 * What does not fit a slot (samples, calls, commands) is written once to a second file, which
 * workers read with pread: mapping it would count it as theirs.
 */
#ifndef AGENTCG_BACKEND_CGROUP_SHARED_H
#define AGENTCG_BACKEND_CGROUP_SHARED_H

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend/cgroup/pool.h"

/* An op as it goes to a worker: struct op without pointers.  at: offsets in the data file. */
struct wire_op {
	uint64_t bytes, ns, each_ns, due_ns;
	uint64_t at; /* samples (struct op_sample), calls (struct wire_call) or a command */
	uint32_t n;  /* how many; of a command: bytes, with its NUL */
	uint32_t memory_n;
	uint64_t memory_at; /* tools: samples followed meanwhile */
	uint64_t base_bytes, timeout_ns;
	uint8_t kind;
	bool simulated, own_cgroup;
};

struct wire_call {
	uint64_t at_ns, dur_ns, bytes;
	uint64_t command_at;
	uint32_t command_len; /* with its NUL; 0: no command */
	uint32_t pad;
};

struct pool_slot {
	/* written by the coordinator before the worker is made */
	char name[64];
	uint64_t file_bytes, process_bytes;
	int32_t oom_score_adj;
	/* written by the coordinator */
	_Atomic uint32_t begun; /* how many ops so far; the worker waits on it */
	_Atomic uint32_t thp;
	struct wire_op op;
	_Atomic uint32_t tail; /* events taken; a worker whose ring is full waits on it */
	/* written by the worker */
	_Alignas(64) _Atomic uint32_t head; /* events written */
	_Atomic uint32_t full;		    /* it waits for room; cleared by the coordinator */
	_Atomic int32_t ready;		    /* 1, or -errno: it could not be made */
	_Atomic int32_t err;		    /* why it ends itself */
	_Atomic uint32_t by_command;
	_Atomic int32_t command_err; /* by its command: why it could not be begun */
	/* written by the zygote */
	_Alignas(64) _Atomic int32_t pid; /* or -errno: it could not be made */
	_Atomic uint32_t ended;		  /* 1: the two below hold */
	int32_t status;
	uint64_t ended_ns;
	_Alignas(64) struct pool_event ring[]; /* [shared->ring] */
};

struct pool_shared {
	uint64_t bytes; /* of the mapping */
	uint64_t slots_at, slot_bytes;
	uint32_t n, ring; /* workers; events a ring holds, a power of 2 */
	bool as_other;	  /* commands run as uid, gid */
	bool has_output;
	uid_t uid;
	gid_t gid;
	uint64_t call_timeout_ns;
	_Atomic uint32_t commands;		    /* written by workers: one has run a command */
	char workdir[PATH_MAX], file_dir[PATH_MAX]; /* file_dir: "" is nowhere */
	_Atomic uint64_t news[];		    /* by worker / 64 */
};

static inline struct pool_slot *shared_slot(struct pool_shared *s, uint32_t worker)
{
	return (struct pool_slot *)(void *)((char *)s + s->slots_at + worker * s->slot_bytes);
}

/* This worker has news. */
void shared_signal(struct pool_shared *s, uint32_t worker, int event_fd);

/* Wait while *word is seen, at most until a signal or a wake-up. */
void shared_wait(_Atomic uint32_t *word, uint32_t seen);
void shared_wake(_Atomic uint32_t *word);

uint64_t shared_now(void); /* CLOCK_MONOTONIC */

/* ---- coordinator to zygote ------------------------------------------------------------------- */

enum zygote_order {
	ZYGOTE_OPEN,  /* fds: shared, data, event, life[, output] */
	ZYGOTE_SPAWN, /* fds: [cgroup][, own parent] */
	ZYGOTE_CLOSE, /* kill all, reap all, then close life */
};

struct zygote_message {
	uint32_t order; /* enum zygote_order */
	uint32_t worker;
	bool has_cgroup, has_own;
};
#define ZYGOTE_MAX_FDS 5

struct zygote {
	pid_t pid;
	int sock;
	bool in_use; /* by a pool */
};

/* 0 or -errno: -EPIPE, the zygote has died; -ETIMEDOUT, it is stopped. */
int zygote_send(struct zygote *z, const struct zygote_message *m, const int *fds, uint32_t nfds);
bool zygote_lives(const struct zygote *z);

#endif
