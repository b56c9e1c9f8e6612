/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_list.c - finding scenarios and the tables beside them (test.h) */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/test.h"

#define MAX_DEPTH 32

int test_read_file(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;
	char chunk[4096];
	ssize_t n;

	if (fd < 0)
		return -errno;
	while ((n = read(fd, chunk, sizeof chunk)) > 0)
		buf_put(out, chunk, (size_t)n);
	err = n < 0 ? -errno : 0;
	close(fd);
	return err;
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n > m && !strcmp(s + n - m, end);
}

/* NAME without its suffix, and both suffixes behind it */
static struct test test_of(struct tests *t, const char *name, size_t n)
{
	return (struct test){
	    .scenario = arena_printf(&t->arena, "%.*s.acg", (int)n, name),
	    .table = arena_printf(&t->arena, "%.*s.table", (int)n, name),
	};
}

struct test test_named(struct tests *t, const char *name)
{
	size_t n = strlen(name);

	if (ends_with(name, ".acg"))
		n -= strlen(".acg");
	else if (ends_with(name, ".table"))
		n -= strlen(".table");
	return test_of(t, name, n);
}

static bool cannot_read(struct cmd *c, const char *path, int err)
{
	diag_file(&c->diags, E_TEST_FILE, path, 0, 0, "cannot read it: %s", strerror(err));
	return false;
}

static int wanted(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static bool find_in(struct cmd *c, struct tests *t, const char *path, int depth)
{
	struct dirent **list;
	int n = depth < MAX_DEPTH ? scandir(path, &list, wanted, alphasort) : (errno = ELOOP, -1);
	bool ok = true;

	if (n < 0)
		return cannot_read(c, path, errno);
	for (int i = 0; i < n; i++) {
		const char *name = list[i]->d_name;
		const char *full = !strcmp(path, ".")
				       ? arena_strndup(&t->arena, name, strlen(name))
				       : arena_printf(&t->arena, "%s%s%s", path,
						      ends_with(path, "/") ? "" : "/", name);
		struct stat st;

		free(list[i]);
		if (lstat(full, &st))
			continue; /* gone since */
		if (S_ISDIR(st.st_mode))
			ok &= find_in(c, t, full, depth + 1);
		else if (ends_with(full, ".acg"))
			vec_push(&t->list, test_named(t, full));
	}
	free(list);
	return ok;
}

static bool find(struct cmd *c, struct tests *t, const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return cannot_read(c, path, errno);
	if (S_ISDIR(st.st_mode))
		return find_in(c, t, path, 0);
	if (ends_with(path, ".acg")) {
		vec_push(&t->list, test_named(t, path));
		return true;
	}
	diag_file(&c->diags, E_TEST_FILE, path, 0, 0, "a scenario's name ends in .acg");
	return false;
}

bool tests_find(struct cmd *c, struct tests *out)
{
	bool ok = true;

	for (size_t i = 0; i < c->opt.operands.n; i++)
		ok &= find(c, out, c->opt.operands.v[i]);
	if (!c->opt.operands.n)
		ok = find_in(c, out, ".", 0);
	return ok;
}

void tests_free(struct tests *t)
{
	for (size_t i = 0; i < t->list.n; i++)
		buf_free(&t->list.v[i].details);
	vec_free(&t->list);
	arena_free(&t->arena);
}
