/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ast.h - the tree that a scenario's text becomes.
 *
 * The tree says what was written, not what it means: names are unresolved, literals keep the span
 * of their spelling (the formatter prints that), nothing was looked up.  Every node carries its
 * span.  Nodes live in the scenario arena and never move; lists are singly linked in text order.
 * Optional children are NULL.  A node of kind *_ERROR stands where the parser recovered: it was
 * reported already and whoever meets it stays silent.
 *
 * Sizes matter here: a scenario may have a million statements.  `at 30s alloc 300M in low` is one
 * ast_brief of 48 bytes; written otherwise it is one ast_at, two ast_expr, one ast_action, one
 * ast_path_list and one ast_path, 240 bytes.
 */
#ifndef AGENTCG_LANG_AST_H
#define AGENTCG_LANG_AST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/intern.h"
#include "base/source.h"
#include "base/units.h"

/* ---- expressions ------------------------------------------------------------------------- */

enum ast_expr_kind {
	AE_ERROR,
	AE_SIZE,     /* .u: bytes, NO_LIMIT never */
	AE_DURATION, /* .u: ns */
	AE_RATE,     /* .u: bytes per second */
	AE_NUMBER,   /* .ratio; 5% is 1/20 and 50x is 50 */
	AE_VERSION,  /* 6.12.3; also 6.12 arrives as AE_NUMBER, its span has the spelling */
	AE_STRING,   /* .sym: the text between the quotes, escapes resolved */
	AE_BOOL,   /* .u: on 1, off 0 - a bare word as a param's, let's, sweep's or argument's value
		    */
	AE_PATH,   /* .path: a name, a metric, a cgroup */
	AE_UNARY,  /* .op (AO_NEG, AO_NOT) .a */
	AE_BINARY, /* .op .a .b */
	AE_CALL,   /* .call: min(a, b), killed(high), ci(high.time) */
};

enum ast_op {
	AO_NONE,
	AO_NEG,
	AO_NOT,
	AO_ADD,
	AO_SUB,
	AO_MUL,
	AO_DIV,
	AO_MOD,
	AO_OF, /* 25% of total */
	AO_LT,
	AO_LE,
	AO_GT,
	AO_GE,
	AO_EQ,
	AO_NE,
	AO_AND,
	AO_OR,
};

/* Nothing nests deeper than this, so that whoever walks a tree may recurse. */
#define AST_MAX_DEPTH  200 /* expressions: nodes above one another, or open parentheses */
#define AST_MAX_BRACES 64  /* for in for, cgroup in cgroup */

struct ast_expr {
	uint8_t kind;	/* enum ast_expr_kind */
	uint8_t op;	/* enum ast_op */
	bool parens;	/* written in parentheses */
	bool percent;	/* AE_NUMBER written with % */
	struct span at; /* without the parentheses around it */
	uint32_t depth; /* 1 for a leaf, at most AST_MAX_DEPTH; selectors and arguments count */
	union {
		uint64_t u;
		struct ratio ratio;
		const struct sym *sym;
		struct ast_path *path;
		struct ast_call *call;
		struct {
			struct ast_expr *a, *b;
		};
	};
};

struct ast_expr_list {
	struct ast_expr *e;
	struct ast_expr_list *next;
};

struct ast_call {
	const struct sym *name;
	struct span name_at;
	struct ast_expr_list *args;
};

enum ast_sel {
	SEL_NONE,  /* low */
	SEL_ALL,   /* low[*] */
	SEL_INDEX, /* low[lo] */
	SEL_RANGE, /* low[lo..hi] */
};

/* One segment of a.b[0].c; a path is the list of its segments. */
struct ast_path {
	const struct sym *name; /* NULL for `*` */
	struct span at;		/* of this segment with its selector */
	struct ast_path *next;	/* the segment after the dot */
	struct ast_expr *lo, *hi;
	uint8_t sel; /* enum ast_sel */
};

/* `in high, low[*]` */
struct ast_path_list {
	struct ast_path *path;
	struct span at;
	struct ast_path_list *next;
};

struct ast_name {
	const struct sym *name;
	struct span at;
	struct ast_name *next;
};

/* ---- attributes: < high 400M; delay 2000ms always > ---------------------------------------- */

struct ast_attr {
	const struct sym *name; /* unchecked: `hihg` arrives here too */
	struct span name_at, at;
	struct ast_expr *value; /* NULL when missing (reported) or a bare word follows only */
	/*
	 * A bare word as the whole value, when it is one of those that some attribute defines (max
	 * off on group single high normal low min): then value is NULL.  An attribute that does not
	 * define it takes it as a name.  Every other name arrives in value, as `(max)` does.
	 */
	const struct sym *word;
	struct span word_at;
	const struct sym *extra; /* a word after the value: `always` */
	struct span extra_at;
	struct ast_attr *next;
};

