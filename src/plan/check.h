/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * check.h - what the rooms of src/plan share while one plan is made.  Not for other folders.
 *
 * One pass serves plan_check and plan_lower: everything is resolved, evaluated and expanded, and
 * the result is kept or dropped.  The order of the passes is the list in check.c.
 *
 * Functions that return bool return false when what they were asked for is wrong; it has been
 * reported then.  A value of DIM_ERROR was reported too, and whoever meets it stays silent.
 */
#ifndef AGENTCG_PLAN_CHECK_H
#define AGENTCG_PLAN_CHECK_H

#include "backend/backend.h"
#include "base/vec.h"
#include "lang/ast.h"
#include "lang/parse.h"
#include "plan/plan.h"
#include "trace/trace.h"

#define MAX_ARRAY      10000u		   /* cgroups of one array */
#define MAX_CGROUPS    100000u		   /* of a scenario */
#define MAX_EXPANSION  10000000u	   /* events, steps, loop passes, cgroups in scopes */
#define MAX_ATTR_SETS  (1u << 20)	   /* compared policies x cgroups */
#define MAX_BYTES      (UINT64_C(1) << 62) /* sizes are below this */
#define MAX_NS	       (UINT64_C(1000000) * 3600 * NS_PER_SEC) /* times are at most this */
#define MAX_EXPR_DEPTH 1000

/* ---- values ---------------------------------------------------------------------------------- */

struct value {
	uint8_t dim; /* enum dim */
	bool zero;   /* the literal 0, which needs no unit */
	union {
		struct ratio n; /* bytes, ns, bytes per second, a number, 0 or 1; exact */
		struct {
			const char *string;
			struct span from; /* where it was written; none: on the command line */
		};
		struct trace_decl *trace;
	};
	const struct px *px; /* not NULL: only measuring tells; then n means nothing */
};

/* Where an expression stands says which measurements it may ask for. */
enum eval_mode {
	EVAL_CONST, /* none: before the run */
	EVAL_LIVE,  /* when, abort, finish: while running */
	EVAL_AFTER, /* expect: after it */
};

/* ---- declarations ---------------------------------------------------------------------------- */

enum decl_kind {
	DECL_PARAM,
	DECL_LET,
	DECL_CGROUP,
	DECL_TRACE,
	DECL_WORKLOAD,
	DECL_POLICY,
	DECL_MARK,
	DECL_LOOP,   /* the variable of a `for`, while its body is expanded */
	DECL_FORMAL, /* an argument of a workload, while its body is lowered */
};

struct cg_decl {
	const struct ast_cgroup *ast;
	struct cg_decl *parent, *kids, *next;
	uint32_t count;	  /* cgroups of this name under each cgroup of the parent */
	uint32_t offset;  /* of the first, from its parent's index */
	uint32_t index;	  /* of the first, in the plan */
	uint32_t size;	  /* of one with all below it */
	bool array;	  /* declared with [n] */
	bool under_array; /* some ancestor was */
	struct cg_attrs attrs;
	struct span delay_at;
};

struct trace_decl {
	const struct ast_trace *ast;
	struct trace *trace; /* NULL when it could not be had */
	const char *written; /* the file as named in the scenario or by -p */
	const char *path;    /* ... and from here */
	bool loaded;
	struct replay *replays; /* what was lowered from it, to be shared */
};

struct policy_decl {
	const struct ast_policy *ast;
	int32_t run; /* index in plan.policies, or one of: */
};
#define POLICY_NOT_COMPARED (-1)
#define POLICY_LEFT_OUT	    (-2) /* by --policy */

enum decl_state {
	DECL_NEW,
	DECL_BUSY,
	DECL_READY
};

struct decl {
	uint8_t kind;  /* enum decl_kind */
	uint8_t state; /* enum decl_state: PARAM, LET */
	bool used, overridden, imported;
	bool disputed;	    /* defined twice, as was reported: its uses may mean the other */
	struct decl *needs; /* while BUSY: whose value this one is waiting for */
	const struct sym *name;
	struct span at;
	struct value value; /* PARAM, LET, LOOP, FORMAL */
	union {
		const struct ast_param *param;
		struct cg_decl *cgroup;
		struct trace_decl *trace;
		const struct ast_workload *workload;
		struct policy_decl *policy;
		uint32_t mark;
	};
};

/* ---- the state of making a plan -------------------------------------------------------------- */

/* What is being expanded, for a note under errors inside it. */
struct frame {
	const struct frame *up;
	struct span at;
	const struct decl *loop;	     /* a `for`: its variable, or */
	const struct ast_workload *workload; /* a workload, started at `at` */
};

struct index_vec {
	VEC(uint32_t) list;
};

