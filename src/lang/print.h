/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * print.h - tree to text: the one canonical form (fmt), and the tree itself for tests.
 */
#ifndef AGENTCG_LANG_PRINT_H
#define AGENTCG_LANG_PRINT_H

#include "base/buf.h"
#include "lang/parse.h"

/*
 * The canonical form of one parsed file.  Formatting is idempotent and never changes the tree.
 * Precondition: the file parsed without errors.
 *
 * Each statement begins a line; blocks are indented by 4; literals stay as they are spelled; `;`
 * stands only between attributes and between the parts of a block on one line.  A block stays on
 * one line when it was written so, holds no comment and fits in 100 columns; attributes stay on one
 * line when they fit and hold no comment.  Modifiers have one order.  One empty line is kept
 * between statements, none at the ends of blocks.  Comments on lines of their own stay there;
 * comments behind code stay there, aligned to one column within each run of lines without an empty
 * one; comments amid a statement go before it.
 */
void print_fmt(const struct unit *u, const struct ast_file *f, struct buf *out);
/* An indented dump of the tree, spellings included, places left out. */
void print_tree(const struct unit *u, const struct ast_file *f, struct buf *out);
/* The same with the span of each statement, action, expression and path segment. */
void print_tree_places(const struct unit *u, const struct ast_file *f, struct buf *out);
/* One expression as written (fmt's spelling); what reports quote claims with. */
void print_expr(const struct unit *u, const struct ast_expr *e, struct buf *out);

#endif
