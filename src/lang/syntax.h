/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * syntax.h - what the user reads when the grammar does not fit.
 */
#ifndef AGENTCG_LANG_SYNTAX_H
#define AGENTCG_LANG_SYNTAX_H

#include <stddef.h>

#include "lang/scan.h"

#define SYNTAX_MAX_DUE	 160
#define SYNTAX_MAX_STACK 4

/* Symbols by their names in the grammar: "alloc", "a size", ";", "(close)". */
struct syntax_error {
	struct span at;	   /* of the token that does not fit */
	const char *token; /* its name */
	const char *due[SYNTAX_MAX_DUE];
	size_t ndue;
	const char *stack[SYNTAX_MAX_STACK]; /* what was read before it, innermost first */
	size_t nstack;
};

/* Report once, and let the scanner help recovery from here on. */
void syntax_report(struct scan *x, const struct syntax_error *e);
/* During recovery a word was met where a statement (in_block: an action) would begin. */
void syntax_report_unknown(struct scan *x, struct span at, bool in_block);

#endif
