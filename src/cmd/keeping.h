/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keeping.h - `run --save`: an experiment goes into the database while it is made.
 */
#ifndef AGENTCG_CMD_KEEPING_H
#define AGENTCG_CMD_KEEPING_H

#include "base/files.h"
#include "cmd/cmd.h"
#include "stat/results.h"
#include "store/store.h"

struct keeping;

/* The database that --save or --db names, or the usual one, in `a`; NULL, reported. */
const char *keeping_path(struct cmd *c, struct arena *a);

/*
 * Where it will be kept; files: what the scenario was read from by the time that runs begin.  A
 * failure of opening is one before anything was measured, and ends the command: STATUS_INTERNAL,
 * reported.
 */
int keeping_open(struct cmd *c, const struct files *files, struct keeping **out);
/* Go on with an experiment of s, which stays the caller's. */
struct keeping *keeping_again(struct cmd *c, struct store *s, const struct store_experiment *x);
/* From now on it is this command's options and words that are kept, one experiment after another.
 */
void keeping_for(struct keeping *k, struct cmd *c); /* NULL is fine */
void keeping_close(struct keeping *k);		    /* NULL is fine */
/* The same in a process of a sweep, and once for all of them when they have ended. */
void keeping_leave(struct keeping *k);
void keeping_settle(struct cmd *c);

/* Hooks of struct experiment_options; ctx is the struct keeping. */
int keeping_begun(void *ctx, const struct results *r);
void keeping_run(void *ctx, const struct run_summary *run, uint32_t planned);
/* The experiment's end; r NULL: it failed.  STATUS_OK, or STATUS_INTERNAL when not all is kept. */
int keeping_end(struct keeping *k, const struct results *r);

#endif
