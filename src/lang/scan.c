/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lang/scan.h"

#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"

/* ---- brackets and recovery ----------------------------------------------------------------- */

static void update_watch(struct scan *x)
{
	x->watch = x->nopen || x->recovering || x->orphans;
}

uint32_t scan_open(struct scan *x, enum scan_bracket_kind kind, struct span at)
{
	uint32_t n = x->nopen;

	/* The scanner lets no deeper brace through, and attribute lists do not nest. */
	x->open[x->nopen++] = (struct scan_bracket){at, kind};
	x->watch = true;
	return n;
}

void scan_close(struct scan *x, uint32_t bracket)
{
	x->nopen = bracket;
	update_watch(x);
}

void scan_unclosed(struct scan *x, struct span at, bool recovering)
{
	const struct scan_bracket *b = &x->open[x->nopen - 1];
	const char *closer = b->kind == IN_ATTRS ? ">" : "}";

	if (recovering || x->error_beg == at.beg)
		return;
	x->error_beg = at.beg;
	diag_at(&x->unit->diags, E_UNCLOSED, at, "missing `%s`", closer);
	diag_note(&x->unit->diags, b->at, "opened here");
}

/* Is this the first token of its line, or behind a `;` or a brace?  Recovery stops only there. */
static bool starts_line(const struct scan *x, struct span at)
{
	const char *p = x->text + (at.beg - x->file->source->base);

	while (p > x->text && (p[-1] == ' ' || p[-1] == '\t' || p[-1] == '\r'))
		p--;
	return p == x->text || strchr("\n;{}", p[-1]);
}

/* May it stand inside such a bracket? */
static bool belongs(enum scan_bracket_kind in, enum scan_guard k)
{
	switch (in) {
	case IN_ATTRS:
		return false;
	case IN_ACTIONS:
		return k == HEAD_ROOT;
	case IN_OVERLAYS:
		return k == HEAD_CGROUP || k == HEAD_ROOT || k == HEAD_MECHANISM;
	case IN_CGROUPS:
		return k == HEAD_CGROUP;
	case IN_EXPECTS:
		return k == HEAD_EXPECT;
	case IN_STMTS:
		return true;
	}
	return true;
}

static enum scan_verdict must_close(struct scan *x, struct span at)
{
	/* Once for each open bracket; the parser has closed it when we are back here. */
	if (x->closed_at == at.beg && x->closed_n == x->nopen)
		return SCAN_TAKE;
	x->closed_at = at.beg;
	x->closed_n = x->nopen;
	return SCAN_CLOSE;
}

enum scan_verdict scan_watch(struct scan *x, enum scan_guard k, struct span at)
{
	bool in_attrs = x->nopen && x->open[x->nopen - 1].kind == IN_ATTRS;

	switch (k) {
	case HEAD_END:
		return x->nopen ? must_close(x, at) : SCAN_TAKE;
	case HEAD_OPEN:
		if (x->recovering && !in_attrs) {
			x->orphans++;
			return SCAN_DROP;
		}
		return in_attrs ? must_close(x, at) : SCAN_TAKE;
	case HEAD_CLOSE:
		if (x->orphans) {
			x->orphans--;
			update_watch(x);
			return SCAN_DROP;
		}
		return in_attrs ? must_close(x, at) : SCAN_TAKE;
	case HEAD_OTHER:
	case HEAD_CGROUP:
	case HEAD_ROOT:
	case HEAD_MECHANISM:
	case HEAD_EXPECT:
		break;
	}
	if (!x->nopen || belongs(x->open[x->nopen - 1].kind, k) || !starts_line(x, at))
		return SCAN_TAKE;
	return must_close(x, at);
}

bool scan_unknown(struct scan *x, struct span at, bool verb)
{
	if (!x->recovering || x->orphans)
		return false;
	if (!x->nopen) {
		/* Indented, it is more likely the rest of what is being skipped. */
		const char *p = x->text + (at.beg - x->file->source->base);

		return p == x->text || p[-1] == '\n';
	}
	switch (x->open[x->nopen - 1].kind) {
	case IN_ACTIONS:
		return !verb && starts_line(x, at);
	case IN_STMTS:
		return starts_line(x, at);
	default:
		return false;
	}
}

bool scan_recovered(struct scan *x, struct span at)
{
	const char *p = x->text + (at.beg - x->file->source->base);
	bool end = at.end == at.beg;

	if (!end && !(x->nopen && strchr(";}>", *p)) && !starts_line(x, at))
		return false;
	x->recovering = false;
	update_watch(x);
	return true;
}

bool scan_open_paren(struct scan *x, struct span at)
{
	if (x->nparens < AST_MAX_DEPTH)
		x->parens[x->nparens] = at.beg;
	else if (x->nparens == AST_MAX_DEPTH)
		diag_at(&x->unit->diags, E_TOO_DEEP, at, "more than %d brackets are open here",
			AST_MAX_DEPTH);
	return ++x->nparens <= AST_MAX_DEPTH;
}

bool scan_close_paren(struct scan *x)
{
	if (!x->nparens)
		return true;
	return x->nparens-- <= AST_MAX_DEPTH;
}

void scan_too_deep(struct scan *x, struct span at)
{
	diag_at(&x->unit->diags, E_TOO_DEEP, at, "braces are nested more than %d deep",
		AST_MAX_BRACES);
	x->deep = 1;
}

/* ---- text ---------------------------------------------------------------------------------- */

