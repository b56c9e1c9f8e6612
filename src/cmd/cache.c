/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cache.c - the folder of what can be had again (cache.h) */
#include <stdlib.h>

#include "cmd/cache.h"

const char *cache_folder(struct arena *a)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	/* The XDG specification: a relative path is to be ignored. */
	if (cache && cache[0] == '/')
		return arena_printf(a, "%s/agentcg", cache);
	if (home && home[0] == '/')
		return arena_printf(a, "%s/.cache/agentcg", home);
	return NULL;
}