struct check {
	struct unit *u;
	struct arena *arena;
	struct diags *diags;
	const struct plan_options *opt;
	bool keep; /* lower, not only check */
	uint32_t complaints;
	bool import_missing; /* a used file could not be had: unknown names may be its */

	/* names.c */
	struct decl **names; /* by symbol id */
	uint32_t nnames;
	VEC(struct decl *) decls; /* params, lets, ... in text order */
	uint32_t suggestions;	  /* words compared so far, looking for near ones */
	struct {
		const struct sym *root, *alone, *throughput, *max;
	} syms;
	/* The statements that may stand once only. */
	const struct ast_text *scenario;
	const struct ast_cgroup *machine_ast, *root_ast;
	const struct ast_finish *finish;
	const struct ast_compare *compare, *contention, *mechanism;
	const struct ast_repeat *repeat_ast;
	VEC(const struct ast_stmt *)
	later; /* expect, claim, sweep, abort, measure, require, and
		  each `for` that holds such */

	/* eval.c */
	enum eval_mode mode;
	uint32_t depth;
	struct decl *busy; /* the param or let being evaluated */

	/* cgroups.c */
	struct cg_decl *cgroups, *root; /* cgroups: at the top */
	struct cg_spec *specs;
	struct cg_attrs *declared; /* [ncgroups] */
	uint32_t ncgroups;
	uint32_t *stamps, stamp; /* [ncgroups]: named twice? */
	struct index_vec targets;

	/* action.c, timeline.c */
	const struct frame *frame;
	uint32_t expanded, limit;
	bool over_limit;
	uint64_t at_ns, jitter_ns; /* of the statement being expanded */
	uint32_t draw;
	uint64_t last_at_ns;
	bool has_last_at, in_body, in_trigger, sets_high;
	struct plan_event *events; /* in the arena */
	uint32_t nevents;
	VEC(struct plan_step) steps; /* of the trigger being expanded */
	VEC(struct op) body;	     /* of the workload being lowered */
	VEC(struct plan_trigger) triggers;
	VEC(const char *) marks;
	uint32_t ndraws;
	uint32_t needs;
	bool all_name_mechanisms; /* every policy that runs */

	/* workers.c */
	VEC(struct worker_spec) workers;
	uint32_t *main_worker; /* [ncgroups], UINT32_MAX: none */
	bool *has_worker;      /* [ncgroups] */
	uint32_t *worker_slots;
	size_t nworker_slots;
	uint32_t nnamed;

	/* measure.c */
	VEC(const struct px *) asked; /* done(), killed() before all workers are known */
	bool asks_each, asks_alone, asks_left_out; /* the expectation being lowered */

	/* results, copied into the plan */
	struct plan plan;
	VEC(struct plan_policy) policies;
	VEC(struct plan_expect) expects;
	VEC(struct plan_sweep) sweeps;
	const struct ast_claim **claims; /* by symbol id of the name; NULL before the first */
	VEC(const struct px *) aborts;
	VEC(const char *) abort_texts;
	VEC(const struct requirement *) requires;
	VEC(struct plan_param) params;
	VEC(struct plan_trace) traces;
};

