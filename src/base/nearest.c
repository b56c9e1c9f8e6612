/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nearest.c - "did you mean" (diag.h) */
#include <stdint.h>
#include <string.h>

#include "base/diag.h"

#define LONGEST 64 /* longer words are no slips of the finger worth a quadratic search */

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int m = a < b ? a : b;

	return m < c ? m : c;
}

/*
 * Edits that lead from a to b, where exchanging two neighbours is one edit (optimal string
 * alignment).  Both are at most LONGEST long.
 */
static unsigned int distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned int rows[3][LONGEST + 1];
	unsigned int *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t j = 0; j <= nb; j++)
		last[j] = (unsigned int)j;
	for (size_t i = 1; i <= na; i++) {
		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= nb; j++) {
			row[j] =
			    min3(row[j - 1] + 1, last[j] + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
		unsigned int *reuse = before;

		before = last;
		last = row;
		row = reuse;
	}
	return last[nb];
}

const char *diag_nearest(const char *word, const char *const *candidates, size_t n)
{
	size_t len = strlen(word);
	unsigned int limit = len / 3 ? (unsigned int)(len / 3) : 1;
	const char *best = NULL;

	if (len > LONGEST)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t l = strnlen(candidates[i], LONGEST + 1);

		if (l > LONGEST || l > len + limit || len > l + limit)
			continue;

		unsigned int d = distance(word, len, candidates[i], l);

		if (d > limit)
			continue;
		best = candidates[i];
		if (!d)
			break;
		/* Only a nearer one may replace it, so that ties go to the earlier. */
		limit = d - 1;
	}
	return best;
}
