/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fields.h - the metrics' names in files: alloc.p99 is alloc_p99_s, peak is peak_bytes.
 */
#ifndef AGENTCG_REPORT_FIELDS_H
#define AGENTCG_REPORT_FIELDS_H

#include "plan/expr.h"

/* With its unit: _s, _bytes, _bps, none for counts and shares. */
const char *field_name(enum metric m);

#endif
