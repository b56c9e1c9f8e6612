/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options.c - the option table and its readers (options.h) */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "cmd/options.h"

enum option_id {
	OPT_PARAM,
	OPT_POLICY,
	OPT_REPEAT,
	OPT_SEED,
	OPT_JSON,
	OPT_CSV,
	OPT_MARKDOWN,
	OPT_LATEX,
	OPT_HTML,
	OPT_PLOT,
	OPT_SAVE,
	OPT_DB,
	OPT_VERIFY,
	OPT_ACROSS,
	OPT_FAIL_IF,
	OPT_LIVE,
	OPT_VM,
	OPT_VM_MEMORY,
	OPT_AND_SIM,
	OPT_PACK,
	OPT_KERNEL,
	OPT_MECHANISM,
	OPT_CGROUP,
	OPT_WORKDIR,
	OPT_AS_ROOT,
	OPT_CHECK,
	OPT_WRITE,
	OPT_AST,
	OPT_UPDATE,
	OPT_TIMEOUT,
	OPT_JOBS,
	OPT_SLACK,
	OPT_TAP,
	OPT_JUNIT,
	OPT_SIDE_BY_SIDE,
	OPT_WIDTH,
	OPT_COLOR,
	OPT_DIAGNOSTICS,
	OPT_QUIET,
	OPT_VERBOSE,
	OPT_HELP,
	OPT_VERSION,
};

enum argument {
	ARG_NONE,
	ARG_NEEDED,   /* --name=VALUE, --name VALUE, -nVALUE, -n VALUE */
	ARG_OPTIONAL, /* --name, --name=VALUE */
};

struct option_spec {
	enum option_id id;
	char letter; /* 0: none */
	const char *name;
	enum argument argument;
	const char *value; /* as --help shows it */
	uint32_t commands; /* CMD_* mask */
	const char *help;
};

#define MAX_WIDTH      10000
#define MAX_MEMORY_MIB (UINT64_C(1) << 20)
#define MIN_WIDTH      40
#define MAX_TIMEOUT    86400
#define MAX_JOBS       1024

