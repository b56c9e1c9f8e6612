/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_help.c - agentcg help: of all, of a command, of a scenario */
#include "cmd/load.h"
#include "cmd/output.h"
#include "plan/print_plan.h"

int cmd_help(struct cmd *c)
{
	const struct command *k;
	const struct plan *p;
	struct buf out = {0};
	struct unit u;
	int status = STATUS_OK;

	if (!cmd_operands(c, 0, 1))
		return STATUS_USAGE;
	unit_init(&u);
	if (!c->opt.operands.n) {
		commands_help(&out);
	} else if ((k = command_find(c->opt.operands.v[0]))) {
		command_help(k, &out);
	} else {
		status = load_plan(c, &u, c->opt.operands.v[0], &p);
		if (status == STATUS_OK)
			plan_print_help(p, &out);
	}
	if (status == STATUS_OK)
		status = output_stdout(c, &out);
	buf_free(&out);
	unit_free(&u);
	return status;
}
