/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * build.h - one constructor for each thing that the grammar reads.
 *
 * They make nodes in x->arena and look nothing up.  What a grammar cannot say well (a modifier
 * written twice, `in` not first, a tree too deep) they report.  Spans: `at` is the whole construct.
 */
#ifndef AGENTCG_LANG_BUILD_H
#define AGENTCG_LANG_BUILD_H

#include "lang/ast.h"
#include "lang/scan.h"

/* Lists under construction, in text order. */
#define LIST(type)                                                                                 \
	{                                                                                          \
		type *first, *last;                                                                \
	}
struct segs LIST(struct ast_path);
struct paths LIST(struct ast_path_list);
struct exprs LIST(struct ast_expr_list);
struct names LIST(struct ast_name);
struct attrs LIST(struct ast_attr);
struct actions LIST(struct ast_action);
struct stmts LIST(struct ast_stmt);
struct overlays LIST(struct ast_overlay);
struct formals LIST(struct ast_formal);
struct needs LIST(struct ast_need);
struct arg_list LIST(struct ast_arg);

#define LIST_ONE(out, node) ((out).first = (out).last = (node))
/* out = list with node at its end; a NULL node adds nothing. */
#define LIST_ADD(out, list, node)                                                                  \
	do {                                                                                       \
		__auto_type node_ = (node);                                                        \
		(out) = (list);                                                                    \
		if (!node_)                                                                        \
			break;                                                                     \
		if ((out).last)                                                                    \
			(out).last->next = node_;                                                  \
		else                                                                               \
			(out).first = node_;                                                       \
		(out).last = node_;                                                                \
	} while (0)

struct body {
	struct ast_action *first;
	bool braces;
};

/* ---- expressions and names (build_expr.c) ---------------------------------------------------- */

struct ast_expr *build_bad(struct scan *x, struct span at);
struct ast_expr *build_string(struct scan *x, struct span at, const struct sym *text);
struct ast_expr *build_path_expr(struct scan *x, struct span at, struct segs path);
struct ast_expr *build_call(struct scan *x, struct span at, const struct sym *name,
			    struct span name_at, struct exprs args);
struct ast_expr *build_parens(struct ast_expr *e);
struct ast_expr *build_unary(struct scan *x, struct span at, enum ast_op op, struct ast_expr *a);
struct ast_expr *build_binary(struct scan *x, struct span at, enum ast_op op, struct ast_expr *a,
			      struct ast_expr *b);
struct ast_expr_list *build_item(struct scan *x, struct ast_expr *e);
/* Where a value is due, a bare `on` or `off` is one. */
struct ast_expr *build_value(struct ast_expr *e);

struct ast_name *build_name(struct scan *x, const struct sym *name, struct span at);
struct ast_path *build_seg(struct scan *x, struct span at, const struct sym *name);
/* The selector of the last segment: [lo], [lo..hi], or [*]. */
void build_select(struct scan *x, struct span at, struct segs path, struct ast_expr *lo,
		  struct ast_expr *hi);
struct ast_path_list *build_target(struct scan *x, struct span at, struct segs path);

/* *slot = e; reported at the keyword when it is there already. */
void build_once(struct scan *x, struct ast_expr **slot, struct ast_expr *e, struct span keyword);

/* ---- attributes and actions (build_action.c) ------------------------------------------------- */

enum build_mod {
	MOD_OVER,
	MOD_EACH,
	MOD_SPEED,
	MOD_BASE,
	MOD_TIMEOUT,
	MOD_WITH_MEMORY,
	MOD_SIMULATED,
	MOD_OWN_CGROUP,
};

struct ast_attr *build_attr(struct scan *x, struct span at, const struct sym *name,
			    struct span name_at, struct ast_expr *value);
struct ast_attr *build_attr_extra(struct scan *x, struct span at, const struct sym *name,
				  struct span name_at, struct ast_expr *value,
				  const struct sym *extra, struct span extra_at);

struct ast_action *build_action(struct scan *x, struct span at, enum ast_action_kind kind,
				struct ast_expr *amount);
struct ast_action *build_cgroup_action(struct scan *x, struct span at, enum ast_action_kind kind,
				       struct paths in);
struct ast_action *build_start(struct scan *x, struct span at, struct paths in,
			       struct ast_args *args);
struct ast_action *build_set(struct scan *x, struct span at, struct paths in,
			     struct ast_attr *attrs);
struct ast_action *build_mark(struct scan *x, struct span at, const struct sym *name,
			      struct span name_at);
struct ast_args *build_args(struct scan *x, struct span at, const struct sym *workload,
			    struct span workload_at, struct ast_arg *first);
struct ast_arg *build_arg(struct scan *x, const struct sym *name, struct span name_at,
			  struct ast_expr *value);

/* Modifiers: add to the action a and return it. */
/* `in`, or `from` */
struct ast_action *build_in(struct scan *x, struct span at, struct ast_action *a, struct paths in,
			    struct span keyword, bool from);
struct ast_action *build_mod(struct scan *x, struct span at, struct ast_action *a,
			     enum build_mod mod, struct ast_expr *e, struct span keyword,
			     struct span end);
struct ast_action *build_flag(struct scan *x, struct span at, struct ast_action *a,
			      enum build_mod mod, struct span keyword, struct span end);
struct ast_action *build_as(struct scan *x, struct span at, struct ast_action *a,
			    const struct sym *name, struct span name_at, struct span keyword);
