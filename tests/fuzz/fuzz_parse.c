/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_parse.c - any bytes: no crash, no leak, every error has a place.  What parses is formatted:
 * the result must parse to the same tree, keep all comments, and be its own canonical form.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lang/parse.h"
#include "lang/print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *what, const struct buf *a, const struct buf *b)
{
	fprintf(stderr, "%s\n--- first\n%s\n--- second\n%s\n", what, buf_str(a), buf_str(b));
	abort();
}

static bool same(const struct buf *a, const struct buf *b)
{
	return a->n == b->n && !memcmp(buf_str(a), buf_str(b), a->n);
}

/* Of a text without errors: `#` outside quoted texts, up to the end of the line. */
static size_t count_comments(const struct buf *b)
{
	const char *p = buf_str(b), *end = p + b->n;
	size_t n = 0;

	for (; p < end; p++) {
		if (*p == '"')
			for (p++; p < end && *p != '"'; p++)
				p += *p == '\\';
		else if (*p == '#') {
			n++;
			while (p < end && *p != '\n')
				p++;
		}
	}
	return n;
}

/* Parse; the tree and the canonical form, if there were no errors. */
static bool parse(const char *text, size_t n, struct buf *tree, struct buf *fmt)
{
	struct unit u;
	struct buf messages = {0};
	const struct diag *g;
	bool ok;

	unit_init(&u);
	parse_only(&u, "fuzz", text, n);
	ok = !u.diags.errors;
	vec_foreach (g, &u.diags.list)
		if (!g->at.end || g->at.beg > g->at.end ||
		    !sources_locate(&u.sources, g->at.beg).src)
			abort();
	diags_print(&u.diags, DIAG_TEXT, &messages);
	if (ok) {
		print_tree(&u, u.files, tree);
		print_fmt(&u, u.files, fmt);
	}
	buf_free(&messages);
	unit_free(&u);
	return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf tree = {0}, fmt = {0}, tree2 = {0}, fmt2 = {0}, text = {0};

	buf_put(&text, data, size);
	if (parse((const char *)data, size, &tree, &fmt)) {
		if (!parse(buf_str(&fmt), fmt.n, &tree2, &fmt2))
			fail("the canonical form has errors", &fmt, &fmt2);
		if (!same(&tree, &tree2))
			fail("formatting changes the tree", &tree, &tree2);
		if (!same(&fmt, &fmt2))
			fail("formatting is not idempotent", &fmt, &fmt2);
		if (count_comments(&text) != count_comments(&fmt))
			fail("a comment is lost", &text, &fmt);
	}
	buf_free(&text);
	buf_free(&tree);
	buf_free(&fmt);
	buf_free(&tree2);
	buf_free(&fmt2);
	return 0;
}
