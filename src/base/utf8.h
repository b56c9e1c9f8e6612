/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * utf8.h - reading text that claims to be UTF-8, without believing it.
 */
#ifndef AGENTCG_BASE_UTF8_H
#define AGENTCG_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define UTF8_INVALID UINT32_MAX

/*
 * The code point at s, of which n > 0 bytes may be read; returns its length in bytes.  A byte that
 * begins no well-formed sequence (too short, overlong, surrogate, beyond U+10FFFF) is UTF8_INVALID
 * of length 1.
 */
size_t utf8_decode(const char *s, size_t n, uint32_t *cp);

/*
 * Columns of a terminal that cp takes: 0 for combining marks, 2 for wide East Asian letters and
 * emoji, -1 for what must not reach a terminal (controls, invisible direction marks).
 */
int utf8_columns(uint32_t cp);

#endif
