/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fetch.c - kernels from Debian's archive (fetch.h) */
#include "vm/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/units.h"
#include "vm/apt.h"
#include "vm/child.h"
#include "vm/package.h"
#include "vm/untar.h"

#define CLOUD "-cloud-amd64"
/* What the lists and an unpacked image take beside the package. */
#define ROOM_BYTES (64 * MIB)

/* ---- names of packages ------------------------------------------------------------------------
 */

static size_t dots(const char *s, size_t n)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += s[i] == '.';
	return found;
}

int fetch_rank(const char *package, char *release, size_t size)
{
	/* Newer kernels have the image in linux-binary, and linux-image only depends on it. */
	static const char *const prefixes[] = {"linux-image-", "linux-binary-"};
	static const char unsigned_suffix[] = "-unsigned";
	size_t len = strlen(package), n;

	for (int i = 0; i < 2; i++) {
		int rank = i ? 3 : 1;

		n = strlen(prefixes[i]);
		if (strncmp(package, prefixes[i], n))
			continue;
		if (package[n] < '0' || package[n] > '9')
			return 0;
		package += n;
		len -= n;
		n = strlen(unsigned_suffix);
		/* The same image without a signature; only there soon after an update. */
		if (len > n && !strcmp(package + len - n, unsigned_suffix)) {
			len -= n;
			rank++;
		}
		n = strlen(CLOUD);
		if (len <= n || memcmp(package + len - n, CLOUD, n))
			return 0;
		/* linux-image-6.12-cloud-amd64 holds nothing. */
		if (dots(package, len - n) < 2 || len >= size)
			return 0;
		snprintf(release, size, "%.*s", (int)len, package);
		return rank;
	}
	return 0;
}

/* Is this release of series X.Y? */
static bool of_series(const char *release, const char *series)
{
	size_t n = strlen(series);

	return !strncmp(release, series, n) && release[n] == '.';
}

/* ---- choosing ---------------------------------------------------------------------------------
 */

/* Names of all packages that begin with linux-, one a line. */
static int package_names(struct apt *w, struct buf *out)
{
	const char *argv[] = {"apt-cache", "-c", w->conf, "pkgnames", "linux-", NULL};
	int ret = apt_run(w, argv, out);

	return ret ? apt_complain(w, "apt-cache", ret) : 0;
}

/* The newest package of the series in names, in the arena; NULL: none. */
static const char *choose(struct apt *w, const struct buf *names, const char *series)
{
	char best[128] = "", release[128];
	const char *package = NULL;
	int best_rank = 0;

	for (const char *p = buf_str(names); *p;) {
		size_t len = strcspn(p, "\n");
		const char *name = arena_strndup(w->a, p, len);
		int rank = fetch_rank(name, release, sizeof release), newer;

		p += len + (p[len] == '\n');
		if (!rank || !of_series(release, series))
			continue;
		newer = strverscmp(release, best);
		if (package && (newer < 0 || (!newer && rank <= best_rank)))
			continue;
		memcpy(best, release, sizeof best);
		best_rank = rank;
		package = name;
	}
	return package;
}

static int by_version(const void *a, const void *b)
{
	return strverscmp(*(const char *const *)a, *(const char *const *)b);
}

static void series_of(struct arena *a, const struct buf *names, const char *const **out, size_t *n)
{
	char release[128];
	VEC(const char *) v = {0};
	size_t kept = 0;

	for (const char *p = buf_str(names); *p;) {
		size_t len = strcspn(p, "\n");
		const char *name = arena_strndup(a, p, len);

		p += len + (p[len] == '\n');
		if (!fetch_rank(name, release, sizeof release))
			continue;
		len = strcspn(release, ".");
		len += 1 + strcspn(release + len + 1, ".-+");
		vec_push(&v, arena_strndup(a, release, len));
	}
	if (v.n)
		qsort(v.v, v.n, sizeof *v.v, by_version);
	for (size_t i = 0; i < v.n; i++)
		if (!kept || strcmp(v.v[kept - 1], v.v[i]))
			v.v[kept++] = v.v[i];
	*out = arena_dup(a, v.v, kept * sizeof *v.v);
	*n = kept;
	vec_free(&v);
}

static void complain_series(struct apt *w, const struct buf *names)
{
	const char *const *v;
	struct buf b = {0};
	size_t n;

	series_of(w->a, names, &v, &n);
	diag_at(w->d, E_VM_FETCH, (struct span){0}, "Debian has no cloud kernel for `%s`", w->name);
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s%s", i ? ", " : "", v[i]);
	if (n)
		diag_hint(w->d, "it has %s", buf_str(&b));
	buf_free(&b);
}

static int choose_package(struct apt *w, const char *series, const char **package)
{
	struct buf names = {0};
	int err;

	if (!apt_is_fresh(w)) {
		err = apt_update(w);
		if (err)
			return err;
	}
	for (;;) {
		buf_clear(&names);
		err = package_names(w, &names);
		if (err)
			break;
		*package = choose(w, &names, series);
		if (*package)
			break;
		if (w->updated && w->unreachable) {
			err = apt_complain_network(w, w->unreachable);
			break;
		}
		if (w->updated) {
			complain_series(w, &names);
			err = -ENOENT;
			break;
		}
		err = apt_update(w);
		if (err)
			break;
	}
	buf_free(&names);
	return err;
}

/* ---- fetching ---------------------------------------------------------------------------------
 */

static bool is_image(void *ctx, const char *member)
{
	const char *base = strrchr(member, '/');

	(void)ctx;
	base = base ? base + 1 : member;
	/* boot/vmlinuz-RELEASE, usr/lib/modules/RELEASE/vmlinuz */
	return !strcmp(base, "vmlinuz") || !strncmp(base, "vmlinuz-", 8);
}

