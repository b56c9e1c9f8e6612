/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * expr.h - expressions that wait for measurements: conditions, expectations.
 *
 * What can be known before the run is folded to PX_CONST by lowering; what remains names metrics.
 * Values are doubles: bytes, seconds, bytes per second, plain numbers, 0 or 1 (exact to 2^53).
 */
#ifndef AGENTCG_PLAN_EXPR_H
#define AGENTCG_PLAN_EXPR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/source.h"

enum dim {
	DIM_ERROR, /* reported already */
	DIM_NUMBER,
	DIM_SIZE,     /* px values: bytes */
	DIM_DURATION, /* px values: seconds */
	DIM_RATE,     /* px values: bytes per second */
	DIM_BOOL,
	DIM_STRING,
	DIM_TRACE,
	DIM_CGROUPS,
};
const char *dim_name(enum dim d); /* "a size" */

enum metric {
#define METRIC(id, spelling, dimension, when, summary) id,
#include "plan/metrics.def"
#undef METRIC
	M_COUNT
};

struct metric_info {
	const char *spelling; /* "alloc.p99" */
	const char *summary;
	enum dim dim;
	bool when;
};
extern const struct metric_info metric_info[M_COUNT];

/* What a metric, killed(), survived() or done() is asked of. */
struct px_scope {
	int32_t policy; /* index into plan.policies, PX_ANY_POLICY or PX_ALONE */
	uint32_t ncgroups;
	const uint32_t *cgroups; /* ascending; for the bare `throughput`: every leaf with workers */
	bool total;		 /* the bare `throughput`: in each run, the cgroups' sum */
};
#define PX_ANY_POLICY (-1) /* no prefix: the expectation is evaluated under each policy */
#define PX_ALONE      (-2)

enum px_kind {
	PX_CONST,
	PX_METRIC,   /* .metric of .scope: several values when several cgroups or runs */
	PX_KILLED,   /* killed(scope): how many of the cgroups an OOM killer ended; per run */
	PX_SURVIVED, /* survived(scope): the fraction that was not */
	PX_DONE,     /* done(scope): all workers ended, dead or finished */
	PX_MARK,     /* .mark reached */
	PX_NEG,
	PX_NOT,
	PX_ADD,
	PX_SUB,
	PX_MUL, /* also `of` */
	PX_DIV,
	PX_MOD,
	PX_LT,
	PX_LE,
	PX_GT,
	PX_GE,
	PX_EQ,
	PX_NE,
	PX_AND,
	PX_OR,
	PX_MIN, /* over all values of all args: cgroups x runs where an arg is a metric */
	PX_MAX,
	PX_SUM,
	PX_QUANTILE, /* p95(...): .q */
};

struct px {
	uint8_t kind; /* enum px_kind */
	uint8_t dim;  /* enum dim */
	struct span at;
	union {
		double value;
		struct {
			enum metric metric;
			struct px_scope scope;
		};
		uint32_t mark;
		struct {
			const struct px *const *args; /* operators: 1 or 2; functions: nargs */
			uint32_t nargs;
			double q; /* PX_QUANTILE: 0.95 */
		};
	};
};

#endif
