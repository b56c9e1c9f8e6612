/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ability.c - what `require` asks of a running kernel, answered by trying */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backend/cgroup/cgfs.h"
#include "backend/cgroup/host.h"
#include "backend/cgroup/session.h"

static int no(char *why, size_t size, const char *text)
{
	snprintf(why, size, "%s", text);
	return 0;
}

static int probe_psi(const struct live_session *s, char *why, size_t size)
{
	char text[512];
	int err = cgfs_read(s->dirfd, "memory.pressure", text, sizeof text);

	if (!err)
		return 1;
	return no(why, size,
		  err == -EOPNOTSUPP ? "it was switched off at boot: boot with psi=1"
				     : "the kernel has no memory.pressure");
}

static int probe_swap(const struct live_session *s, char *why, size_t size)
{
	if (!cgfs_there(s->dirfd, "memory.swap.max"))
		return no(why, size, "the kernel has no memory.swap.max");
	return host_swap_bytes() ? 1 : no(why, size, "no swap is switched on");
}

static int probe_mechanism(const struct live_session *s, const char *name, char *why, size_t size)
{
	const struct mechanism *m = mech_find(name);

	return m ? m->probe(s->dirfd, why, size) : no(why, size, "it is not in this build");
}

int live_probe(const struct requirement *r, char *why, size_t size)
{
	const struct live_session *s = live_session_current();

	if (!backend_feature_known(r->feature))
		return -EINVAL;
	if (!s || s->dirfd < 0)
		return no(why, size, "no session is open");
	if (!strcmp(r->feature, "cgroup2"))
		return 1;
	if (!strcmp(r->feature, "cpu"))
		return s->place.cpu ? 1 : no(why, size, "the cpu controller is not available here");
	if (!strcmp(r->feature, "kernel")) {
		if (backend_version_holds(s->version, r))
			return 1;
		snprintf(why, size, "this kernel is %s", s->release);
		return 0;
	}
	if (!strcmp(r->feature, "psi"))
		return probe_psi(s, why, size);
	if (!strcmp(r->feature, "swap"))
		return probe_swap(s, why, size);
	if (!strcmp(r->feature, "thp"))
		return host_thp() ? 1 : no(why, size, "huge pages are switched off");
	return probe_mechanism(s, r->feature, why, size);
}
