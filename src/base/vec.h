/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vec.h - growable arrays.  VEC(type) v = {0}; vec_push(&v, x); v.v[i]; v.n; vec_free(&v).
 * Elements move when the array grows: keep indexes, not pointers.
 */
#ifndef AGENTCG_BASE_VEC_H
#define AGENTCG_BASE_VEC_H

#include <stddef.h>
#include <stdlib.h>

#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *v;                                                                           \
		size_t n, cap;                                                                     \
	}

void *vec_grow(void *v, size_t *cap, size_t need, size_t each);

#define vec_reserve(p, need)                                                                       \
	((need) > (p)->cap ? (void)((p)->v = vec_grow((p)->v, &(p)->cap, (need), sizeof *(p)->v))  \
			   : (void)0)
#define vec_push(p, ...) (vec_reserve((p), (p)->n + 1), (void)((p)->v[(p)->n++] = (__VA_ARGS__)))
#define vec_last(p)	 (&(p)->v[(p)->n - 1])
#define vec_clear(p)	 ((void)((p)->n = 0))
#define vec_free(p)	 (free((p)->v), (p)->v = NULL, (p)->n = (p)->cap = 0)
/* The difference, as adding 0 to the NULL of an empty vector is undefined. */
#define vec_foreach(it, p) for (it = (p)->v; (size_t)(it - (p)->v) < (p)->n; it++)

#endif
