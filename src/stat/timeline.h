/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * timeline.h - what one run looked like over time, in bounded memory.
 *
 * Usage is kept in at most TIMELINE_BUCKETS intervals of equal width, each with the lowest and the
 * highest sample in it: when a run outgrows them, neighbours are merged and the width doubles.  So
 * a run of any length takes the same memory, and no peak that was sampled is lost.  Delays that
 * follow one another closely are one event that says how many it stands for; of actions and tool
 * calls, the first TIMELINE_EVENTS each are kept and the others counted.  Kills, marks and limits
 * are always kept.
 */
#ifndef AGENTCG_STAT_TIMELINE_H
#define AGENTCG_STAT_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/obs.h"
#include "base/arena.h"
#include "plan/plan.h"

#define TIMELINE_BUCKETS 1024
#define TIMELINE_EVENTS	 8192
#define TIMELINE_SLOW	 10

struct timeline_bucket {
	uint64_t min_bytes, max_bytes; /* memory.current */
	uint32_t samples;	       /* 0: none fell into it, the others say nothing */
};

/* Allocations whose latency was in [from_ns, 2^(1/4) * from_ns), roughly. */
struct timeline_bin {
	uint64_t from_ns, count;
};

/* An allocation that took long. */
struct timeline_slow {
	uint64_t end_ns, bytes, latency_ns; /* latency: pauses of its own will left out */
	struct obs_held held;
	uint32_t worker;
	uint8_t op; /* enum op_kind */
};

struct timeline_cgroup {
	const struct timeline_bucket *buckets; /* [timeline.nbuckets] */
	const struct timeline_bin *latency;    /* ascending, no empty ones */
	uint32_t nlatency;
	const struct timeline_slow *slow; /* the slowest TIMELINE_SLOW, the slowest first */
	uint32_t nslow;
};

enum timeline_kind {
	TIMELINE_KILL,	  /* .detail: enum kill_reason; .worker */
	TIMELINE_OOM,	  /* an OOM killer was invoked for this cgroup's limit */
	TIMELINE_DELAY,	  /* policy delays from t_ns to end_ns; .value: how many */
	TIMELINE_ACTION,  /* .worker did .detail (enum op_kind) of .value bytes, .late_ns late */
	TIMELINE_MARK,	  /* .value: index of plan.marks */
	TIMELINE_TRIGGER, /* .value: index of plan.triggers */
	TIMELINE_LIMIT,	  /* `set` changed .detail (CGA_HIGH or CGA_MAX) to .value bytes */
	TIMELINE_COMMAND, /* a tool call or command from t_ns to end_ns ended as .detail (enum
			     done_status); .value: its peak in bytes; .late_ns: index in op_calls */
	TIMELINE_KINDS
};

struct timeline_event {
	uint64_t t_ns, end_ns; /* equal for what has no length */
	uint64_t value, late_ns;
	uint32_t cgroup, worker; /* UINT32_MAX where none is meant */
	uint8_t kind;		 /* enum timeline_kind */
	uint8_t detail;
};

struct timeline {
	uint64_t width_ns; /* of a bucket; bucket i is [i * width_ns, (i + 1) * width_ns) */
	uint32_t nbuckets;
	const struct timeline_cgroup *cgroups; /* [plan.ncgroups] */
	const struct timeline_event *events;   /* ascending t_ns */
	uint32_t nevents;
	uint32_t left_out; /* actions and tool calls that were not kept */
};

struct latency;
struct recording;

/* A recorder of one run after the other; it keeps its memory between them. */
struct recording *recording_new(const struct plan *p);
void recording_free(struct recording *r);

/* period_ns: how often all cgroups will be sampled. */
void recording_begin(struct recording *r, uint64_t period_ns);
void recording_obs(struct recording *r, const struct obs *o);
void recording_action(struct recording *r, uint32_t worker, uint8_t op, uint64_t late_ns);
void recording_moment(struct recording *r, enum timeline_kind kind, uint64_t t_ns, uint32_t index);
void recording_limit(struct recording *r, uint64_t t_ns, uint32_t cgroup, enum cg_attr attr,
		     uint64_t bytes);
/* latency: of a cgroup's allocations. */
void recording_latency(struct recording *r, uint32_t cgroup, const struct latency *l,
		       struct arena *a);
/* What was recorded, in `a`. */
const struct timeline *recording_end(struct recording *r, struct arena *a);

#endif
