/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lang/syntax.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "lang/words.h"

/* Looking for near names costs; beyond these the user has read enough of them. */
#define MAX_SUGGESTIONS 100

static uint8_t class_of(const char *name)
{
	const struct word *w = words_find(name, strlen(name));

	return w ? w->class : 0;
}

/* ---- what is known about the place --------------------------------------------------------- */

struct place_info {
	const struct syntax_error *e;
	const char *text; /* the token as written; "" at the end of the text */
	size_t len;
	const char *prev; /* the token before it */
	size_t prev_len;
	const struct word *word, *prev_word; /* when they are words of the language */
	bool is_word, value_due, name_due, string_due, head_due, verb_due;
	char shown[80]; /* the token, for messages */
};

static bool due(const struct syntax_error *e, const char *name)
{
	for (size_t i = 0; i < e->ndue; i++)
		if (!strcmp(e->due[i], name))
			return true;
	return false;
}

static const char *text_at(const struct scan *x, struct span at)
{
	return x->text + (at.beg - x->file->source->base);
}

static bool word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static void look_around(struct scan *x, const struct syntax_error *e, struct place_info *p)
{
	const char *end = x->text + x->file->source->len;

	*p = (struct place_info){.e = e, .text = text_at(x, e->at), .len = e->at.end - e->at.beg};
	/* A missing bracket is met at the token behind it. */
	if (!strcmp(e->token, "(close)"))
		while (p->text + p->len < end && word_char(p->text[p->len]))
			p->len++;
	if (!p->len && p->text < end)
		p->len = 1;
	p->prev = text_at(x, x->prev);
	p->prev_len = x->prev.end - x->prev.beg;
	p->word = words_find(p->text, p->len);
	p->prev_word = p->prev_len ? words_find(p->prev, p->prev_len) : NULL;
	p->is_word = p->len && (isalpha((unsigned char)*p->text) || *p->text == '_') &&
		     strcmp(e->token, ".NAME");
	p->value_due = due(e, "a size");
	p->name_due = due(e, "a name");
	p->string_due = due(e, "a quoted text");
	p->head_due = due(e, "scenario");
	p->verb_due = !p->name_due && due(e, "alloc");
	if (!p->len)
		strcpy(p->shown, "the end of the text");
	else if (p->len > 40)
		strcpy(p->shown, *p->text == '"' ? "this quoted text" : "this");
	else
		snprintf(p->shown, sizeof(p->shown), "`%.*s`", (int)p->len, p->text);
}

/* Is there a line break between the two tokens? */
static bool on_new_line(const struct scan *x, const struct place_info *p)
{
	const char *from = p->prev + p->prev_len;

	return x->prev.end <= p->e->at.beg && memchr(from, '\n', (size_t)(p->text - from));
}

/* ---- the messages, the most telling first -------------------------------------------------- */

/* The symbol `depth` below the top of what was read; "" below the bottom. */
static const char *below(const struct syntax_error *e, size_t depth)
{
	return depth < e->nstack ? e->stack[depth] : "";
}

static bool is(const char *a, const char *b)
{
	return !strcmp(a, b);
}

/*
 * What is due behind the symbol at `depth`: "size".  `value`: where a value may stand there.  NULL:
 * nothing in particular.
 */
static const char *noun_behind(const struct syntax_error *e, size_t depth, bool value)
{
	const char *s = below(e, depth), *under = below(e, depth + 1);
	const struct word *w = words_find(s, strlen(s));

	if (is(s, "paths") && is(under, "start"))
		return "workload";
	if (!w)
		return NULL;
	/* Cgroups, though other things stand behind these words elsewhere. */
	if ((w->class == W_MODIFIER && is(under, "act")) || (is(s, "of") && is(under, "paths")))
		return w->noun ? w->noun : w->value;
	return value && w->value ? w->value : w->noun ? w->noun : w->value;
}

