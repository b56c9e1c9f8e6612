/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/sort.h"

#include <stdlib.h>

void sort_ordered(void *v, size_t n, size_t each, int (*compare)(const void *, const void *))
{
	const char *s = v;

	for (size_t i = 1; i < n; i++)
		if (compare(s + (i - 1) * each, s + i * each) > 0) {
			qsort(v, n, each, compare);
			return;
		}
}
