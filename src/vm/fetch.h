/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fetch.h - kernels from Debian's archive into the cache.
 *
 * With an apt state of agentcg's own in CACHE/apt: its sources are Debian's bookworm (with security
 * updates), bookworm-backports and trixie-backports, from the mirror that the host uses for Debian
 * or from deb.debian.org.  apt checks the signatures against Debian's keyring and the package
 * against the index; the host's apt, its lists and its packages stay untouched.  Works as an
 * ordinary user.  A download that was cut short goes on where it stopped, if the server can.
 */
#ifndef AGENTCG_VM_FETCH_H
#define AGENTCG_VM_FETCH_H

#include <signal.h>

#include "vm/kernel.h"

struct fetch {
	const char *cache;
	const volatile sig_atomic_t *stop;	  /* or NULL */
	void (*say)(void *ctx, const char *line); /* what it is doing; NULL: nobody wants to know */
	void *ctx;
};

/*
 * Fetch the kernel of that name, also when there is one (a newer one takes its place).  0 with *out
 * in `a`; -EINTR: asked to stop; another -errno: reported (no apt, no network, no such series, a
 * full disk).
 */
int fetch_kernel(const struct fetch *f, struct arena *a, const char *name, struct diags *d,
		 struct kernel *out);

/*
 * The series that the archive has, as of the last look at it: "6.1", "6.12", ..., ascending; none
 * before the first fetch.  0 or -errno.
 */
int fetch_series(const struct fetch *f, struct arena *a, const char *const **v, size_t *n);

/*
 * Is this package one that a kernel image is in?  Its release ("6.1.0-56-cloud-amd64") goes to
 * `release`, and how much it is to be preferred among those of the same release comes back, 0 for
 * no.
 */
int fetch_rank(const char *package, char *release, size_t size);

#endif
