/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arenas, vectors, symbols, byte strings and the files they are written to */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/intern.h"
#include "base/mem.h"
#include "base/sort.h"
#include "base/vec.h"

static void assert_zero(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_int_equal(p[i], 0);
}

static void arena_alignment(void **state)
{
	(void)state;
	struct arena a = {0};

	for (size_t n = 0; n < 3000; n++) {
		char *p = arena_alloc(&a, n);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % 8, 0);
		assert_zero(p, n);
		memset(p, 0xff, n);
	}
	arena_free(&a);
	assert_null(a.blocks);
	assert_non_null(arena_alloc(&a, 1));
	arena_free(&a);
}

static void arena_empty_objects_differ(void **state)
{
	(void)state;
	struct arena a = {0};
	char *p = arena_alloc(&a, 0), *q = arena_alloc(&a, 0);

	assert_non_null(p);
	assert_ptr_not_equal(p, q);
	arena_free(&a);
}

static void arena_huge_blocks(void **state)
{
	(void)state;
	struct arena a = {0};
	const size_t huge = ((size_t)6 << 20) - 64; /* leaves nearly no room in its block */
	char *small = arena_alloc(&a, 8);
	char *p = arena_alloc(&a, huge);
	char *after = arena_alloc(&a, 8);

	assert_zero(p, huge);
	memset(p, 1, huge);
	/* The block in use had more room left than the big object's: it is still the one in use. */
	assert_ptr_equal(after, small + 8);
	/* An aligned block begins at most a header before its first object. */
	assert_true((uintptr_t)p % ((uintptr_t)2 << 20) < 64);

	arena_reset(&a);
	assert_int_equal(a.bytes, 0);
	p = arena_alloc(&a, huge);
	assert_zero(p, huge);
	arena_free(&a);
}

static void arena_reset_zeroes_what_was_used(void **state)
{
	(void)state;
	struct arena a = {0};

	for (int round = 0; round < 4; round++) {
		for (size_t n = 1; n < 200000; n = n * 3 / 2 + 1) {
			char *p = arena_alloc(&a, n);

			assert_zero(p, n);
			memset(p, 0xa5, n);
		}
		arena_reset(&a);
	}
	arena_free(&a);
}

static void arena_texts(void **state)
{
	(void)state;
	struct arena a = {0};
	char wide[1000];

	memset(wide, 'x', sizeof(wide));
	wide[sizeof(wide) - 1] = '\0';
	assert_string_equal(arena_strndup(&a, "abcdef", 3), "abc");
	assert_string_equal(arena_strndup(&a, NULL, 0), "");
	assert_string_equal(arena_printf(&a, "%d-%s", 7, "y"), "7-y");
	assert_string_equal(arena_printf(&a, "%s", wide), wide);
	assert_memory_equal(arena_dup(&a, "\0\1\2", 3), "\0\1\2", 3);
	arena_free(&a);
}

/* The child's exit status after it asked for too much, with its stderr thrown away. */
static int status_after(void (*ask)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, STDERR_FILENO);
		ask();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void ask_overflowing_array(void)
{
	struct arena a = {0};

	arena_alloc_array(&a, SIZE_MAX / 4, 8);
}

static void ask_wrapping_size(void)
{
	struct arena a = {0};
	size_t n = SIZE_MAX - 3;

	arena_alloc(&a, n);
}

static void ask_overflowing_vector(void)
{
	VEC(uint64_t) v = {0};

	vec_reserve(&v, SIZE_MAX / 4);
}

static void exhaustion_ends_with_status_5(void **state)
{
	(void)state;
	assert_int_equal(status_after(ask_overflowing_array), 5);
	assert_int_equal(status_after(ask_wrapping_size), 5);
	assert_int_equal(status_after(ask_overflowing_vector), 5);
}

