/* SPDX-License-Identifier: GPL-2.0-or-later */
/* complain.c - reports that say what was being expanded (check.h) */
#include <stdarg.h>
#include <stdio.h>

#include "plan/check.h"

/*
 * What stands in a loop or a workload is checked each time it is expanded, and may be wrong one
 * time only: the note says which.
 */
static void note_frame(struct check *x)
{
	const struct frame *f = x->frame;
	struct buf b = {0};

	if (!f)
		return;
	if (f->workload) {
		diag_note(x->diags, f->at, "in workload `%s`, started here", f->workload->name->s);
		return;
	}
	value_print(&f->loop->value, &b);
	diag_note(x->diags, f->at, "with `%s` = %s", f->loop->name->s, buf_str(&b));
	buf_free(&b);
}

void complain(struct check *x, enum diag_code code, struct span at, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	diag_at(x->diags, code, at, "%s", text);
	x->complaints++;
	if (!x->diags->dropped)
		note_frame(x);
}

bool twice(struct check *x, struct span at, struct span first, const char *what)
{
	if (!first.end)
		return false;
	complain(x, E_SECOND, at, "a second `%s`", what);
	diag_note(x->diags, first, "the first is here");
	return true;
}
