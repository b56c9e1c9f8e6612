/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/mem.h"

#define FIRST_BLOCK ((size_t)16 << 10)
#define MAP_BLOCK                                                                                  \
	((size_t)2 << 20) /* from this size on a block is a mapping, of whole such units */
#define LAST_BLOCK ((size_t)64 << 20) /* blocks double until they have this size */
#define READY	   (256 << 10)	      /* a mapping is made resident by so much at a time */

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14; older kernels refuse it and fault */
#endif

struct arena_block {
	struct arena_block *next;
	size_t size; /* of the whole block, this header included */
	char *dirty; /* end of what may be non-zero; for the newest block that is a->at */
};

_Static_assert(sizeof(struct arena_block) % 8 == 0, "what follows the header must stay aligned");

static char *block_start(struct arena_block *b)
{
	return (char *)(b + 1);
}

static char *block_end(struct arena_block *b)
{
	return (char *)b + b->size;
}

static void block_free(struct arena_block *b)
{
	if (b->size >= MAP_BLOCK)
		munmap(b, b->size);
	else
		free(b);
}

/*
 * A zeroed mapping.  No MADV_HUGEPAGE: in a virtual machine whose host has not backed the memory
 * yet, huge pages come from where nothing was touched before, and each costs 512 faults of the host
 * at once: parsing 1e6 statements took between 0.02 and 0.8 s of system time with them, 0.15 s
 * without.
 */
static struct arena_block *map_block(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		mem_exhausted(size);
	return p;
}

static struct arena_block *block_new(size_t size)
{
	struct arena_block *b;

	if (size >= MAP_BLOCK) {
		size = (size + MAP_BLOCK - 1) & ~(MAP_BLOCK - 1);
		b = map_block(size);
	} else {
		b = mem_alloc(size);
	}
	b->size = size;
	b->dirty = block_start(b);
	return b;
}

/*
 * The room of the newest block that is in use ends at a->end, and what lies behind in a mapping has
 * not been touched.  Having the kernel make the next pages there all at once costs two thirds of
 * having it make each when it is met.  A large object may be meant to be used in part only: its
 * pages are left to that.
 */
static char *make_ready(struct arena_block *b, char *from, char *need)
{
	char *end = block_end(b);

	if (b->size < MAP_BLOCK)
		return end;
	if (need - from > READY)
		return (char *)b +
		       (((size_t)(need - (char *)b) + READY - 1) & ~(size_t)(READY - 1));
	if (end - from > READY)
		end = from + READY;
	madvise(from, (size_t)(end - from), MADV_POPULATE_WRITE); /* may fail: then they fault */
	return end;
}

void *arena_grow(struct arena *a, size_t bytes)
{
	struct arena_block *old = a->blocks;
	size_t size = FIRST_BLOCK;

	/* 0 is what a size near SIZE_MAX became when it was rounded up. */
	if (!bytes || bytes > SIZE_MAX / 4)
		mem_exhausted(bytes ? bytes : SIZE_MAX);
	if (old && bytes <= (size_t)(block_end(old) - a->at)) {
		char *at = a->at;

		a->at += bytes;
		a->bytes += bytes;
		a->end = make_ready(old, a->end, a->at);
		return at;
	}
	if (old)
		size = old->size < LAST_BLOCK / 2 ? old->size * 2 : LAST_BLOCK;
	if (size < bytes + sizeof(struct arena_block))
		size = bytes + sizeof(struct arena_block);

	struct arena_block *b = block_new(size);
	char *p = block_start(b);

	a->bytes += bytes;
	if (old && block_end(b) - (p + bytes) < block_end(old) - a->at) {
		/* A block of one big object: go on filling the one in use. */
		b->dirty = p + bytes;
		b->next = old->next;
		old->next = b;
		return p;
	}
	if (old)
		old->dirty = a->at;
	b->next = old;
	a->blocks = b;
	a->at = p + bytes;
	a->end = make_ready(b, (char *)b, a->at);
	return p;
}

void arena_reset(struct arena *a)
{
	struct arena_block *keep = NULL, *next;

	if (!a->blocks)
		return;
	a->blocks->dirty = a->at;
	for (struct arena_block *b = a->blocks; b; b = next) {
		next = b->next;
		if (!keep || b->size > keep->size) {
			if (keep)
				block_free(keep);
			keep = b;
		} else {
			block_free(b);
		}
	}
	/* Writing zeros is cheaper than having the kernel fault in fresh pages. */
	memset(block_start(keep), 0, (size_t)(keep->dirty - block_start(keep)));
	keep->next = NULL;
	keep->dirty = block_start(keep);
	*a = (struct arena){.at = block_start(keep), .end = block_end(keep), .blocks = keep};
}

void arena_free(struct arena *a)
{
	struct arena_block *next;

	for (struct arena_block *b = a->blocks; b; b = next) {
		next = b->next;
		block_free(b);
	}
	*a = (struct arena){0};
}

void *arena_alloc_array(struct arena *a, size_t n, size_t each)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, each, &bytes))
		mem_exhausted(SIZE_MAX);
	return arena_alloc(a, bytes);
}

void *arena_dup(struct arena *a, const void *src, size_t bytes)
{
	void *p = arena_alloc(a, bytes);

	if (bytes)
		memcpy(p, src, bytes);
	return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	if (n)
		memcpy(p, s, n);
	return p;
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	char small[256];
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	if (n < 0)
		n = 0; /* a broken format; an empty text is still a text */

	char *p = arena_alloc(a, (size_t)n + 1);

	if ((size_t)n < sizeof(small))
		memcpy(p, small, (size_t)n);
	else
		vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *p = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return p;
}
