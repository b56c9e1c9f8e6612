/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fidelity.h - what the simulator says of the same plan, beside what a kernel did.
 *
 * For every policy, cgroup and metric: the means over the repetitions, and the prediction's
 * difference from the observation.  Where both are 0 there is nothing to show; a value that only
 * one side has (the time of a session that was killed) has no difference.
 */
#ifndef AGENTCG_REPORT_FIDELITY_H
#define AGENTCG_REPORT_FIDELITY_H

#include <jansson.h>

#include "stat/results.h"

/* Nothing where r->prediction is NULL. */
void fidelity_print(const struct results *r, unsigned width, struct buf *out);
/* An array; null where there is no prediction. */
json_t *fidelity_json(const struct results *r);
/* The machine that the prediction is of, where that was measured; or null. */
json_t *fidelity_machine_json(const struct results *r);

#endif
