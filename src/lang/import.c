/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lang/import.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/* Files that use files; far more than sense has, few enough for the stack. */
#define MAX_CHAIN 64

/* The file being read and those that led to it, for finding cycles. */
struct chain {
	const struct chain *up;
	const struct ast_file *file;
	int depth;
};

struct importer {
	struct unit *u;
	const struct lang_path *lib;
};

/* `use "agents"` is looked up in the library; a path is relative to the file that names it. */
static bool is_bare(const struct sym *name)
{
	return !strchr(name->s, '/') &&
	       !(name->len > 4 && !strcmp(name->s + name->len - 4, ".acg"));
}

/* The path of `name` as the file src means it. */
static void relative_to(struct buf *out, const struct source *src, const char *name)
{
	const char *slash = src->real ? strrchr(src->path, '/') : NULL;

	/* ./lib.acg of dir/main.acg is dir/lib.acg. */
	while (name[0] == '.' && name[1] == '/' && slash)
		name += 2;
	if (*name != '/' && slash)
		buf_put(out, src->path, (size_t)(slash + 1 - src->path));
	buf_puts(out, name);
}

/* Write the path of the used file to out; 0, or -errno when none can be read. */
static int locate(const struct importer *im, const struct source *src, const struct sym *name,
		  struct buf *out)
{
	if (!is_bare(name)) {
		relative_to(out, src, name->s);
		return files_access(im->u->sources.disk, buf_str(out));
	}
	for (size_t i = 0; im->lib && i < im->lib->n; i++) {
		buf_clear(out);
		buf_printf(out, "%s/%s.acg", im->lib->dirs[i], name->s);
		if (!files_access(im->u->sources.disk, buf_str(out)))
			return 0;
	}
	return -ENOENT;
}

static void report_missing(const struct importer *im, const struct ast_text *use, const char *path,
			   int err)
{
	struct diags *d = &im->u->diags;
	struct buf places = {0};

	if (!is_bare(use->text)) {
		diag_at(d, E_NO_IMPORT, use->text_at, "cannot read `%s`: %s", path,
			parse_read_error(err));
		return;
	}
	for (size_t i = 0; im->lib && i < im->lib->n; i++)
		buf_printf(&places, "%s%s/%s.acg", i ? ", " : "", im->lib->dirs[i], use->text->s);
	diag_at(d, E_NO_IMPORT, use->text_at, "no library file `%s.acg` is found", use->text->s);
	if (places.n)
		diag_hint(d, "looked at %s", buf_str(&places));
	else
		diag_hint(d, "there is no place to look; set AGENTCG_PATH");
	buf_free(&places);
}

static bool same_file(const struct ast_file *f, const char *real)
{
	return f->source->real && !strcmp(f->source->real, real);
}

/* "a.acg uses b.acg uses a.acg" */
static void report_cycle(const struct importer *im, const struct ast_text *use,
			 const struct chain *c, const struct ast_file *target)
{
	const struct ast_file *files[MAX_CHAIN + 1];
	struct buf b = {0};
	size_t n = 0;

	for (; c && n <= MAX_CHAIN; c = c->up) {
		files[n++] = c->file;
		if (c->file == target)
			break;
	}
	while (n)
		buf_printf(&b, "%s uses ", files[--n]->source->path);
	buf_puts(&b, target->source->path);
	diag_at(&im->u->diags, E_USE_CYCLE, use->text_at, "a file uses itself: %s", buf_str(&b));
	buf_free(&b);
}

static void import_uses(const struct importer *im, struct ast_file *f, const struct chain *up);

static void import_one(const struct importer *im, struct ast_text *use, const struct chain *c)
{
	struct unit *u = im->u;
	struct buf path = {0};
	struct source *src;
	char *real = NULL;
	int err = locate(im, c->file->source, use->text, &path);

	if (err) {
		report_missing(im, use, buf_str(&path), err);
		goto out;
	}
	real = files_real(u->sources.disk, buf_str(&path));
	for (const struct chain *p = c; p && real; p = p->up)
		if (same_file(p->file, real)) {
			report_cycle(im, use, c, p->file);
			goto out;
		}
	for (struct ast_file *f = u->files; f && real; f = f->next)
		if (same_file(f, real)) {
			use->file = f;
			goto out;
		}
	if (c->depth >= MAX_CHAIN) {
		diag_at(&u->diags, E_TOO_DEEP, use->text_at,
			"files use one another more than %d deep", MAX_CHAIN);
		goto out;
	}
	err = parse_load(u, buf_str(&path), use->text_at, &src);
	if (err) {
		report_missing(im, use, buf_str(&path), err);
		goto out;
	}
	use->file = parse_source(u, src);
	import_uses(im, use->file, c);
out:
	free(real);
	buf_free(&path);
}

static void import_uses(const struct importer *im, struct ast_file *f, const struct chain *up)
{
	struct chain c = {up, f, up ? up->depth + 1 : 1};

	if (!f->has_use)
		return;
	for (struct ast_stmt *s = f->stmts; s; s = s->next)
		if (s->kind == AS_USE)
			import_one(im, (struct ast_text *)s, &c);
}

void import_all(struct unit *u, struct ast_file *f, const struct lang_path *lib)
{
	struct importer im = {u, lib};

	import_uses(&im, f, NULL);
}
