/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * normal.h - the two reference distributions that intervals and tests need.
 */
#ifndef AGENTCG_STAT_NORMAL_H
#define AGENTCG_STAT_NORMAL_H

#include <stdint.h>

double normal_cdf(double z);
/* 0 < p < 1; to the last digits of a double. */
double normal_quantile(double p);
double student_cdf(double t, uint32_t df); /* df > 0 */
double student_quantile(double p, uint32_t df);

#endif
