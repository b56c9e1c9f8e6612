/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * layout.h - lines, comments and blank lines of formatted text.  Inside lang only.
 *
 * Code is written into l->code; layout_line begins the next line.  Comments are read from the
 * source, and each is taken once, in order: as lines of their own before what follows them, or
 * behind the line on which they stand.
 */
#ifndef AGENTCG_LANG_LAYOUT_H
#define AGENTCG_LANG_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "lang/ast.h"

#define LAYOUT_COLUMNS 100
#define LAYOUT_INDENT  4

struct layout_line {
	size_t beg; /* of its code; it ends where the next begins */
	bool blank; /* an empty line before it */
	bool own;   /* nothing but a comment */
	const char *comment;
	size_t comment_len;
};

struct layout {
	const char *text; /* of the source */
	size_t len;
	uint32_t base;
	struct buf code;
	VEC(struct layout_line) lines;
	VEC(struct span) comments; /* offsets in text */
	size_t next_comment;
};

void layout_init(struct layout *l, const struct source *src);
void layout_free(struct layout *l);
/* All lines, comments behind code aligned in runs of lines without an empty one. */
void layout_write(const struct layout *l, struct buf *out);

void layout_line(struct layout *l, int indent, bool blank);
/*
 * The comments before offset `before`, as lines of their own; first: no empty line before them.
 * Returns whether there were any.
 */
bool layout_comments(struct layout *l, uint32_t before, int indent, bool first);
/* The same for comments that stand amid code; `blank`: an empty line before them. */
bool layout_hoist(struct layout *l, uint32_t before, int indent, bool blank);
/* Take the comment that follows offset `end` on its line, if there is one. */
void layout_trailing(struct layout *l, uint32_t end);
bool layout_has_comment(const struct layout *l, uint32_t before);
/* Is there an empty line before what stands at offset beg? */
bool layout_blank_before(const struct layout *l, uint32_t beg);
/* Behind the next `sign` at or after `from`; comments and quoted texts are skipped. */
uint32_t layout_find(const struct layout *l, uint32_t from, char sign);
bool layout_has_newline(const struct layout *l, struct span at);
size_t layout_width(const struct layout *l); /* columns of the current line */

/* To try a form and take it back. */
struct layout_mark {
	size_t code, lines, next_comment;
};
struct layout_mark layout_mark(const struct layout *l);
void layout_undo(struct layout *l, struct layout_mark m);

#endif
