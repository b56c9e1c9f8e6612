/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * source.h - source texts and places in them.
 *
 * All texts of one run share one 32-bit offset space, so that a place is 4 bytes and the scanner
 * counts no lines; lines and columns are computed only for diagnostics.
 */
#ifndef AGENTCG_BASE_SOURCE_H
#define AGENTCG_BASE_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/files.h"
#include "base/vec.h"

/* Half-open range of global offsets.  {0, 0} is "no place". */
struct span {
	uint32_t beg, end;
};

static inline struct span span_join(struct span a, struct span b)
{
	if (!a.end)
		return b;
	if (!b.end)
		return a;
	return (struct span){a.beg < b.beg ? a.beg : b.beg, a.end > b.end ? a.end : b.end};
}

/* NULs behind a text: two for flex's yy_scan_buffer, eight so that a word of that size can be read
 * at every place. */
#define SOURCE_NULS 8

struct source {
	char *path; /* as the user or the `use` wrote it, for messages */
	char *real; /* realpath, to recognise a second import; NULL for text without a file */
	char *text; /* len bytes, then SOURCE_NULS */
	size_t len;
	uint32_t base;		   /* global offset of text[0]; never 0 */
	struct span used_at;	   /* the `use` that brought it in; none for the main file */
	struct source_mark *marks; /* line index, made by the first sources_locate */
};

struct sources {
	VEC(struct source *) list; /* ascending base */
	uint32_t next;		   /* first free global offset; 0 before first use */
	struct files *disk;	   /* what files are read through (files.h); or NULL */
};

/*
 * Read a file, through s->disk.  path NULL or "-" is standard input.  On success *out is owned by
 * `s`. 0, -errno from open/read, -EISDIR, or -EFBIG when all texts together would exceed 4 GiB - 1.
 * Standard input is called <stdin> in messages.
 */
int sources_load(struct sources *s, const char *path, struct span used_at, struct source **out);
/* Add a text that is no file (-e, tests).  Copies it. */
int sources_add(struct sources *s, const char *path, const char *text, size_t len,
		struct source **out);
/* The same for a text on the heap with SOURCE_NULS behind it, which is then owned by `s`. */
int sources_take(struct sources *s, const char *path, char *text, size_t len, struct source **out);
void sources_free(struct sources *s);

/*
 * A place as people read it: line and column count from 1, columns in code points (bytes that are
 * no UTF-8 continuation).  The offset just past a text's last byte still belongs to it.
 */
struct place {
	const struct source *src; /* NULL when the offset belongs to no text */
	uint32_t line, col;
	const char *line_text; /* without its newline or CR newline; not NUL-terminated */
	size_t line_len;
	size_t byte_in_line; /* byte offset of the place in line_text */
};
struct place sources_locate(const struct sources *s, uint32_t offset);
/* The bytes of a span; *len is set.  "" and 0 for no place. */
const char *sources_text(const struct sources *s, struct span at, size_t *len);

#endif
