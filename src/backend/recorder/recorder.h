/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recorder.h - what the recorder was told to do.
 *
 * backend_recorder lives on the wall clock and has no memory: ops take the time that paces them
 * (over, sleep, the times of a series or of calls, an exec's like), all others none.  It proves
 * that the engine does not know whether time is simulated, and is for tests only: one run at a time
 * in a process.
 */
#ifndef AGENTCG_BACKEND_RECORDER_H
#define AGENTCG_BACKEND_RECORDER_H

#include <stddef.h>
#include <stdint.h>

#include "backend/op.h"

struct recorded {
	uint64_t t_ns, due_ns; /* when it was applied, and should have been */
	uint8_t kind;	       /* enum op_kind */
	uint32_t target;
	uint64_t bytes;
};

/* In order; of the latest run, and valid until the next one opens or recorder_forget(). */
const struct recorded *recorder_log(size_t *n);
void recorder_forget(void);

#endif
