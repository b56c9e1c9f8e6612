/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * apt.h - an apt with a state of its own, which leaves the host's alone (fetch.h says what for).
 */
#ifndef AGENTCG_VM_APT_H
#define AGENTCG_VM_APT_H

#include <signal.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"

struct apt {
	const char *cache;
	const char *folder; /* CACHE/apt */
	const char *conf;   /* for -c */
	const char *name;   /* of the kernel, for messages */
	struct arena *a;
	struct diags *d;
	const volatile sig_atomic_t *stop;
	void (*say)(void *ctx, const char *line);
	void *ctx;
	struct buf errors;	 /* what the last program said on standard error */
	bool updated;		 /* the lists were fetched now */
	const char *unreachable; /* ... and some could not be, with apt's reason; or NULL */
};

void apt_say(const struct apt *w, const char *line);

/* Folders, sources and configuration.  0 or -errno, reported. */
int apt_prepare(struct apt *w);
bool apt_is_fresh(const struct apt *w); /* the lists are less than a day old */
/* Fetch the lists.  0, also when some are unreachable; or -errno, reported. */
int apt_update(struct apt *w);

/* Run a program and keep what it says: its status, as child_run(). */
int apt_run(struct apt *w, const char *const *argv, struct buf *out);
bool apt_said(const struct apt *w, const char *words);

/* Report; they return the -errno that stands for it. */
int apt_complain_io(struct apt *w, const char *path, int err);
int apt_complain_network(struct apt *w, const char *why);
/* A program has failed with `ret` (as from apt_run): say why as plainly as it lets us know. */
int apt_complain(struct apt *w, const char *what, int ret);

#endif
