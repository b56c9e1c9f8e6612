/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AGENTCG_BENCH_SCAN_ONLY_H
#define AGENTCG_BENCH_SCAN_ONLY_H

#include <stddef.h>
#include <stdint.h>

/* The number of tokens in text[0..len), which two NULs follow.  0 when there is no memory. */
uint64_t scan_only(char *text, size_t len);

#endif
