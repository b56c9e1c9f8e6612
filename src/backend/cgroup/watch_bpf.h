/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch_bpf.h - watching by BPF programs, for a mechanism whose programs do more than watch.
 */
#ifndef AGENTCG_BACKEND_CGROUP_WATCH_BPF_H
#define AGENTCG_BACKEND_CGROUP_WATCH_BPF_H

#include "backend/cgroup/watch.h"

struct bpf_object;

/* A compiled object whose programs include bpf/watch.bpf.h. */
struct watch_object {
	const void *(*bytes)(size_t *n); /* of its skeleton */
	/* Before it is loaded, which may be several times; NULL: it has nothing but bpf/watch.bpf.h
	 */
	void (*prepare)(struct bpf_object *o);
};

/*
 * As watch_bpf.open, with the programs of another object; the other functions of watch_bpf then
 * serve it.  Its programs that do not watch are loaded with the rest.
 */
int watch_bpf_open(const struct watch_object *o, const struct mech_host *h, char *why,
		   size_t why_size, void **w);
/* For maps and programs that are not about watching; it is closed with the watch. */
struct bpf_object *watch_bpf_object(void *w);

#endif