struct ast_action *build_like(struct scan *x, struct span at, struct ast_action *a,
			      struct ast_attr *attrs, struct span keyword, struct span end);

/* ---- statements (build_stmt.c) --------------------------------------------------------------- */

/* Append to the file. */
void build_top(struct scan *x, struct ast_stmt *s);

struct ast_stmt *build_text(struct scan *x, struct span at, enum ast_stmt_kind kind,
			    const struct sym *text, struct span text_at);
struct ast_need *build_need(struct scan *x, struct span at, const struct sym *name, enum ast_op op,
			    struct ast_expr *version);
struct ast_stmt *build_require(struct scan *x, struct span at, struct needs needs);
struct ast_stmt *build_attrs_stmt(struct scan *x, struct span at, enum ast_stmt_kind kind,
				  struct ast_attr *attrs);
struct ast_param *build_param(struct scan *x, struct span at, const struct sym *name,
			      struct span name_at, struct ast_expr *value);
struct ast_param *build_param_range(struct scan *x, struct span at, struct ast_param *p,
				    struct ast_expr *lo, struct ast_expr *hi);
struct ast_param *build_param_doc(struct scan *x, struct span at, struct ast_param *p,
				  const struct sym *doc, struct span doc_at);
struct ast_stmt *build_let(struct scan *x, struct span at, const struct sym *name,
			   struct span name_at, struct ast_expr *value);
struct ast_cgroup *build_cgroup(struct scan *x, struct span at, const struct sym *name,
				struct span name_at, struct ast_expr *count);
struct ast_cgroup *build_cgroup_attrs(struct span at, struct ast_cgroup *cg,
				      struct ast_attr *attrs);
struct ast_stmt *build_kids(struct span at, struct ast_cgroup *cg, struct stmts kids);
struct ast_trace *build_trace(struct scan *x, struct span at, const struct sym *name,
			      struct span name_at, struct ast_expr *file);
struct ast_trace *build_trace_units(struct scan *x, struct span at, struct ast_trace *t,
				    const struct sym *units, struct span units_at);
struct ast_formal *build_formal(struct scan *x, struct span at, const struct sym *name,
				struct ast_expr *value);
struct ast_stmt *build_workload(struct scan *x, struct span at, const struct sym *name,
				struct span name_at, struct formals formals, struct body body);
struct ast_stmt *build_mechanism(struct scan *x, struct span at, const struct sym *name,
				 struct span name_at);
struct ast_overlay *build_overlay_mechanism(struct scan *x, struct span at, const struct sym *name,
					    struct span name_at);
struct ast_overlay *build_overlay(struct scan *x, struct span at, struct ast_path_list *cgroups,
				  struct ast_attr *attrs); /* cgroups NULL: root */
struct ast_stmt *build_policy(struct scan *x, struct span at, const struct sym *name,
			      struct span name_at, struct overlays overlays);

struct ast_stmt *build_at(struct scan *x, struct span at, struct ast_expr *time,
			  struct ast_expr *jitter, struct body body);
struct ast_stmt *build_at_relative(struct scan *x, struct span at, struct ast_expr *time,
				   struct ast_expr *jitter, struct body body);
struct ast_every *build_every(struct scan *x, struct span at, struct ast_expr *period);
struct ast_stmt *build_every_body(struct ast_every *e, struct span at, struct body body);
struct ast_stmt *build_for(struct scan *x, struct span at, const struct sym *name,
			   struct span name_at, struct ast_expr *lo, struct ast_expr *hi,
			   struct stmts body);
/* AS_WHEN, AS_AFTER */
struct ast_when *build_when(struct scan *x, struct span at, enum ast_stmt_kind kind,
			    struct ast_expr *cond, struct ast_expr *hold);
struct ast_stmt *build_when_body(struct ast_when *w, struct span at, struct body body);
/* AS_FINISH, AS_ABORT */
struct ast_stmt *build_finish(struct scan *x, struct span at, enum ast_stmt_kind kind,
			      struct ast_expr *cond, struct ast_expr *time);

struct ast_measure *build_measure(struct scan *x, struct span at, struct paths what,
				  struct ast_path_list *of, struct ast_expr *each);
struct ast_compare *build_compare(struct scan *x, struct span at, struct names policies);
struct ast_compare *build_baseline(struct scan *x, struct span at, struct ast_compare *c,
				   const struct sym *name, struct span name_at,
				   struct span keyword);
struct ast_stmt *build_contention(struct scan *x, struct span at, const struct sym *name,
				  struct span name_at);
struct ast_repeat *build_repeat(struct scan *x, struct span at, struct ast_expr *lo,
				struct ast_expr *hi);
struct ast_repeat *build_interleave(struct scan *x, struct span at, struct ast_repeat *r,
				    const struct sym *name, struct span name_at,
				    struct span keyword);
struct ast_stmt *build_sweep(struct scan *x, struct span at, const struct sym *name,
			     struct span name_at, struct exprs values);
struct ast_expect *build_expect(struct scan *x, struct span at, struct ast_expr *cond);
struct ast_expect *build_else(struct scan *x, struct span at, struct ast_expect *e,
			      const struct sym *name, struct span name_at);
struct ast_stmt *build_claim(struct scan *x, struct span at, const struct sym *name,
			     struct span name_at, struct stmts expects);

#endif
