/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * output.h - where a command's words go: standard output, files, standard error.
 */
#ifndef AGENTCG_CMD_OUTPUT_H
#define AGENTCG_CMD_OUTPUT_H

#include "cmd/cmd.h"

/*
 * Write all of b to standard output.  STATUS_OK, or STATUS_INTERNAL when that failed (a full disk,
 * a closed pipe), reported.
 */
int output_stdout(struct cmd *c, const struct buf *b);
/* The same to a file, completely or not at all; "-" is standard output. */
int output_file(struct cmd *c, const char *path, const struct buf *b);

/* Diagnostics to standard error, in the form asked for.  With --quiet warnings are left out. */
void output_diags(const struct cmd *c, const struct diags *d);

/* Width and colour of what goes to standard output: --width, COLUMNS, the terminal's, 80. */
struct report_style output_style(const struct cmd *c);

#endif
