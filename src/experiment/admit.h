/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * admit.h - may this plan run on this backend?
 */
#ifndef AGENTCG_EXPERIMENT_ADMIT_H
#define AGENTCG_EXPERIMENT_ADMIT_H

#include "backend/backend.h"
#include "base/arena.h"
#include "base/diag.h"
#include "plan/plan.h"
#include "stat/results.h"

/* A sweep, which is for the caller to take apart: reported.  0 or -EOPNOTSUPP. */
int admit_statements(const struct plan *p, struct diags *d);

/*
 * The plan's requirements, each met by one of its alternatives.  0, with one reason in `a` for each
 * unmet one: (*reasons)[*nreasons], 0 when all are met; or -EINVAL for a feature that the backend
 * has never heard of: reported.
 */
int admit_requirements(const struct plan *p, const struct backend *b, struct diags *d,
		       struct arena *a, const char *const **reasons, uint32_t *nreasons);

/*
 * Are the mechanisms there that policies name?  Fills in r->skipped, and r->reasons as below.  0,
 * or -EINVAL as above.
 */
int admit_mechanisms(const struct plan *p, const struct backend *b, struct diags *d,
		     struct results *r);

/* When nothing is left, or nothing to compare it with: r->reasons says so. */
void admit_skipped(const struct plan *p, struct results *r);

/* The plan's needs against the backend's abilities: all that lack are reported.  0 or -EOPNOTSUPP.
 */
int admit_capabilities(const struct plan *p, const struct backend *b, struct diags *d);

#endif
