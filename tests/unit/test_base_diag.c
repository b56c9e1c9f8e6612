/* SPDX-License-Identifier: GPL-2.0-or-later */
/* what diagnostics look like */
#include "tests/unit/unit.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"

/* The first error and the first warning of the table, whatever they are. */
static enum diag_code err_code, warn_code;

static int find_codes(void **state)
{
	(void)state;
	err_code = warn_code = DIAG_NCODES;
	for (unsigned int i = DIAG_NCODES; i-- > 0;) {
		if (diag_code_is_error((enum diag_code)i))
			err_code = (enum diag_code)i;
		else
			warn_code = (enum diag_code)i;
	}
	return 0;
}

struct world {
	struct sources sources;
	struct diags diags;
	struct buf out;
};

static int make_world(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	diags_init(&w->diags, &w->sources);
	*state = w;
	return 0;
}

static int free_world(void **state)
{
	struct world *w = *state;

	diags_free(&w->diags);
	sources_free(&w->sources);
	buf_free(&w->out);
	free(w);
	return 0;
}

static struct source *add(struct world *w, const char *path, const char *text)
{
	struct source *s = NULL;

	assert_int_equal(sources_add(&w->sources, path, text, strlen(text), &s), 0);
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

/* Print, with the codes of this table replaced by E and W, so that expectations read well. */
static const char *print(struct world *w)
{
	char *at;

	buf_clear(&w->out);
	diags_print(&w->diags, DIAG_TEXT, &w->out);
	while ((at = strstr(w->out.s, "[E")) || (at = strstr(w->out.s, "[W"))) {
		at[0] = '(';
		memmove(at + 2, at + 5, strlen(at + 5) + 1);
		at[2] = ')';
	}
	return w->out.s;
}

#define assert_print(w, want) assert_string_equal(print(w), want)

static void an_error_is_shown(void **state)
{
	struct world *w = *state;
	struct source *s = add(w, "x.acg", "# one\nat 30s alloc 300 in low\n");

	diag_at(&w->diags, err_code, find(s, "300"), "a size needs a unit");
	diag_hint(&w->diags, "write %dM for 300 MiB", 300);
	diag_note(&w->diags, find(s, "low"), "used here");
	assert_int_equal(w->diags.errors, 1);
	assert_print(w, "x.acg:2:14: error(E): a size needs a unit\n"
			"    2 | at 30s alloc 300 in low\n"
			"      |              ^~~ write 300M for 300 MiB\n"
			"x.acg:2:21: note: used here\n"
			"    2 | at 30s alloc 300 in low\n"
			"      |                     ^~~\n");
}

static void tabs_and_wide_letters_keep_the_caret_in_place(void **state)
{
	struct world *w = *state;
	struct source *s = add(w, "x", "\ta\tb \xe4\xbd\xa0\xcc\x81 here\n");

	diag_at(&w->diags, err_code, find(s, "here"), "t");
	assert_print(w, "x:1:9: error(E): t\n"
			"    1 |         a       b \xe4\xbd\xa0\xcc\x81 here\n"
			"      |                      ^~~~\n");
}

static void bad_bytes_are_not_passed_on(void **state)
{
	struct world *w = *state;
	struct source *s = add(w, "x", "a\x1b[31m\xff\xe2\x80\xae z\n");

	diag_at(&w->diags, err_code, find(s, "z"), "name `%s`", "\x1b]0;\x07");
	assert_print(w, "x:1:10: error(E): name `.]0;.`\n"
			"    1 | a.[31m\xef\xbf\xbd\xef\xbf\xbd z\n"
			"      |          ^\n");
}

static void spans_end_with_their_line(void **state)
{
	struct world *w = *state;
	struct source *s = add(w, "x", "ab {\n  c\n}\n");

	diag_at(&w->diags, err_code, find(s, "{\n  c\n}"), "block");
	diag_at(&w->diags, err_code, (struct span){s->base + 4, s->base + 5}, "end of line");
	diag_at(&w->diags, err_code, (struct span){s->base + 11, s->base + 11}, "end of file");
	assert_print(w, "x:1:4: error(E): block\n"
			"    1 | ab {\n"
			"      |    ^\n"
			"x:1:5: error(E): end of line\n"
			"    1 | ab {\n"
			"      |     ^\n"
			"x:4:1: error(E): end of file\n"
			"    4 |\n"
			"      | ^\n");
}

/* Columns of each line of a text in which every code point takes one. */
static size_t widest(const char *s)
{
	size_t n = 0, most = 0;

	for (; *s; s++) {
		n = *s == '\n' ? 0 : n + ((*s & 0xc0) != 0x80);
		most = n > most ? n : most;
	}
	return most;
}

static void long_lines_are_cut_around_the_caret(void **state)
{
	struct world *w = *state;
	struct buf text = {0};
	const size_t places[] = {0, 1, 40, 41, 50, 89, 91, 92, 93, 150, 250, 299, 300};

	for (int i = 0; i < 60; i++)
		buf_puts(&text, i % 2 ? "\xc3\xa4"
					"bcde"
				      : "vwxyz");
	struct source *s = add(w, "x", buf_str(&text));

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		uint32_t at = s->base;
		size_t points = 0;

		for (; points < places[i]; points++)
			do
				at++;
			while ((s->text[at - s->base] & 0xc0) == 0x80);
		diag_at(&w->diags, err_code, (struct span){at, at + 1}, "t");

		char *line = strchr(print(w), '|');
		char *under = strchr(strchr(line, '\n'), '|');
		char *caret = strchr(under, '^');

		assert_non_null(caret);
		assert_true(widest(w->out.s) <= 100);
		/* The letter above the caret is the one that was pointed to. */
		const char *above = line;
		for (long c = caret - under; c > 0; c--)
			do
				above++;
			while ((*above & 0xc0) == 0x80);
		if (places[i] < 300)
			assert_memory_equal(above, s->text + (at - s->base), 1);
		diags_free(&w->diags);
		diags_init(&w->diags, &w->sources);
	}
	buf_free(&text);
}

