/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arena.h - memory by lifetime.
 *
 * A scenario arena holds text, AST and plan; a run arena is reset for each repetition.  Nothing in
 * an arena is freed singly.  Large blocks are mappings of their own, given back to the kernel when
 * they are freed.
 */
#ifndef AGENTCG_BASE_ARENA_H
#define AGENTCG_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct arena_block;

struct arena {
	char *at, *end;		    /* free room of the newest block, as far as it is resident */
	struct arena_block *blocks; /* newest first */
	size_t bytes;		    /* handed out since the last reset, padding included */
};

/* An all-zero struct arena is a valid empty one. */
void *arena_grow(struct arena *a, size_t bytes);
void arena_reset(struct arena *a); /* forget all; keeps the largest block */
void arena_free(struct arena *a);  /* give everything back; a is then a valid empty arena */

/* Zeroed, aligned to 8, never NULL (mem.h says what happens instead), also for 0 bytes. */
static inline void *arena_alloc(struct arena *a, size_t bytes)
{
	bytes = (bytes + !bytes + 7) & ~(size_t)7;
	/* `- 1` sends a size that wrapped round to 0 to arena_grow, which refuses it. */
	if (bytes - 1 >= (size_t)(a->end - a->at))
		return arena_grow(a, bytes);
	void *p = a->at;
	a->at += bytes;
	a->bytes += bytes;
	return p;
}

#define arena_new(a, type)	((type *)arena_alloc((a), sizeof(type)))
#define arena_array(a, type, n) ((type *)arena_alloc_array((a), (n), sizeof(type)))

void *arena_alloc_array(struct arena *a, size_t n, size_t each); /* checks n * each */
void *arena_dup(struct arena *a, const void *src, size_t bytes);
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap);

#endif
