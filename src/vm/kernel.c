/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel.c - kernels in the cache (kernel.h) */
#include "vm/kernel.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/vec.h"

#define DEBIAN "debian:"

/* ---- names ----------------------------------------------------------------------------------- */

static bool is_series(const char *s)
{
	size_t a = strspn(s, "0123456789"), b;

	if (!a || a > 3 || s[a] != '.')
		return false;
	b = strspn(s + a + 1, "0123456789");
	return b && b <= 3 && !s[a + 1 + b];
}

int kernel_parse(const char *text, struct kernel_name *out)
{
	struct kernel_name k = {.text = text};
	size_t n = strlen(text);

	if (strchr(text, '/')) {
		k.kind = KERNEL_PATH;
	} else if (!strncmp(text, DEBIAN, strlen(DEBIAN))) {
		const char *series = text + strlen(DEBIAN);

		if (!is_series(series))
			return -EINVAL;
		k.kind = KERNEL_DEBIAN;
		snprintf(k.series, sizeof k.series, "%s", series);
		snprintf(k.dir, sizeof k.dir, "debian-%s", series);
	} else {
		/* A leading dot would be a folder that is not complete. */
		if (!n || n >= sizeof k.dir || !isalnum((unsigned char)text[0]))
			return -EINVAL;
		for (size_t i = 0; i < n; i++)
			if (!isalnum((unsigned char)text[i]) && !strchr("._-", text[i]))
				return -EINVAL;
		k.kind = KERNEL_CACHED;
		snprintf(k.dir, sizeof k.dir, "%s", text);
	}
	*out = k;
	return 0;
}

static int parse_reported(const char *text, struct diags *d, struct kernel_name *out)
{
	int err = kernel_parse(text, out);

	if (err) {
		diag_at(d, E_VM_KERNEL, (struct span){0}, "there is no kernel called `%s`", text);
		diag_hint(d, "debian:6.1, debian:6.12 and the like, or the path of a vmlinuz");
	}
	return err;
}

/* ---- images ---------------------------------------------------------------------------------- */

/*
 * Documentation/arch/x86/boot.rst: "HdrS" at 0x202, and at 0x20e the offset of the version's text,
 * less 0x200.
 */
int kernel_image_release(const char *path, char *out, size_t size)
{
	unsigned char head[0x210];
	char text[128] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = pread(fd, head, sizeof head, 0);
	if (n < 0) {
		n = -errno;
		close(fd);
		return (int)n;
	}
	if (n < (ssize_t)sizeof head || memcmp(head + 0x202, "HdrS", 4)) {
		close(fd);
		return -ENOEXEC;
	}

	unsigned at = head[0x20e] | (unsigned)head[0x20f] << 8;

	if (at && pread(fd, text, sizeof text - 1, 0x200 + (off_t)at) > 0)
		text[strcspn(text, " ")] = '\0';
	close(fd);
	for (const char *p = text; *p; p++)
		if (!isgraph((unsigned char)*p))
			text[0] = '\0';
	snprintf(out, size, "%s", text);
	return 0;
}

/* ---- the cache ------------------------------------------------------------------------------- */

int kernel_make_dirs(const char *path)
{
	char *copy = strdup(path);
	int err = copy ? 0 : -ENOMEM;

	for (char *p = copy; copy && !err; p++) {
		if ((*p != '/' && *p) || p == copy)
			continue;

		char was = *p;

		*p = '\0';
		if (mkdir(copy, 0700) && errno != EEXIST)
			err = -errno;
		*p = was;
		if (!was)
			break;
	}
	free(copy);
	return err;
}

int kernel_remove_dir(const char *path)
{
	DIR *dir = opendir(path);
	int err = 0;

	if (!dir)
		return -errno;
	for (struct dirent *e; (e = readdir(dir)) && !err;)
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..") &&
		    unlinkat(dirfd(dir), e->d_name, 0))
			err = -errno;
	closedir(dir);
	if (!err && rmdir(path))
		err = -errno;
	return err;
}

/* The value of a line `key value` of the file `about`, or NULL. */
static const char *about(struct arena *a, const char *dir, const char *key)
{
	char line[512];
	const char *found = NULL;
	FILE *f = fopen(arena_printf(a, "%s/about", dir), "re");
	size_t n = strlen(key);

	if (!f)
		return NULL;
	while (!found && fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, key, n) && line[n] == ' ')
			found = arena_printf(a, "%s", line + n + 1);
	}
	fclose(f);
	return found;
}