/* ---- actions ------------------------------------------------------------------------------- */

enum ast_action_kind {
	AA_ERROR,
	AA_ALLOC,
	AA_FREE,
	AA_HOLD,
	AA_TOUCH,
	AA_READ,
	AA_SLEEP,
	AA_REPLAY_MEMORY,
	AA_REPLAY_TOOLS,
	AA_EXEC,
	AA_START,
	AA_SET,
	AA_FREEZE,
	AA_THAW,
	AA_KILL,
	AA_RECLAIM,
	AA_MARK,
};

/* What few actions have; NULL in the action when none was written. */
struct ast_mods {
	struct ast_expr *over, *each;  /* over 5s, each 100ms */
	struct ast_expr *speed, *base; /* speed 50x, base 100M */
	struct ast_expr *timeout;      /* timeout 120s */
	const struct sym *as;	       /* as helper */
	struct span as_at;
	struct span over_at, each_at, speed_at, base_at, timeout_at; /* with their keyword */
	struct span with_memory_at, simulated_at, own_cgroup_at;     /* none = not written */
	struct ast_attr *like; /* like < time 12s; peak 518M > */
	struct span like_at;
};

struct ast_action {
	uint8_t kind; /* enum ast_action_kind */
	bool all;     /* free all */
	struct span at;
	struct ast_action *next;
	/* size (NULL in `free all`); duration of sleep; string of exec; trace name of replay */
	struct ast_expr *amount;
	struct ast_path_list *in; /* targets; NULL in workloads */
	struct ast_mods *mods;	  /* or NULL */
	union {
		struct ast_attr *attrs; /* AA_SET */
		struct ast_args *args;	/* AA_START: the workload and its arguments */
		struct ast_name *mark;	/* AA_MARK */
	};
};

/* agent(dask, base = 150M) */
struct ast_args {
	const struct sym *workload;
	struct span workload_at, at;
	struct ast_arg {
		const struct sym *name; /* NULL when positional */
		struct span name_at;
		struct ast_expr *value;
		struct ast_arg *next;
	} * first;
};

/* ---- statements ---------------------------------------------------------------------------- */

enum ast_stmt_kind {
	AS_ERROR,
	AS_SCENARIO,
	AS_USE,
	AS_REQUIRE,
	AS_MACHINE,
	AS_PARAM,
	AS_LET,
	AS_ROOT,
	AS_CGROUP,
	AS_TRACE,
	AS_WORKLOAD,
	AS_POLICY,
	AS_MECHANISM,
	AS_AT,
	AS_EVERY,
	AS_FOR,
	AS_WHEN,
	AS_AFTER,
	AS_FINISH,
	AS_MEASURE,
	AS_COMPARE,
	AS_CONTENTION,
	AS_REPEAT,
	AS_SWEEP,
	AS_EXPECT,
	AS_CLAIM,
	AS_ABORT,
	AS_BRIEF, /* an AS_AT of the commonest shape, packed: see ast_unfold */
};

/* Every statement begins with this; cast by kind. */
struct ast_stmt {
	uint8_t kind;	 /* enum ast_stmt_kind */
	uint8_t form[3]; /* room for ast_at's flags */
	struct span at;
	struct ast_stmt *next;
};

/* AS_SCENARIO (title), AS_USE (what, and the file it became once imports are resolved) */
struct ast_text {
	struct ast_stmt s;
	const struct sym *text;
	struct span text_at;
	struct ast_file *file; /* AS_USE; NULL until resolved, or when that failed */
};

/* AS_REQUIRE: conjunction of disjunctions */
struct ast_require {
	struct ast_stmt s;
	struct ast_need {
		const struct sym *name;
		struct span at;
		uint8_t
		    op; /* AO_NONE, or a comparison with `version` (an AE_VERSION or AE_NUMBER) */
		struct ast_expr *version;
		struct ast_need *or_next;
		struct ast_need *next; /* after a comma; set on the first of a disjunction */
	} * needs;
};

/* AS_MACHINE and AS_ROOT (attrs), AS_CGROUP (name, count, attrs, nested) */
struct ast_cgroup {
	struct ast_stmt s;
	const struct sym *name;
	struct span name_at;
	struct ast_expr *count; /* low[2], or NULL */
	struct ast_attr *attrs;
	struct ast_cgroup *kids; /* through s.next */
	bool attrs_written;	 /* `< >`, if empty */
	bool braces;		 /* `{ }`, if empty */
};

/* AS_PARAM (in range or list, doc), AS_LET */
struct ast_param {
	struct ast_stmt s;
	const struct sym *name;
	struct span name_at;
	struct ast_expr *value;
	struct ast_expr *lo, *hi; /* in lo..hi, or both NULL */
	const struct sym *doc;	  /* or NULL */
	struct span doc_at;
};

