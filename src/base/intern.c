/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/intern.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"

#define FIRST_SLOTS 64

static uint64_t load64(const char *s)
{
	uint64_t v;

	memcpy(&v, s, 8);
	return v;
}

static uint64_t load32(const char *s)
{
	uint32_t v;

	memcpy(&v, s, 4);
	return v;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 m = (unsigned __int128)(a ^ UINT64_C(0xa0761d6478bd642f)) *
			      (b ^ UINT64_C(0xe7037ed1a0b428db));

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/*
 * Eight bytes at a time, the last ones overlapping: names are short, and a loop over bytes would
 * cost more than the scanner spends on them.  The value depends on the machine's byte order; only
 * the place in the table depends on the value.
 */
static uint32_t hash(const char *s, size_t len)
{
	uint64_t h = len;

	if (len >= 8) {
		size_t i = 0;

		for (; i + 8 < len; i += 8)
			h = mix(h, load64(s + i));
		h = mix(h, load64(s + len - 8));
	} else if (len >= 4) {
		h = mix(h, load32(s) << 32 | load32(s + len - 4));
	} else if (len) {
		h = mix(h, (uint64_t)(unsigned char)s[0] << 16 |
			       (uint64_t)(unsigned char)s[len / 2] << 8 |
			       (unsigned char)s[len - 1]);
	}
	return (uint32_t)(h ^ h >> 32);
}

/* The slot that holds the spelling, or the empty one where it belongs. */
static const struct sym **find_slot(const struct intern *t, const char *s, size_t len, uint32_t h)
{
	size_t mask = t->nslots - 1;

	for (size_t i = h & mask;; i = (i + 1) & mask) {
		const struct sym *y = t->slots[i];

		if (!y || (y->hash == h && y->len == len && !memcmp(y->s, s, len)))
			return &t->slots[i];
	}
}

static void grow(struct intern *t)
{
	const struct sym **old = t->slots;
	size_t n = t->nslots, bytes;

	t->nslots = n ? n * 2 : FIRST_SLOTS;
	if (__builtin_mul_overflow(t->nslots, sizeof(*t->slots), &bytes))
		mem_exhausted(SIZE_MAX);
	t->slots = mem_alloc(bytes);

	size_t mask = t->nslots - 1;

	for (size_t i = 0; i < n; i++) {
		if (!old[i])
			continue;
		size_t j = old[i]->hash & mask;

		while (t->slots[j])
			j = (j + 1) & mask;
		t->slots[j] = old[i];
	}
	free(old);
}

const struct sym *intern(struct intern *t, const char *s, size_t len)
{
	uint32_t h = hash(s, len);

	if (t->nslots) {
		const struct sym *y = *find_slot(t, s, len, h);

		if (y)
			return y;
	}
	if (len >= UINT32_MAX || t->n == UINT32_MAX)
		mem_exhausted(len);
	if (2 * ((size_t)t->n + 1) > t->nslots)
		grow(t);

	struct sym *y = arena_alloc(t->arena, sizeof(*y) + len + 1);

	y->id = t->n++;
	y->len = (uint32_t)len;
	y->hash = h;
	if (len)
		memcpy(y->s, s, len);
	*find_slot(t, s, len, h) = y;
	return y;
}

const struct sym *intern_find(const struct intern *t, const char *s, size_t len)
{
	return t->nslots ? *find_slot(t, s, len, hash(s, len)) : NULL;
}

void intern_free(struct intern *t)
{
	free(t->slots);
	*t = (struct intern){0};
}
