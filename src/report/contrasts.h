/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * contrasts.h - below the sessions: what each policy did for HIGH and cost LOW, and who survived.
 */
#ifndef AGENTCG_REPORT_CONTRASTS_H
#define AGENTCG_REPORT_CONTRASTS_H

#include "base/buf.h"
#include "stat/results.h"

/* The line that begins them, for those who read a printed table. */
#define CONTRASTS_HEAD "against "

/* Is there anything to print? */
bool contrasts_any(const struct results *r);
void contrasts_print(const struct results *r, unsigned int width, struct buf *out);

#endif
