/* SPDX-License-Identifier: GPL-2.0-or-later */
/* print_timeline.h - what happens when.  Part of print_plan.h's printer. */
#ifndef AGENTCG_PLAN_PRINT_TIMELINE_H
#define AGENTCG_PLAN_PRINT_TIMELINE_H

#include "base/buf.h"
#include "plan/plan.h"

#define PRINT_COLUMNS 80

void print_timeline(const struct plan *p, struct buf *out);
void print_triggers(const struct plan *p, struct buf *out);
/*
 * Text behind what is on the line already, at least at column `indent`, with breaks at spaces and
 * further lines indented by as much and two more.  Ends the line.
 */
void print_wrapped(struct buf *out, size_t indent, const char *text);

#endif
