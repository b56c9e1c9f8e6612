/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * load.h - from a file's name to its plan, with the options and the environment applied.
 */
#ifndef AGENTCG_CMD_LOAD_H
#define AGENTCG_CMD_LOAD_H

#include "cmd/cmd.h"
#include "lang/parse.h"
#include "plan/plan.h"

/*
 * Each takes an initialised unit, which then holds everything, diagnostics too; those are printed
 * before it returns.  "-" is standard input.  STATUS_OK, or STATUS_USAGE when there were errors.
 */
int load_check(struct cmd *c, struct unit *u, const char *path);
int load_plan(struct cmd *c, struct unit *u, const char *path, const struct plan **out);

/* As one was loaded before: its options and library's folders are given, and warnings were. */
int load_plan_as(struct cmd *c, struct unit *u, const char *path, const struct lang_path *lib,
		 const struct plan_options *opt, const struct plan **out);
/* What the command line and the environment ask for; wrong numbers there are reported. */
struct plan_options load_options(struct cmd *c);

/* Where `use "name"` looks; lives in `a`. */
struct lang_path load_library_path(struct arena *a);

#endif
