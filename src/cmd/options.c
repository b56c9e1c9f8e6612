/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options.c - the option table, and reading argv by it (options.h) */
#include <stdio.h>
#include <string.h>

#include "cmd/options_table.h"

/* In the order of --help. */
static const struct option_spec specs[] = {
    {OPT_PARAM, 'p', "param", ARG_NEEDED, "NAME=VALUE",
     CMD_RUN | CMD_CHECK | CMD_PLAN | CMD_HELP | CMD_FIND | CMD_EXPLAIN,
     "give a parameter of the scenario another value"},
    {OPT_POLICY, 0, "policy", ARG_NEEDED, "NAME,...", CMD_RUN | CMD_PLAN | CMD_FIND | CMD_EXPLAIN,
     "run only these of the compared policies"},
    {OPT_REPEAT, 0, "repeat", ARG_NEEDED, "N", CMD_RUN | CMD_PLAN | CMD_FIND | CMD_EXPLAIN,
     "repeat every run N times"},
    {OPT_REP, 0, "rep", ARG_NEEDED, "N", CMD_EXPLAIN, "explain only this repetition, from 1"},
    {OPT_SEED, 0, "seed", ARG_NEEDED, "N", CMD_RUN | CMD_PLAN | CMD_FIND | CMD_EXPLAIN,
     "seed of jitter, noise and order"},
    {OPT_JSON, 0, "json", ARG_NEEDED, "FILE",
     CMD_RUN | CMD_COMPARE | CMD_REPORT | CMD_SHOW | CMD_RESUME | CMD_RUNS | CMD_EXPLAIN |
	 CMD_CALIBRATE,
     "write results as JSON; `-`: in place of the table"},
    {OPT_CSV, 0, "csv", ARG_NEEDED, "FILE", CMD_RUN | CMD_SHOW | CMD_RESUME,
     "write a row per run and cgroup as CSV; `-` likewise"},
    {OPT_MARKDOWN, 0, "markdown", ARG_NEEDED, "FILE",
     CMD_RUN | CMD_COMPARE | CMD_REPORT | CMD_SHOW | CMD_RESUME | CMD_EXPLAIN,
     "write tables for a page of Markdown; `-` likewise"},
    {OPT_LATEX, 0, "latex", ARG_NEEDED, "FILE", CMD_RUN | CMD_SHOW | CMD_RESUME,
     "write a table for a paper (booktabs); `-` likewise"},
    {OPT_HTML, 0, "html", ARG_NEEDED, "FILE", CMD_RUN | CMD_SHOW | CMD_RESUME | CMD_REPORT,
     "write a page with timelines, for a browser"},
    {OPT_PLOT, 0, "plot", ARG_NONE, NULL, CMD_RUN | CMD_PLAN | CMD_SHOW | CMD_RESUME,
     "chart memory over time: usage, demand"},
    {OPT_SAVE, 0, "save", ARG_OPTIONAL, "DB", CMD_RUN, "keep runs as they end, for `show`"},
    {OPT_DB, 0, "db", ARG_NEEDED, "DB",
     CMD_RUNS | CMD_SHOW | CMD_RESUME | CMD_COMPARE | CMD_REPORT | CMD_BUNDLE | CMD_EXPLAIN,
     "the database that holds them"},
    {OPT_VERIFY, 0, "verify", ARG_NONE, NULL, CMD_BUNDLE,
     "simulate what is in a bundle again, and compare"},
    {OPT_ACROSS, 0, "across", ARG_NEEDED, "WHAT,...", CMD_COMPARE | CMD_REPORT,
     "differences that are meant: params, seed, kernel..."},
    {OPT_FAIL_IF, 0, "fail-if", ARG_NEEDED, "CONDITION", CMD_COMPARE,
     "exit 1 when it holds: 'high.time > +5%'"},
    {OPT_LIVE, 0, "live", ARG_NONE, NULL, CMD_RUN | CMD_CALIBRATE, "run on this host's cgroup v2"},
    {OPT_VM, 0, "vm", ARG_OPTIONAL, "KERNEL", CMD_RUN | CMD_CALIBRATE,
     "run in a virtual machine (debian:6.1)"},
    {OPT_VM_MEMORY, 0, "vm-memory", ARG_NEEDED, "SIZE", CMD_RUN | CMD_VM | CMD_CALIBRATE,
     "memory of that machine (what the scenario needs)"},
    {OPT_AND_SIM, 0, "and-sim", ARG_OPTIONAL, "calibrated", CMD_RUN,
     "with --live, --vm: predict too, and show the error"},
    {OPT_PACK, 0, "pack", ARG_NEEDED, "PATH", CMD_RUN | CMD_VM,
     "take a file, folder or program into it"},
    {OPT_KERNEL, 0, "kernel", ARG_NEEDED, "KERNEL", CMD_VM, "what exec boots (debian:6.1)"},
    {OPT_MECHANISM, 0, "mechanism", ARG_NEEDED, "NAME", CMD_RUN,
     "what carries out delays; live: as it works"},
    {OPT_CGROUP, 0, "cgroup", ARG_NEEDED, "DIR", CMD_RUN | CMD_DOCTOR | CMD_CALIBRATE,
     "live: make cgroups in this one"},
    {OPT_WORKDIR, 0, "workdir", ARG_NEEDED, "DIR", CMD_RUN,
     "live: where commands run (the current folder)"},
    {OPT_AS_ROOT, 0, "as-root", ARG_NONE, NULL, CMD_RUN, "live: root's commands run as root too"},
    {OPT_CHECK, 0, "check", ARG_NONE, NULL, CMD_FMT,
     "only name files that are not formatted, exit 1"},
    {OPT_WRITE, 'w', "write", ARG_NONE, NULL, CMD_FMT, "rewrite the files in place"},
    {OPT_AST, 0, "ast", ARG_NONE, NULL, CMD_FMT, "print the syntax tree instead"},
    {OPT_UPDATE, 0, "update", ARG_NEEDED, "NAME", CMD_TEST,
     "rewrite one expected table and show what changed"},
    {OPT_TIMEOUT, 0, "timeout", ARG_NEEDED, "SECONDS", CMD_TEST,
     "how long one scenario may take (120)"},
    {OPT_JOBS, 'j', "jobs", ARG_NEEDED, "N", CMD_RUN | CMD_TEST | CMD_VM,
     "how many to run at a time (as there are CPUs)"},
    {OPT_SLACK, 0, "slack", ARG_NEEDED, "PERCENT,...", CMD_TEST,
     "how far figures may lie apart (0%)"},
    {OPT_TAP, 0, "tap", ARG_NONE, NULL, CMD_RUN | CMD_TEST | CMD_SHOW | CMD_RESUME,
     "report in the Test Anything Protocol"},
    {OPT_JUNIT, 0, "junit", ARG_NEEDED, "FILE", CMD_RUN | CMD_TEST | CMD_SHOW | CMD_RESUME,
     "write a report as JUnit XML; `-`: in place of text"},
    {OPT_SIDE_BY_SIDE, 0, "side-by-side", ARG_NONE, NULL, CMD_TEST,
     "show differences in two columns, given room for 160"},
    {OPT_WIDTH, 0, "width", ARG_NEEDED, "COLUMNS",
     CMD_RUN | CMD_PLAN | CMD_RUNS | CMD_SHOW | CMD_RESUME | CMD_COMPARE | CMD_REPORT | CMD_EXPLAIN,
     "width of tables and charts"},
    {OPT_COLOR, 0, "color", ARG_NEEDED, "WHEN", CMD_ALL, "auto, always or never"},
    {OPT_DIAGNOSTICS, 0, "diagnostics", ARG_NEEDED, "FORM", CMD_ALL,
     "errors and warnings as text or json"},
    {OPT_QUIET, 'q', "quiet", ARG_NONE, NULL,
     CMD_RUN | CMD_CHECK | CMD_TEST | CMD_VM | CMD_SHOW | CMD_RESUME | CMD_CALIBRATE,
     "only errors: no progress, warnings, table"},
    {OPT_VERBOSE, 'v', "verbose", ARG_NONE, NULL, CMD_RUN | CMD_TEST | CMD_RESUME,
     "name each run, each test as it is done"},
    {OPT_HELP, 'h', "help", ARG_NONE, NULL, CMD_ALL, "this text"},
    {OPT_VERSION, 'V', "version", ARG_NONE, NULL, CMD_ALL, "version of agentcg"},
};
#define NSPECS (sizeof specs / sizeof *specs)

