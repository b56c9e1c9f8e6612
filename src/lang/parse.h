/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * parse.h - text to tree, with everything it `use`s.
 */
#ifndef AGENTCG_LANG_PARSE_H
#define AGENTCG_LANG_PARSE_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/intern.h"
#include "base/source.h"
#include "lang/ast.h"

/* What the front end of one scenario shares; all of it lives as long as the plan. */
struct unit {
	struct arena arena;
	struct intern names;
	struct sources sources;
	struct diags diags;
	struct ast_file
	    *files;    /* main file first, then each used file once, in order of first use */
	bool no_brief; /* for tests: leave every statement to the grammar (lang/brief.h) */
};

void unit_init(struct unit *u);
void unit_free(struct unit *u);

/* Where `use "agents"` looks, in order: $AGENTCG_PATH (':'-separated), beside the executable,
 * installed. */
struct lang_path {
	const char *const *dirs;
	size_t n;
};

/*
 * Parse one file (NULL or "-": standard input) and, transitively, what it uses.  Syntax errors,
 * missing files and import cycles are reported to u->diags and parsing goes on behind them; the
 * tree is usable for checks whenever u->files is set. 0, or -errno when the main file itself cannot
 * be read (reported too).
 */
int parse_file(struct unit *u, const char *path, const struct lang_path *lib);
/* The same for a text in memory, shown as `name` in messages; relative `use`s are relative to the
 * cwd. */
int parse_text(struct unit *u, const char *name, const char *text, size_t len,
	       const struct lang_path *lib);
/* Only this text, imports unresolved and no semantic look-ups: what fmt, the fuzzer and bench use.
 */
int parse_only(struct unit *u, const char *name, const char *text, size_t len);

#endif
