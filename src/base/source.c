/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/source.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

#define MARK_BYTES ((size_t)4096)

/* What is known at the start of each MARK_BYTES of a text, so that no place needs a long search. */
struct source_mark {
	uint32_t lines;	     /* newlines before it */
	uint32_t line_start; /* offset in the text of the line it lies in */
	uint32_t points;     /* code points before it */
};

/*
 * The longest text that still fits into the offset space.  A text takes one offset more than it has
 * bytes, as its end is a place too.
 */
static bool room_left(const struct sources *s, size_t *limit)
{
	uint32_t next = s->next ? s->next : 1;

	if (next == UINT32_MAX)
		return false;
	*limit = UINT32_MAX - next - 1;
	return true;
}

static struct source *add(struct sources *s, const char *path, char *text, size_t len)
{
	struct source *src = mem_alloc(sizeof(*src));

	if (!s->next)
		s->next = 1;
	src->path = mem_strndup(path, strlen(path));
	src->text = text;
	src->len = len;
	src->base = s->next;
	s->next += (uint32_t)len + 1;
	vec_push(&s->list, src);
	return src;
}

int sources_load(struct sources *s, const char *path, struct span used_at, struct source **out)
{
	bool from_stdin = !path || !strcmp(path, "-");
	char *text = NULL, *real = NULL;
	size_t len = 0, limit;
	int fd = STDIN_FILENO, err;

	if (!room_left(s, &limit))
		return -EFBIG;
	if (!from_stdin || (s->disk && s->disk->replay)) {
		err = files_open(s->disk, from_stdin ? "-" : path, &fd);
		if (err)
			return err;
	}
	err = files_slurp(fd, limit, SOURCE_NULS, &text, &len);
	if (fd != STDIN_FILENO)
		close(fd);
	if (err)
		return err;
	if (from_stdin)
		files_add(s->disk, "-", NULL, text, len);
	else
		real = files_real(s->disk, path);

	struct source *src = add(s, from_stdin ? "<stdin>" : path, text, len);

	src->real = real;
	src->used_at = used_at;
	*out = src;
	return 0;
}

int sources_add(struct sources *s, const char *path, const char *text, size_t len,
		struct source **out)
{
	size_t limit;
	char *copy;

	if (!room_left(s, &limit) || len > limit)
		return -EFBIG;
	copy = mem_realloc(NULL, len + SOURCE_NULS);
	if (len)
		memcpy(copy, text, len);
	memset(copy + len, 0, SOURCE_NULS);
	*out = add(s, path, copy, len);
	return 0;
}

int sources_take(struct sources *s, const char *path, char *text, size_t len, struct source **out)
{
	size_t limit;

	if (!room_left(s, &limit) || len > limit)
		return -EFBIG;
	*out = add(s, path, text, len);
	return 0;
}

void sources_free(struct sources *s)
{
	struct source **it;

	vec_foreach (it, &s->list) {
		free((*it)->path);
		free((*it)->real);
		free((*it)->text);
		free((*it)->marks);
		free(*it);
	}
	vec_free(&s->list);
	s->next = 0;
}

/* The text an offset belongs to, or NULL. */
static struct source *find(const struct sources *s, uint32_t offset)
{
	size_t lo = 0, hi = s->list.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (s->list.v[mid]->base <= offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return NULL;

	struct source *src = s->list.v[lo - 1];

	return offset - src->base <= src->len ? src : NULL;
}

static bool starts_point(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

static uint32_t count_points(const char *s, size_t from, size_t to)
{
	uint32_t n = 0;

	for (size_t i = from; i < to; i++)
		n += starts_point(s[i]);
	return n;
}

/* Move m, which stands for `from`, on to `to`. */
static void advance(struct source_mark *m, const char *text, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		m->points += starts_point(text[i]);
		if (text[i] == '\n') {
			m->lines++;
			m->line_start = (uint32_t)i + 1;
		}
	}
}

static void make_marks(struct source *src)
{
	size_t n = src->len / MARK_BYTES + 1;
	struct source_mark at = {0};

	src->marks = mem_alloc(n * sizeof(*src->marks));
	for (size_t i = 1; i < n; i++) {
		advance(&at, src->text, (i - 1) * MARK_BYTES, i * MARK_BYTES);
		src->marks[i] = at;
	}
}

/* Code points before offset `to`. */
static uint32_t points_before(const struct source *src, size_t to)
{
	size_t i = to / MARK_BYTES;

	return src->marks[i].points + count_points(src->text, i * MARK_BYTES, to);
}

/* Where the line that `at` lies in ends: its newline, or the end of the text. */
static size_t find_line_end(const struct source *src, size_t at, size_t line_start)
{
	size_t lo = at / MARK_BYTES, hi = src->len / MARK_BYTES;
	const char *nl;

	/* The last mark that is still in this line: its newline is within MARK_BYTES of that. */
	while (lo < hi) {
		size_t mid = (lo + hi + 1) / 2;

		if (src->marks[mid].line_start <= line_start)
			lo = mid;
		else
			hi = mid - 1;
	}
	if (lo * MARK_BYTES > at)
		at = lo * MARK_BYTES;
	nl = memchr(src->text + at, '\n', src->len - at);
	return nl ? (size_t)(nl - src->text) : src->len;
}

struct place sources_locate(const struct sources *s, uint32_t offset)
{
	struct source *src = offset ? find(s, offset) : NULL;

	if (!src)
		return (struct place){.line_text = ""};
	if (!src->marks)
		make_marks(src);

	size_t at = offset - src->base;
	struct source_mark m = src->marks[at / MARK_BYTES];

	advance(&m, src->text, at / MARK_BYTES * MARK_BYTES, at);

	size_t end = find_line_end(src, at, m.line_start);
	size_t len = end - m.line_start;

	if (len && src->text[end - 1] == '\r')
		len--;
	return (struct place){
	    .src = src,
	    .line = m.lines + 1,
	    .col = m.points - points_before(src, m.line_start) + 1,
	    .line_text = src->text + m.line_start,
	    .line_len = len,
	    .byte_in_line = at - m.line_start,
	};
}

const char *sources_text(const struct sources *s, struct span at, size_t *len)
{
	const struct source *src = at.end ? find(s, at.beg) : NULL;

	*len = 0;
	if (!src || at.end < at.beg)
		return "";

	size_t from = at.beg - src->base, to = at.end - src->base;

	*len = (to < src->len ? to : src->len) - from;
	return src->text + from;
}
