/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gauging.h - what is measured of the machine that a scenario runs on, and what is done with it.
 */
#ifndef AGENTCG_CMD_GAUGING_H
#define AGENTCG_CMD_GAUGING_H

#include <jansson.h>

#include "backend/cgroup/live.h"
#include "cmd/cmd.h"
#include "run/gauge.h"
#include "vm/vm.h"

/* Where workers are: on this host (live), or in a machine (vm). */
struct gauging_place {
	struct live_session *live; /* or NULL */
	struct vm *vm;
};

/*
 * All that calibration takes, within seconds on a host and a minute in a machine.  0 or -errno,
 * reported.
 */
int gauging_all(const struct gauging_place *at, struct diags *d, struct gauge *out);
/*
 * Where p paces what is steep: what it takes to judge that, within a second or a few, and a warning
 * if the machine cannot follow.  What cannot be measured is all 0 in *out, and not warned of.  0;
 * -EINTR.
 */
int gauging_pace(const struct gauging_place *at, const struct plan *p, struct diags *d,
		 struct gauge *out);

/* The machine as the simulator is told of it; what was not measured, or is stated, stays. */
void gauging_apply(const struct gauge *g, struct machine *m);
/* `machine < ... >`, with how each was measured; on: "6.1.0-56 (emulated)". */
void gauging_block(const struct gauge *g, const char *on, struct buf *out);
json_t *gauging_json(const struct gauge *g, const char *on);

#endif
