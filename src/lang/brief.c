/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lang/brief.h"

#include <string.h>

#include "lang/build.h"
#include "lang/words.h"

/* Eight bytes can be read at every place of a text (base/source.h). */
static inline uint64_t load64(const char *s)
{
	uint64_t v;

	memcpy(&v, s, sizeof(v));
	return v;
}

/* ---- tokens: each returns what stands behind it, NULL when it is none ----------------------- */

static const bool in_word[256] = {
    ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true, ['_'] = true};

static inline size_t word_len(const char *s)
{
	size_t n = 0;

	while (in_word[(unsigned char)s[n]])
		n++;
	return n;
}

static inline const char *skip_blanks(const char *s)
{
	if (*s != ' ' && *s != '\t')
		return NULL;
	do
		s++;
	while (*s == ' ' || *s == '\t');
	return s;
}

/* At most 18 digits: they fit. */
static inline const char *read_digits(const char *s, uint64_t *out)
{
	uint64_t v = 0;
	unsigned digit;
	int n = 0;

	for (; (digit = (unsigned)(unsigned char)*s - '0') <= 9; s++, n++)
		v = v * 10 + digit;
	*out = v;
	return n && n <= 18 ? s : NULL;
}

static inline uint64_t size_unit(char c)
{
	switch (c) {
	case 'B':
		return 1;
	case 'K':
		return KIB;
	case 'M':
		return MIB;
	case 'G':
		return GIB;
	case 'T':
		return GIB * 1024;
	default:
		return 0;
	}
}

static inline const char *read_time_unit(const char *s, uint64_t *unit)
{
	char c = *s++;

	if (c == 's') {
		*unit = NS_PER_SEC;
	} else if (*s == 's') {
		*unit = c == 'm' ? NS_PER_MS : c == 'u' ? NS_PER_US : c == 'n' ? 1 : 0;
		s++;
	} else {
		*unit = c == 'm' ? 60 * NS_PER_SEC : c == 'h' ? 3600 * NS_PER_SEC : 0;
	}
	return *unit ? s : NULL;
}

/* value * unit, as literals are: below 2^63. */
static inline bool scaled(uint64_t value, uint64_t unit, uint64_t *out)
{
	return !__builtin_mul_overflow(value, unit, out) && *out <= INT64_MAX;
}

/* A number with or without a fraction, as v / scale. */
static const char *read_decimal(const char *s, uint64_t *v, uint64_t *scale)
{
	const char *whole = s, *point;

	s = read_digits(s, v);
	*scale = 1;
	if (!s || *s != '.')
		return s;
	point = s++;
	for (; *s >= '0' && *s <= '9' && s - whole <= 18; s++) {
		*v = *v * 10 + (uint64_t)(*s - '0');
		*scale *= 10;
	}
	/* One of the bytes is the point; one that is a digit still was one too many. */
	return s - point > 1 && !(*s >= '0' && *s <= '9') ? s : NULL;
}

/* v / scale * unit, rounded down. */
static bool scaled_down(uint64_t v, uint64_t scale, uint64_t unit, uint64_t *out)
{
	unsigned __int128 product = (unsigned __int128)v * unit / scale;

	*out = (uint64_t)product;
	return product <= INT64_MAX;
}

__attribute__((noinline)) static const char *read_fraction_size(const char *s, uint64_t *out)
{
	uint64_t v, scale, unit;

	s = read_decimal(s, &v, &scale);
	unit = s ? size_unit(*s) : 0;
	return unit && scaled_down(v, scale, unit, out) ? s + 1 : NULL;
}

static inline const char *read_size(const char *s, uint64_t *out)
{
	const char *from = s;
	uint64_t unit, v;

	s = read_digits(s, &v);
	if (!s)
		return NULL;
	if (__builtin_expect(*s == '.', 0))
		return read_fraction_size(from, out);
	unit = size_unit(*s);
	return unit && scaled(v, unit, out) ? s + 1 : NULL;
}

