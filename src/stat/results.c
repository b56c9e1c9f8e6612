/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stat/results.h"

#include <stdlib.h>

void results_free(struct results *r)
{
	if (!r)
		return;
	demand_free(&r->demand);
	arena_free(&r->arena);
	free(r);
}
