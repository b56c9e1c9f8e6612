/* SPDX-License-Identifier: GPL-2.0-or-later */
/* metrics.c - metrics.def as a table (expr.h) */
#include "plan/expr.h"

const struct metric_info metric_info[M_COUNT] = {
#define METRIC(id, spelling, dimension, when, summary) {spelling, summary, dimension, when},
#include "plan/metrics.def"
#undef METRIC
};
