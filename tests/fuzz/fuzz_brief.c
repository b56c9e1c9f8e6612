/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_brief.c - any text gives the same tree, places, symbols, canonical form and messages whether
 * lang/brief.h may read statements or not.
 *
 * A first byte of 0x80 and more: the bytes behind it choose pieces of the language, so that most
 * inputs come near to statements.  Else the input is the text.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "tests/fuzz/two_ways.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const pieces[] = {
    "at 30s alloc 300M in low\n",
    "\nat 1m free 5G in high",
    "at 30s alloc 300M in ",
    "at ",
    "30s ",
    "alloc ",
    "300M ",
    "in ",
    "low",
    "high",
    "low\n",
    "\n",
    " ",
    "\t",
    "\r\n",
    ";",
    "# note\n",
    "\"",
    ".",
    ",",
    "[0]",
    "(",
    ")",
    "{",
    "}",
    "<",
    ">",
    "+",
    "-",
    "*",
    "/s",
    "+/- 1s ",
    "over 1s ",
    "1.5",
    "0",
    "9",
    "999999999999999999",
    "s",
    "ms ",
    "h",
    "n",
    "B",
    "K",
    "T ",
    "MB ",
    "%",
    "free ",
    "hold ",
    "touch ",
    "read ",
    "sleep ",
    "mark ",
    "memory",
    "root",
    "cgroup ",
    "for ",
    "when ",
    "finish ",
    "finish at 40s\n",
    "every ",
    "expect ",
    "zz\n",
    "_",
    "at",
    "At ",
    "\x80",
    "x",
    "cgroup low < high 400M >\n",
    "claim \"a\" { ",
    "use \"a\"\n",
    "let x = low\n",
    "at 1m30s free all in low # note\n",
    "all ",
    "1.5s ",
    "0.25G ",
    "m",
    "veryverylongname",
    "veryverylongnamf",
};

#define NPIECES (sizeof(pieces) / sizeof(*pieces))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct two_ways w = {0};
	struct buf text = {0};

	if (size > 4096) /* longer ones say no more, slower */
		return 0;
	if (size && *data >= 0x80)
		for (size_t i = 1; i < size && i < 256; i++)
			buf_puts(&text, pieces[data[i] % NPIECES]);
	else
		buf_put(&text, data, size);
	two_ways_read(&w, buf_str(&text), text.n, NULL);
	if (w.left[0].n != w.left[1].n ||
	    memcmp(buf_str(&w.left[0]), buf_str(&w.left[1]), w.left[0].n)) {
		fprintf(stderr, "--- text\n%s\n--- grammar\n%s\n--- brief\n%s\n", buf_str(&text),
			buf_str(&w.left[0]), buf_str(&w.left[1]));
		abort();
	}
	two_ways_free(&w);
	buf_free(&text);
	return 0;
}
