/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lateness.h - whose time runs were made in, and how well they kept their timeline.
 */
#ifndef AGENTCG_REPORT_LATENESS_H
#define AGENTCG_REPORT_LATENESS_H

#include <jansson.h>

#include "base/buf.h"
#include "stat/results.h"

/* One line; nothing where all of it was simulated. */
void lateness_text(const struct results *r, struct buf *out);

json_t *lateness_clock(uint32_t clock);				/* its name, or null */
json_t *lateness_json(const struct results *r, int32_t policy); /* or null */

#endif
