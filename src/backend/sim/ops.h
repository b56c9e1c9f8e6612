/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ops.h - what the state machines of the ops share.
 */
#ifndef AGENTCG_BACKEND_SIM_OPS_H
#define AGENTCG_BACKEND_SIM_OPS_H

#include "backend/sim/rooms.h"

enum step {
	STEP_PAY,  /* something is owed, or there is more to do at once */
	STEP_WAIT, /* ended, scheduled, waiting or dying: nothing more now */
	STEP_DONE, /* what was asked for is reached */
};

static inline uint64_t ops_plus(uint64_t a, uint64_t b) /* saturating: b may be NEVER */
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* Wait until then; false: it is that late already. */
bool ops_wait_until(struct sim *s, struct worker *w, uint64_t time_ns);
uint64_t ops_lateness(const struct sim *s, uint64_t time_ns); /* after time_ns by so much, or 0 */
enum step ops_finish(struct sim *s, struct worker *w, enum done_status status);

/* Begin a step towards holding `bytes` of anonymous memory; ops_hold() goes on with it. */
void ops_aim(struct sim *s, struct worker *w, uint64_t bytes);
enum step ops_hold(struct sim *s, struct worker *w);
/* The step is over: if it was a growth, it counts as one allocation. */
void ops_report_growth(struct sim *s, struct worker *w);

/* play.c */
bool play_holds(const struct worker *w); /* it is on its way to what it holds, unpaced */
enum step play_replay(struct sim *s, struct worker *w);
enum step play_tools(struct sim *s, struct worker *w);
enum step play_exec(struct sim *s, struct worker *w);

#endif
