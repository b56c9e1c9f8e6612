/* SPDX-License-Identifier: GPL-2.0-or-later */
/* output.c - writing, or saying that it cannot be done (output.h) */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cmd/output.h"

#define DEFAULT_COLUMNS 80
#define MIN_COLUMNS	40
#define MAX_COLUMNS	10000

static int cannot_write(struct cmd *c, const char *path, int err)
{
	diag_file(&c->diags, E_OUTPUT, path, 0, 0, "cannot write it: %s", strerror(-err));
	return STATUS_INTERNAL;
}

int output_stdout(struct cmd *c, const struct buf *b)
{
	int err = buf_write_fd(b, STDOUT_FILENO);

	return err ? cannot_write(c, "standard output", err) : STATUS_OK;
}

int output_file(struct cmd *c, const char *path, const struct buf *b)
{
	int err;

	if (!strcmp(path, "-"))
		return output_stdout(c, b);
	err = buf_write_file(b, path);
	return err ? cannot_write(c, path, err) : STATUS_OK;
}

static bool colour_on(const struct cmd *c, int fd)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	switch (c->opt.colour) {
	case COLOUR_ALWAYS:
		return true;
	case COLOUR_NEVER:
		return false;
	case COLOUR_AUTO:
		break;
	}
	return !(no && *no) && term && strcmp(term, "dumb") && isatty(fd);
}

void output_diags(const struct cmd *c, const struct diags *d)
{
	enum diag_format format = DIAG_TEXT;
	struct diags shown = *d;
	struct buf out = {0};

	if (!d->list.n || (c->opt.quiet && !d->errors))
		return;
	if (c->opt.quiet) {
		memset(&shown.list, 0, sizeof shown.list);
		for (size_t i = 0; i < d->list.n; i++)
			if (diag_code_is_error(d->list.v[i].code))
				vec_push(&shown.list, d->list.v[i]);
	}
	if (c->opt.diagnostics_json)
		format = DIAG_JSON;
	else if (colour_on(c, STDERR_FILENO))
		format = DIAG_TEXT_COLOUR;
	diags_print(&shown, format, &out);
	/* Nowhere is left to report a failure to; the exit status still tells. */
	(void)buf_write_fd(&out, STDERR_FILENO);
	buf_free(&out);
	if (c->opt.quiet)
		vec_free(&shown.list);
}

static unsigned int columns(const struct cmd *c)
{
	const char *env = getenv("COLUMNS");
	struct winsize w;
	uint64_t n;

	if (c->opt.width)
		return c->opt.width;
	if (env && options_number(env, MIN_COLUMNS, MAX_COLUMNS, &n))
		return (unsigned int)n;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) && w.ws_col)
		return w.ws_col < MIN_COLUMNS ? MIN_COLUMNS : w.ws_col;
	return DEFAULT_COLUMNS;
}

struct report_style output_style(const struct cmd *c)
{
	return (struct report_style){.width = columns(c), .colour = colour_on(c, STDOUT_FILENO)};
}