/* In the order of --help. */
static const struct option_spec specs[] = {
    {OPT_PARAM, 'p', "param", ARG_NEEDED, "NAME=VALUE",
     CMD_RUN | CMD_CHECK | CMD_PLAN | CMD_HELP | CMD_FIND,
     "give a parameter of the scenario another value"},
    {OPT_POLICY, 0, "policy", ARG_NEEDED, "NAME,...", CMD_RUN | CMD_PLAN | CMD_FIND,
     "run only these of the compared policies"},
    {OPT_REPEAT, 0, "repeat", ARG_NEEDED, "N", CMD_RUN | CMD_PLAN | CMD_FIND,
     "repeat every run N times"},
    {OPT_SEED, 0, "seed", ARG_NEEDED, "N", CMD_RUN | CMD_PLAN | CMD_FIND,
     "seed of jitter, noise and order"},
    {OPT_JSON, 0, "json", ARG_NEEDED, "FILE",
     CMD_RUN | CMD_COMPARE | CMD_SHOW | CMD_RESUME | CMD_RUNS | CMD_CALIBRATE,
     "write results as JSON; `-`: in place of the table"},
    {OPT_CSV, 0, "csv", ARG_NEEDED, "FILE", CMD_RUN | CMD_SHOW | CMD_RESUME,
     "write a row per run and cgroup as CSV; `-` likewise"},
    {OPT_MARKDOWN, 0, "markdown", ARG_NEEDED, "FILE", CMD_RUN | CMD_COMPARE | CMD_SHOW | CMD_RESUME,
     "write tables for a page of Markdown; `-` likewise"},
    {OPT_LATEX, 0, "latex", ARG_NEEDED, "FILE", CMD_RUN | CMD_SHOW | CMD_RESUME,
     "write a table for a paper (booktabs); `-` likewise"},
    {OPT_HTML, 0, "html", ARG_NEEDED, "FILE", CMD_RUN | CMD_SHOW | CMD_RESUME,
     "write a page with timelines, for a browser"},
    {OPT_PLOT, 0, "plot", ARG_NONE, NULL, CMD_RUN | CMD_PLAN | CMD_SHOW | CMD_RESUME,
     "chart memory over time: usage, demand"},
    {OPT_SAVE, 0, "save", ARG_OPTIONAL, "DB", CMD_RUN, "keep runs as they end, for `show`"},
    {OPT_DB, 0, "db", ARG_NEEDED, "DB", CMD_RUNS | CMD_SHOW | CMD_RESUME | CMD_COMPARE | CMD_BUNDLE,
     "the database that holds them"},
    {OPT_VERIFY, 0, "verify", ARG_NONE, NULL, CMD_BUNDLE,
     "simulate what is in a bundle again, and compare"},
    {OPT_ACROSS, 0, "across", ARG_NEEDED, "WHAT,...", CMD_COMPARE,
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
     CMD_RUN | CMD_PLAN | CMD_RUNS | CMD_SHOW | CMD_RESUME | CMD_COMPARE,
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

bool options_number(const char *s, uint64_t min, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (!*s)
		return false;
	for (; *s; s++) {
		uint64_t digit = (uint64_t)(unsigned char)*s - '0';

		if (digit > 9 || v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	if (v < min || v > max)
		return false;
	*out = v;
	return true;
}

/* ---- values --------------------------------------------------------------------------------- */

struct parsing {
	uint32_t bit;
	const char *command;
	struct options *o;
	struct diags *d;
};

static void bad_value(struct parsing *p, const struct option_spec *s, const char *value,
		      const char *wanted)
{
	diag_at(p->d, E_USE_VALUE, (struct span){0}, "`--%s` does not take `%s`", s->name, value);
	diag_hint(p->d, "%s", wanted);
}

static bool number(struct parsing *p, const struct option_spec *s, const char *value, uint64_t min,
		   uint64_t max, uint64_t *out)
{
	char wanted[80];

	if (options_number(value, min, max, out))
		return true;
	snprintf(wanted, sizeof wanted, "a whole number from %" PRIu64 " to %" PRIu64, min, max);
	bad_value(p, s, value, wanted);
	return false;
}

/* The index of value among the words, or -1, reported. */
static int word(struct parsing *p, const struct option_spec *s, const char *value,
		const char *const *words, const char *wanted)
{
	for (int i = 0; words[i]; i++)
		if (!strcmp(words[i], value))
			return i;
	bad_value(p, s, value, wanted);
	return -1;
}

static void set_param(struct parsing *p, const struct option_spec *s, const char *value)
{
	const char *eq = strchr(value, '=');

	if (!eq || eq == value) {
		bad_value(p, s, value, "NAME=VALUE, as in -p total=2G");
		return;
	}
	vec_push(&p->o->params,
		 (struct plan_override){
		     .name = arena_strndup(&p->o->owned, value, (size_t)(eq - value)),
		     .value = eq + 1,
		 });
}

static void set_policies(struct parsing *p, const struct option_spec *s, const char *value)
{
	for (const char *at = value;; at++) {
		size_t n = strcspn(at, ",");

		if (!n) {
			bad_value(p, s, value, "names of policies, separated by commas");
			return;
		}
		vec_push(&p->o->policies, arena_strndup(&p->o->owned, at, n));
		at += n;
		if (!*at)
			return;
	}
}

static void set_report(struct parsing *p, const struct option_spec *s, enum report_kind kind,
		       const char *value)
{
	if (!*value)
		bad_value(p, s, value, "the name of a file, or - for standard output");
	p->o->reports[kind] = value;
}

static void set_backend(struct parsing *p, const struct option_spec *s)
{
	if (p->o->backend && strcmp(p->o->backend + 2, s->name)) {
		diag_at(p->d, E_USE_TOGETHER, (struct span){0},
			"`--live` and `--vm` exclude each other");
		return;
	}
	p->o->backend = s->id == OPT_LIVE ? "--live" : "--vm";
}

/* A size as the language spells whole ones: 512M, 2G. */
static void set_memory(struct parsing *p, const struct option_spec *s, const char *value)
{
	size_t n = strspn(value, "0123456789");
	char digits[24];
	uint64_t v;

	snprintf(digits, sizeof digits, "%.*s", (int)(n < sizeof digits ? n : 0), value);
	if (!options_number(digits, 1, MAX_MEMORY_MIB, &v) || !strchr("MG", value[n]) ||
	    !value[n] || value[n + 1] || (value[n] == 'G' && v > MAX_MEMORY_MIB / 1024)) {
		bad_value(p, s, value, "a size in M or G, as in --vm-memory 512M");
		return;
	}
	p->o->vm_memory_bytes = value[n] == 'G' ? v * GIB : v * MIB;
}

/* value: not NULL where the option needs one */
static void set(struct parsing *p, const struct option_spec *s, const char *value)
{
	static const char *const colours[] = {"auto", "always", "never", NULL};
	static const char *const forms[] = {"text", "json", NULL};
	static const char *const calibrated[] = {"calibrated", NULL};
	struct options *o = p->o;
	uint64_t n;
	int i;

	switch (s->id) {
	case OPT_PARAM:
		set_param(p, s, value);
		break;
	case OPT_POLICY:
		set_policies(p, s, value);
		break;
	case OPT_REPEAT:
		if (number(p, s, value, 1, OPTIONS_MAX_REPEAT, &n))
			o->repeat = (uint32_t)n;
		break;
	case OPT_SEED:
		if (number(p, s, value, 0, UINT64_MAX, &o->seed))
			o->has_seed = true;
		break;
	case OPT_JSON:
		set_report(p, s, REPORT_JSON, value);
		break;
	case OPT_CSV:
		set_report(p, s, REPORT_CSV, value);
		break;
	case OPT_MARKDOWN:
		set_report(p, s, REPORT_MARKDOWN, value);
		break;
	case OPT_LATEX:
		set_report(p, s, REPORT_LATEX, value);
		break;
	case OPT_HTML:
		set_report(p, s, REPORT_HTML, value);
		break;
	case OPT_PLOT:
		o->plot = true;
		break;
	case OPT_SAVE:
		o->save = true;
		o->db = value;
		break;
	case OPT_DB:
		o->db = value;
		break;
	case OPT_VERIFY:
		o->verify = true;
		break;
	case OPT_ACROSS:
		o->across = value;
		break;
	case OPT_FAIL_IF:
		vec_push(&o->fail_ifs, value);
		break;
	case OPT_LIVE:
		set_backend(p, s);
		break;
	case OPT_VM:
		set_backend(p, s);
		o->kernel = value;
		break;
	case OPT_AND_SIM:
		if (value && word(p, s, value, calibrated, "calibrated, or nothing") < 0)
			break;
		o->and_sim = true;
		o->calibrated = value;
		break;
	case OPT_PACK:
		vec_push(&o->packs, value);
		break;
	case OPT_KERNEL:
		o->kernel = value;
		break;
	case OPT_VM_MEMORY:
		set_memory(p, s, value);
		break;
	case OPT_MECHANISM:
		o->mechanism = value;
		break;
	case OPT_CGROUP:
		o->cgroup = value;
		break;
	case OPT_WORKDIR:
		o->workdir = value;
		break;
	case OPT_AS_ROOT:
		o->as_root = true;
		break;
	case OPT_CHECK:
		o->check = true;
		break;
	case OPT_WRITE:
		o->write = true;
		break;
	case OPT_AST:
		o->ast = true;
		break;
	case OPT_UPDATE:
		o->update = value;
		break;
	case OPT_TIMEOUT:
		if (number(p, s, value, 1, MAX_TIMEOUT, &n))
			o->timeout_s = (uint32_t)n;
		break;
	case OPT_JOBS:
		if (number(p, s, value, 1, MAX_JOBS, &n))
			o->jobs = (uint32_t)n;
		break;
	case OPT_SLACK:
		o->slack = value;
		break;
	case OPT_TAP:
		set_report(p, s, REPORT_TAP, "-");
		break;
	case OPT_JUNIT:
		set_report(p, s, REPORT_JUNIT, value);
		break;
	case OPT_SIDE_BY_SIDE:
		o->side_by_side = true;
		break;
	case OPT_WIDTH:
		if (number(p, s, value, MIN_WIDTH, MAX_WIDTH, &n))
			o->width = (uint32_t)n;
		break;
	case OPT_COLOR:
		i = word(p, s, value, colours, "auto, always or never");
		if (i >= 0)
			o->colour = (enum colour_when)i;
		break;
	case OPT_DIAGNOSTICS:
		i = word(p, s, value, forms, "text or json");
		if (i >= 0)
			o->diagnostics_json = i == 1;
		break;
	case OPT_QUIET:
		o->quiet = true;
		break;
	case OPT_VERBOSE:
		o->verbose = true;
		break;
	case OPT_HELP:
		o->help = true;
		break;
	case OPT_VERSION:
		o->version = true;
		break;
	}
}

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
			set(p, s, next);
			return 2;
		} else {
			set(p, s, value);
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
			set(p, s, NULL);
			continue;
		}
		if (at[1]) {
			set(p, s, at + 1);
			return 1;
		}
		if (!next) {
			no_value(p, s);
			return 1;
		}
		set(p, s, next);
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
