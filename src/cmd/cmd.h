/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd.h - the command line: what all subcommands share.
 *
 * A command is a function from parsed options to an exit status.  It prints what it made on
 * standard output and diagnostics of a scenario on standard error; what it has to say about its
 * options, files and outputs it reports to cmd.diags, which main prints last.  Only main exits.
 */
#ifndef AGENTCG_CMD_CMD_H
#define AGENTCG_CMD_CMD_H

#include <stddef.h>

#include "base/buf.h"
#include "base/diag.h"
#include "cmd/options.h"
#include "report/report.h"

enum exit_status {
	STATUS_OK = 0,	 /* also WARN, and a report without claims */
	STATUS_FAIL = 1, /* FAIL, UNDECIDED; fmt --check, test: a difference */
	STATUS_USAGE = 2,
	STATUS_SKIP = 3,
	STATUS_VOID = 4,
	STATUS_INTERNAL = 5, /* ABORTED, output that cannot be written, internal errors */
	STATUS_INTERRUPTED = 130,
};
/* Of two statuses the one that counts for both: the first of 2, 130, 5, 4, 1, 3, 0. */
int status_of_both(int a, int b);

struct cmd;

struct command {
	const char *name;
	uint32_t bit; /* CMD_*: which options it has */
	const char *operands;
	const char *summary;
	const char *more; /* further lines of its --help, or NULL */
	int (*run)(struct cmd *c);
};

struct cmd {
	const struct command *what;
	struct options opt;
	const char *const *words; /* of the command line, [nwords], from argv[1] on */
	size_t nwords;
	struct diags diags; /* about usage and output: without a place in a text */
};

/* In the order of `agentcg help`; .name NULL past the last. */
extern const struct command commands[];
const struct command *command_find(const char *name); /* or NULL */
void commands_help(struct buf *out);
void command_help(const struct command *k, struct buf *out);

int cmd_run(struct cmd *c);
int cmd_check(struct cmd *c);
int cmd_plan(struct cmd *c);
int cmd_fmt(struct cmd *c);
int cmd_test(struct cmd *c);
int cmd_help(struct cmd *c);
int cmd_doctor(struct cmd *c);
int cmd_clean(struct cmd *c);
int cmd_find(struct cmd *c);
int cmd_vm(struct cmd *c);
int cmd_runs(struct cmd *c);
int cmd_show(struct cmd *c);
int cmd_compare(struct cmd *c);
int cmd_report(struct cmd *c);
int cmd_explain(struct cmd *c);
int cmd_bundle(struct cmd *c);
int cmd_resume(struct cmd *c);
int cmd_calibrate(struct cmd *c);

/*
 * Is the number of operands between min and max?  Otherwise reported, and false.
 */
bool cmd_operands(struct cmd *c, size_t min, size_t max);

#endif
