/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options.h - the options of all commands: one const table that parsing, --help and, held to it by
 * a test, agentcg(1) and the completions share.
 */
#ifndef AGENTCG_CMD_OPTIONS_H
#define AGENTCG_CMD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/vec.h"
#include "plan/plan.h"

enum command_bit {
	CMD_RUN = 1 << 0,
	CMD_CHECK = 1 << 1,
	CMD_PLAN = 1 << 2,
	CMD_FMT = 1 << 3,
	CMD_TEST = 1 << 4,
	CMD_HELP = 1 << 5,
	CMD_DOCTOR = 1 << 6,
	CMD_CLEAN = 1 << 7,
	CMD_VM = 1 << 8,
	CMD_FIND = 1 << 9,
	CMD_RUNS = 1 << 10,
	CMD_SHOW = 1 << 11,
	CMD_RESUME = 1 << 12,
	CMD_COMPARE = 1 << 13,
	CMD_BUNDLE = 1 << 14,
	CMD_CALIBRATE = 1 << 15,
	CMD_EXPLAIN = 1 << 16,
	CMD_REPORT = 1 << 17,
	CMD_ALL = (1 << 18) - 1,
};

/* Reports that are written to a file, or with "-" to standard output in place of the table. */
enum report_kind {
	REPORT_JSON,
	REPORT_CSV,
	REPORT_MARKDOWN,
	REPORT_LATEX,
	REPORT_JUNIT, /* of run and test */
	REPORT_HTML,
	REPORT_TAP, /* has no file: "-" when asked for; of run and test */
	REPORT_COUNT
};

enum colour_when {
	COLOUR_AUTO, /* on a terminal, unless NO_COLOR is set or TERM is dumb */
	COLOUR_ALWAYS,
	COLOUR_NEVER,
};

/* What was given; zero is "not given".  Texts point into argv, but for what `owned` holds. */
struct options {
	VEC(struct plan_override) params;
	VEC(const char *) policies;
	uint32_t repeat;
	uint32_t rep; /* of explain, from 1; 0: all */
	bool has_seed;
	uint64_t seed;
	const char *reports[REPORT_COUNT];
	const char *backend;	  /* "--live", "--vm": one that is not the simulator */
	const char *kernel;	  /* --vm=KERNEL */
	uint64_t vm_memory_bytes; /* 0: what the scenario needs */
	bool and_sim, calibrated; /* the latter: the prediction is of the machine as measured */
	VEC(const char *) packs;  /* what machines are given besides */
	const char *mechanism;
	const char *cgroup, *workdir; /* of --live */
	bool as_root;
	bool plot;
	bool save;
	bool verify;		    /* bundle */
	const char *db;		    /* of --save, --db; NULL: the usual one */
	const char *across;	    /* of compare, as written */
	VEC(const char *) fail_ifs; /* likewise */
	bool quiet, verbose, help, version;
	bool diagnostics_json;
	enum colour_when colour;
	uint32_t width;
	bool check, write, ast; /* fmt */
	const char *update;	/* test */
	uint32_t jobs;		/* test, vm build */
	uint32_t timeout_s;	/* test, from here on */
	const char *slack;	/* as written */
	bool side_by_side;
	/* find; no options: each of its experiments has them set */
	const char *expect, *expect_name;
	VEC(const char *) operands;
	struct arena owned;
};

/*
 * Read argv[first..argc) as options and operands of the command `bit`, called `command` in
 * messages.  Every mistake is reported to d (E70x); what could be understood is in *o, which must
 * be zeroed before and freed by options_free in any case.
 */
void options_parse(uint32_t bit, const char *command, int argc, char **argv, int first,
		   struct options *o, struct diags *d);
void options_free(struct options *o);

/* The lines of --help for the options of a command. */
void options_help(uint32_t bit, struct buf *out);

#define OPTIONS_MAX_REPEAT 1000000

/* A whole decimal number in [min, max]. */
bool options_number(const char *s, uint64_t min, uint64_t max, uint64_t *out);

#endif
