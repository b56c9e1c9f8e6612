/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c - which command, and the only place that ends the process.
 */
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/guest.h"
#include "cmd/output.h"
#include "cmd/signals.h"
#include "config.h"
#include "vm/guest.h"

/*
 * The command that argv asks for and where its own words begin: `agentcg FILE` and `agentcg
 * --json - FILE` are `run`.  argv[1] is there.  NULL when it can only be a misspelt command,
 * reported.
 */
static const struct command *choose(char **argv, int *first, struct diags *d)
{
	const struct command *k = command_find(argv[1]);
	const char *names[32], *near;
	size_t n = 0;

	*first = 2;
	if (k)
		return k;
	/* Not of `run`: it is about all commands. */
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return command_find("help");
	*first = 1;
	if (argv[1][0] != '-' && !strpbrk(argv[1], "./") && access(argv[1], F_OK)) {
		for (const struct command *c = commands; c->name; c++)
			names[n++] = c->name;
		near = diag_nearest(argv[1], names, n);
		diag_at(d, E_USE_COMMAND, (struct span){0}, "there is no command or file `%s`",
			argv[1]);
		if (near)
			diag_hint(d, "did you mean `agentcg %s`?", near);
		else
			diag_hint(d, "`agentcg help` lists the commands");
		return NULL;
	}
	return command_find("run");
}

static int run_command(struct cmd *c)
{
	struct buf out = {0};
	int status;

	if (c->diags.errors)
		return STATUS_USAGE;
	if (!c->opt.help && !c->opt.version)
		return c->what->run(c);
	if (c->opt.version)
		buf_puts(&out, "agentcg " AGENTCG_VERSION "\n");
	else
		command_help(c->what, &out);
	status = output_stdout(c, &out);
	buf_free(&out);
	return status;
}

int main(int argc, char **argv)
{
	struct cmd c = {0};
	struct buf usage = {0};
	int first, status = STATUS_USAGE;

	if (guest_is_init(argc, argv))
		guest_main();
	signals_ignore_pipe();
	diags_init(&c.diags, NULL);
	if (argc < 2) {
		commands_help(&usage);
		(void)buf_write_fd(&usage, STDERR_FILENO);
		buf_free(&usage);
	} else {
		c.words = (const char *const *)argv + 1;
		c.nwords = (size_t)argc - 1;
		c.what = choose(argv, &first, &c.diags);
		if (c.what) {
			options_parse(c.what->bit, c.what->name, argc, argv, first, &c.opt,
				      &c.diags);
			status = run_command(&c);
		}
	}
	output_diags(&c, &c.diags);
	options_free(&c.opt);
	diags_free(&c.diags);
	return status;
}
