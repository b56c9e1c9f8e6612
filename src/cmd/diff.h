/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * diff.h - what differs between two texts, as a unified diff.
 */
#ifndef AGENTCG_CMD_DIFF_H
#define AGENTCG_CMD_DIFF_H

#include "base/buf.h"

/*
 * Append the unified diff, three lines of context, of the texts a and b under these names; nothing
 * when they are equal.  The changed region between common beginning and end is compared line by
 * line while its size allows (a table's always does), else shown as replaced as a whole.
 */
void diff_print(const struct buf *a, const struct buf *b, const char *a_name, const char *b_name,
		struct buf *out);

#endif