/* ---- reading argv --------------------------------------------------------------------------- */

static void unknown(struct parsing *p, const char *given, size_t len)
{
	const char *names[NSPECS], *near;
	char name[64];
	size_t n = 0;

	snprintf(name, sizeof name, "%.*s", (int)(len < sizeof name ? len : sizeof name - 1),
		 given);
	for (size_t i = 0; i < NSPECS; i++) {
		if (!strcmp(specs[i].name, name)) {
			diag_at(p->d, E_USE_OPTION, (struct span){0},
				"`agentcg %s` has no option `--%s`", p->command, name);
			return;
		}
		if (specs[i].commands & p->bit)
			names[n++] = specs[i].name;
	}
	diag_at(p->d, E_USE_OPTION, (struct span){0}, "there is no option `--%s`", name);
	near = diag_nearest(name, names, n);
	if (near)
		diag_hint(p->d, "did you mean `--%s`?", near);
	else
		diag_hint(p->d, "`agentcg %s --help` lists them", p->command);
}

static void no_value(struct parsing *p, const struct option_spec *s)
{
	diag_at(p->d, E_USE_VALUE, (struct span){0}, "`--%s` lacks its value", s->name);
	diag_hint(p->d, "--%s %s", s->name, s->value);
}

/* --name, --name=value, --name value; returns how many words of argv it took */
static int long_option(struct parsing *p, const char *text, const char *next)
{
	size_t len = strcspn(text, "=");
	const char *value = text[len] ? text + len + 1 : NULL;

	for (size_t i = 0; i < NSPECS; i++) {
		const struct option_spec *s = &specs[i];

		if (!(s->commands & p->bit) || strlen(s->name) != len || memcmp(s->name, text, len))
			continue;
		if (s->argument == ARG_NONE && value) {
			diag_at(p->d, E_USE_VALUE, (struct span){0}, "`--%s` takes no value",
				s->name);
		} else if (s->argument == ARG_NEEDED && !value) {
			if (!next) {
				no_value(p, s);
				return 1;
			}
			options_set(p, s, next);
			return 2;
		} else {
			options_set(p, s, value);
		}
		return 1;
	}
	unknown(p, text, len);
	return 1;
}

