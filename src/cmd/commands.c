/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands.c - the table of commands and what --help says of them (cmd.h) */
#include <string.h>

#include "cmd/cmd.h"
#include "config.h"

const struct command commands[] = {
    {"run", CMD_RUN, "FILE", "run a scenario, report, judge its claims",
     "`agentcg FILE` is the same.  FILE - is standard input.\n"
     "Exit status: 0 PASS or WARN, 1 FAIL or UNDECIDED, 2 error in scenario or usage,\n"
     "3 SKIP, 4 VOID, 5 ABORTED or internal error, 130 interrupted.\n",
     cmd_run},
    {"check", CMD_CHECK, "FILE...", "check scenarios; silent when there is nothing to say",
     "Exit status: 0, or 2 when there is an error in some file.\n", cmd_check},
    {"plan", CMD_PLAN, "FILE", "show the timeline, and demand against the budget", NULL, cmd_plan},
    {"fmt", CMD_FMT, "FILE...", "print scenarios in the one canonical form",
     "Exit status: 0; 1 when --check finds an unformatted file; 2 on an error.\n", cmd_fmt},
    {"test", CMD_TEST, "[DIR|FILE...]", "run scenarios and compare with the tables beside them",
     "X.acg is run and compared with X.table: 80 columns, no colour, and a last line\n"
     "`exit N` where it does not end with 0.  Folders are searched for such pairs;\n"
     "without an argument, the current one.\n"
     "Exit status: 0, 1 when a test failed, 3 when there was none.\n"
     "--slack 5% or --slack time=5%,alloc.p99=20%,claims=5% is for what is never the\n"
     "same twice; survivors, kills, verdicts and words always have to be.\n",
     cmd_test},
    {"find", CMD_FIND, "QUESTION... FILE", "search a parameter for where a condition holds",
     "agentcg find min|max NAME such that CONDITION FILE, as in\n"
     "agentcg find min total such that 'bpf.high.time <= 1.05 * alone.high.time' FILE\n"
     "Halves the range that the parameter NAME declares; each probe is an experiment, and\n"
     "the condition is judged at 95% confidence, with more repetitions where that needs\n"
     "them.\n"
     "Exit status: 0; 1 when it holds nowhere, or not all the way beyond the border.\n",
     cmd_find},
    {"runs", CMD_RUNS, "[WORD...]", "list the experiments that `run --save` has kept",
     "With words, those that have all of them in their name, title, path, backend, mechanism,\n"
     "verdict or state.\n",
     cmd_runs},
    {"show", CMD_SHOW, "NAME", "report a kept experiment again",
     "NAME is one of `agentcg runs`, or how it begins, or `last`.  Reports, verdict and exit\n"
     "status are those of the run.\n",
     cmd_show},
    {"explain", CMD_EXPLAIN, "RUN|FILE CGROUP", "tell why a session took as long as it did",
     "RUN is a kept experiment, as of `show`; FILE a scenario, which is then simulated.\n"
     "Where the session's time went under each policy, and its slowest allocations with\n"
     "what held them.\n",
     cmd_explain},
    {"compare", CMD_COMPARE, "A B", "compare two kept experiments: what changed from A to B",
     "Refused where they differ in what decides the results, unless --across says that this\n"
     "is what is compared: scenario, traces, params, backend, mechanism, kernel, seed.\n"
     "A condition is of the change of a mean (> +5%, < -10ms) or of B's own (> 0, <= 2s):\n"
     "--fail-if 'bpf.high.time > +5%' --fail-if 'killed(high) > 0'\n"
     "Exit status: 0; 1 when a condition holds or is UNDECIDED; 2 when they are unlike.\n",
     cmd_compare},
    {"report", CMD_REPORT, "A [B...]", "one report over several kept experiments",
     "Each is held against the first, as of `compare`: refused where they differ in what\n"
     "decides the results, unless --across says that this is what is looked at.  One alone\n"
     "is reported as of `show`.\n"
     "Exit status: 0, whatever the verdicts; 2 when they are unlike.\n",
     cmd_report},
    {"bundle", CMD_BUNDLE, "NAME FILE", "pack a kept experiment into one file",
     "The file is a database with this one experiment, its scenario and recordings:\n"
     "`agentcg show --db FILE last` reports it on any machine.\n"
     "`agentcg bundle --verify FILE` makes it again where it was simulated.\n"
     "Exit status: 0; with --verify 1 when something is not what it was.\n",
     cmd_bundle},
    {"resume", CMD_RESUME, "NAME", "make the runs that a kept experiment lacks",
     "With its scenario, options and seed as they were kept; then the report of all.\n",
     cmd_resume},
    {"help", CMD_HELP, "[COMMAND|FILE]", "explain a command, or a scenario's parameters and claims",
     NULL, cmd_help},
    {"doctor", CMD_DOCTOR, "", "say what this host and this build can do, by trying", NULL,
     cmd_doctor},
    {"calibrate", CMD_CALIBRATE, "", "measure a machine, as the simulator is told of one",
     "With --live this host, with --vm[=KERNEL] a virtual machine, in seconds: what a\n"
     "page fault, reclaim, reading a disk and a worker's process cost.  Prints a block\n"
     "`machine < ... >` to put into a scenario, with how it was measured.\n",
     cmd_calibrate},
    {"clean", CMD_CLEAN, "", "remove what killed runs left behind", NULL, cmd_clean},
    {"vm", CMD_VM, "list|fetch|build|remove|exec ...", "kernels for --vm, and commands in machines",
     "list    the kernels in the cache, and what more Debian has\n"
     "fetch   get kernels from Debian's archive, or newer ones (debian:6.1)\n"
     "build   build memcg-bpf, a kernel with the hook memcg_bpf_ops (10 minutes on 2\n"
     "        CPUs, 4G of room while it is built; -j N compilers at once)\n"
     "remove  remove kernels from the cache\n"
     "exec    run a shell command as root in a machine: vm exec -- COMMAND\n\n"
     "A KERNEL is debian:X.Y or memcg-bpf.  Nothing is installed, no root is needed.\n"
     "Exit status: 0, 2 on a wrong name, 5 where it cannot be had or removed;\n"
     "of exec, that of the command.\n",
     cmd_vm},
    {0},
};

