/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * buf.h - a growing byte string that printers write into.  Always NUL-terminated once written to.
 * An all-zero struct buf is valid and empty.
 */
#ifndef AGENTCG_BASE_BUF_H
#define AGENTCG_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

struct buf {
	char *s; /* NULL until the first write */
	size_t n, cap;
};

void buf_put(struct buf *b, const void *bytes, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_pad(struct buf *b, char c, size_t n); /* n times c */
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap);
/* The n bytes at s as a JSON string with its quotes; what is no valid UTF-8 becomes U+FFFD. */
void buf_json_string(struct buf *b, const char *s, size_t n);
const char *buf_str(const struct buf *b); /* "" when nothing was written */
void buf_clear(struct buf *b);
void buf_free(struct buf *b);

/* Write all of b to fd (EINTR and short writes handled).  0 or -errno. */
int buf_write_fd(const struct buf *b, int fd);
/*
 * Write all of b to the file at path, completely or not at all: a temporary file beside it, fsync,
 * rename.  On failure the old file is as it was and no temporary is left.  0 or -errno.  An
 * existing file keeps its mode, and its owner where we may set it; a symbolic link keeps pointing
 * to it. What is no regular file (a terminal, /dev/full, a FIFO) is written to as it stands.
 */
int buf_write_file(const struct buf *b, const char *path);

#endif
