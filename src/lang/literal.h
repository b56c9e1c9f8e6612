/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * literal.h - the values of numbers and their units, computed exactly (no floating point).
 *
 * The scanner decides what kind of literal a spelling is; these compute its value.  Sizes floor to
 * bytes and durations to nanoseconds.  A value that cannot be held is reported; the node is then an
 * AE_ERROR.
 */
#ifndef AGENTCG_LANG_LITERAL_H
#define AGENTCG_LANG_LITERAL_H

#include "lang/scan.h"

struct ast_expr *literal_size(struct scan *x, const char *s, size_t n, struct span at);
struct ast_expr *literal_rate(struct scan *x, const char *s, size_t n, struct span at);
struct ast_expr *literal_duration(struct scan *x, const char *s, size_t n, struct span at);
/* 3, 0.5, 5%, 50x */
struct ast_expr *literal_number(struct scan *x, const char *s, size_t n, struct span at);
struct ast_expr *literal_version(struct scan *x, struct span at);
/* A number with letters that are no unit: reports, with the unit that was meant if it is known. */
void literal_bad_unit(struct scan *x, const char *s, size_t n, struct span at);

#endif
