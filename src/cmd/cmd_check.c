/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_check.c - agentcg check: errors only, several files */
#include "cmd/load.h"

int cmd_check(struct cmd *c)
{
	int status = STATUS_OK;

	if (!cmd_operands(c, 1, SIZE_MAX))
		return STATUS_USAGE;
	for (size_t i = 0; i < c->opt.operands.n; i++) {
		struct unit u;

		unit_init(&u);
		status = status_of_both(status, load_check(c, &u, c->opt.operands.v[i]));
		unit_free(&u);
	}
	return status;
}
