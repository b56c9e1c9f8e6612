/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_INTERNAL 5

_Noreturn void mem_exhausted(size_t bytes)
{
	char line[80];
	int n = snprintf(line, sizeof(line), "agentcg: out of memory (%zu more bytes)\n", bytes);

	/* Straight to the descriptor and out: stdio and atexit handlers may want memory too. */
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		_exit(EXIT_INTERNAL);
	_exit(EXIT_INTERNAL);
}

void *mem_alloc(size_t bytes)
{
	void *p = calloc(1, bytes ? bytes : 1);

	if (!p)
		mem_exhausted(bytes);
	return p;
}

void *mem_realloc(void *old, size_t bytes)
{
	void *p = realloc(old, bytes ? bytes : 1);

	if (!p)
		mem_exhausted(bytes);
	return p;
}

char *mem_strndup(const char *s, size_t n)
{
	char *p = mem_alloc(n + 1);

	if (n)
		memcpy(p, s, n);
	return p;
}
