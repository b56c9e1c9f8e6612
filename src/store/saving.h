/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * saving.h - an experiment while it is written: begun in begin.c, its runs and end in save.c.
 */
#ifndef AGENTCG_STORE_SAVING_H
#define AGENTCG_STORE_SAVING_H

#include "base/vec.h"
#include "store/statements.h"

struct saving {
	struct store *store;
	const struct plan *plan;
	int64_t experiment;
	char name[9];
	bool unhurried, failed;
	uint32_t planned;
	uint64_t last_ns, written_ns; /* when the last run ended; when runs were written */
	VEC(struct run_summary) waiting;
};

uint64_t saving_now_ns(void);

#endif