/* -p NAME=VALUE, -pNAME=VALUE, -qv; returns how many words of argv it took */
static int short_options(struct parsing *p, const char *letters, const char *next)
{
	for (const char *at = letters; *at; at++) {
		const struct option_spec *s = NULL;

		for (size_t i = 0; i < NSPECS && !s; i++)
			if (specs[i].letter == *at && specs[i].commands & p->bit)
				s = &specs[i];
		if (!s) {
			diag_at(p->d, E_USE_OPTION, (struct span){0},
				"`agentcg %s` has no option `-%c`", p->command, *at);
			diag_hint(p->d, "`agentcg %s --help` lists them", p->command);
			return 1;
		}
		if (s->argument != ARG_NEEDED) {
			options_set(p, s, NULL);
			continue;
		}
		if (at[1]) {
			options_set(p, s, at + 1);
			return 1;
		}
		if (!next) {
			no_value(p, s);
			return 1;
		}
		options_set(p, s, next);
		return 2;
	}
	return 1;
}

/* No two reports may write to the same place. */
static void check_reports(const struct options *o, struct diags *d)
{
	static const char *const names[] = {"--json -",	 "--csv -",  "--markdown -", "--latex -",
					    "--junit -", "--html -", "--tap"};

	for (int i = 0; i < REPORT_COUNT; i++)
		for (int k = i + 1; k < REPORT_COUNT; k++) {
			const char *a = o->reports[i], *b = o->reports[k];

			if (!a || !b || strcmp(a, b))
				continue;
			if (!strcmp(a, "-"))
				diag_at(d, E_USE_TOGETHER, (struct span){0},
					"`%s` and `%s` would both write to standard output",
					names[i], names[k]);
			else
				diag_at(d, E_USE_TOGETHER, (struct span){0},
					"`%.*s` and `%.*s` would both write to `%s`",
					(int)strcspn(names[i], " "), names[i],
					(int)strcspn(names[k], " "), names[k], a);
		}
}

void options_parse(uint32_t bit, const char *command, int argc, char **argv, int first,
		   struct options *o, struct diags *d)
{
	struct parsing p = {.bit = bit, .command = command, .o = o, .d = d};
	bool operands_only = false;

	for (int i = first; i < argc;) {
		const char *a = argv[i], *next = i + 1 < argc ? argv[i + 1] : NULL;

		if (operands_only || a[0] != '-' || !a[1]) {
			vec_push(&o->operands, a);
			i++;
		} else if (!strcmp(a, "--")) {
			operands_only = true;
			i++;
		} else if (a[1] == '-') {
			i += long_option(&p, a + 2, next);
		} else {
			i += short_options(&p, a + 1, next);
		}
	}
	check_reports(o, d);
	if (o->db && !*o->db)
		diag_at(d, E_USE_VALUE, (struct span){0}, "a database needs a name");
	if (o->check + o->write + o->ast > 1)
		diag_at(d, E_USE_TOGETHER, (struct span){0},
			"`--check`, `--write` and `--ast` exclude each other");
	if (o->update && (o->reports[REPORT_TAP] || o->reports[REPORT_JUNIT] || o->slack))
		diag_at(d, E_USE_TOGETHER, (struct span){0},
			"`--update` tests nothing: it excludes `--tap`, `--junit` and `--slack`");
}

void options_free(struct options *o)
{
	vec_free(&o->params);
	vec_free(&o->policies);
	vec_free(&o->operands);
	vec_free(&o->packs);
	vec_free(&o->fail_ifs);
	arena_free(&o->owned);
}

void options_help(uint32_t bit, struct buf *out)
{
	for (size_t i = 0; i < NSPECS; i++) {
		const struct option_spec *s = &specs[i];
		size_t column;

		if (!(s->commands & bit))
			continue;
		column = out->n;
		if (s->letter)
			buf_printf(out, "  -%c, --%s", s->letter, s->name);
		else
			buf_printf(out, "      --%s", s->name);
		if (s->argument == ARG_NEEDED)
			buf_printf(out, " %s", s->value);
		else if (s->argument == ARG_OPTIONAL)
			buf_printf(out, "[=%s]", s->value);
		column = out->n - column;
		buf_pad(out, ' ', column < 26 ? 26 - column : 1);
		buf_printf(out, "%s\n", s->help);
	}
}
