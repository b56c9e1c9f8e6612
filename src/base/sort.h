/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sort.h - qsort for what mostly is in order already, as people write timelines. */
#ifndef AGENTCG_BASE_SORT_H
#define AGENTCG_BASE_SORT_H

#include <stddef.h>

/* v[0..n), NULL only when n is 0.  One walk over it where nothing is out of place. */
void sort_ordered(void *v, size_t n, size_t each, int (*compare)(const void *, const void *));

#endif
