/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/cgroup/mech.h"

#include <string.h>

#include "backend/cgroup/mechanisms.h"

FILE *mech_verbose;

/*
 * The nearest to a delay inside the kernel first, what needs least last.  `sched_ext` changes who
 * schedules the workers, with pressure and without: `freeze` and `high` leave that alone.
 */
static const struct mechanism *const mechanisms[] = {
    &mech_memcg_bpf, &mech_freeze, &mech_high, &mech_sched_ext, &mech_poll,
};

const struct mechanism *mech_nth(size_t i)
{
	return i < sizeof mechanisms / sizeof *mechanisms ? mechanisms[i] : NULL;
}

const struct mechanism *mech_find(const char *name)
{
	const struct mechanism *m;

	for (size_t i = 0; (m = mech_nth(i)); i++)
		if (!strcmp(m->name, name))
			return m;
	return NULL;
}
