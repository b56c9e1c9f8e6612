/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_vm_kernel.c - names of kernels and packages, the image in a package, the cache */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "vm/fetch.h"
#include "vm/kernel.h"
#include "vm/untar.h"

static void names_are_told_apart(void **state)
{
	static const char *const bad[] = {"",	      "debian:",     "debian:6",    "debian:6.",
					  "debian:x", "debian:6.1x", "debian:6.1.", ".hidden",
					  "a b",      "..",	     "x:y"};
	struct kernel_name n;

	(void)state;
	assert_int_equal(kernel_parse("debian:6.12", &n), 0);
	assert_int_equal(n.kind, KERNEL_DEBIAN);
	assert_string_equal(n.series, "6.12");
	assert_string_equal(n.dir, "debian-6.12");
	assert_int_equal(kernel_parse("./vmlinuz", &n), 0);
	assert_int_equal(n.kind, KERNEL_PATH);
	assert_int_equal(kernel_parse("debian:/x", &n), 0);
	assert_int_equal(n.kind, KERNEL_PATH);
	assert_int_equal(kernel_parse("memcg-bpf", &n), 0);
	assert_int_equal(n.kind, KERNEL_CACHED);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (kernel_parse(bad[i], &n) != -EINVAL)
			fail_msg("`%s` was taken for a kernel", bad[i]);
}

static void packages_with_an_image_are_ranked(void **state)
{
	static const char *const none[] = {
	    "linux-image-6.12-cloud-amd64",	  "linux-image-cloud-amd64",
	    "linux-image-6.1.0-56-amd64",	  "linux-image-6.1.0-56-cloud-amd64-dbg",
	    "linux-headers-6.1.0-56-cloud-amd64", "linux-binary-unsigned-7.3.4+deb13-cloud-amd64",
	    "linux-image-6.1.0-56-rt-amd64",	  "linux-image-"};
	char r[64] = "unchanged";
	int signed_image, unsigned_image, binary;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		if (fetch_rank(none[i], r, sizeof r))
			fail_msg("`%s` was taken for a kernel image", none[i]);
	assert_string_equal(r, "unchanged");
	signed_image = fetch_rank("linux-image-6.1.0-56-cloud-amd64", r, sizeof r);
	assert_string_equal(r, "6.1.0-56-cloud-amd64");
	unsigned_image = fetch_rank("linux-image-6.1.0-56-cloud-amd64-unsigned", r, sizeof r);
	assert_string_equal(r, "6.1.0-56-cloud-amd64");
	binary = fetch_rank("linux-binary-7.3.4+deb13-cloud-amd64", r, sizeof r);
	assert_string_equal(r, "7.3.4+deb13-cloud-amd64");
	assert_true(0 < signed_image && signed_image < unsigned_image && unsigned_image < binary);
}

/* ---- tar --------------------------------------------------------------------------------------
 */

static bool is_b(void *ctx, const char *path)
{
	(void)ctx;
	return !strcmp(path, "./dir/b");
}

