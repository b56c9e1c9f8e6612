/* SPDX-License-Identifier: GPL-2.0-or-later */
/* package.h - one package of Debian's archive, through an apt of our own (apt.h). */
#ifndef AGENTCG_VM_PACKAGE_H
#define AGENTCG_VM_PACKAGE_H

#include <stdint.h>

#include "vm/apt.h"

struct package {
	const char *uri, *hash, *version; /* in the arena of the apt */
	uint64_t bytes;
};

/* Where it is and what it is checked by.  0 or -errno, reported. */
int package_find(struct apt *w, const char *package, struct package *out);
/* Is there that much room in the cache?  0, or -ENOSPC, reported. */
int package_room(struct apt *w, uint64_t bytes);
/* Fetch it to the path `deb`, going on with what is there; checked.  0 or -errno, reported. */
int package_download(struct apt *w, const char *package, const struct package *l, const char *deb);

#endif
