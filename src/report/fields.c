/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/fields.h"

/* A table and no computation: these names are an interface, and somebody will search for them. */
const char *field_name(enum metric m)
{
	switch (m) {
	case M_TIME:
		return "time_s";
	case M_STALL:
		return "stall_s";
	case M_ALLOC_N:
		return "alloc_n";
	case M_ALLOC_MEAN:
		return "alloc_mean_s";
	case M_ALLOC_P50:
		return "alloc_p50_s";
	case M_ALLOC_P90:
		return "alloc_p90_s";
	case M_ALLOC_P95:
		return "alloc_p95_s";
	case M_ALLOC_P99:
		return "alloc_p99_s";
	case M_ALLOC_P999:
		return "alloc_p999_s";
	case M_ALLOC_MAX:
		return "alloc_max_s";
	case M_PEAK:
		return "peak_bytes";
	case M_USAGE:
		return "usage_bytes";
	case M_SWAP:
		return "swap_bytes";
	case M_EV_LOW:
		return "events_low";
	case M_EV_HIGH:
		return "events_high";
	case M_EV_MAX:
		return "events_max";
	case M_EV_OOM:
		return "events_oom";
	case M_EV_OOM_KILL:
		return "events_oom_kill";
	case M_PSI_SOME:
		return "psi_some";
	case M_PSI_FULL:
		return "psi_full";
	case M_DELAYS:
		return "delays";
	case M_DELAYED:
		return "delayed_s";
	case M_THROTTLED:
		return "throttled_s";
	case M_FAULTS:
		return "faults";
	case M_REACTION:
		return "reaction_s";
	case M_THROUGHPUT:
		return "throughput_bps";
	case M_COUNT:
		break;
	}
	return "";
}
