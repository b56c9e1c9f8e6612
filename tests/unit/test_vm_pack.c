/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_vm_pack.c - archives, what programs need, what commands name */
#include "unit.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "vm/elf.h"
#include "vm/pack.h"

/* ---- a reader of archives ----------------------------------------------------------------------
 */

struct entry {
	char path[512];
	unsigned mode;
	const char *bytes;
	unsigned size;
};

struct archive {
	char *text;
	size_t n;
	struct entry v[2000];
	size_t entries;
};

static unsigned field(const char *header, int k)
{
	char hex[9] = "";

	memcpy(hex, header + 6 + 8 * k, 8);
	return (unsigned)strtoul(hex, NULL, 16);
}

/* As usr/init/initramfs.c reads it: headers and contents padded to 4 bytes. */
static void read_archive(int fd, struct archive *a)
{
	struct stat st;
	size_t at = 0;

	assert_int_equal(fstat(fd, &st), 0);
	a->n = (size_t)st.st_size;
	a->text = malloc(a->n);
	assert_int_equal(pread(fd, a->text, a->n, 0), (ssize_t)a->n);
	a->entries = 0;
	for (;;) {
		const char *h = a->text + at;
		struct entry *e = &a->v[a->entries];
		unsigned name = field(h, 11);

		assert_true(at + 110 + name <= a->n);
		assert_memory_equal(h, "070701", 6);
		assert_int_equal(h[110 + name - 1], '\0');
		snprintf(e->path, sizeof e->path, "%s", h + 110);
		e->mode = field(h, 1);
		e->size = field(h, 6);
		at = (at + 110 + name + 3) & ~(size_t)3;
		e->bytes = a->text + at;
		assert_true(at + e->size <= a->n);
		at = (at + e->size + 3) & ~(size_t)3;
		if (!strcmp(e->path, "TRAILER!!!"))
			break;
		/* Once each, and a folder before what is in it. */
		assert_true(e->path[0] != '/');
		for (size_t i = 0; i < a->entries; i++)
			assert_string_not_equal(a->v[i].path, e->path);
		a->entries++;
		assert_true(a->entries < ARRAY_LEN(a->v));
	}
	assert_int_equal(at, a->n);
}

static const struct entry *find(const struct archive *a, const char *path)
{
	for (size_t i = 0; i < a->entries; i++)
		if (!strcmp(a->v[i].path, path + (path[0] == '/')))
			return &a->v[i];
	return NULL;
}

static bool holds(const struct archive *a, const char *path, unsigned type, const char *text)
{
	const struct entry *e = find(a, path);

	return e && (e->mode & S_IFMT) == type &&
	       (!text || (e->size == strlen(text) && !memcmp(e->bytes, text, e->size)));
}

static struct archive archive;

/* ---- archives ----------------------------------------------------------------------------------
 */

static void the_kernel_can_read_an_archive(void **state)
{
	int fd = memfd_create("cpio", 0), file = memfd_create("file", 0);
	struct cpio c;
	char command[256], line[512];
	FILE *f;

	(void)state;
	assert_int_equal(write(file, "0123456789", 10), 10);
	cpio_begin(&c, fd);
	cpio_dir(&c, "/dir", 0750);
	cpio_text(&c, "/dir/empty", 0644, "", 0);
	cpio_text(&c, "/dir/abc", 0755, "abc", 3);
	cpio_link(&c, "/dir/link", "../other");
	cpio_file(&c, "/dir/file", 0600, file, 10);
	assert_int_equal(cpio_end(&c), 0);
	read_archive(fd, &archive);
	assert_int_equal(archive.entries, 5);
	assert_int_equal(find(&archive, "/dir")->mode, S_IFDIR | 0750);
	assert_int_equal(find(&archive, "/dir/abc")->mode, S_IFREG | 0755);
	assert_true(holds(&archive, "/dir/abc", S_IFREG, "abc"));
	assert_true(holds(&archive, "/dir/empty", S_IFREG, ""));
	assert_true(holds(&archive, "/dir/link", S_IFLNK, "../other"));
	assert_true(holds(&archive, "/dir/file", S_IFREG, "0123456789"));
	free(archive.text);

	/* And cpio agrees, where it is installed. */
	snprintf(command, sizeof command,
		 "command -v cpio >/dev/null || exit 9; cpio -t --quiet </proc/%d/fd/%d",
		 (int)getpid(), fd);
	f = popen(command, "r");
	assert_non_null(f);
	line[fread(line, 1, sizeof line - 1, f)] = '\0';
	if (pclose(f) == 0)
		assert_string_equal(line, "dir\ndir/empty\ndir/abc\ndir/link\ndir/file\n");
	close(fd);

	/* A file that became shorter is an error, and stays one. */
	fd = memfd_create("cpio", 0);
	cpio_begin(&c, fd);
	cpio_file(&c, "/file", 0600, file, 11);
	cpio_text(&c, "/x", 0600, "x", 1);
	assert_int_equal(cpio_end(&c), -EIO);
	close(fd);
	close(file);
	fd = open("/dev/full", O_WRONLY);
	cpio_begin(&c, fd);
	cpio_text(&c, "/x", 0600, "x", 1);
	assert_int_equal(cpio_end(&c), -ENOSPC);
	close(fd);
}

