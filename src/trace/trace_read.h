/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trace_read.h - what the two files of a recording hold, before it is put in order.
 */
#ifndef AGENTCG_TRACE_TRACE_READ_H
#define AGENTCG_TRACE_TRACE_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/files.h"
#include "base/vec.h"
#include "trace/trace.h"

#define TRACE_READ_MOST 10000000  /* samples or calls of one file */
#define TRACE_READ_OPEN INT64_MIN /* the end of a call that has none */

struct trace_raw_sample {
	int64_t epoch_ns; /* since 1970 */
	uint64_t bytes;
	uint32_t nr; /* in the file, from 1 */
	uint32_t line;
};

struct trace_raw_call {
	int64_t begin_ns, end_ns; /* since 1970; end_ns may be TRACE_READ_OPEN */
	const char *tool, *command;
	uint32_t nr, line;
};

/* An all-zero one is empty; vec_free both lists. */
struct trace_raw {
	const char *samples_path, *calls_path; /* NULL: no such file was read */
	VEC(struct trace_raw_sample) samples;
	VEC(struct trace_raw_call) calls;
};

enum trace_kind {
	TRACE_ANY,
	TRACE_SAMPLES,
	TRACE_CALLS,
};

/*
 * Read one file into raw.  due is what it must hold.  Texts go to `a`; `path` is kept.
 * 0; -ENOENT, unreported, when there is no such file; -EINVAL or -errno, reported.
 */
int trace_read(struct arena *a, struct files *disk, const char *path, enum trace_kind due,
	       enum trace_units units, struct diags *d, struct span at, struct trace_raw *raw);

#endif