/* The place and the words for an error at the token or, when that is on another line, before it. */
static struct span where(const struct scan *x, const struct place_info *p, const char **preposition,
			 char shown[static sizeof(p->shown)])
{
	bool behind =
	    x->prev.end > x->prev.beg && p->prev_len <= 40 && (on_new_line(x, p) || !p->len);

	*preposition = behind ? "behind" : "before";
	if (behind)
		snprintf(shown, sizeof(p->shown), "`%.*s`", (int)p->prev_len, p->prev);
	else
		strcpy(shown, p->shown);
	return behind ? x->prev : p->e->at;
}

static bool report_reserved(struct scan *x, const struct place_info *p)
{
	struct diags *d = &x->unit->diags;

	if (!p->name_due || !p->word || !strcmp(p->e->token, "(close)") ||
	    (p->word->class != W_HEAD && p->word->class != W_OPERATOR) || on_new_line(x, p))
		return false;
	/* `finish` and the like where a value is due: more likely the value was forgotten. */
	if (p->value_due && p->word->class == W_OPERATOR)
		return false;
	diag_at(d, E_RESERVED, p->e->at, "`%s` is reserved and cannot be a name", p->word->name);
	diag_hint(d, "%s; choose another name",
		  p->word->class == W_HEAD ? "it begins a statement" : "it is an operator");
	return true;
}

/* Nothing stands where a value or a name is due. */
static bool report_missing(struct scan *x, const struct place_info *p)
{
	struct diags *d = &x->unit->diags;
	const struct syntax_error *e = p->e;
	const char *noun = noun_behind(e, 0, p->value_due), *preposition;
	char shown[sizeof(p->shown)];
	struct span at;

	if (!noun || p->head_due || p->verb_due)
		return false;
	if (!(p->value_due || p->name_due || p->string_due || due(e, "memory") || due(e, "cgroup")))
		return false;
	if (!on_new_line(x, p) && p->len &&
	    ((p->is_word && !p->word) || isdigit((unsigned char)*p->text) || *p->text == '"')) {
		diag_at(d, E_SYNTAX, e->at, "expected a %s, not %s", noun, p->shown);
		if (p->is_word && p->string_due && !p->name_due && p->len < 40)
			diag_hint(d, "write \"%.*s\"", (int)p->len, p->text);
		return true;
	}
	at = where(x, p, &preposition, shown);
	diag_at(d, E_MISSING, at, "missing %s %s %s", noun, preposition, shown);
	return true;
}

/* The word before was read as a value, but it is the verb or modifier that should follow one. */
static bool report_missing_before(struct scan *x, const struct place_info *p)
{
	static const char *const lone[] = {"path", "name", "arith", "args", "paths"};
	const char *noun = noun_behind(p->e, 1, true);
	bool all = false;

	if (!p->prev_word || p->prev_word->class < W_VERB || !noun)
		return false;
	if (!p->is_word && !strchr("\"(<0123456789*", p->len ? *p->text : ' '))
		return false;
	/* All of the value is that one word. */
	for (size_t i = 0; i < sizeof(lone) / sizeof(*lone); i++)
		all |= is(below(p->e, 0), lone[i]);
	if (!all)
		return false;
	diag_at(&x->unit->diags, E_MISSING, x->prev, "missing %s before `%s`", noun,
		p->prev_word->name);
	return true;
}

/* The near one of the words that could stand here. */
static const char *suggestion(struct scan *x, const struct place_info *p)
{
	const char *near[SYNTAX_MAX_DUE];
	char word[40];
	size_t n = 0;

	if (!p->is_word || p->len >= sizeof(word) || x->suggestions >= MAX_SUGGESTIONS)
		return NULL;
	x->suggestions++;
	memcpy(word, p->text, p->len);
	word[p->len] = 0;
	for (size_t i = 0; i < p->e->ndue; i++)
		if (class_of(p->e->due[i]) && strcmp(p->e->due[i], word))
			near[n++] = p->e->due[i];
	return diag_nearest(word, near, n);
}

