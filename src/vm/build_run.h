/* SPDX-License-Identifier: GPL-2.0-or-later */
/* build_run.h - long-running tools: what they say goes to a log, line by line. */
#ifndef AGENTCG_VM_BUILD_RUN_H
#define AGENTCG_VM_BUILD_RUN_H

#include <signal.h>

#include "base/buf.h"

/*
 * Run argv to its end.  All that it says is appended to the file `log`; each line of its standard
 * output also goes to `line` (or NULL), what it says on standard error to *errors.  When *stop is
 * set it is asked to end: -EINTR.  Else as child_run().
 */
int build_run(const char *const *argv, const char *log, const volatile sig_atomic_t *stop,
	      void (*line)(void *ctx, const char *line), void *ctx, struct buf *errors);

/* A whole file, behind a newline: so that "\nthis\n" finds a line.  0 or -errno. */
int build_read(const char *path, struct buf *out);

#endif
