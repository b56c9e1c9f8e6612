/* SPDX-License-Identifier: GPL-2.0-or-later */
/* page.c - the files themselves, word for word; the Makefile knows that this depends on them. */
#include "report/page.h"

#define EMBED(name, file)                                                                          \
	__asm__(".section .rodata\n"                                                               \
		".global " #name "\n" #name ":\n"                                                  \
		".incbin \"" file "\"\n"                                                           \
		".global " #name "_end\n" #name "_end:\n"                                          \
		".byte 0\n"                                                                        \
		".text\n")

EMBED(page_css, "src/report/page.css");
EMBED(page_js, "src/report/page.js");
