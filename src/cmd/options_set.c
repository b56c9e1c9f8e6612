/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options_set.c - the values of options (options_table.h) */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "cmd/options_table.h"

#define MAX_WIDTH      10000
#define MAX_MEMORY_MIB (UINT64_C(1) << 20)
#define MIN_WIDTH      40
#define MAX_TIMEOUT    86400
#define MAX_JOBS       1024

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

void options_set(struct parsing *p, const struct option_spec *s, const char *value)
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
	case OPT_REP:
		if (number(p, s, value, 1, OPTIONS_MAX_REPEAT, &n))
			o->rep = (uint32_t)n;
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