static void no_line_is_too_strange(void **state)
{
	struct world *w = *state;
	struct source *s;
	char text[600];

	/* All bytes, combining marks and cut sequences, each place in turn; ASan watches. */
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i % 5 ? i * 7 : 0xcc);
	assert_int_equal(sources_add(&w->sources, "x", text, sizeof(text), &s), 0);
	for (uint32_t i = 0; i <= sizeof(text); i++) {
		diag_at(&w->diags, err_code, (struct span){s->base + i, s->base + i + i % 9}, "t");
		diags_free(&w->diags);
		diags_init(&w->diags, &w->sources);
	}
	/* A mark takes no column, but a line of them is cut as well. */
	struct buf marks = {0};
	for (int i = 0; i < 100000; i++)
		buf_puts(&marks, "\xcc\x81");
	s = add(w, "marks", buf_str(&marks));
	diag_at(&w->diags, err_code, (struct span){s->base + 100000, s->base + 100002}, "t");
	assert_true(strlen(print(w)) < 5000);
	buf_free(&marks);
}

static void imports_are_named(void **state)
{
	struct world *w = *state;
	struct source *a = add(w, "main.acg", "# x\nuse \"b\"\n");
	struct source *b = add(w, "b.acg", "\n\n  use \"c\"\n");
	struct source *c = add(w, "c.acg", "oops\n");

	b->used_at = find(a, "use");
	c->used_at = find(b, "\"c\"");
	diag_at(&w->diags, err_code, find(c, "oops"), "t");
	assert_print(w, "c.acg:1:1: error(E): t\n"
			"    1 | oops\n"
			"      | ^~~~\n"
			"  in file used at b.acg:3:7\n"
			"  in file used at main.acg:2:1\n");
	/* A chain that bites its tail still ends. */
	a->used_at = find(c, "oops");
	assert_non_null(strstr(print(w), "c.acg:1:1"));
}

