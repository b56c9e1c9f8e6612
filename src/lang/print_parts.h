/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * print_parts.h - the parts of statements that stand on one line, as fmt spells them.  Inside lang
 * only.
 */
#ifndef AGENTCG_LANG_PRINT_PARTS_H
#define AGENTCG_LANG_PRINT_PARTS_H

#include "lang/print.h"

void print_span(const struct unit *u, struct span at, struct buf *out); /* as written */
void print_path(const struct unit *u, const struct ast_path *p, struct buf *out);
void print_paths(const struct unit *u, const struct ast_path_list *l, struct buf *out);
void print_exprs(const struct unit *u, const struct ast_expr_list *l, struct buf *out);
void print_names(const struct ast_name *n, struct buf *out);
void print_attr(const struct unit *u, const struct ast_attr *a, struct buf *out);
void print_args(const struct unit *u, const struct ast_args *a, struct buf *out);
void print_formals(const struct unit *u, const struct ast_formal *f, struct buf *out);
void print_needs(const struct unit *u, const struct ast_need *n, struct buf *out);
/* Everything of a statement before its attributes and its body. */
void print_head(const struct unit *u, const struct ast_stmt *s, struct buf *out);
const char *print_verb(const struct ast_action *a);
const char *print_op(enum ast_op op);
/* Write before and e, if there is e. */
void print_part(const struct unit *u, const char *before, const struct ast_expr *e,
		struct buf *out);

#endif
