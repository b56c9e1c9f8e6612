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

/* A sweep, which is for the caller to take apart: reported.  0 or -EOPNOTSUPP. */
int admit_statements(const struct plan *p, struct diags *d);

/*
 * The plan's requirements, each met by one of its alternatives.  0, with one reason in `a` for each
 * unmet one: (*reasons)[*nreasons], 0 when all are met; or -EINVAL for a feature that the backend
 * has never heard of: reported.
 */
int admit_requirements(const struct plan *p, const struct backend *b, struct diags *d,
		       struct arena *a, const char *const **reasons, uint32_t *nreasons);

/* The plan's needs against the backend's abilities: all that lack are reported.  0 or -EOPNOTSUPP.
 */
int admit_capabilities(const struct plan *p, const struct backend *b, struct diags *d);

#endif
