/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_clean.c - agentcg clean: there is nothing that a run of this version could leave behind.
 *
 * Simulated runs hold all of their world in memory; reports are written completely or not at all.
 */
#include "cmd/cmd.h"
#include "cmd/output.h"

int cmd_clean(struct cmd *c)
{
	struct buf out = {0};
	int status;

	if (!cmd_operands(c, 0, 0))
		return STATUS_USAGE;
	buf_puts(&out, "nothing to clean: this version runs scenarios in the simulator only, which"
		       " creates no\ncgroups, processes or files that could be left behind\n");
	status = output_stdout(c, &out);
	buf_free(&out);
	return status;
}
