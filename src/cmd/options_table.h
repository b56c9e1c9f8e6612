/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options_table.h - what options.c, which has the table and reads argv, and options_set.c, which
 * understands values, share.
 */
#ifndef AGENTCG_CMD_OPTIONS_TABLE_H
#define AGENTCG_CMD_OPTIONS_TABLE_H

#include "cmd/options.h"

enum option_id {
	OPT_PARAM,
	OPT_POLICY,
	OPT_REPEAT,
	OPT_REP,
	OPT_SEED,
	OPT_JSON,
	OPT_CSV,
	OPT_MARKDOWN,
	OPT_LATEX,
	OPT_HTML,
	OPT_PLOT,
	OPT_SAVE,
	OPT_DB,
	OPT_VERIFY,
	OPT_ACROSS,
	OPT_FAIL_IF,
	OPT_LIVE,
	OPT_VM,
	OPT_VM_MEMORY,
	OPT_AND_SIM,
	OPT_PACK,
	OPT_KERNEL,
	OPT_MECHANISM,
	OPT_CGROUP,
	OPT_WORKDIR,
	OPT_AS_ROOT,
	OPT_CHECK,
	OPT_WRITE,
	OPT_AST,
	OPT_UPDATE,
	OPT_TIMEOUT,
	OPT_JOBS,
	OPT_SLACK,
	OPT_TAP,
	OPT_JUNIT,
	OPT_SIDE_BY_SIDE,
	OPT_WIDTH,
	OPT_COLOR,
	OPT_DIAGNOSTICS,
	OPT_QUIET,
	OPT_VERBOSE,
	OPT_HELP,
	OPT_VERSION,
};

enum argument {
	ARG_NONE,
	ARG_NEEDED,   /* --name=VALUE, --name VALUE, -nVALUE, -n VALUE */
	ARG_OPTIONAL, /* --name, --name=VALUE */
};

struct option_spec {
	enum option_id id;
	char letter; /* 0: none */
	const char *name;
	enum argument argument;
	const char *value; /* as --help shows it */
	uint32_t commands; /* CMD_* mask */
	const char *help;
};

struct parsing {
	uint32_t bit;
	const char *command;
	struct options *o;
	struct diags *d;
};

/* value: not NULL where the option needs one.  What it does not take is reported. */
void options_set(struct parsing *p, const struct option_spec *s, const char *value);

#endif
