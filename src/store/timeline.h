/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * timeline.h - a timeline as bytes: numbers of seven bits a byte, lowest first, times and sizes as
 * differences from the one before.
 */
#ifndef AGENTCG_STORE_TIMELINE_H
#define AGENTCG_STORE_TIMELINE_H

#include "base/arena.h"
#include "base/buf.h"
#include "plan/plan.h"
#include "stat/timeline.h"

void timeline_pack(const struct timeline *t, uint32_t ncgroups, struct buf *out);
/* 0; -EINVAL when these bytes are no timeline of a run of p. */
int timeline_unpack(const void *bytes, size_t n, const struct plan *p, struct arena *a,
		    const struct timeline **out);

#endif
