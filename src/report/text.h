/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text.h - words and figures in a fixed number of terminal columns.
 *
 * Titles and names come from files: what must not reach a terminal is written as `?`.
 */
#ifndef AGENTCG_REPORT_TEXT_H
#define AGENTCG_REPORT_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "plan/expr.h"

unsigned int text_columns(const char *s);
/*
 * At most `max` columns of s: a name that is longer loses its middle to one `~`, so that the end,
 * where array members differ, is kept.
 */
void text_fit(struct buf *out, const char *s, unsigned int max);
/*
 * Words of s in lines of at most `width` columns, each ended by a newline.  The first line begins
 * at column `at`, which is where `out` is; later ones are indented by `indent`.
 */
void text_wrap(struct buf *out, const char *s, unsigned int at, unsigned int indent,
	       unsigned int width);

/* s as the description of a TAP test: on one line, `#` begins no directive. */
void text_tap(struct buf *out, const char *s);

/* s in a cell of a Markdown table: what would end it, or begin something, is escaped. */
void text_markdown(struct buf *out, const char *s);

/* A measured value for people, three significant digits: 12.3ms, 1.50G, 0.667, true. */
void text_value(struct buf *out, double value, enum dim dim);
/* The same, with all digits that tell it from its neighbours. */
void text_value_exact(struct buf *out, double value, enum dim dim);

#endif
