/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * brief.h - the statement that long scenarios consist of, without the grammar.
 *
 *     at 30s alloc 300M in low
 *
 * Between two statements of a file the parser is in one known state, and such a line can only
 * become one thing.  So where the grammar's next token is `at`, brief_read takes as many of these
 * lines as follow, each as one ast_brief.  It takes a statement only when it knows every token of
 * it and the one behind it; at anything else (a modifier, a second cgroup, an unknown name, an
 * error) it stops in front of the statement and the grammar reads that.  The grammar alone says
 * what the language is: with u->no_brief set the same text gives the same tree, spans, symbols and
 * messages, which tests/unit/test_brief.c and tests/fuzz/fuzz_brief.c hold it to.
 */
#ifndef AGENTCG_LANG_BRIEF_H
#define AGENTCG_LANG_BRIEF_H

#include "lang/scan.h"

/*
 * Read statements from s on, where an `at` stands.  Returns the token behind the last one, and its
 * last token in *last; NULL, and nothing has changed, when there is none that is brief.
 */
const char *brief_read(struct scan *x, const char *s, struct span *last);

#endif
