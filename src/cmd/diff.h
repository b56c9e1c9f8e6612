/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * diff.h - what differs between two texts, as a unified diff or side by side.
 */
#ifndef AGENTCG_CMD_DIFF_H
#define AGENTCG_CMD_DIFF_H

#include "base/buf.h"

/*
 * Append the diff, three lines of context, of the texts a and b under these names; nothing when
 * they are equal.  The changed region between common beginning and end is compared line by line
 * while its size allows (a table's always does), else shown as replaced as a whole.
 *
 * width 0: a unified diff, which patch(1) reads.  Otherwise the two beside each other in that many
 * columns, at least 20, with `|` between lines that changed, `<` and `>` beside those that only a
 * or only b has; longer lines lose their middle to a `~`.
 */
void diff_print(const struct buf *a, const struct buf *b, const char *a_name, const char *b_name,
		unsigned int width, struct buf *out);

#endif
