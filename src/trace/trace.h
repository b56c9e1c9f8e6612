/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trace.h - recorded agent sessions.
 *
 * A recording is one or both of two files of the AgentCgroup data set (arXiv 2602.09345):
 *   resources.json   { "samples": [ { "epoch": s, "mem_usage": "185.5MB / 134.5GB", ... } ], ... }
 *   tool_calls.json  [ { "timestamp": UTC, "end_timestamp", "tool", "input": {"command"} }, ... ]
 * JSON is read as YAML, event by event (libyaml), so a file of 100 MB needs no tree.
 * agentcg-trace(5) describes what is read of them.
 *
 * Time 0 is the first sample's epoch, or the first call where there are no samples; both files
 * share one clock.
 */
#ifndef AGENTCG_TRACE_TRACE_H
#define AGENTCG_TRACE_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/files.h"

/* How kB, MB and GB are read. KiB, MiB, GiB are always powers of 1024. */
enum trace_units {
	TRACE_DECIMAL, /* as the container engine prints them: powers of 1000 */
	TRACE_BINARY,  /* as the published analysis scripts read them: powers of 1024 */
};

struct trace_sample {
	uint64_t at_ns;
	uint64_t bytes;
};

struct trace_call {
	int64_t at_ns; /* negative when the call began before the first sample */
	uint64_t dur_ns;
	const char *tool;
	const char *command; /* NULL when the call has none */
};

struct trace {
	const char *path; /* as named */
	enum trace_units units;
	struct trace_sample *samples; /* ascending at_ns */
	uint32_t nsamples;	      /* 0 when there is no resources.json */
	struct trace_call *calls;     /* ascending at_ns */
	uint32_t ncalls;
	uint64_t duration_ns;		 /* last sample or last call's end */
	uint64_t peak_bytes, mean_bytes; /* of the samples; mean over samples, as published */
	uint64_t digest;		 /* of the values and the reading of the units */
};

/*
 * `path` is a resources.json, a tool_calls.json (any file name: told apart by their content), or a
 * folder with one or both under these names.  For a file, its sibling of the other kind is read too
 * when it is there under its usual name.
 *
 * Errors (E5xx) name the file, line and sample.  Repaired with a warning (W8xx), never silently:
 * samples out of order (sorted, stably), samples with the same time (the last counts), calls
 * without an end (until the next call, or the recording's end), calls and samples that do not
 * overlap at all (kept as they are).
 * 0, or -EINVAL when the recording cannot be used (reported), or -errno from reading (reported).
 * Files are read through `disk`, which may be NULL.  The trace lives in `a`.  `at` is the place in
 * the scenario that names it, for the messages.
 */
int trace_load(struct arena *a, struct files *disk, const char *path, enum trace_units units,
	       struct diags *d, struct span at, struct trace **out);

#endif
