/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sessions.h - the middle of the table: one row per policy and session, means over runs.
 */
#ifndef AGENTCG_REPORT_SESSIONS_H
#define AGENTCG_REPORT_SESSIONS_H

#include "base/buf.h"
#include "stat/results.h"

void sessions_print(const struct results *r, unsigned int width, struct buf *out);

#endif
