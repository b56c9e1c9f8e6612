/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_plan.c - agentcg plan: what would be run */
#include "cmd/load.h"
#include "cmd/output.h"
#include "plan/print_plan.h"

int cmd_plan(struct cmd *c)
{
	const struct plan *p;
	struct buf out = {0};
	struct unit u;
	int status;

	if (!cmd_operands(c, 1, 1))
		return STATUS_USAGE;
	unit_init(&u);
	status = load_plan(c, &u, c->opt.operands.v[0], &p);
	if (status == STATUS_OK) {
		struct report_style style = output_style(c);

		if (!c->opt.plot)
			plan_print(p, &out);
		else if (report_plot_demand(p, &style, &out))
			status = STATUS_INTERNAL;
		if (status != STATUS_OK)
			diag_at(&c->diags, E_RUN_FAILED, (struct span){0},
				"the demand of this plan is beyond what can be counted");
	}
	if (status == STATUS_OK) {
		status = output_stdout(c, &out);
	}
	buf_free(&out);
	unit_free(&u);
	return status;
}
