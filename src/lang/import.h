/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * import.h - `use`: finding and reading the files that a file names.  Inside lang only.
 */
#ifndef AGENTCG_LANG_IMPORT_H
#define AGENTCG_LANG_IMPORT_H

#include "lang/parse.h"

/*
 * Read everything that f uses, directly or through others; each file once, whatever it is called
 * (realpath tells).  Files that cannot be had and cycles are reported at the `use`.
 */
void import_all(struct unit *u, struct ast_file *f, const struct lang_path *lib);

/* parse.c: the tree of one text, appended to u->files. */
struct ast_file *parse_source(struct unit *u, struct source *src);
/* sources_load, within what the scanner can read. */
int parse_load(struct unit *u, const char *path, struct span used_at, struct source **out);
const char *parse_read_error(int err);

#endif
