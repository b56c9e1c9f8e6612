/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * snippet.h - a line of source with a caret under it.  Part of diag.h's printer.
 */
#ifndef AGENTCG_BASE_SNIPPET_H
#define AGENTCG_BASE_SNIPPET_H

#include <stddef.h>

#include "base/buf.h"
#include "base/source.h"

/*
 * The line of `at` and, below, a caret under it and a wave under the rest of the span's span_bytes
 * in that line, then the hint (or NULL).  Tabs become spaces, what must not reach a terminal
 * becomes `.` or U+FFFD, lines that do not fit in 100 columns are cut around the caret.
 */
void snippet_lines(struct buf *out, const struct place *at, size_t span_bytes, const char *hint,
		   const char *colour, const char *colour_off);

/* One line of text with the same replacements. */
void snippet_text(struct buf *out, const char *s);

#endif
