/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * print.h - tree to text: the one canonical form (fmt), and the tree itself for tests.
 */
#ifndef AGENTCG_LANG_PRINT_H
#define AGENTCG_LANG_PRINT_H

#include "base/buf.h"
#include "lang/parse.h"

/*
 * The canonical form of one parsed file, comments and single blank lines kept.  Formatting is
 * idempotent and never changes the tree.  Precondition: the file parsed without errors.
 */
void print_fmt(const struct unit *u, const struct ast_file *f, struct buf *out);
/* An indented dump of the tree, spellings included, places left out. */
void print_tree(const struct unit *u, const struct ast_file *f, struct buf *out);
/* One expression as written (fmt's spelling); what reports quote claims with. */
void print_expr(const struct unit *u, const struct ast_expr *e, struct buf *out);

#endif
