/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cells.h - experiments that differ in parameters: each in a process of its own, several at a time.
 *
 * What an experiment found comes back as one JSON object (cell_json), so that the order of its
 * parts, and the bytes of every report made of them, do not depend on how many ran at a time.
 */
#ifndef AGENTCG_CMD_CELLS_H
#define AGENTCG_CMD_CELLS_H

#include <jansson.h>

#include "cmd/cmd.h"
#include "plan/plan.h"

struct cell {
	const struct plan_override
	    *params; /* beside those of the command line, which they follow */
	size_t nparams;
	uint32_t repeat;    /* 0: as the command line and the file say */
	const char *expect; /* a further claim, by the name of `expect_name`; NULL: none */
	const char *expect_name;
	bool whole; /* "result" holds the JSON report too */
	/* Out: */
	json_t *found; /* NULL where it could not be run, or was not; json_decref it */
	int status;    /* exit status of the experiment, or STATUS_INTERRUPTED */
};

/*
 * Run them all, `jobs` at a time, in the simulator.  Called after each in order of ending; may be
 * NULL.  Errors of a scenario go to standard error; what is wrong with running it to c->diags.
 * False when one could not be run: then, and when interrupted, others may be missing too.
 */
bool cells_run(struct cmd *c, const char *path, struct cell *cells, size_t n, uint32_t jobs,
	       void (*ended)(void *ctx, size_t i, size_t done), void *ctx);

/* Of a cell's JSON; NULL where it has none. */
const char *cell_verdict(const struct cell *cell);
json_t *cell_policy(const struct cell *cell, size_t policy);
json_t *cell_role(const struct cell *cell, size_t policy, const char *role);
json_t *cell_figure(const struct cell *cell, size_t policy, const char *role, const char *metric);

struct results;
/* What results say in short: verdict, claims, and per policy and role survivors and means. */
json_t *cell_json(const struct results *r, bool whole);

#endif
