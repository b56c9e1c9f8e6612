/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/backend.h"

#include <string.h>

const char *backend_cap_name(enum backend_cap one)
{
	switch (one) {
	case CAP_MEMORY:
		return "memory limits and allocation";
	case CAP_EXEC:
		return "running real commands";
	case CAP_LIKE:
		return "playing a command by its profile";
	case CAP_DELAY:
		return "policy delays";
	case CAP_DELAY_ALWAYS:
		return "policy delays below memory.high";
	case CAP_PROTECT:
		return "policy protection from reclaim";
	case CAP_CPU:
		return "cpu.weight and cpu.max";
	}
	return "?";
}

/* Everything that `require` may name on any backend; a backend answers for each of them. */
static const char *const features[] = {
    "cgroup2", "cpu", "freeze",	   "high", "kernel", "memcg_bpf",
    "poll",    "psi", "sched_ext", "swap", "thp",
};

const char *backend_feature(size_t i)
{
	return i < sizeof features / sizeof *features ? features[i] : NULL;
}

bool backend_feature_known(const char *name)
{
	for (size_t i = 0; backend_feature(i); i++)
		if (!strcmp(backend_feature(i), name))
			return true;
	return false;
}

static const char *const mechanisms[] = {"memcg_bpf", "freeze", "high", "sched_ext", "poll"};

const char *backend_mechanism(size_t i)
{
	return i < sizeof mechanisms / sizeof *mechanisms ? mechanisms[i] : NULL;
}

bool backend_mechanism_known(const char *name)
{
	for (size_t i = 0; backend_mechanism(i); i++)
		if (!strcmp(backend_mechanism(i), name))
			return true;
	return false;
}

static int version_order(const uint32_t a[3], const uint32_t b[3])
{
	for (int i = 0; i < 3; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

bool backend_version_holds(const uint32_t have[3], const struct requirement *r)
{
	int order = version_order(have, r->version);

	switch (r->cmp) {
	case '<':
		return order < 0;
	case 'l':
		return order <= 0;
	case '>':
		return order > 0;
	case 'g':
		return order >= 0;
	case '=':
		return order == 0;
	case '!':
		return order != 0;
	}
	return true; /* `require kernel` alone: there is one */
}