static void diagnostics_are_ordered_and_counted(void **state)
{
	struct world *w = *state;
	struct source *s = add(w, "x", "abcdefghijklmnopqrstuvwxyz");
	const char *p;
	int errors = 0, warnings = 0;

	diag_file(&w->diags, err_code, "t.json", 7, 0, "in data");
	for (uint32_t i = 26; i-- > 0;) {
		diag_at(&w->diags, err_code, (struct span){s->base + i, s->base + i + 1}, "%u", i);
		if (warn_code != DIAG_NCODES)
			diag_at(&w->diags, warn_code, (struct span){s->base + i, s->base + i + 1},
				"%u", i);
	}
	assert_int_equal(w->diags.errors, 27);
	p = print(w);
	assert_true(strstr(p, "x:1:1: ") < strstr(p, "x:1:2: "));
	assert_null(strstr(p, "t.json")); /* last, beyond the cap */
	for (; *p; p++) {
		errors += !strncmp(p, "error(E)", 8);
		warnings += !strncmp(p, "warning(W)", 10);
	}
	assert_int_equal(errors, 20);
	assert_int_equal(warnings, warn_code == DIAG_NCODES ? 0 : 26);
	assert_string_equal(p - strlen("and 7 more errors\n"), "and 7 more errors\n");
}

static void one_place_is_reported_once(void **state)
{
	struct world *w = *state;
	struct source *s = add(w, "x", "ab");
	struct span a = find(s, "a"), ab = find(s, "ab");

	diag_at(&w->diags, err_code, a, "first");
	diag_at(&w->diags, err_code, a, "second");
	diag_hint(&w->diags, "of the second");
	diag_note(&w->diags, ab, "of the second");
	diag_at(&w->diags, err_code, ab, "another place");
	assert_int_equal(w->diags.errors, 2);
	assert_print(w, "x:1:1: error(E): first\n"
			"    1 | ab\n"
			"      | ^\n"
			"x:1:1: error(E): another place\n"
			"    1 | ab\n"
			"      | ^~\n");
	for (uint32_t i = 0; i < 200000; i++)
		diag_at(&w->diags, err_code, (struct span){1, 2 + i % 1000}, "many");
	assert_int_equal(w->diags.errors, 1000);
}

static void places_without_text(void **state)
{
	struct world *w = *state;

	diag_file(&w->diags, err_code, "t.json", 3, 9, "bad sample");
	diag_hint(&w->diags, "see agentcg(5)");
	diag_file(&w->diags, err_code, "out.csv", 0, 0, "no room");
	diag_at(&w->diags, err_code, (struct span){0, 0}, "usage");
	diag_note(&w->diags, (struct span){0, 0}, "no place");
	assert_print(w, "t.json:3:9: error(E): bad sample\n"
			"  see agentcg(5)\n"
			"out.csv: error(E): no room\n"
			"agentcg: error(E): usage\n"
			"note: no place\n");
	w->diags.sources = NULL;
	diag_at(&w->diags, err_code, (struct span){5, 6}, "no texts");
	assert_non_null(strstr(print(w), "agentcg: error(E): no texts\n"));
}

static void colour_only_adds_escapes(void **state)
{
	struct world *w = *state;
	struct source *s = add(w, "x", "ab");
	struct buf colour = {0}, bare = {0};

	diag_at(&w->diags, err_code, find(s, "b"), "t");
	diag_hint(&w->diags, "h");
	diag_note(&w->diags, find(s, "a"), "n");
	diags_print(&w->diags, DIAG_TEXT_COLOUR, &colour);
	assert_non_null(strchr(colour.s, '\033'));
	for (const char *p = colour.s; *p; p++) {
		if (*p == '\033')
			p = strchr(p, 'm');
		else
			buf_putc(&bare, *p);
	}
	diags_print(&w->diags, DIAG_TEXT, &w->out);
	assert_string_equal(bare.s, w->out.s);
	buf_free(&colour);
	buf_free(&bare);
}

