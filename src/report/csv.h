/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * csv.h - text in CSV, as RFC 4180 has it.
 */
#ifndef AGENTCG_REPORT_CSV_H
#define AGENTCG_REPORT_CSV_H

#include "base/buf.h"

/* Quoted where it has to be. */
void csv_text(struct buf *out, const char *s);

#endif