/* complain.c: diag_at, with a note saying what was being expanded */
void complain(struct check *x, enum diag_code code, struct span at, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
bool twice(struct check *x, struct span at, struct span first, const char *what);

/* names.c */
void names_declare(struct check *x);
const char *decl_kind_name(enum decl_kind k); /* "a cgroup" */
static inline struct decl *names_find(const struct check *x, const struct sym *s)
{
	return s->id < x->nnames ? x->names[s->id] : NULL;
}
/* Find, or report that nothing has this name.  Marks it used. */
struct decl *names_need(struct check *x, const struct sym *s, struct span at);
/* Report that d is of another kind than its place asks for. */
void names_wrong_kind(struct check *x, const struct decl *d, struct span at, const char *wanted);
/* Give a loop variable or an argument its name for a while. */
void names_push(struct check *x, struct decl *d);
void names_pop(struct check *x, struct decl *d);
/* The hint "did you mean `x`?", when one of the names is near. */
void suggest(struct check *x, const char *word, const char *const *names, size_t n);
struct decl *names_mark(struct check *x, const struct ast_name *n);

/* params.c */
void params_evaluate(struct check *x);
void params_unused(struct check *x);
/* May the param d have the value v, of e? */
void params_allow(struct check *x, const struct decl *d, const struct value *v,
		  const struct ast_expr *e);
bool params_ready(struct check *x, struct decl *d, struct span at); /* d->value is valid */

/* eval.c */
struct value eval(struct check *x, const struct ast_expr *e);
struct value value_number(int64_t n);
/* As what, for messages: "`alloc`". */
bool eval_size(struct check *x, const struct ast_expr *e, const char *what, uint64_t *bytes);
bool eval_duration(struct check *x, const struct ast_expr *e, const char *what, uint64_t *ns);
bool eval_rate(struct check *x, const struct ast_expr *e, const char *what, uint64_t *bps);
bool eval_number(struct check *x, const struct ast_expr *e, const char *what, struct ratio *n);
bool eval_integer(struct check *x, const struct ast_expr *e, const char *what, int64_t lo,
		  int64_t hi, int64_t *n);
/* A condition of what was measured. */
const struct px *eval_condition(struct check *x, const struct ast_expr *e, enum eval_mode mode,
				const char *what);
bool value_is(struct check *x, const struct value *v, enum dim dim, const struct ast_expr *e,
	      const char *what);
/* v in the language's spelling. */
void value_print(const struct value *v, struct buf *out);

/* operators.c: exact where both are known, a px otherwise */
struct value value_unary(struct check *x, enum ast_op op, struct value a, struct span at);
struct value value_binary(struct check *x, enum ast_op op, struct value a, struct value b,
			  struct span at);
struct value value_fold(struct check *x, enum px_kind k, const struct value *v, uint32_t n,
			double q, struct span at); /* min, max, sum, quantiles */
const struct px *value_px(struct check *x, const struct value *v, struct span at);

/* measure.c */
struct value measure_path(struct check *x, const struct ast_path *p, struct span at);
struct value measure_call(struct check *x, const struct ast_expr *e);
bool measure_is_call(const struct ast_call *c);
double measure_quantile(const struct sym *name); /* p95: 0.95; 0: no such function */
void measure_asked(struct check *x);		 /* warn of x->asked without workers */
void measure_statement(struct check *x, const struct ast_measure *m);

/* attrs.c */
enum attr_place {
	ATTR_CGROUP,
	ATTR_ROOT,
	ATTR_SET
};
/* Read a list of attributes into *out, whose .set says which there were. */
void attrs_read(struct check *x, const struct ast_attr *list, enum attr_place place,
		struct cg_attrs *out, struct span *delay_at);
void machine_read(struct check *x, const struct ast_attr *list, struct machine *out);
bool like_read(struct check *x, const struct ast_attr *list, struct span at, struct op_exec *out);

/* cgroups.c */
void cgroups_build(struct check *x);
struct decl; /* the decl of a nested cgroup, made by names.c */
/*
 * Append what *p names to out and move *p behind it: `*`, root, low[*], team[0].kid.  When `whole`,
 * nothing may follow.
 */
bool cgroups_resolve(struct check *x, const struct ast_path **p, bool whole, struct index_vec *out);
/* All of a list, each cgroup once; the result is in x->targets. */
bool cgroups_targets(struct check *x, const struct ast_path_list *l);

/* policy.c */
void policies_build(struct check *x);
void policies_warn(struct check *x);

/* workers.c */
uint32_t worker_of(struct check *x, uint32_t cgroup, const struct sym *as);

/* action.c */
void actions_expand(struct check *x, const struct ast_action *list);
bool action_room(struct check *x, struct span at, uint32_t n); /* count towards the limit */
/* Start a lowered body in each of x->targets. */
void action_start(struct check *x, const struct ast_action *a, const struct op *body,
		  uint32_t nbody);
/* workload.c */
void workload_start(struct check *x, const struct ast_action *a);
void workloads_unstarted(struct check *x);

/* timeline.c */
void timeline_expand(struct check *x);
/*
 * Expand one `for`, giving each statement of its body to `each`.  false: something was wrong, and
 * the passes not yet made would only say it again.
 */
bool timeline_for(struct check *x, const struct ast_for *f,
		  void (*each)(struct check *x, const struct ast_stmt *s));

/* trials.c: finish, abort, repeat, contention; expect.c: claims; require.c */
void trials_finish_time(struct check *x); /* before the timeline: `every` may need it */
void trials_later(struct check *x);	  /* behind it: workers and marks are known */
void expect_statement(struct check *x, const struct ast_expect *e, const char *claim);
void expect_claim(struct check *x, const struct ast_claim *c);
void require_statement(struct check *x, const struct ast_require *r);
/* An expression as the formatter spells it, in the arena. */
const char *trials_text(struct check *x, const struct ast_expr *e);

/* traces.c */
/* Is `name` of -p this trace? */
bool traces_overridden_by(const struct check *x, const struct ast_trace *t, const char *name);
void traces_load(struct check *x);
struct value trace_field(struct check *x, const struct value *v, const struct ast_path *field);

/* replay.c */
const struct op_series *replay_memory(struct check *x, struct trace_decl *t, struct ratio speed,
				      uint64_t base_bytes);
const struct op_calls *replay_tools(struct check *x, struct trace_decl *t, struct ratio speed,
				    uint64_t base_bytes, bool simulated, bool with_memory);

#endif