static void vectors_grow(void **state)
{
	(void)state;
	VEC(uint32_t) v = {0};
	uint32_t *it, sum = 0;

	for (uint32_t i = 0; i < 10000; i++)
		vec_push(&v, i);
	assert_int_equal(v.n, 10000);
	assert_int_equal(*vec_last(&v), 9999);
	vec_foreach (it, &v)
		sum += *it;
	assert_int_equal(sum, 49995000);
	vec_clear(&v);
	assert_int_equal(v.n, 0);
	assert_true(v.cap >= 10000);
	vec_free(&v);
	assert_null(v.v);
}

static void interning(void **state)
{
	(void)state;
	struct arena a = {0};
	struct intern t = {.arena = &a};
	char name[64];

	assert_null(intern_find(&t, "x", 1));
	for (int i = 0; i < 20000; i++) {
		int n = snprintf(name, sizeof(name), "name_%d_%.*s", i, i % 30,
				 "abcdefghijklmnopqrstuvwxyz0123");
		const struct sym *y = intern(&t, name, (size_t)n);

		assert_int_equal(y->id, i);
		assert_int_equal(y->len, n);
		assert_string_equal(y->s, name);
		assert_ptr_equal(intern(&t, name, (size_t)n), y);
		assert_ptr_equal(intern_find(&t, name, (size_t)n), y);
	}
	assert_int_equal(t.n, 20000);
	assert_null(intern_find(&t, "name_", 5));
	/* A prefix, nothing at all, and a NUL inside are names of their own. */
	assert_ptr_not_equal(intern(&t, "ab", 1), intern(&t, "ab", 2));
	assert_int_equal(intern(&t, "", 0)->len, 0);
	assert_ptr_not_equal(intern(&t, "a\0b", 3), intern(&t, "a\0c", 3));
	intern_free(&t);
	arena_free(&a);
}

static void buffers(void **state)
{
	(void)state;
	struct buf b = {0};

	assert_string_equal(buf_str(&b), "");
	buf_puts(&b, "ab");
	buf_putc(&b, 'c');
	buf_pad(&b, '-', 3);
	buf_printf(&b, "%05d", 42);
	buf_put(&b, "xyz", 2);
	assert_string_equal(buf_str(&b), "abc---00042xy");
	buf_clear(&b);
	assert_string_equal(buf_str(&b), "");
	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "%s", "0123456789");
	assert_int_equal(b.n, 10000);
	assert_int_equal(strlen(b.s), 10000);
	buf_free(&b);
	assert_null(b.s);
}

