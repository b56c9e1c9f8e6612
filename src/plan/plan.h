/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan.h - the checked plan: loop-free, typed, resolved, const.
 *
 * Everything a run needs and nothing that must still be looked up.  Two runs of one plan share it.
 * It lives in the unit's arena.
 */
#ifndef AGENTCG_PLAN_PLAN_H
#define AGENTCG_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/op.h"
#include "base/source.h"
#include "base/units.h"
#include "plan/expr.h"

struct unit;
struct buf;
struct requirement;

/* ---- steps and when they are due ----------------------------------------------------------- */

enum step_kind {
	STEP_OP,    /* .op */
	STEP_START, /* a workload: .body, run in order by worker .op.target */
	STEP_MARK,  /* .mark */
};

/* One action on one target.  An action on several targets is several steps, in the order named. */
struct plan_step {
	struct op op;
	union {
		struct {
			const struct op *body;
			uint32_t nbody;
		};
		uint32_t mark;
	};
	uint32_t kind;	/* enum step_kind */
	struct span at; /* the action, for messages and plan printing */
};

/* Text order; equal due times run in this order. */
struct plan_event {
	uint64_t at_ns;	    /* nominal */
	uint64_t jitter_ns; /* half-width; 0 = none. Never moves an event before 0 */
	uint32_t draw;	    /* events of one jittered `at` (one pass of `every`) share one draw */
	struct plan_step step;
};

enum trigger_kind {
	TRIGGER_WHEN,  /* cond true for hold_ns on end, within within_ns of the start */
	TRIGGER_AFTER, /* hold_ns after cond (a mark, done()) first became true */
};

struct plan_trigger {
	uint32_t kind; /* enum trigger_kind */
	const struct px *cond;
	uint64_t hold_ns;
	uint64_t within_ns; /* NEVER: none */
	const struct plan_step *steps;
	uint32_t nsteps;
	struct span at;
	const char *text; /* "root.usage > 90% of total" */
};

/* ---- policies, claims ----------------------------------------------------------------------- */

struct plan_policy {
	const char *name;	      /* "declared" when the scenario compares none */
	const struct cg_attrs *attrs; /* [ncgroups] */
	bool acts;		      /* some cgroup has a delay or protect that could act */
	const char *mechanism;	      /* its own, by name; NULL: the default */
	struct span at;
};

struct plan_expect {
	const struct px *cond; /* DIM_BOOL */
	const char *text;      /* as written, canonical spacing */
	const char *claim;     /* name of its claim, or NULL */
	double confidence;     /* 0 = none asked */
	bool warn_only;
	bool each_policy; /* has metrics without a policy prefix */
	bool uses_alone;
	struct span at;
};

struct plan_param {
	const char *name, *value; /* value in the language's spelling */
	const char *doc;	  /* or NULL */
	const char *range;	  /* "512M..16G", or NULL */
	enum dim dim;
	struct ratio lo, hi; /* of a range, in base units */
	bool overridden;     /* by -p */
};

/* One experiment for each value: each is a plan of its own, with the parameter overridden. */
struct plan_sweep {
	const char *param;
	const char *const *values; /* as -p takes them */
	uint32_t nvalues;
};

struct plan_trace {
	const char *name, *path;
	const char *file;  /* what was opened: path, relative to where it is named */
	const char *units; /* "decimal", "binary" */
	uint64_t digest, duration_ns, peak_bytes, mean_bytes;
	uint32_t nsamples, ncalls;
};

struct plan {
	const char *title, *path;      /* title falls back to the file's name; path as given */
	const struct sources *sources; /* for the spans in here */
	/*
	 * Of all that decides what is measured: the texts of all files, the parameters' values, the
	 * recordings' contents.  Not of the seed, the repetitions and --policy: they choose runs
	 * among the same ones.
	 */
	uint64_t digest;

	struct machine machine;
	const struct cg_spec *cgroups;
	uint32_t ncgroups;
	const struct worker_spec
	    *workers; /* only workers with something to do, in order of first mention */
	uint32_t nworkers;

	const struct plan_policy
	    *policies; /* at least one; those that run, in order of `compare` */
	uint32_t npolicies;
	int32_t baseline; /* index into policies, or -1: no comparison */
	/* Of policies that name none: `mechanism`, --mechanism; NULL: as the backend has it. */
	const char *mechanism;
	struct span mechanism_at; /* where the scenario says so */
	const struct cg_attrs
	    *alone_attrs; /* CGA_POLICY attributes of all but the root at their defaults */

	const struct plan_event *events;
	uint32_t nevents, ndraws;
	const struct plan_trigger *triggers;
	uint32_t ntriggers;
	const char *const *marks;
	uint32_t nmarks;

	const struct px
	    *finish_when;   /* or NULL: when every worker is done and no timer is pending */
	uint64_t finish_ns; /* `at`, `by`; NEVER: none. With finish_when it is a deadline */
	const struct px *const *aborts;
	const char *const *abort_texts;
	uint32_t naborts;

	uint64_t sample_ns; /* period of samples and of conditions; default 100 ms */
	bool measured;	    /* `measure` was written: samples are wanted as such */

	uint32_t repeat;	       /* at least 1 */
	uint32_t repeat_max;	       /* repeat 10..30: 30, else == repeat */
	const struct px *repeat_until; /* `until ci(X) < 5%`: X, or NULL */
	double repeat_width;	       /* ... and 0.05 */
	uint64_t seed;
	bool interleave_random;
	bool contention_none;
	const struct plan_sweep *sweeps; /* of parameters that -p does not give; they multiply */
	uint32_t nsweeps;
	struct span sweep_at; /* the first one */

	const struct requirement *const
	    *require; /* [nrequire][...]: each a disjunction ended by feature NULL */
	uint32_t nrequire;
	/* enum backend_cap mask; not the delays and protection of policies with a mechanism. */
	uint32_t needs;

	const struct plan_expect *expects; /* in text order */
	uint32_t nexpects;
	uint32_t nleft_out; /* expectations about policies that --policy leaves out */
	bool uses_alone;

	const struct plan_param *params;
	uint32_t nparams;
	const struct plan_trace *traces;
	uint32_t ntraces;
};

/* By name, what carries out delay and protect in runs of this policy (or PX_ALONE); or NULL. */
static inline const char *plan_mechanism(const struct plan *p, int32_t policy)
{
	const char *own = policy < 0 ? NULL : p->policies[policy].mechanism;

	return own ? own : p->mechanism;
}

/* ---- making one ----------------------------------------------------------------------------- */

struct plan_override {
	const char *name,
	    *value; /* -p name=value; value in the language's syntax, or bare text for strings */
};

struct plan_options {
	const struct plan_override *overrides;
	size_t noverrides;
	const char *const
	    *policies; /* --policy: only these (baseline kept when among them); 0 = all */
	size_t npolicies;
	const char *mechanism; /* --mechanism: instead of the file's default; NULL: none given */
	uint32_t repeat;       /* 0 = as the file says */
	bool has_seed;
	uint64_t seed;
	/* An expectation in the language, judged after all of the file's as the claim of this name.
	 */
	const char *expect, *expect_name;
	uint32_t max_events; /* expand no further; 0: 10 million */
};

/*
 * Check a parsed unit; all errors go to u->diags.  Expands everything (loops, arrays, targets) but
 * keeps no events.  0, or -EINVAL when there were errors (of parsing too).
 */
int plan_check(struct unit *u, const struct plan_options *opt);
/* Check and lower.  On 0 *out is a plan in u->arena. */
int plan_lower(struct unit *u, const struct plan_options *opt, const struct plan **out);

#endif
