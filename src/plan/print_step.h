/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * print_step.h - pieces of a plan in the language's spelling.  Part of print_plan.h's printer.
 */
#ifndef AGENTCG_PLAN_PRINT_STEP_H
#define AGENTCG_PLAN_PRINT_STEP_H

#include "base/buf.h"
#include "plan/plan.h"

/* "high 400M; delay 2s": the attributes in mask, whether they were set or not. */
void print_attrs(const struct cg_attrs *a, uint32_t mask, struct buf *out);
/* Do they have the same value in both? */
bool attr_same(const struct cg_attrs *a, const struct cg_attrs *b, enum cg_attr which);

#endif
