/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_fmt.c - agentcg fmt: the canonical form of scenarios, or their trees */
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/output.h"
#include "lang/parse.h"
#include "lang/print.h"

static bool same(const struct buf *b, const struct source *s)
{
	return b->n == s->len && !memcmp(buf_str(b), s->text, s->len);
}

/* One file that was parsed without errors; its form goes to *out unless it was dealt with here. */
static int format_parsed(struct cmd *c, const char *path, const struct unit *u, struct buf *out)
{
	const struct source *s = u->files->source;
	struct buf formatted = {0};
	int status = STATUS_OK;

	if (c->opt.ast) {
		print_tree(u, u->files, out);
		return STATUS_OK;
	}
	print_fmt(u, u->files, &formatted);
	if (c->opt.check) {
		if (!same(&formatted, s)) {
			buf_printf(out, "%s\n", path);
			status = STATUS_FAIL;
		}
	} else if (!c->opt.write) {
		buf_put(out, formatted.s, formatted.n);
	} else if (!same(&formatted, s)) {
		status = output_file(c, path, &formatted);
	}
	buf_free(&formatted);
	return status;
}

static int format_file(struct cmd *c, const char *path, struct buf *out)
{
	struct sources raw = {0};
	struct source *text;
	struct unit u;
	int status = STATUS_USAGE, err;

	err = sources_load(&raw, path, (struct span){0}, &text);
	if (err) {
		diag_file(&c->diags, E_NO_FILE, path, 0, 0, "cannot read it: %s", strerror(-err));
		sources_free(&raw);
		return STATUS_USAGE;
	}
	unit_init(&u);
	err = parse_only(&u, text->path, text->text, text->len);
	sources_free(&raw);
	output_diags(c, &u.diags);
	if (!err && !u.diags.errors && u.files)
		status = format_parsed(c, path, &u, out);
	unit_free(&u);
	return status;
}

int cmd_fmt(struct cmd *c)
{
	struct buf out = {0};
	int status = STATUS_OK;

	if (!cmd_operands(c, 1, SIZE_MAX))
		return STATUS_USAGE;
	for (size_t i = 0; i < c->opt.operands.n; i++) {
		const char *path = c->opt.operands.v[i];

		if (c->opt.write && !strcmp(path, "-")) {
			diag_at(&c->diags, E_USE_TOGETHER, (struct span){0},
				"`--write` cannot rewrite standard input");
			status = STATUS_USAGE;
			continue;
		}
		status = status_of_both(status, format_file(c, path, &out));
	}
	if (out.n)
		status = status_of_both(status, output_stdout(c, &out));
	buf_free(&out);
	return status;
}