static void paths_lead_to_the_same_files(void **state)
{
	char dir[] = "/tmp/agentcg-test.XXXXXX", command[512], path[256];
	int fd = memfd_create("cpio", 0);
	struct arena a = {0};
	struct diags d;
	struct pack p;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(command, sizeof command,
		 "cd %s && mkdir -p real/sub && echo text >real/sub/file && ln -s real link && "
		 "ln -s %s/real/sub absolute && ln -s loop loop && echo other >real/other && "
		 "mkfifo fifo",
		 dir, dir);
	assert_int_equal(system(command), 0);
	diags_init(&d, NULL);
	pack_begin(&p, fd, &a, &d);
#define AT(rest) (snprintf(path, sizeof path, "%s/%s", dir, rest), path)
	assert_int_equal(pack_path(&p, AT("link/sub/file")), 0);
	assert_int_equal(pack_path(&p, AT("absolute/../other")), 0);
	assert_int_equal(pack_path(&p, AT("real/sub/file")), 0);
	assert_int_equal(pack_text(&p, AT("link/new"), "new", 3), 0);
	assert_int_equal(d.errors, 0);
	assert_int_equal(pack_path(&p, AT("nothing")), -ENOENT);
	assert_int_equal(pack_text(&p, AT("nowhere/new"), "new", 3), -ENOENT);
	assert_int_equal(d.errors, 0);
	assert_int_equal(pack_path(&p, AT("loop")), -ELOOP);
	assert_int_equal(pack_path(&p, AT("fifo")), -EINVAL);
	assert_int_equal(pack_path(&p, "/proc/version"), -EINVAL);
	assert_int_equal(pack_path(&p, "/dev/null"), -EINVAL);
	assert_int_equal(d.errors, 4);
	assert_int_equal(pack_end(&p), 0);
	read_archive(fd, &archive);
	assert_true(holds(&archive, dir, S_IFDIR, NULL));
	assert_true(holds(&archive, AT("link"), S_IFLNK, "real"));
	assert_true(holds(&archive, AT("absolute"), S_IFLNK, NULL));
	assert_true(holds(&archive, AT("real/sub/file"), S_IFREG, "text\n"));
	assert_true(holds(&archive, AT("real/other"), S_IFREG, "other\n"));
	assert_true(holds(&archive, AT("real/new"), S_IFREG, "new"));
	assert_null(find(&archive, AT("link/sub")));
#undef AT
	free(archive.text);
	snprintf(command, sizeof command, "rm -r %s", dir);
	assert_int_equal(system(command), 0);
	diags_free(&d);
	arena_free(&a);
	close(fd);
}

/* ---- programs ----------------------------------------------------------------------------------
 */

static void *load(const char *path, size_t *n)
{
	struct stat st;
	int fd = open(path, O_RDONLY);
	char *text;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	text = malloc((size_t)st.st_size);
	assert_int_equal(read(fd, text, (size_t)st.st_size), st.st_size);
	close(fd);
	*n = (size_t)st.st_size;
	return text;
}

/* This program itself: dynamic, and it needs cmocka and the C library. */
static void what_a_program_needs_is_read(void **state)
{
	struct arena a = {0};
	struct elf e;
	size_t n, libc = 0, cmocka = 0;
	unsigned char *bytes = load("/proc/self/exe", &n);

	(void)state;
	assert_int_equal(elf_read(&a, bytes, n, &e), 0);
	assert_non_null(e.interp);
	assert_int_equal(access(e.interp, X_OK), 0);
	for (size_t i = 0; i < e.nneeded; i++) {
		libc += !strncmp(e.needed[i], "libc.so", 7);
		cmocka += !strncmp(e.needed[i], "libcmocka.so", 12);
	}
	assert_int_equal(libc, 1);
	assert_int_equal(cmocka, 1);

	/* Cut off, or with any byte of its headers changed: an answer or an error, never a crash.
	 */
	for (size_t cut = 0; cut < 4096; cut += 7)
		(void)elf_read(&a, bytes, cut, &e);
	for (size_t i = 0; i < 1024; i++) {
		unsigned char was = bytes[i];

		bytes[i] = (unsigned char)~was;
		(void)elf_read(&a, bytes, n, &e);
		bytes[i] = was;
	}
	/* A dynamic section that lies outside. */
	for (unsigned k = 0; k < ((Elf64_Ehdr *)(void *)bytes)->e_phnum; k++) {
		Elf64_Phdr *ph = (Elf64_Phdr *)(void *)(bytes + sizeof(Elf64_Ehdr)) + k;

		if (ph->p_type == PT_DYNAMIC)
			ph->p_offset = n;
	}
	assert_int_equal(elf_read(&a, bytes, n, &e), -EBADMSG);
	assert_int_equal(elf_read(&a, "#!/bin/sh\n", 10, &e), -ENOEXEC);
	free(bytes);
	arena_free(&a);
}

