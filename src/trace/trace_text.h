/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trace_text.h - the bytes of a JSON file, made fit for a YAML scanner.
 *
 * JSON is nearly a subset of YAML.  Where it is not, a valid recording would be refused, so these
 * are rewritten on the way (the line of everything stays the same):
 *   \ud83d\ude00   a character beyond U+FFFF in JSON's two halves becomes \U0001f600
 *   \ud83d         half a character becomes \ufffd
 *   \/             becomes /
 *   U+007F to U+009F, U+2028, U+2029, U+FFFE, U+FFFF   which YAML forbids or takes for line breaks,
 *                  become escapes
 * Only double-quoted text can contain these in JSON.
 */
#ifndef AGENTCG_TRACE_TRACE_TEXT_H
#define AGENTCG_TRACE_TRACE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRACE_TEXT_RAW	  ((size_t)32 << 10)
#define TRACE_TEXT_OUT	  (4 * TRACE_TEXT_RAW) /* U+007F, one byte, becomes four */
#define TRACE_TEXT_STRING ((uint64_t)16 << 20) /* longest string that is read */

enum trace_text_fault {
	TRACE_TEXT_OK,
	TRACE_TEXT_IO,	 /* .error is the errno */
	TRACE_TEXT_UTF8, /* no UTF-8 */
	TRACE_TEXT_LONG, /* a string longer than TRACE_TEXT_STRING */
};

struct trace_text {
	int fd;
	enum trace_text_fault fault; /* once set, nothing more is read */
	int error;
	uint32_t line,
	    col; /* of the next byte, from 1; columns in code points.  Where the fault is */

	bool eof, quoted;
	uint64_t run; /* bytes since the string or other token began */
	size_t raw_at, raw_end, out_at, out_end;
	char raw[TRACE_TEXT_RAW];
	char out[TRACE_TEXT_OUT];
};

/* The fd stays the caller's. */
void trace_text_init(struct trace_text *t, int fd);
/* A yaml_read_handler_t; data is the struct trace_text. */
int trace_text_read(void *data, unsigned char *buffer, size_t size, size_t *size_read);

#endif
