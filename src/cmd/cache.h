/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cache.h - the folder of what can be had again: $XDG_CACHE_HOME/agentcg, else ~/.cache/agentcg.
 */
#ifndef AGENTCG_CMD_CACHE_H
#define AGENTCG_CMD_CACHE_H

#include "base/arena.h"

/* Absolute; need not exist.  NULL when neither variable names an absolute path. */
const char *cache_folder(struct arena *a);

#endif