/* The real thing: everything that is packed for a shell is enough to run it in a chroot. */
static void a_packed_program_starts_elsewhere(void **state)
{
	char dir[] = "/tmp/agentcg-test.XXXXXX", command[512], script[64];
	int fd = memfd_create("cpio", 0);
	const char *missing = NULL;
	struct arena a = {0};
	struct diags d;
	struct pack p;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(script, sizeof script, "%s/script", dir);
	snprintf(command, sizeof command,
		 "printf '#!/bin/sh\\necho ran\\n' >%s && chmod +x %s && echo 1 >%s/in && "
		 "echo 2 >%s/arg && echo 3 >%s/other",
		 script, script, dir, dir, dir);
	assert_int_equal(system(command), 0);
	diags_init(&d, NULL);
	pack_begin(&p, fd, &a, &d);
	assert_int_equal(pack_program(&p, script), 0);
	assert_int_equal(pack_command(&p, "sort </dev/null | FOO=1 head -n 1", &missing), 0);
	snprintf(command, sizeof command, "sort '%s/arg' %s/none <%s/in >/dev/null", dir, dir, dir);
	assert_int_equal(pack_command(&p, command, &missing), 0);
	assert_int_equal(pack_command(&p, "no-such-program-here", &missing), -ENOENT);
	assert_string_equal(missing, "no-such-program-here");
	assert_int_equal(d.errors, 0);
	assert_int_equal(pack_end(&p), 0);
	read_archive(fd, &archive);
	assert_non_null(find(&archive, script));
	snprintf(command, sizeof command, "%s/in", dir);
	assert_non_null(find(&archive, command));
	snprintf(command, sizeof command, "%s/arg", dir);
	assert_non_null(find(&archive, command));
	snprintf(command, sizeof command, "%s/other", dir);
	assert_null(find(&archive, command)); /* nobody names it */
	free(archive.text);
	snprintf(command, sizeof command,
		 "command -v cpio >/dev/null && [ \"$(id -u)\" = 0 ] || exit 0; mkdir %s/root && "
		 "cd %s/root && cpio -id --quiet </proc/%d/fd/%d && "
		 "[ \"$(chroot . %s)\" = ran ] && [ \"$(echo b | chroot . sort | chroot . head -n "
		 "1)\" = b ]",
		 dir, dir, (int)getpid(), fd, script);
	assert_int_equal(system(command), 0);
	snprintf(command, sizeof command, "rm -r %s", dir);
	assert_int_equal(system(command), 0);
	diags_free(&d);
	arena_free(&a);
	close(fd);
}

/* ---- commands ----------------------------------------------------------------------------------
 */

static void assert_words(const char *command, const char *expected)
{
	struct arena a = {0};
	const char *const *v;
	struct buf b = {0};
	size_t n;

	pack_command_words(command, &a, &v, &n);
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s%s", i ? " " : "", v[i]);
	if (strcmp(buf_str(&b), expected))
		fail_msg("%s: `%s`, not `%s`", command, buf_str(&b), expected);
	buf_free(&b);
	arena_free(&a);
}

static void commands_name_their_programs(void **state)
{
	(void)state;
	assert_words("", "");
	assert_words("sleep 3", "sleep");
	assert_words("./run.sh --fast", "./run.sh");
	assert_words("cd /x && python3 -m pytest -q 2>&1 | tail -n 5", "python3 tail");
	assert_words("A=1 B='two words' make -j2; echo done", "make");
	assert_words("if test -f x; then cat x; else touch x; fi", "cat touch");
	assert_words("for f in a b c; do gcc -c $f; done", "gcc");
	assert_words("echo \"a | b; c\" 'd && e' >out.txt", "");
	assert_words("\"my prog\" x", "my prog");
	assert_words("$CC x.c; `which cc` y.c", "which");
	assert_words("x=$(date +%s) sort <in >out", "date sort");
	assert_words("timeout -k 5 10 stress-ng --vm 1", "timeout stress-ng");
	assert_words("env FOO=1 nice -n 5 git status", "env nice git");
	assert_words("exec sleep 1 # sort everything", "sleep");
	assert_words("a & b\nc; a", "a b c");
	assert_words("diff <(sort a) <(uniq b)", "diff sort uniq");
	assert_words("cat <<EOF", "cat");
	assert_words("\\ls -l", "ls");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_kernel_can_read_an_archive),
	    cmocka_unit_test(paths_lead_to_the_same_files),
	    cmocka_unit_test(what_a_program_needs_is_read),
	    cmocka_unit_test(a_packed_program_starts_elsewhere),
	    cmocka_unit_test(commands_name_their_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