/* What `tar` makes of the files a, dir/b and dir/c, 1234 bytes of each name. */
static int make_tar(char *dir, int *size)
{
	char command[512];
	int fd;
	FILE *f;

	snprintf(command, sizeof command,
		 "cd %s && mkdir dir && for f in a dir/b dir/c; do "
		 "head -c 1234 /dev/zero | tr '\\0' \"${f#dir/}\" >$f; done && "
		 "tar --format=ustar -cf t.tar ./a ./dir/b ./dir/c",
		 dir);
	assert_int_equal(system(command), 0);
	snprintf(command, sizeof command, "%s/t.tar", dir);
	f = fopen(command, "r");
	assert_non_null(f);
	fd = memfd_create("tar", 0);
	*size = 0;
	for (int c; (c = fgetc(f)) != EOF; ++*size)
		assert_int_equal(write(fd, &(char){(char)c}, 1), 1);
	fclose(f);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static void one_file_comes_out_of_an_archive(void **state)
{
	char dir[] = "/tmp/agentcg-test.XXXXXX", command[64], b[2000], header[512];
	int size, fd, out = memfd_create("out", 0);

	(void)state;
	assert_non_null(mkdtemp(dir));
	fd = make_tar(dir, &size);
	assert_int_equal(untar_one(fd, is_b, NULL, out), 0);
	assert_int_equal(pread(out, b, sizeof b, 0), 1234);
	for (int i = 0; i < 1234; i++)
		assert_int_equal(b[i], 'b');

	/* Cut off inside dir/b, and inside a header. */
	for (int cut = 2048; cut < 4096; cut += 500) {
		lseek(fd, 0, SEEK_SET);
		assert_int_equal(ftruncate(fd, cut), 0);
		assert_int_equal(untar_one(fd, is_b, NULL, out), -EBADMSG);
		close(fd);
		snprintf(command, sizeof command, "rm -r %s/dir", dir);
		assert_int_equal(system(command), 0);
		fd = make_tar(dir, &size);
	}
	/* A header that is not what its sum says. */
	assert_int_equal(pread(fd, header, sizeof header, 0), 512);
	header[0] ^= 1;
	assert_int_equal(pwrite(fd, header, sizeof header, 0), 512);
	assert_int_equal(untar_one(fd, is_b, NULL, out), -EBADMSG);
	close(fd);
	close(out);
	snprintf(command, sizeof command, "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

/* ---- images and the cache ---------------------------------------------------------------------
 */

static void make_image(const char *path, const char *version)
{
	unsigned char head[0x400] = {0};
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	memcpy(head + 0x202, "HdrS", 4);
	head[0x20e] = 0x10;
	head[0x20f] = 0x01;
	memcpy(head + 0x310, version, strlen(version));
	assert_int_equal(fwrite(head, sizeof head, 1, f), 1);
	fclose(f);
}

static void the_cache_lists_finds_and_forgets(void **state)
{
	char cache[] = "/tmp/agentcg-test.XXXXXX", path[256];
	struct arena a = {0};
	struct diags d;
	struct kernel k;
	const struct kernel *v;
	size_t n;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(cache));
	diags_init(&d, NULL);
	assert_int_equal(kernel_list(&a, cache, &d, &v, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(kernel_find(&a, cache, "debian:6.1", &d, &k), -ENOENT);
	assert_int_equal(d.errors, 0);

	snprintf(path, sizeof path, "%s/kernels/debian-6.1", cache);
	assert_int_equal(kernel_make_dirs(path), 0);
	assert_int_equal(kernel_make_dirs(path), 0);
	snprintf(path, sizeof path, "%s/kernels/debian-6.1/vmlinuz", cache);
	make_image(path, "6.1.0-99-cloud-amd64 (x@y) #1 SMP");
	snprintf(path, sizeof path, "%s/kernels/debian-6.1/about", cache);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("name debian:6.1\npackage linux-image-x 6.1.9-1\n", f);
	fclose(f);
	/* A folder that is not complete is none. */
	snprintf(path, sizeof path, "%s/kernels/.debian-6.12.77", cache);
	assert_int_equal(kernel_make_dirs(path), 0);

	assert_int_equal(kernel_list(&a, cache, &d, &v, &n), 0);
	assert_int_equal(n, 1);
	assert_string_equal(v[0].name, "debian:6.1");
	assert_string_equal(v[0].release, "6.1.0-99-cloud-amd64");
	assert_string_equal(v[0].package, "linux-image-x 6.1.9-1");
	assert_int_equal(kernel_find(&a, cache, "debian:6.1", &d, &k), 0);
	assert_int_equal(k.bytes, 0x400);
	assert_int_equal(d.errors, 0);

	/* A path: a kernel, no kernel, nothing. */
	snprintf(path, sizeof path, "%s/kernels/debian-6.1/vmlinuz", cache);
	assert_int_equal(kernel_find(&a, cache, path, &d, &k), 0);
	snprintf(path, sizeof path, "%s/kernels/debian-6.1/about", cache);
	assert_int_equal(kernel_find(&a, cache, path, &d, &k), -ENOEXEC);
	assert_int_equal(kernel_find(&a, cache, "/nowhere/vmlinuz", &d, &k), -EINVAL);
	assert_int_equal(d.errors, 2);

	assert_int_equal(kernel_remove(cache, "debian:6.1", &d), 0);
	assert_int_equal(kernel_find(&a, cache, "debian:6.1", &d, &k), -ENOENT);
	assert_int_equal(kernel_remove(cache, "debian:6.1", &d), -ENOENT);
	assert_int_equal(kernel_remove(cache, "/boot/vmlinuz", &d), -EINVAL);
	assert_int_equal(d.errors, 4);

	snprintf(path, sizeof path, "%s/kernels/.debian-6.12.77", cache);
	rmdir(path);
	snprintf(path, sizeof path, "%s/kernels", cache);
	rmdir(path);
	assert_int_equal(rmdir(cache), 0);
	diags_free(&d);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_are_told_apart),
	    cmocka_unit_test(packages_with_an_image_are_ranked),
	    cmocka_unit_test(one_file_comes_out_of_an_archive),
	    cmocka_unit_test(the_cache_lists_finds_and_forgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
