/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mem.h - heap memory that cannot come back empty.
 *
 * agentcg handles every error by returning it, with this one exception: when the tool itself is out
 * of memory there is nothing useful left to compute, so these functions print one line on stderr
 * and end the process with status 5.  A live run's cgroups are found and removed by its state file,
 * as after any other sudden death.
 */
#ifndef AGENTCG_BASE_MEM_H
#define AGENTCG_BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t bytes);		    /* zeroed; free() it */
void *mem_realloc(void *old, size_t bytes); /* new bytes are not zeroed */
char *mem_strndup(const char *s, size_t n); /* NUL-terminated copy; free() it */
_Noreturn void mem_exhausted(size_t bytes);

#endif