/* With fractions, or of several parts: 1m30.5s. */
__attribute__((noinline)) static const char *read_long_duration(const char *s, uint64_t *out)
{
	uint64_t v, scale, unit, part, total = 0, last = UINT64_MAX;

	do {
		s = read_decimal(s, &v, &scale);
		if (!s)
			return NULL;
		s = read_time_unit(s, &unit);
		if (!s || unit >= last || !scaled_down(v, scale, unit, &part))
			return NULL;
		last = unit;
		total += part;
		if (total > INT64_MAX)
			return NULL;
	} while (*s >= '0' && *s <= '9');
	*out = total;
	return s;
}

static inline const char *read_duration(const char *s, uint64_t *out)
{
	const char *from = s;
	uint64_t unit, v;

	s = read_digits(s, &v);
	if (!s)
		return NULL;
	if (__builtin_expect(*s == '.', 0))
		return read_long_duration(from, out);
	s = read_time_unit(s, &unit);
	if (s && __builtin_expect(*s >= '0' && *s <= '9', 0))
		return read_long_duration(from, out);
	return s && scaled(v, unit, out) ? s : NULL;
}

/* Verbs of a size that stand `in` a cgroup. */
static inline enum ast_action_kind verb(const char *s, size_t n)
{
#define VERB(word, kind)                                                                           \
	if (n == sizeof(word) - 1 && !memcmp(s, word, sizeof(word) - 1))                           \
	return kind
	VERB("alloc", AA_ALLOC);
	VERB("free", AA_FREE);
	VERB("hold", AA_HOLD);
	VERB("touch", AA_TOUCH);
	VERB("read", AA_READ);
#undef VERB
	return AA_ERROR;
}

/*
 * The symbol of a name that was met before and is no word of the language; else NULL.  New ones are
 * left to the grammar, so that symbols are numbered in one order.
 */
static inline const struct sym *find_name(struct scan *x, const char *s, size_t n)
{
	static const unsigned char ones[16] = {255, 255, 255, 255, 255, 255, 255, 255};
	uint64_t head = load64(s) & load64((const char *)ones + 8 - (n < 8 ? n : 8));
	size_t h = (unsigned char)s[0] + 4 * (size_t)(unsigned char)s[n - 1] + n;
	struct brief_name *slot = &x->brief[h % (sizeof(x->brief) / sizeof(*x->brief))];
	const struct sym *y = slot->sym;

	if (y && y->len == n && slot->head == head && (n <= 8 || !memcmp(y->s + 8, s + 8, n - 8)))
		return y;
	y = intern_find(&x->unit->names, s, n);
	if (!y || words_find(s, n))
		return NULL;
	*slot = (struct brief_name){head, y};
	return y;
}

/* Behind a comment: NULL when the scanner has something to say about it. */
__attribute__((noinline)) static const char *skip_comment(const char *s)
{
	while ((signed char)*s > 0 && *s != '\n')
		s++;
	return (signed char)*s < 0 ? NULL : s;
}

/* Behind a name: the next token, when that is sure to begin something else. */
static inline const char *next_statement(const char *s, const char *end)
{
	const char *from = s;
	const struct word *w;
	size_t n;

	for (;;) {
		while (*s == '\n' || *s == ' ' || *s == '\t' || *s == '\r')
			s++;
		if (__builtin_expect(*s != '#', 1))
			break;
		s = skip_comment(s);
		if (!s)
			return NULL;
	}
	if (s == end || *s == ';')
		return s;
	if (s == from)
		return NULL;
	if (s[0] == 'a' && s[1] == 't' && !in_word[(unsigned char)s[2]])
		return s;
	n = word_len(s);
	w = n ? words_find(s, n) : NULL;
	return w && w->class == W_HEAD ? s : NULL;
}

/* ---- statements ----------------------------------------------------------------------------- */

#define NEED(e)                                                                                    \
	do {                                                                                       \
		if (!(e))                                                                          \
			return NULL;                                                               \
	} while (0)

