/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_clean.c - agentcg clean: remove the cgroups of live runs that were killed.
 *
 * Simulated runs hold all of their world in memory; reports are written completely or not at all.
 */
#include <string.h>

#include "backend/cgroup/live.h"
#include "cmd/cmd.h"
#include "cmd/output.h"

struct cleaning {
	struct cmd *c;
	struct buf out;
	unsigned n;
};

static void tell(void *ctx, const struct live_left *l)
{
	struct cleaning *k = ctx;

	k->n++;
	if (l->alive)
		buf_printf(&k->out, "left alone %s: its run (pid %d) goes on\n", l->cgroup, l->pid);
	else if (!l->why)
		buf_printf(&k->out, "%s %s of pid %d, which has ended\n",
			   l->there ? "removed" : "forgot", l->cgroup, l->pid);
	if (!l->why)
		return;
	diag_at(&k->c->diags, E_LIVE_LEFT, (struct span){0}, "`%s` cannot be removed: %s",
		l->cgroup, l->why);
}

int cmd_clean(struct cmd *c)
{
	struct cleaning k = {.c = c};
	int status, err;

	if (!cmd_operands(c, 0, 0))
		return STATUS_USAGE;
	err = live_clean(tell, &k);
	if (err && !c->diags.errors)
		diag_at(&c->diags, E_LIVE_LEFT, (struct span){0},
			"the state files of live runs cannot be read: %s", strerror(-err));
	if (!err && !k.n)
		buf_puts(&k.out, "nothing to clean: no killed live run of this user has left "
				 "anything behind\n");
	status = output_stdout(c, &k.out);
	buf_free(&k.out);
	return err ? status_of_both(status, STATUS_INTERNAL) : status;
}