static int look_at(struct arena *a, const char *vmlinuz, struct kernel *k)
{
	char release[128];
	struct stat st;
	int err = kernel_image_release(vmlinuz, release, sizeof release);

	if (err)
		return err;
	if (stat(vmlinuz, &st))
		return -errno;
	k->vmlinuz = vmlinuz;
	k->release = arena_printf(a, "%s", release);
	k->bytes = (uint64_t)st.st_size;
	return 0;
}

static int find_path(struct arena *a, const char *path, struct diags *d, struct kernel *out)
{
	struct kernel k = {.name = path};
	char *real = realpath(path, NULL);
	int err = real ? look_at(a, arena_printf(a, "%s", real), &k) : -errno;

	free(real);
	if (err == -ENOEXEC || err == -EISDIR)
		diag_at(d, E_VM_KERNEL, (struct span){0}, "`%s` is no x86 kernel image", path);
	else if (err)
		diag_at(d, E_VM_KERNEL, (struct span){0}, "the kernel `%s` cannot be read: %s",
			path, strerror(-err));
	if (err) /* -ENOENT would say that it can be fetched */
		return err == -ENOENT ? -EINVAL : err;
	*out = k;
	return 0;
}

int kernel_find(struct arena *a, const char *cache, const char *name, struct diags *d,
		struct kernel *out)
{
	struct kernel_name n;
	struct kernel k = {0};
	int err = parse_reported(name, d, &n);

	if (err)
		return err;
	if (n.kind == KERNEL_PATH)
		return find_path(a, name, d, out);

	const char *dir = arena_printf(a, "%s/kernels/%s", cache, n.dir);

	err = look_at(a, arena_printf(a, "%s/vmlinuz", dir), &k);
	if (err == -ENOENT && n.kind == KERNEL_DEBIAN)
		return err;
	if (err) {
		diag_at(d, E_VM_KERNEL, (struct span){0},
			"there is no kernel `%s` in %s/kernels%s%s", name, cache,
			err == -ENOENT ? "" : ": ", err == -ENOENT ? "" : strerror(-err));
		diag_hint(d, strcmp(name, KERNEL_BUILT) ? "`agentcg vm list` shows which there are"
							: "`agentcg vm build` makes it");
		return err == -ENOENT ? -EINVAL : err;
	}
	k.name = arena_printf(a, "%s", name);
	k.package = about(a, dir, "package");
	*out = k;
	return 0;
}

static int by_name(const void *va, const void *vb)
{
	const struct kernel *a = va, *b = vb;

	return strverscmp(a->name, b->name);
}

int kernel_list(struct arena *a, const char *cache, struct diags *d, const struct kernel **v,
		size_t *n)
{
	const char *path = arena_printf(a, "%s/kernels", cache);
	DIR *dir = opendir(path);
	VEC(struct kernel) found = {0};

	*v = NULL;
	*n = 0;
	if (!dir) {
		if (errno == ENOENT)
			return 0;
		diag_at(d, E_VM_KERNEL, (struct span){0}, "`%s` cannot be read: %s", path,
			strerror(errno));
		return -EIO;
	}
	for (struct dirent *e; (e = readdir(dir));) {
		const char *folder = arena_printf(a, "%s/%s", path, e->d_name);
		struct kernel k = {0};

		if (e->d_name[0] == '.' || look_at(a, arena_printf(a, "%s/vmlinuz", folder), &k))
			continue;
		k.name = about(a, folder, "name");
		if (!k.name)
			k.name = arena_printf(a, "%s", e->d_name);
		k.package = about(a, folder, "package");
		vec_push(&found, k);
	}
	closedir(dir);
	if (found.n)
		qsort(found.v, found.n, sizeof *found.v, by_name);
	*v = arena_dup(a, found.v, found.n * sizeof *found.v);
	*n = found.n;
	vec_free(&found);
	return 0;
}

int kernel_remove(const char *cache, const char *name, struct diags *d)
{
	struct kernel_name n;
	struct buf path = {0};
	int err = parse_reported(name, d, &n);

	if (err)
		return err;
	if (n.kind == KERNEL_PATH) {
		diag_at(d, E_VM_KERNEL, (struct span){0},
			"`%s` is a file of yours, not one of the cache", name);
		return -EINVAL;
	}
	buf_printf(&path, "%s/kernels/%s", cache, n.dir);
	err = kernel_remove_dir(buf_str(&path));
	if (err == -ENOENT)
		diag_at(d, E_VM_KERNEL, (struct span){0}, "there is no kernel `%s` in %s/kernels",
			name, cache);
	else if (err)
		diag_at(d, E_VM_KERNEL, (struct span){0}, "`%s` cannot be removed: %s",
			buf_str(&path), strerror(-err));
	buf_free(&path);
	return err;
}
