/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pack.c - files at the paths that they have here (pack.h) */
#include "vm/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/digest.h"

#define MAX_LINKS 40

void pack_begin(struct pack *p, int fd, struct arena *a, struct diags *d)
{
	*p = (struct pack){.a = a, .d = d};
	cpio_begin(&p->cpio, fd);
}

int pack_end(struct pack *p)
{
	int err = cpio_end(&p->cpio);

	vec_free(&p->paths);
	if (err)
		diag_at(p->d, E_VM_PACK, (struct span){0},
			"the machine's files cannot be packed: %s", strerror(-err));
	return err;
}

/* Is it in?  Then it is, from now on. */
static bool packed(struct pack *p, const char *path)
{
	uint64_t h = digest_str(DIGEST_INIT, path), *v;

	vec_foreach (v, &p->paths)
		if (*v == h)
			return true;
	vec_push(&p->paths, h);
	return false;
}

static int complain(struct pack *p, const char *path, const char *why, int err)
{
	diag_at(p->d, E_VM_PACK, (struct span){0}, "`%s` cannot be packed for the machine: %s",
		path, why);
	return err;
}

/* ---- walking --------------------------------------------------------------------------------- */

struct walk {
	struct buf at; /* real so far, without a slash at its end; "" is the root */
	const char *rest;
	int links;
};

static void to_parent(struct buf *at)
{
	while (at->n && at->s[at->n - 1] != '/')
		at->s[--at->n] = '\0';
	if (at->n)
		at->s[--at->n] = '\0';
}

static bool is_at(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return !strncmp(path, folder, n) && (!path[n] || path[n] == '/');
}

/* The machine has its own there. */
bool pack_is_foreign(const char *path)
{
	return is_at(path, "/proc") || is_at(path, "/sys") || is_at(path, "/dev");
}

/* Follow the link at w->at. */
static int follow(struct pack *p, struct walk *w)
{
	char target[PATH_MAX];
	ssize_t n = readlink(buf_str(&w->at), target, sizeof target - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	if (++w->links > MAX_LINKS)
		return -ELOOP;
	if (!packed(p, buf_str(&w->at)))
		cpio_link(&p->cpio, buf_str(&w->at), target);
	w->rest = arena_printf(p->a, "%s/%s", target, w->rest);
	if (target[0] == '/')
		buf_clear(&w->at);
	else
		to_parent(&w->at);
	return 0;
}

/*
 * Walk to the end of w->rest, packing folders and links on the way.  The last component is in
 * w->at and *st; it may be missing when `may_lack`, then st->st_mode is 0.
 */
static int walk(struct pack *p, struct walk *w, bool may_lack, struct stat *st)
{
	st->st_mode = S_IFDIR;
	while (*w->rest) {
		size_t n = strcspn(w->rest, "/");
		const char *part = w->rest;
		int err;

		w->rest += n + (w->rest[n] == '/');
		if (!n || (n == 1 && part[0] == '.'))
			continue;
		if (n == 2 && part[0] == '.' && part[1] == '.') {
			to_parent(&w->at);
			st->st_mode = S_IFDIR;
			continue;
		}
		buf_putc(&w->at, '/');
		buf_put(&w->at, part, n);
		if (pack_is_foreign(buf_str(&w->at)))
			return -EXDEV;
		if (lstat(buf_str(&w->at), st)) {
			if (errno != ENOENT || !may_lack || *w->rest)
				return -errno;
			st->st_mode = 0;
			return 0;
		}
		if (S_ISLNK(st->st_mode)) {
			err = follow(p, w);
			if (err)
				return err;
			st->st_mode = S_IFDIR;
		} else if (S_ISDIR(st->st_mode)) {
			if (!packed(p, buf_str(&w->at)))
				cpio_dir(&p->cpio, buf_str(&w->at), st->st_mode);
		} else if (*w->rest) {
			return -ENOTDIR;
		}
	}
	return 0;
}

static int start(struct pack *p, struct walk *w, const char *path)
{
	char cwd[PATH_MAX];

	buf_puts(&w->at, "");
	w->rest = path;
	if (path[0] == '/')
		return 0;
	if (!getcwd(cwd, sizeof cwd))
		return -errno;
	w->rest = arena_printf(p->a, "%s/%s", cwd, path);
	return 0;
}

static int walked(struct pack *p, struct walk *w, const char *path, bool may_lack, struct stat *st)
{
	int err = start(p, w, path);

	if (!err)
		err = walk(p, w, may_lack, st);
	if (err == -EXDEV)
		return complain(p, path, "a machine has a /proc, /sys and /dev of its own",
				-EINVAL);
	if (err && err != -ENOENT)
		return complain(p, path, strerror(-err), err);
	return err;
}

int pack_path(struct pack *p, const char *path)
{
	struct walk w = {0};
	struct stat st;
	int err = walked(p, &w, path, false, &st), fd;

	if (err || S_ISDIR(st.st_mode))
		goto out;
	if (!S_ISREG(st.st_mode)) {
		err = complain(p, path, "it is neither a file nor a folder", -EINVAL);
		goto out;
	}
	if (packed(p, buf_str(&w.at)))
		goto out;
	fd = open(buf_str(&w.at), O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		err = complain(p, path, strerror(errno), -errno);
		goto out;
	}
	/* Set-uid means nothing inside: everybody's files are root's. */
	cpio_file(&p->cpio, buf_str(&w.at), st.st_mode & 0777, fd, (uint64_t)st.st_size);
	close(fd);
	if (p->cpio.err)
		err = complain(p, path, strerror(-p->cpio.err), p->cpio.err);
out:
	buf_free(&w.at);
	return err;
}

int pack_text(struct pack *p, const char *path, const void *bytes, size_t n)
{
	struct walk w = {0};
	struct stat st;
	int err = walked(p, &w, path, true, &st);

	if (!err && S_ISDIR(st.st_mode))
		err = complain(p, path, "it is a folder", -EISDIR);
	if (!err && !packed(p, buf_str(&w.at)))
		cpio_text(&p->cpio, buf_str(&w.at), 0644, bytes, n);
	buf_free(&w.at);
	return err;
}