/* The statement at s, where `at` stands, into *b; returns the token behind it. */
static inline const char *read_one(struct scan *x, const char *s, const char *end,
				   struct ast_brief *b)
{
	const char *from = s, *time, *action, *amount, *name, *p;
	enum ast_action_kind kind;
	size_t n;

	NEED(time = p = skip_blanks(s + 2));
	NEED(p = read_duration(p, &b->time_ns));
	b->time_len = (uint8_t)(p - time);
	NEED(action = p = skip_blanks(p));
	n = word_len(p);
	NEED(kind = verb(p, n));
	NEED(amount = p = skip_blanks(p + n));
	if (__builtin_expect(kind == AA_FREE && *p == 'a', 0)) {
		n = word_len(p);
		NEED(n == 3 && !memcmp(p, "all", 3) && find_name(x, p, n));
		p += n;
		b->amount_len = 0;
	} else {
		NEED(p = read_size(p, &b->amount));
		b->amount_len = (uint8_t)(p - amount);
	}
	NEED(p = skip_blanks(p));
	NEED(p[0] == 'i' && p[1] == 'n');
	NEED(name = p = skip_blanks(p + 2));
	n = word_len(p);
	NEED(n && !(*p >= '0' && *p <= '9'));
	p += n;
	NEED(p - from <= UINT8_MAX);
	NEED(b->name = find_name(x, name, n));
	b->verb = (uint8_t)kind;
	b->time_at = (uint8_t)(time - from);
	b->action_at = (uint8_t)(action - from);
	b->amount_at = (uint8_t)(amount - from);
	b->s.at.beg = (uint32_t)(uintptr_t)from + x->bias;
	b->s.at.end = (uint32_t)(uintptr_t)p + x->bias;
	return next_statement(p, end);
}

const char *brief_read(struct scan *x, const char *s, struct span *last)
{
	const char *end = x->text + x->file->source->len, *behind = NULL;

	if (x->unit->no_brief)
		return NULL;
	do {
		struct ast_brief b = {.s.kind = AS_BRIEF}, *node;

		s = read_one(x, s, end, &b);
		if (!s)
			break;
		node = arena_new(x->arena, struct ast_brief);
		*node = b;
		build_top(x, &node->s);
		*last = (struct span){b.s.at.end - b.name->len, b.s.at.end};
		behind = s;
	} while (*s == 'a' && s[1] == 't' && !in_word[(unsigned char)s[2]]);
	return behind;
}

static void literal(struct ast_expr *e, enum ast_expr_kind kind, uint64_t value, uint32_t beg,
		    uint32_t len)
{
	e->kind = (uint8_t)kind;
	e->at = (struct span){beg, beg + len};
	e->depth = 1;
	e->u = value;
}

const struct ast_stmt *ast_unfold(const struct ast_stmt *s, struct ast_unfolded *room)
{
	const struct ast_brief *b = (const struct ast_brief *)s;
	struct span name_at;

	if (s->kind != AS_BRIEF)
		return s;
	*room = (struct ast_unfolded){0};
	name_at = (struct span){s->at.end - b->name->len, s->at.end};
	literal(&room->time, AE_DURATION, b->time_ns, s->at.beg + b->time_at, b->time_len);
	literal(&room->amount, AE_SIZE, b->amount, s->at.beg + b->amount_at, b->amount_len);
	room->seg.name = b->name;
	room->seg.at = room->in.at = name_at;
	room->in.path = &room->seg;
	room->action.kind = b->verb;
	room->action.at = (struct span){s->at.beg + b->action_at, s->at.end};
	room->action.all = !b->amount_len;
	room->action.amount = b->amount_len ? &room->amount : NULL;
	room->action.in = &room->in;
	room->stmt.s.kind = AS_AT;
	room->stmt.s.at = s->at;
	room->stmt.s.next = s->next;
	room->stmt.time = &room->time;
	room->stmt.body = &room->action;
	return &room->stmt.s;
}