static bool report_word(struct scan *x, const struct place_info *p)
{
	struct diags *d = &x->unit->diags;
	const char *near;

	if (!p->is_word || p->name_due)
		return false;
	if (p->word && p->word->class == W_VERB && p->head_due && !p->verb_due) {
		diag_at(d, E_ACTION_ALONE, p->e->at, "%s is an action and needs a time", p->shown);
		diag_hint(d, "write `at 0s %s ...`; { } hold several actions of one time",
			  p->word->name);
		return true;
	}
	near = suggestion(x, p);
	if (p->word && !near)
		return false;
	if (p->head_due &&
	    (!p->e->nstack || on_new_line(x, p) || class_of(near ? near : "") == W_HEAD))
		diag_at(d, E_NO_STATEMENT, p->e->at, "%s begins no statement", p->shown);
	else if (p->verb_due && !p->head_due && !(near && class_of(near) != W_VERB))
		diag_at(d, E_NO_ACTION, p->e->at, "%s is no action", p->shown);
	else if (near || p->head_due)
		diag_at(d, E_NO_MODIFIER, p->e->at, "%s means nothing here", p->shown);
	else
		return false;
	if (near)
		diag_hint(d, "did you mean `%s`?", near);
	else if (p->verb_due && !p->head_due)
		diag_hint(d, "an action begins with a verb, like `alloc` or `free`");
	return true;
}

static bool report_bracket(struct scan *x, const struct place_info *p)
{
	struct diags *d = &x->unit->diags;
	const struct syntax_error *e = p->e;

	if (x->nparens && x->nparens <= AST_MAX_DEPTH && (due(e, ")") || due(e, "]")) &&
	    (!p->len || strchr("};>", *p->text) || p->is_word || *p->text == ')' ||
	     *p->text == ']')) {
		uint32_t at = x->parens[x->nparens - 1];

		diag_at(d, E_UNCLOSED, e->at, "missing `%s` before %s", due(e, ")") ? ")" : "]",
			p->shown);
		diag_note(d, (struct span){at, at + 1}, "opened here");
		return true;
	}
	if (p->len == 1 && (*p->text == '}' || *p->text == ')' || *p->text == ']') &&
	    (p->head_due || !due(e, p->shown))) {
		diag_at(d, E_UNOPENED, e->at, "%s closes nothing", p->shown);
		return true;
	}
	return false;
}

static bool report_attr(struct scan *x, const struct place_info *p)
{
	struct diags *d = &x->unit->diags;
	const struct syntax_error *e = p->e;

	if (!x->nopen || x->open[x->nopen - 1].kind != IN_ATTRS || !due(e, ";"))
		return false;
	if (is(e->token, ",") || is(e->token, "=")) {
		diag_at(d, E_ATTR_SEPARATOR, e->at, "%s has no place between attributes", p->shown);
		diag_hint(d, *p->text == ',' ? "they are separated by `;`"
					     : "a value follows its name directly: `high 400M`");
		return true;
	}
	/* `high 3M delay 5s`: `delay` was taken for a word behind the value. */
	if (is(below(e, 0), "name") && is(below(e, 1), "arith")) {
		diag_at(d, E_ATTR_SEPARATOR, x->prev, "missing `;` before `%.*s`",
			(int)(p->prev_len < 40 ? p->prev_len : 40), p->prev);
		return true;
	}
	diag_at(d, E_ATTR_SEPARATOR, e->at, "missing `;` or `>` before %s", p->shown);
	diag_note(d, x->open[x->nopen - 1].at, "the attributes begin here");
	return true;
}

static bool report_operator(struct scan *x, const struct place_info *p)
{
	struct diags *d = &x->unit->diags;
	const char *t = p->e->token;
	bool comparison =
	    is(t, "<") || is(t, "<=") || is(t, ">") || is(t, ">=") || is(t, "==") || is(t, "!=");

	if (x->nopen && x->open[x->nopen - 1].kind == IN_ATTRS && due(p->e, ";") &&
	    ((comparison && !is(t, ">")) || is(t, "and") || is(t, "or") || is(t, "not"))) {
		diag_at(d, E_OPERATOR, p->e->at, "%s needs parentheses around it inside < >",
			p->shown);
		return true;
	}
	if (is(t, "=") && due(p->e, "==")) {
		diag_at(d, E_OPERATOR, p->e->at, "`=` gives a value; `==` compares");
		return true;
	}
	if (comparison && due(p->e, "and") && !p->value_due) {
		diag_at(d, E_OPERATOR, p->e->at, "comparisons cannot be chained");
		diag_hint(d, "write `a < b and b < c`");
		return true;
	}
	return false;
}

