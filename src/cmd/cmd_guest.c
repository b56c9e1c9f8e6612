/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_guest.c - what the agentcg in a machine does with the words of the one outside */
#include <errno.h>
#include <string.h>

#include "cmd/guest.h"
#include "cmd/live_run.h"
#include "cmd/load.h"
#include "cmd/output.h"
#include "vm/guest.h"

/* What a test asked for in place of this kernel; NULL: nothing. */
static const struct backend *substitute(const struct root_setup *s)
{
	if (!strcmp(s->backend, "sim"))
		return &backend_sim;
	return !strcmp(s->backend, "recorder") ? &backend_recorder : NULL;
}

static int serve(const struct root_setup *s, struct guest_host *h, const struct unit *u,
		 const struct plan *p, struct live_session *live)
{
	const struct backend *b = substitute(s);
	int status = STATUS_OK;
	struct diags d;

	diags_init(&d, &u->sources);
	if (!b) {
		status = live_run_prepare(live, p, &d);
		guest_report(h, &d);
	}
	if (status == STATUS_OK)
		status = guest_serve(h, p, b ? b : live_session_backend(live)) ? STATUS_INTERNAL
									       : STATUS_OK;
	diags_free(&d);
	return status;
}

static int guest(const struct root_setup *s, struct guest_host *h)
{
	struct cmd c = {.what = command_find("run")};
	const char **argv = arena_array(&c.opt.owned, const char *, s->nwords + 2);
	struct live_session *live = NULL;
	const struct plan *p;
	struct unit u;
	int status = STATUS_OK, first = 1;

	if (*s->command)
		return guest_command(h, s->command) ? STATUS_INTERNAL : STATUS_OK;
	argv[0] = "agentcg";
	for (size_t i = 0; i < s->nwords; i++)
		argv[i + 1] = s->words[i];
	if (s->nwords && !strcmp(s->words[0], "run"))
		first = 2;
	diags_init(&c.diags, NULL);
	options_parse(CMD_RUN, "run", (int)s->nwords + 1, (char **)(uintptr_t)argv, first, &c.opt,
		      &c.diags);
	unit_init(&u);
	if (!substitute(s)) /* while this process is small: it forks */
		status = live_run_open(&c, &live);
	if (status == STATUS_OK) {
		status = load_plan(&c, &u, c.opt.operands.n ? c.opt.operands.v[0] : "-", &p);
		if (status != STATUS_OK)
			guest_report(h, &u.diags);
	}
	guest_report(h, &c.diags);
	if (status == STATUS_OK)
		status = serve(s, h, &u, p, live);
	live_session_close(live, &c.diags);
	unit_free(&u);
	options_free(&c.opt);
	diags_free(&c.diags);
	return status;
}

void guest_main(void)
{
	static const struct guest_calls calls = {.main = guest};

	guest_init(&calls);
}
