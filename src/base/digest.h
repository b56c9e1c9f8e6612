/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * digest.h - an identity for what a result depends on (FNV-1a, 64 bits).
 *
 * It tells unlike experiments apart so that they are never pooled; it is no defence against an
 * adversary.
 */
#ifndef AGENTCG_BASE_DIGEST_H
#define AGENTCG_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define DIGEST_INIT UINT64_C(0xcbf29ce484222325)

uint64_t digest_bytes(uint64_t h, const void *p, size_t n);
uint64_t digest_u64(uint64_t h, uint64_t v);	/* little-endian bytes of v */
uint64_t digest_str(uint64_t h, const char *s); /* the NUL too, so that "ab","c" != "a","bc" */

#endif
