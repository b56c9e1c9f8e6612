/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * claims.h - the end of the table: each claim, each expectation with its two figures and why.
 */
#ifndef AGENTCG_REPORT_CLAIMS_H
#define AGENTCG_REPORT_CLAIMS_H

#include "report/report.h"

void claims_print(const struct results *r, const struct report_style *style, struct buf *out);
/* The verdict's name, in its colour where the style has colours. */
void claims_put_verdict(enum verdict v, const struct report_style *style, struct buf *out);
/* The two figures of an expectation that has sides: "81.8ms <= 89.9ms", `-` for a missing one. */
void claims_put_sides(const struct expect_result *x, struct buf *out);

#endif