struct ast_trace {
	struct ast_stmt s;
	const struct sym *name;
	struct span name_at;
	struct ast_expr *file;	 /* AE_STRING, or a path naming a string param */
	const struct sym *units; /* decimal | binary | NULL */
	struct span units_at;
};

struct ast_workload {
	struct ast_stmt s;
	const struct sym *name;
	struct span name_at;
	struct ast_formal {
		const struct sym *name;
		struct span at;
		struct ast_expr *value; /* default or NULL */
		struct ast_formal *next;
	} * formals;
	struct ast_action *body;
};

struct ast_policy {
	struct ast_stmt s;
	const struct sym *name;
	struct span name_at;
	struct ast_overlay {
		bool root;			  /* `root < ... >` */
		const struct ast_name *mechanism; /* `mechanism NAME`, and nothing else; or NULL */
		struct ast_path_list *cgroups;
		struct ast_attr *attrs;
		struct span at;
		struct ast_overlay *next;
	} * overlays;
};

/* AS_AT */
struct ast_at {
	union {
		struct ast_stmt s;
		struct {
			uint8_t s_kind; /* s.kind */
			bool relative;	/* +5s */
			bool braces;
		};
	};
	struct ast_expr *time;
	struct ast_expr *jitter; /* +/- 50ms, or NULL */
	struct ast_action *body;
};

/*
 * AS_BRIEF: `at TIME VERB SIZE in NAME` or `at TIME free all in NAME` and nothing else, in at most
 * 255 bytes of text.  Places are counted from s.at.beg; the name ends the statement.
 */
struct ast_brief {
	union {
		struct ast_stmt s;
		struct {
			uint8_t s_kind;
			uint8_t verb; /* enum ast_action_kind */
			uint8_t time_at, time_len;
			struct span s_at;
			uint8_t action_at, amount_at, amount_len; /* amount_len 0: all */
		};
	};
	uint64_t time_ns, amount;
	const struct sym *name;
};
_Static_assert(sizeof(struct ast_brief) == 48, "the size of a million statements");

struct ast_unfolded {
	struct ast_at stmt;
	struct ast_expr time, amount;
	struct ast_action action;
	struct ast_path_list in;
	struct ast_path seg;
};
/* The statement as others are: an AS_BRIEF as the AS_AT it stands for, in *room; s itself else. */
const struct ast_stmt *ast_unfold(const struct ast_stmt *s, struct ast_unfolded *room);

/* AS_EVERY: every period from .. until .. */
struct ast_every {
	struct ast_stmt s;
	bool braces;
	struct ast_expr *period, *from, *until;
	struct ast_action *body;
};

struct ast_for {
	struct ast_stmt s;
	const struct sym *name;
	struct span name_at;
	struct ast_expr *lo, *hi;
	struct ast_stmt *body; /* at, every, for, when, after, expect ... */
};

/* AS_WHEN (cond, hold = `for 1s`, within), AS_AFTER (cond: a mark's path or done(...), hold = the
 * delay) */
struct ast_when {
	struct ast_stmt s;
	bool braces;
	struct ast_expr *cond, *hold, *within;
	struct ast_action *body;
};

/* AS_FINISH: `when cond [by time]` or `at time`; AS_ABORT: cond */
struct ast_finish {
	struct ast_stmt s;
	struct ast_expr *cond, *time;
};

struct ast_measure {
	struct ast_stmt s;
	struct ast_path_list *what; /* usage, psi, events.high */
	struct ast_path_list *of;
	struct ast_expr *each;
};

/* AS_COMPARE; AS_CONTENTION and AS_MECHANISM (policies holds the one word) */
struct ast_compare {
	struct ast_stmt s;
	struct ast_name *policies;
	struct ast_name *baseline; /* or NULL */
};

struct ast_repeat {
	struct ast_stmt s;
	struct ast_expr *lo, *hi;     /* hi NULL without .. */
	struct ast_expr *until;	      /* ci(high.time) < 5%, or NULL */
	const struct sym *interleave; /* random, or NULL */
	struct span interleave_at;
	struct ast_expr *seed;
};

struct ast_sweep {
	struct ast_stmt s;
	const struct sym *name;
	struct span name_at;
	struct ast_expr_list *values;
};

struct ast_expect {
	struct ast_stmt s;
	struct ast_expr *cond;
	struct ast_expr *confidence; /* or NULL */
	bool warn_only;		     /* else warn */
};

struct ast_claim {
	struct ast_stmt s;
	const struct sym *name; /* the string */
	struct span name_at;
	struct ast_expect *expects; /* through s.next */
};

/* ---- files --------------------------------------------------------------------------------- */

struct ast_file {
	struct source *source;
	struct ast_stmt *stmts;
	uint32_t nstmts;
	bool has_use, has_mark; /* spare walks over all statements that would find nothing */
	struct ast_file *next;	/* every file of the scenario, the main file first */
};

#endif