static void json_strings(void **state)
{
	(void)state;
	static const struct {
		const char *in;
		size_t n;
		const char *out;
	} cases[] = {
	    {"", 0, "\"\""},
	    {"plain", 5, "\"plain\""},
	    {"a\"b\\c", 5, "\"a\\\"b\\\\c\""},
	    {"\n\t\r\x01\x7f", 5, "\"\\n\\t\\r\\u0001\\u007f\""},
	    {"\0", 1, "\"\\u0000\""},
	    {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\""},
	    {"\xc3", 1, "\"\xef\xbf\xbd\""},				     /* cut short */
	    {"\xc0\xaf", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\""},		     /* overlong */
	    {"\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}, /* surrogate */
	    {"\xff!", 2, "\"\xef\xbf\xbd!\""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf b = {0};

		buf_json_string(&b, cases[i].in, cases[i].n);
		assert_string_equal(buf_str(&b), cases[i].out);
		buf_free(&b);
	}
}

/* ---- files ---------------------------------------------------------------------------------- */

static char dir[] = "/tmp/agentcg-unit-XXXXXX";

static int make_dir(void **state)
{
	(void)state;
	strcpy(strrchr(dir, '-'), "-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	char path[600];
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		unlink(path);
	}
	if (d)
		closedir(d);
	return rmdir(dir);
}

static int count_entries(void)
{
	int n = 0;
	DIR *d = opendir(dir);

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static const char *in_dir(const char *name)
{
	static char path[300];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void assert_content(const char *path, const char *want)
{
	char got[100] = "";
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_true(read(fd, got, sizeof(got) - 1) >= 0);
	close(fd);
	assert_string_equal(got, want);
}

static int write_file(const char *text, const char *path)
{
	struct buf b = {0};
	int err;

	buf_puts(&b, text);
	err = buf_write_file(&b, path);
	buf_free(&b);
	return err;
}

static void files_are_replaced(void **state)
{
	(void)state;
	char path[300];
	struct stat st;
	mode_t old = umask(027);

	strcpy(path, in_dir("f"));
	assert_int_equal(write_file("one", path), 0);
	umask(old);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(chmod(path, 0604), 0);
	assert_int_equal(write_file("two", path), 0);
	assert_content(path, "two");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0604);
	assert_int_equal(count_entries(), 1);
}

static void links_keep_pointing(void **state)
{
	(void)state;
	char target[300], alias[300];
	struct stat st;

	strcpy(target, in_dir("target"));
	strcpy(alias, in_dir("alias"));
	assert_int_equal(write_file("one", target), 0);
	assert_int_equal(symlink("target", alias), 0);
	assert_int_equal(write_file("two", alias), 0);
	assert_int_equal(lstat(alias, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_content(target, "two");
}

static void failure_leaves_nothing(void **state)
{
	(void)state;
	char path[300];
	struct rlimit old, small;
	struct buf b = {0};

	assert_int_equal(write_file("x", in_dir("no/such/f")), -ENOENT);
	assert_int_equal(write_file("x", dir), -EISDIR);
	assert_int_equal(count_entries(), 0);

	strcpy(path, in_dir("f"));
	assert_int_equal(write_file("old", path), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 1000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	signal(SIGXFSZ, SIG_IGN);
	buf_pad(&b, 'x', 5000);
	int err = buf_write_file(&b, path);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	signal(SIGXFSZ, SIG_DFL);
	buf_free(&b);
	assert_int_equal(err, -EFBIG);
	assert_content(path, "old");
	assert_int_equal(count_entries(), 1);
}

static void devices_are_written_to(void **state)
{
	(void)state;
	struct stat st;

	assert_int_equal(write_file("x", "/dev/full"), -ENOSPC);
	assert_int_equal(write_file("x", "/dev/null"), 0);
	assert_int_equal(stat("/dev/full", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
}

static int by_value(const void *a, const void *b)
{
	const int *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* All texts of five letters, as it were; sum tells that none was lost. */
static void sort_puts_in_order(void **state)
{
	(void)state;
	sort_ordered(NULL, 0, sizeof(int), by_value);
	for (int i = 0; i < 5 * 5 * 5 * 5 * 5; i++) {
		int v[] = {i % 5, i / 5 % 5, i / 25 % 5, i / 125 % 5, i / 625}, sum = 0;

		for (size_t k = 0; k < 5; k++)
			sum += v[k] << 3 * v[k];
		sort_ordered(v, 5, sizeof *v, by_value);
		for (size_t k = 0; k < 5; k++) {
			sum -= v[k] << 3 * v[k];
			assert_true(!k || v[k - 1] <= v[k]);
		}
		assert_int_equal(sum, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(arena_alignment),
	    cmocka_unit_test(arena_empty_objects_differ),
	    cmocka_unit_test(arena_huge_blocks),
	    cmocka_unit_test(arena_reset_zeroes_what_was_used),
	    cmocka_unit_test(arena_texts),
	    cmocka_unit_test(sort_puts_in_order),
	    cmocka_unit_test(exhaustion_ends_with_status_5),
	    cmocka_unit_test(vectors_grow),
	    cmocka_unit_test(interning),
	    cmocka_unit_test(buffers),
	    cmocka_unit_test(json_strings),
	    cmocka_unit_test_setup_teardown(files_are_replaced, make_dir, remove_dir),
	    cmocka_unit_test_setup_teardown(links_keep_pointing, make_dir, remove_dir),
	    cmocka_unit_test_setup_teardown(failure_leaves_nothing, make_dir, remove_dir),
	    cmocka_unit_test(devices_are_written_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