const struct command *command_find(const char *name)
{
	for (const struct command *k = commands; k->name; k++)
		if (!strcmp(k->name, name))
			return k;
	return NULL;
}

void commands_help(struct buf *out)
{
	buf_puts(out, "agentcg " AGENTCG_VERSION ": experiments on memory isolation between agent"
		      " sessions\n\n"
		      "usage: agentcg [COMMAND] [OPTION...] [FILE...]\n\n"
		      "  agentcg FILE    the same as `agentcg run FILE`\n\n");
	for (const struct command *k = commands; k->name; k++) {
		size_t n = out->n;

		buf_printf(out, "  %s %s", k->name, k->operands);
		n = out->n - n;
		buf_pad(out, ' ', n < 23 ? 23 - n : 1);
		buf_printf(out, "%s\n", k->summary);
	}
	buf_puts(out, "\n`agentcg COMMAND --help` lists the options of a command;"
		      " man agentcg and\nman 5 agentcg are the references.\n");
}

void command_help(const struct command *k, struct buf *out)
{
	buf_printf(out, "usage: agentcg %s [OPTION...]%s%s\n\n%s\n", k->name,
		   *k->operands ? " " : "", k->operands, k->summary);
	if (k->more)
		buf_printf(out, "\n%s", k->more);
	buf_putc(out, '\n');
	options_help(k->bit, out);
}

int status_of_both(int a, int b)
{
	static const int order[] = {STATUS_USAGE, STATUS_INTERRUPTED, STATUS_INTERNAL,
				    STATUS_VOID,  STATUS_FAIL,	      STATUS_SKIP};

	for (size_t i = 0; i < sizeof order / sizeof *order; i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return STATUS_OK;
}

bool cmd_operands(struct cmd *c, size_t min, size_t max)
{
	size_t n = c->opt.operands.n;

	if (n >= min && n <= max)
		return true;
	if (n < min)
		diag_at(&c->diags, E_USE_FILES, (struct span){0}, "`agentcg %s` needs a file",
			c->what->name);
	else if (!max)
		diag_at(&c->diags, E_USE_FILES, (struct span){0},
			"`agentcg %s` takes no file: `%s`", c->what->name, c->opt.operands.v[0]);
	else
		diag_at(&c->diags, E_USE_FILES, (struct span){0},
			"`agentcg %s` takes one file: `%s` is one too many", c->what->name,
			c->opt.operands.v[max]);
	diag_hint(&c->diags, "agentcg %s [OPTION...]%s%s", c->what->name,
		  *c->what->operands ? " " : "", c->what->operands);
	return false;
}
