/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * two_ways.h - all that reading a text leaves behind, with and without lang/brief.h: for comparing.
 */
#ifndef AGENTCG_TESTS_FUZZ_TWO_WAYS_H
#define AGENTCG_TESTS_FUZZ_TWO_WAYS_H

#include <inttypes.h>
#include <stdlib.h>

#include "lang/parse.h"
#include "lang/print.h"

struct two_ways {
	struct buf left[2]; /* by the grammar alone, and with lang/brief.h */
	size_t nbrief;	    /* statements that it took */
};

static inline void two_ways_dump(struct unit *u, struct buf *out)
{
	const struct ast_file *f = u->files;
	const struct sym **by_id = calloc(u->names.n + 1, sizeof(*by_id));

	for (size_t i = 0; by_id && i < u->names.nslots; i++)
		if (u->names.slots[i])
			by_id[u->names.slots[i]->id] = u->names.slots[i];
	for (uint32_t i = 0; by_id && i < u->names.n; i++)
		buf_printf(out, "%s\n", by_id[i]->s);
	free(by_id);
	buf_printf(out, "%" PRIu32 " statements, use %d, mark %d\n", f->nstmts, f->has_use,
		   f->has_mark);
	print_tree_places(u, f, out);
	if (!u->diags.errors)
		print_fmt(u, f, out);
	diags_print(&u->diags, DIAG_JSON, out);
	diags_print(&u->diags, DIAG_TEXT, out);
}

/* more: what else to do with the unit before it is dumped, or NULL */
static inline void two_ways_read(struct two_ways *w, const char *text, size_t n,
				 void (*more)(struct unit *u))
{
	for (int i = 0; i < 2; i++) {
		struct unit u;

		unit_init(&u);
		u.no_brief = !i;
		if (parse_only(&u, "text", text, n))
			abort();
		for (const struct ast_stmt *s = u.files->stmts; s; s = s->next)
			w->nbrief += s->kind == AS_BRIEF;
		if (more)
			more(&u);
		two_ways_dump(&u, &w->left[i]);
		unit_free(&u);
	}
}

static inline void two_ways_free(struct two_ways *w)
{
	buf_free(&w->left[0]);
	buf_free(&w->left[1]);
}

#endif
