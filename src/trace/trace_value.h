/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trace_value.h - the three spellings of values in recordings, read exactly, without floats.
 *
 * All return 0, -EINVAL for what is no such value, or -ERANGE for one that cannot be held; outputs
 * are unchanged on failure.  Text is n bytes, not NUL-terminated.
 */
#ifndef AGENTCG_TRACE_TRACE_VALUE_H
#define AGENTCG_TRACE_TRACE_VALUE_H

#include <stddef.h>
#include <stdint.h>

#include "trace/trace.h"

/*
 * "185.5MB / 134.5GB" or the first part alone: what is used, floored to bytes.  The second part,
 * the limit, must be an amount too.  B, kB or KB, MB, GB, TB, KiB, MiB, GiB, TiB; a space may stand
 * before the unit.  At most 18 digits after the point.
 */
int trace_parse_memory(const char *s, size_t n, enum trace_units units, uint64_t *bytes);

/* Seconds since 1970 as JSON writes numbers, floored to ns.  Negative ones are -ERANGE. */
int trace_parse_epoch(const char *s, size_t n, int64_t *ns);

/*
 * ISO 8601: 2026-02-07T01:47:17.879Z, the fraction of any length or none, the zone Z, +01:00, +0100
 * or +01.  In ns since 1970.  Without a zone -EDOM: it would be a guess.
 */
int trace_parse_timestamp(const char *s, size_t n, int64_t *ns);

#endif
