/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scan.h - the state of reading one text, shared by scanner, grammar and the constructors.
 *
 * The scanner works in place on source.text (it borrows single bytes, always giving them back), and
 * every token is a span of it.  Parentheses and braces are counted here, so that no text, however
 * nested, makes a deep tree or a deep stack.
 */
#ifndef AGENTCG_LANG_SCAN_H
#define AGENTCG_LANG_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "lang/parse.h"

/* What an open bracket holds.  It says which statement heads may stand inside. */
enum scan_bracket_kind {
	IN_ATTRS,
	IN_ACTIONS,
	IN_OVERLAYS,
	IN_CGROUPS,
	IN_EXPECTS,
	IN_STMTS,
};

struct scan_bracket {
	struct span at;
	enum scan_bracket_kind kind;
};

struct scan {
	struct unit *unit;
	struct arena *arena;
	struct ast_file *file;
	struct ast_stmt *last; /* of file->stmts */
	const char *text;
	uint32_t bias;	  /* span offset = (uint32_t)pointer + bias */
	struct span prev; /* the token before the current one */

	/*
	 * Braces and attribute lists that the parser has open, innermost last.  The grammar opens
	 * and closes them; its destructors close those that recovery throws away.
	 */
	struct scan_bracket open[AST_MAX_BRACES + 2];
	uint32_t nopen;
	uint32_t parens[AST_MAX_DEPTH]; /* offsets of the open ( and [ */
	uint32_t nparens;

	bool watch; /* the scanner must look at brackets or at recovery */
	bool recovering;
	uint32_t orphans;     /* `{` thrown away by recovery, whose `}` is to come */
	uint32_t deep;	      /* nested braces being skipped */
	uint32_t deep_beg;    /* where they began */
	uint32_t closed_at;   /* where a missing closing bracket was last put in, */
	uint32_t closed_n;    /* and how many were open then */
	uint32_t error_beg;   /* the last token that was reported: one error for one token */
	uint32_t bad_end;     /* end of the last token that was reported by the scanner */
	uint32_t suggestions; /* looked for so far; they cost time */

	/* Names that lang/brief.h has met, by a cheap hash. */
	struct brief_name {
		uint64_t head; /* its first 8 bytes */
		const struct sym *sym;
	} brief[64];
};

/* ---- for the scanner ------------------------------------------------------------------------ */

/* Tokens at which something may end that should have ended before. */
enum scan_guard {
	HEAD_OTHER, /* a statement head, but for these */
	HEAD_CGROUP,
	HEAD_ROOT,
	HEAD_MECHANISM,
	HEAD_EXPECT,
	HEAD_OPEN,  /* { */
	HEAD_CLOSE, /* } */
	HEAD_END,   /* of the text */
};
enum scan_verdict {
	SCAN_TAKE,
	SCAN_CLOSE, /* the innermost bracket had to be closed before: say so to the grammar first */
	SCAN_DROP,  /* a brace whose other half was or will be dropped */
};
enum scan_verdict scan_watch(struct scan *x, enum scan_guard k, struct span at);
/* During recovery: does a word that begins no statement (or action) stand where one would begin? */
bool scan_unknown(struct scan *x, struct span at, bool verb);

/* A `(` or `[`: false when it nests too deeply and is to be ignored (reported once). */
bool scan_open_paren(struct scan *x, struct span at);
bool scan_close_paren(struct scan *x);
void scan_too_deep(struct scan *x, struct span at); /* a `{` */

void scan_bad_char(struct scan *x, const char *s, size_t n, struct span at);
/* next: the character behind it, where the scanner keeps a NUL meanwhile. */
void scan_open_string(struct scan *x, struct span at, char next);
void scan_check_utf8(struct scan *x, const char *s, size_t n);
/* The text of a quoted string, escapes resolved. */
const struct sym *scan_string(struct scan *x, const char *s, size_t n, struct span at);

/* ---- for the grammar ------------------------------------------------------------------------ */

/* Returns which bracket it is, for scan_close: that one and all within it. */
uint32_t scan_open(struct scan *x, enum scan_bracket_kind kind, struct span at);
void scan_close(struct scan *x, uint32_t bracket);
/* The closing bracket is missing before the current token. */
void scan_unclosed(struct scan *x, struct span at, bool recovering);
/* May recovery end before the token at `at`?  When it may, it has. */
bool scan_recovered(struct scan *x, struct span at);

static inline const struct sym *scan_sym(struct scan *x, struct span at)
{
	return intern(&x->unit->names, x->text + (at.beg - x->file->source->base), at.end - at.beg);
}

/*
 * grammar/agentcg.l: the next token is the `at` at *at, and a statement begins there.  Reads those
 * that lang/brief.h can; true: there were some, *at is the last token of them and the next one is
 * still to be scanned.
 */
bool scan_brief(struct scan *x, void *scanner, struct span *at);

/* grammar/agentcg.l: parse x->file->source into x->file.  Reports; never fails otherwise. */
void scan_parse(struct scan *x);

#endif