/* How many bytes at s are no UTF-8 (0: s is fine), and how many are. */
static size_t bad_bytes(const char *s, size_t n, size_t *good)
{
	uint32_t cp;
	size_t i = 0;

	*good = utf8_decode(s, n, &cp);
	if (cp != UTF8_INVALID)
		return 0;
	do
		i++;
	while (i < n && (utf8_decode(s + i, n - i, &cp), cp == UTF8_INVALID));
	return i;
}

static void bad_utf8(struct scan *x, const char *s, size_t n)
{
	uint32_t beg = (uint32_t)(uintptr_t)s + x->bias;
	struct span at = {beg, beg + (uint32_t)n};

	diag_at(&x->unit->diags, E_BAD_UTF8, at, "%s not UTF-8",
		n > 1 ? "these bytes are" : "this byte is");
	diag_hint(&x->unit->diags, "save the file as UTF-8");
}

/* Reports the first of them only: a text in another encoding is wrong all over. */
void scan_check_utf8(struct scan *x, const char *s, size_t n)
{
	size_t good;

	for (size_t i = 0; i < n; i += good) {
		size_t bad = bad_bytes(s + i, n - i, &good);

		if (bad) {
			bad_utf8(x, s + i, bad);
			return;
		}
	}
}

static const char *meant(const char *s, size_t n)
{
	static const char *const table[][2] = {
	    {"&&", "write `and`"},
	    {"||", "write `or`"},
	    {"!", "write `not`"},
	    {"%", "`%` belongs directly behind a number; the remainder is `mod`"},
	    {"'", "texts are quoted with \""},
	    {"`", "texts are quoted with \""},
	    {"//", "a comment begins with #"},
	    {".", "a range is `a..b`, a member `a.b`"},
	    {"...", "a range is `a..b`"},
	    {":", "write a value behind its name, without `:`"},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (strlen(table[i][0]) == n && !memcmp(table[i][0], s, n))
			return table[i][1];
	return NULL;
}

void scan_bad_char(struct scan *x, const char *s, size_t n, struct span at)
{
	struct diags *d = &x->unit->diags;
	const char *hint = meant(s, n);
	uint32_t cp;
	size_t good, len, bad = bad_bytes(s, n, &good);

	x->bad_end = at.end;
	if (bad) {
		bad_utf8(x, s, bad);
		return;
	}
	len = utf8_decode(s, n, &cp);
	if (cp < 0x20 || cp == 0x7f)
		diag_at(d, E_BAD_CHAR, at, "a control character (0x%02x) means nothing here",
			(unsigned)cp);
	else if (n > len)
		diag_at(d, E_BAD_CHAR, at, "these characters mean nothing here");
	else
		diag_at(d, E_BAD_CHAR, at, "`%.*s` means nothing here", (int)len, s);
	if (hint)
		diag_hint(d, "%s", hint);
	else if (cp >= 0x80)
		diag_hint(d, "names are of letters a-z, digits and _; quote other texts");
}

void scan_open_string(struct scan *x, struct span at, char next)
{
	const char *s = x->text + (at.beg - x->file->source->base);

	if (s[at.end - at.beg - 1] == '\r')
		at.end--;
	x->bad_end = at.end;
	if (!next && at.end < x->file->source->base + x->file->source->len) {
		diag_at(&x->unit->diags, E_BAD_ESCAPE, (struct span){at.end, at.end + 1},
			"a control character (0x00) in a quoted text");
		return;
	}
	diag_at(&x->unit->diags, E_OPEN_STRING, at, "this text is not closed on its line");
	diag_hint(&x->unit->diags, "close it with \"");
}

/* One character of a quoted text; 0 when it cannot stand there. */
static char unescape(const char **s)
{
	char c = *(*s)++;

	if (c != '\\')
		return (unsigned char)c < 0x20 && c != '\t' ? 0 : c;
	switch (*(*s)++) {
	case '"':
		return '"';
	case '\\':
		return '\\';
	case 'n':
		return '\n';
	case 't':
		return '\t';
	default:
		return 0;
	}
}

const struct sym *scan_string(struct scan *x, const char *s, size_t n, struct span at)
{
	const char *p = s + 1, *end = s + n - 1;
	const struct sym *sym;
	struct buf b = {0};
	bool plain = true;

	for (const char *q = p; q < end; q++)
		plain &= *q != '\\' && (unsigned char)*q >= 0x20 && (unsigned char)*q < 0x80;
	if (plain)
		return intern(&x->unit->names, p, n - 2);

	scan_check_utf8(x, p, n - 2);
	while (p < end) {
		const char *from = p;
		char c = unescape(&p);

		if (c) {
			buf_putc(&b, c);
			continue;
		}
		uint32_t beg = at.beg + (uint32_t)(from - s);

		if (*from == '\\') {
			diag_at(&x->unit->diags, E_BAD_ESCAPE,
				(struct span){beg, beg + (uint32_t)(p - from)},
				"an unknown escape");
			diag_hint(&x->unit->diags, "there are \\\" \\\\ \\n \\t");
		} else {
			diag_at(&x->unit->diags, E_BAD_ESCAPE, (struct span){beg, beg + 1},
				"a control character (0x%02x) in a quoted text",
				(unsigned)(unsigned char)*from);
		}
	}
	sym = intern(&x->unit->names, buf_str(&b), b.n);
	buf_free(&b);
	return sym;
}
