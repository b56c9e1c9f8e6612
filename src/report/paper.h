/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * paper.h - text in Markdown and LaTeX, of whatever bytes.
 */
#ifndef AGENTCG_REPORT_PAPER_H
#define AGENTCG_REPORT_PAPER_H

#include "stat/results.h"

/* What has a meaning in Markdown loses it, a line stays a line. */
void paper_put_md(struct buf *out, const char *s);
/* Characters that LaTeX reads as commands are written so that they are seen; no other controls. */
void paper_put_tex(struct buf *out, const char *s);
/* Backend, mechanism, kernel, seed, digest, parameters: what makes the same figures again. */
void paper_put_origin_md(const struct results *r, struct buf *out);

#endif