/* "a value, `in` or `as`": what could stand here, groups under one name. */
static void describe_due(const struct place_info *p, struct buf *b)
{
	const struct syntax_error *e = p->e;
	const char *item[8];
	char quoted[8][24];
	size_t n = 0, words_due = 0;

	if (p->value_due)
		item[n++] = "a value";
	else if (p->name_due)
		item[n++] = "a name";
	else if (p->string_due)
		item[n++] = "a quoted text";
	if (p->head_due && !p->value_due)
		item[n++] = "a statement";
	if (p->verb_due)
		item[n++] = "an action";
	if (!p->value_due && !p->name_due)
		for (size_t i = 0; i < e->ndue; i++)
			words_due += class_of(e->due[i]) == W_MODIFIER;
	if (words_due > 4 && n < 8)
		item[n++] = "a modifier";
	for (size_t i = 0; i < e->ndue && n < 6; i++) {
		const char *s = e->due[i];
		uint8_t c = class_of(s);
		bool sign = !isalpha((unsigned char)*s) && !strchr("+-*/.;=!", *s) && *s != '(';

		if (*s == '<' || *s == '>')
			sign = !due(e, "==") && s[1] == 0;
		if (*s == '=')
			sign = !s[1];
		if (*s == '[')
			sign = false;
		if (p->value_due || (p->name_due && c) || strchr("(", *s))
			continue;
		if (sign || (c == W_MODIFIER && words_due <= 4) || (c == W_HEAD && !p->head_due)) {
			snprintf(quoted[n], sizeof(quoted[n]), "`%s`", s);
			item[n] = quoted[n];
			n++;
		}
	}
	if (!n && due(e, ".."))
		item[n++] = "`..`";
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_puts(b, i + 1 == n ? " or " : ", ");
		buf_puts(b, item[i]);
	}
}

static void report_other(struct scan *x, const struct place_info *p)
{
	struct diags *d = &x->unit->diags;
	const char *preposition;
	char shown[sizeof(p->shown)];
	struct span at = where(x, p, &preposition, shown);
	struct buf b = {0};

	describe_due(p, &b);
	if (!b.n)
		diag_at(d, E_SYNTAX, p->e->at, "%s cannot stand here", p->shown);
	else if (at.beg == p->e->at.beg)
		diag_at(d, E_SYNTAX, at, "expected %s, not %s", buf_str(&b), shown);
	else
		diag_at(d, E_SYNTAX, at, "expected %s behind %s", buf_str(&b), shown);
	buf_free(&b);
}

void syntax_report(struct scan *x, const struct syntax_error *e)
{
	struct place_info p;

	x->recovering = true;
	x->watch = true;
	/* Reported: this token, or the one before it by the scanner. */
	if (x->error_beg == e->at.beg || is(e->token, "(reported)") || is(e->token, "(lost)") ||
	    (x->bad_end && x->bad_end == x->prev.end)) {
		x->nparens = 0;
		return;
	}
	x->error_beg = e->at.beg;
	look_around(x, e, &p);
	if (!report_missing_before(x, &p) && !report_operator(x, &p) && !report_reserved(x, &p) &&
	    !report_missing(x, &p) && !report_bracket(x, &p) && !report_attr(x, &p) &&
	    !report_word(x, &p))
		report_other(x, &p);
	x->nparens = 0;
}

void syntax_report_unknown(struct scan *x, struct span at, bool in_block)
{
	struct syntax_error e = {.at = at, .token = "a name"};
	struct place_info p;

	for (const struct word *w = words; w->name; w++)
		if (w->class == (in_block ? W_VERB : W_HEAD))
			e.due[e.ndue++] = w->name;
	x->recovering = true;
	x->watch = true;
	look_around(x, &e, &p);
	p.verb_due = in_block;
	report_word(x, &p);
}