static void json_is_read_by_others(void **state)
{
	struct world *w = *state;
	struct source *a = add(w, "a \"q\".acg", "use \"b\"\n");
	struct source *b = add(w, "b.acg", "one\ntwo three\n");
	json_t *j;
	const char *line;

	b->used_at = find(a, "use");
	diag_at(&w->diags, err_code, find(b, "two"), "say \"x\"\\ \xff");
	diag_hint(&w->diags, "h");
	diag_note(&w->diags, find(a, "\"b\""), "n");
	for (int i = 0; i < 30; i++)
		diag_file(&w->diags, err_code, "f", 0, 0, "no place");
	diags_print(&w->diags, DIAG_JSON, &w->out);

	line = w->out.s;
	j = json_loads(line, JSON_DISABLE_EOF_CHECK, NULL);
	assert_non_null(j);
	assert_string_equal(json_string_value(json_object_get(j, "severity")), "error");
	assert_string_equal(json_string_value(json_object_get(j, "code")),
			    diag_code_name(err_code));
	assert_string_equal(json_string_value(json_object_get(j, "file")), "b.acg");
	assert_int_equal(json_integer_value(json_object_get(j, "line")), 2);
	assert_int_equal(json_integer_value(json_object_get(j, "column")), 1);
	assert_int_equal(json_integer_value(json_object_get(j, "end_line")), 2);
	assert_int_equal(json_integer_value(json_object_get(j, "end_column")), 4);
	assert_string_equal(json_string_value(json_object_get(j, "text")),
			    "say \"x\"\\ \xef\xbf\xbd");
	assert_string_equal(json_string_value(json_object_get(j, "hint")), "h");
	json_t *note = json_object_get(j, "note");
	assert_string_equal(json_string_value(json_object_get(note, "text")), "n");
	assert_string_equal(json_string_value(json_object_get(note, "file")), "a \"q\".acg");
	json_t *used = json_array_get(json_object_get(j, "used_at"), 0);
	assert_int_equal(json_integer_value(json_object_get(used, "line")), 1);
	json_decref(j);

	/* Programs get all of them, one a line. */
	int lines = 0;
	while ((line = strchr(line, '\n')) && *++line) {
		j = json_loads(line, JSON_DISABLE_EOF_CHECK, NULL);
		assert_non_null(j);
		assert_true(json_is_null(json_object_get(j, "line")));
		json_decref(j);
		lines++;
	}
	assert_int_equal(lines, 30);
}

static void nearest_names(void **state)
{
	(void)state;
	const char *const heads[] = {"cgroup", "measure", "machine", "at", "param", "policy"};
	const char *const twins[] = {"abcd", "abce"};
	char endless[500];

	assert_string_equal(diag_nearest("cgruop", heads, ARRAY_LEN(heads)), "cgroup");
	assert_string_equal(diag_nearest("polcy", heads, ARRAY_LEN(heads)), "policy");
	assert_string_equal(diag_nearest("parram", heads, ARRAY_LEN(heads)), "param");
	assert_string_equal(diag_nearest("mesure", heads, ARRAY_LEN(heads)), "measure");
	assert_string_equal(diag_nearest("aT", heads, ARRAY_LEN(heads)), "at");
	assert_null(diag_nearest("elephant", heads, ARRAY_LEN(heads)));
	assert_null(diag_nearest("cup", heads, ARRAY_LEN(heads)));
	assert_string_equal(diag_nearest("abcx", twins, 2), "abcd");
	assert_string_equal(diag_nearest("abce", twins, 2), "abce");
	assert_null(diag_nearest("x", NULL, 0));
	memset(endless, 'a', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	const char *const long_one[] = {endless};
	assert_null(diag_nearest(endless, long_one, 1));
	assert_null(diag_nearest("aaaa", long_one, 1));
}

static void codes_are_unique_and_named(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < DIAG_NCODES; i++) {
		const char *name = diag_code_name((enum diag_code)i);

		assert_true(name[0] == 'E' || (name[0] == 'W' && name[1] == '8'));
		assert_int_equal(strlen(name), 4);
		assert_true(strlen(diag_code_summary((enum diag_code)i)) > 0);
		for (unsigned int k = 0; k < i; k++)
			assert_string_not_equal(name, diag_code_name((enum diag_code)k));
	}
}

#define world_test(f) cmocka_unit_test_setup_teardown(f, make_world, free_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    world_test(an_error_is_shown),
	    world_test(tabs_and_wide_letters_keep_the_caret_in_place),
	    world_test(bad_bytes_are_not_passed_on),
	    world_test(spans_end_with_their_line),
	    world_test(long_lines_are_cut_around_the_caret),
	    world_test(no_line_is_too_strange),
	    world_test(imports_are_named),
	    world_test(diagnostics_are_ordered_and_counted),
	    world_test(one_place_is_reported_once),
	    world_test(places_without_text),
	    world_test(colour_only_adds_escapes),
	    world_test(json_is_read_by_others),
	    cmocka_unit_test(nearest_names),
	    cmocka_unit_test(codes_are_unique_and_named),
	};

	return cmocka_run_group_tests(tests, find_codes, NULL);
}
