/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/vec.h"

#include <stdint.h>

#include "base/mem.h"

#define FIRST_BYTES 64

void *vec_grow(void *v, size_t *cap, size_t need, size_t each)
{
	size_t n = *cap ? *cap : (FIRST_BYTES + each - 1) / each;
	size_t bytes;

	while (n < need) {
		if (n > SIZE_MAX / 2)
			mem_exhausted(SIZE_MAX);
		n *= 2;
	}
	if (__builtin_mul_overflow(n, each, &bytes))
		mem_exhausted(SIZE_MAX);
	v = mem_realloc(v, bytes);
	*cap = n;
	return v;
}