static int unpack(struct apt *w, const char *deb, const char *image)
{
	const char *argv[] = {"dpkg-deb", "--fsys-tarfile", deb, NULL};
	int fd = open(image, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), ret, err;
	struct child c;

	if (fd < 0)
		return apt_complain_io(w, image, -errno);
	err = child_start(argv, &c);
	if (err) {
		close(fd);
		return apt_complain(w, "dpkg-deb", err);
	}
	err = untar_one(c.out, is_image, NULL, fd);
	if (!err && fsync(fd))
		err = -errno;
	close(fd);
	buf_clear(&w->errors);
	ret = child_end(&c, &w->errors);
	if (err == -ENOENT) {
		diag_at(w->d, E_VM_FETCH, (struct span){0}, "there is no kernel image in %s", deb);
		return err;
	}
	if (err == -EBADMSG)
		return apt_complain(w, "dpkg-deb", ret ? ret : 2);
	return err ? apt_complain_io(w, image, err) : 0;
}

/* The complete folder takes the place of the one that was. */
static int put_in_place(struct apt *w, const char *from, const char *to)
{
	int err = kernel_remove_dir(to);

	if (err && err != -ENOENT)
		return apt_complain_io(w, to, err);
	return rename(from, to) ? apt_complain_io(w, to, -errno) : 0;
}

static int store(struct apt *w, const struct kernel_name *n, const char *package,
		 const struct package *l, const char *deb)
{
	const char *kernels = arena_printf(w->a, "%s/kernels", w->cache);
	const char *dir = arena_printf(w->a, "%s/.%s.%d", kernels, n->dir, (int)getpid());
	const char *image = arena_printf(w->a, "%s/vmlinuz", dir);
	const char *file = arena_printf(w->a, "%s/about", dir);
	char release[128];
	struct buf about = {0};
	int err = kernel_make_dirs(dir);

	if (err)
		return apt_complain_io(w, dir, err);
	err = unpack(w, deb, image);
	if (!err && kernel_image_release(image, release, sizeof release)) {
		diag_at(w->d, E_VM_FETCH, (struct span){0}, "what %s holds is no kernel image",
			package);
		err = -ENOEXEC;
	}
	if (!err) {
		buf_printf(&about, "name %s\nrelease %s\npackage %s %s\nchecked %s\n", n->text,
			   release, package, l->version, l->hash);
		err = buf_write_file(&about, file);
		if (err)
			err = apt_complain_io(w, file, err);
		buf_free(&about);
	}
	if (!err)
		err = put_in_place(w, dir, arena_printf(w->a, "%s/%s", kernels, n->dir));
	if (err)
		(void)kernel_remove_dir(dir);
	return err;
}

static int fetch(struct apt *w, const struct kernel_name *n)
{
	const char *package, *deb;
	struct package l = {0};
	int err = apt_prepare(w);

	if (!err)
		err = choose_package(w, n->series, &package);
	if (!err)
		err = package_find(w, package, &l);
	if (!err)
		err = package_room(w, l.bytes + ROOM_BYTES);
	if (err)
		return err;
	deb = arena_printf(w->a, "%s/archives/%s_%s.deb", w->folder, package, l.version);
	err = package_download(w, package, &l, deb);
	if (!err)
		err = store(w, n, package, &l, deb);
	if (!err)
		unlink(deb);
	return err;
}

static struct apt apt_of(const struct fetch *f, struct arena *a, struct diags *d, const char *name)
{
	const char *folder = arena_printf(a, "%s/apt", f->cache);

	return (struct apt){
	    .cache = f->cache,
	    .folder = folder,
	    .conf = arena_printf(a, "%s/apt.conf", folder),
	    .name = name,
	    .a = a,
	    .d = d,
	    .stop = f->stop,
	    .say = f->say,
	    .ctx = f->ctx,
	};
}

int fetch_kernel(const struct fetch *f, struct arena *a, const char *name, struct diags *d,
		 struct kernel *out)
{
	struct apt w = apt_of(f, a, d, name);
	struct kernel_name n;
	const char *lock;
	int err = kernel_parse(name, &n), fd;

	if (err || n.kind != KERNEL_DEBIAN) {
		diag_at(d, E_VM_KERNEL, (struct span){0}, "`%s` is no kernel that can be fetched",
			name);
		diag_hint(d, "debian:6.1, debian:6.12 and the like");
		return -EINVAL;
	}
	lock = arena_printf(a, "%s/lock", w.folder);
	err = kernel_make_dirs(w.folder);
	if (err)
		return apt_complain_io(&w, w.folder, err);
	/* One at a time; the second finds what the first has fetched. */
	fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return apt_complain_io(&w, lock, -errno);
	while (flock(fd, LOCK_EX))
		if (errno != EINTR || (f->stop && *f->stop)) {
			close(fd);
			return -EINTR;
		}
	err = fetch(&w, &n);
	close(fd);
	buf_free(&w.errors);
	return err ? err : kernel_find(a, f->cache, name, d, out);
}

int fetch_series(const struct fetch *f, struct arena *a, const char *const **v, size_t *n)
{
	struct diags quiet;
	struct apt w = apt_of(f, a, &quiet, "");
	struct buf names = {0};
	int err = 0;

	*v = NULL;
	*n = 0;
	if (access(w.conf, R_OK))
		return 0;
	diags_init(&quiet, NULL);
	err = package_names(&w, &names);
	if (!err)
		series_of(a, &names, v, n);
	diags_free(&quiet);
	buf_free(&names);
	buf_free(&w.errors);
	return err;
}
