/* SPDX-License-Identifier: GPL-2.0-or-later */
/* source texts and the places of their offsets */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/source.h"

static struct source *add(struct sources *all, const char *path, const char *text)
{
	struct source *s = NULL;

	assert_int_equal(sources_add(all, path, text, strlen(text), &s), 0);
	return s;
}

/* The span of the first `what` in s. */
static struct span find(const struct source *s, const char *what)
{
	const char *p = strstr(s->text, what);

	assert_non_null(p);
	uint32_t beg = s->base + (uint32_t)(p - s->text);
	return (struct span){beg, beg + (uint32_t)strlen(what)};
}

static void offsets_have_places(void **state)
{
	struct sources *all = *state;
	struct source *a = add(all, "a", "one\ntwo\r\n\nl\xc3\xa4st");
	struct source *b = add(all, "b", "");
	struct source *c = add(all, "c", "x");
	struct place p;
	size_t len;

	assert_int_equal(a->base, 1);
	assert_int_equal(a->text[a->len] | a->text[a->len + 1], 0);
	p = sources_locate(all, a->base);
	assert_ptr_equal(p.src, a);
	assert_int_equal(p.line, 1);
	assert_int_equal(p.col, 1);
	assert_int_equal(p.line_len, 3);
	p = sources_locate(all, a->base + 5);
	assert_int_equal(p.line, 2);
	assert_int_equal(p.col, 2);
	assert_int_equal(p.line_len, 3); /* without the CR */
	assert_memory_equal(p.line_text, "two", 3);
	p = sources_locate(all, a->base + 9);
	assert_int_equal(p.line, 3);
	assert_int_equal(p.line_len, 0);
	p = sources_locate(all, find(a, "st").beg);
	assert_int_equal(p.line, 4);
	assert_int_equal(p.col, 3); /* code points */
	assert_int_equal(p.byte_in_line, 3);
	p = sources_locate(all, a->base + (uint32_t)a->len);
	assert_ptr_equal(p.src, a);
	assert_int_equal(p.col, 5);
	p = sources_locate(all, b->base);
	assert_ptr_equal(p.src, b);
	assert_int_equal(p.line, 1);
	p = sources_locate(all, c->base);
	assert_ptr_equal(p.src, c);
	assert_null(sources_locate(all, 0).src);
	assert_null(sources_locate(all, c->base + 2).src);
	assert_memory_equal(sources_text(all, find(a, "two"), &len), "two", 3);
	assert_int_equal(len, 3);
	assert_string_equal(sources_text(all, (struct span){0, 0}, &len), "");
	assert_int_equal(len, 0);
	assert_memory_equal(sources_text(all, (struct span){c->base, 900}, &len), "x", 1);
	assert_int_equal(len, 1);
}

/* Every offset of a text of several index chunks against a plain count. */
static void places_agree_with_counting(void **state)
{
	struct sources *all = *state;
	struct buf text = {0};
	uint32_t line = 1, col = 1;
	size_t start = 0;

	for (unsigned int i = 0; i < 400; i++) {
		buf_pad(&text, 'x', i * 7919 % 97);
		buf_puts(&text, i % 3 ? "\n" : "\xe2\x82\xac");
		if (i == 200)
			buf_pad(&text, 'y', 9000);
	}
	struct source *s = add(all, "t", buf_str(&text));

	for (size_t i = 0; i <= text.n; i++) {
		struct place p = sources_locate(all, s->base + (uint32_t)i);
		const char *nl = memchr(text.s + start, '\n', text.n - start);
		size_t end = nl ? (size_t)(nl - text.s) : text.n;

		if (p.line != line || p.col != col || p.byte_in_line != i - start ||
		    p.line_len != end - start || p.line_text != s->text + start)
			fail_msg("offset %zu", i);
		if (text.s[i] == '\n') {
			line++;
			col = 1;
			start = i + 1;
		} else if ((text.s[i] & 0xc0) != 0x80) {
			col++;
		}
	}
	buf_free(&text);
}

static void files_are_loaded(void **state)
{
	struct sources *all = *state;
	struct source *s = NULL;
	char path[] = "/tmp/agentcg-unit-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(write(fd, "0123456789abcdef0123456789abcde\n", 32), 32);
	close(fd);
	assert_int_equal(sources_load(all, path, (struct span){0, 0}, &s), 0);
	assert_int_equal(s->len, 3200000);
	assert_string_equal(s->path, path);
	assert_non_null(s->real);
	assert_int_equal(s->text[s->len] | s->text[s->len + 1], 0);
	assert_int_equal(sources_locate(all, s->base + 3199999).line, 100000);
	unlink(path);
	s = NULL;
	assert_int_equal(sources_load(all, path, (struct span){0, 0}, &s), -ENOENT);
	assert_int_equal(sources_load(all, "/", (struct span){0, 0}, &s), -EISDIR);
	assert_null(s);
	all->next = UINT32_MAX - 3;
	assert_int_equal(sources_add(all, "big", "123", 3, &s), -EFBIG);
	assert_int_equal(sources_add(all, "big", "12", 2, &s), 0);
	assert_int_equal(sources_add(all, "none", "", 0, &s), -EFBIG);
}

static void pipes_are_loaded(void **state)
{
	struct sources *all = *state;
	struct source *s = NULL;
	int ends[2], old = dup(STDIN_FILENO);
	char block[1000];

	memset(block, 'z', sizeof(block));
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (!pid) {
		for (int i = 0; i < 300; i++)
			if (write(ends[1], block, sizeof(block)) < 0)
				_exit(1);
		_exit(0);
	}
	close(ends[1]);
	dup2(ends[0], STDIN_FILENO);
	assert_int_equal(sources_load(all, "-", (struct span){0, 0}, &s), 0);
	dup2(old, STDIN_FILENO);
	close(old);
	close(ends[0]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(s->len, 300000);
	assert_string_equal(s->path, "<stdin>");
	assert_null(s->real);
}

static int make_sources(void **state)
{
	*state = calloc(1, sizeof(struct sources));
	return *state ? 0 : -1;
}

static int free_sources(void **state)
{
	sources_free(*state);
	free(*state);
	return 0;
}

#define source_test(f) cmocka_unit_test_setup_teardown(f, make_sources, free_sources)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    source_test(offsets_have_places),
	    source_test(places_agree_with_counting),
	    source_test(files_are_loaded),
	    source_test(pipes_are_loaded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
