/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gauge.h - what a machine does in which time, measured through a backend's own workers.
 *
 * A small world is opened as a run opens one, its workers allocate, free and read as those of a
 * scenario do, and what the backend observes is the measurement.  Nothing is left of it afterwards.
 * A backend that is a model measures as what it was told to be, which is how this is tested.
 */
#ifndef AGENTCG_RUN_GAUGE_H
#define AGENTCG_RUN_GAUGE_H

#include "backend/backend.h"

enum gauge_what {
	GAUGE_FAULT,   /* ns: one new page of 4K, charged */
	GAUGE_HUGE,    /* ns: one huge page of 2M */
	GAUGE_FREE,    /* ns: giving a page of 4K back */
	GAUGE_DISK,    /* bytes/s: reading a file that is not cached */
	GAUGE_RECLAIM, /* bytes/s: clean pages */
	GAUGE_PROCESS, /* bytes: what a worker is charged that does nothing */
	GAUGE_SPAWN,   /* ns: making a worker in its cgroup */
	GAUGE_LATE,    /* ns: how late a sleeping coordinator wakes up */
	GAUGE_COUNT
};
#define GAUGE_BIT(w) (UINT32_C(1) << (w))
#define GAUGE_ALL    (GAUGE_BIT(GAUGE_COUNT) - 1)
/* "fault", and whether it is ns, bytes or bytes/s */
const char *gauge_name(enum gauge_what w);
enum gauge_unit {
	GAUGE_NS,
	GAUGE_BYTES,
	GAUGE_BPS
} gauge_unit(enum gauge_what w);

struct gauge_figure {
	uint64_t n; /* samples; 0: it could not be measured, or was not asked for */
	uint64_t least, median, most;
};

struct gauge {
	struct gauge_figure v[GAUGE_COUNT];
	uint64_t sample_bytes; /* that FAULT, HUGE and FREE take each sample from */
	uint64_t file_bytes;   /* ... DISK and RECLAIM */
	uint64_t spread_ppm;   /* quartile distance of FAULT over its median; each is a worker's */
	uint64_t memory_bytes; /* of the machine: MemTotal */
	uint64_t cpus;	       /* on which this process may run */
};

struct gauge_config {
	const struct backend *backend;
	struct machine machine; /* what a backend that models is told */
	uint32_t what;		/* GAUGE_BIT()s; those that this machine lacks are left out */
	uint32_t samples;	/* of FAULT, HUGE and FREE; 1 to GAUGE_MOST */
	uint64_t budget_ns;	/* when so much time has gone, no further sample is begun */
};
#define GAUGE_MOST 16
/* DISK: so many files of so many bytes, a worker each. */
#define GAUGE_FILES	 3
#define GAUGE_FILE_BYTES (16 * MIB)
/* Memory that it takes at one time, at most. */
#define GAUGE_BYTES_HELD (64 * MIB)

/*
 * 0 or -errno: -EINTR as the backend's; what the backend has to report is in d.  Without an error
 * figures may be missing still.
 */
int gauge_measure(const struct gauge_config *c, struct diags *d, struct gauge *out);

/* Bytes a second that one worker fills; 0: not measured. */
uint64_t gauge_small_bps(const struct gauge *g);
uint64_t gauge_huge_bps(const struct gauge *g);

#endif
