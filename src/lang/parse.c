/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lang/parse.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "lang/import.h"
#include "lang/scan.h"

void unit_init(struct unit *u)
{
	*u = (struct unit){0};
	u->names.arena = &u->arena;
	diags_init(&u->diags, &u->sources);
}

void unit_free(struct unit *u)
{
	diags_free(&u->diags);
	intern_free(&u->names);
	sources_free(&u->sources);
	arena_free(&u->arena);
	*u = (struct unit){0};
}

struct ast_file *parse_source(struct unit *u, struct source *src)
{
	struct scan x = {
	    .unit = u,
	    .arena = &u->arena,
	    .text = src->text,
	    .bias = src->base - (uint32_t)(uintptr_t)src->text,
	};
	struct ast_file **end = &u->files;

	x.file = arena_new(&u->arena, struct ast_file);
	x.file->source = src;
	while (*end)
		end = &(*end)->next;
	*end = x.file;
	scan_parse(&x);
	return x.file;
}

const char *parse_read_error(int err)
{
	switch (-err) {
	case EISDIR:
		return "it is a directory";
	case EFBIG:
		return "it is too large";
	default:
		return strerror(-err);
	}
}

int parse_load(struct unit *u, const char *path, struct span used_at, struct source **out)
{
	struct source *src;
	int err = sources_load(&u->sources, path, used_at, &src);

	/* flex counts in int. */
	if (!err && src->len > INT_MAX - 2)
		err = -EFBIG;
	if (!err)
		*out = src;
	return err;
}

int parse_file(struct unit *u, const char *path, const struct lang_path *lib)
{
	struct source *src;
	int err = parse_load(u, path, (struct span){0}, &src);

	if (err) {
		diag_file(&u->diags, E_NO_FILE, path ? path : "-", 0, 0, "cannot read it: %s",
			  parse_read_error(err));
		return err;
	}
	import_all(u, parse_source(u, src), lib);
	return 0;
}

int parse_only(struct unit *u, const char *name, const char *text, size_t len)
{
	struct source *src;
	int err = len > INT_MAX - 2 ? -EFBIG : sources_add(&u->sources, name, text, len, &src);

	if (err) {
		diag_file(&u->diags, E_NO_FILE, name, 0, 0, "cannot read it: %s",
			  parse_read_error(err));
		return err;
	}
	parse_source(u, src);
	return 0;
}

int parse_text(struct unit *u, const char *name, const char *text, size_t len,
	       const struct lang_path *lib)
{
	struct ast_file *f;
	int err = parse_only(u, name, text, len);

	if (err)
		return err;
	f = u->files;
	while (f->next)
		f = f->next;
	import_all(u, f, lib);
	return 0;
}
