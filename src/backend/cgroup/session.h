/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.h - what the runs of a session share (live.h says what a session is) */
#ifndef AGENTCG_BACKEND_CGROUP_SESSION_H
#define AGENTCG_BACKEND_CGROUP_SESSION_H

#include "backend/cgroup/live.h"
#include "backend/cgroup/mech.h"
#include "backend/cgroup/place.h"
#include "backend/cgroup/pool.h"
#include "backend/cgroup/state.h"

struct live_session {
	struct live_options options;
	struct live_place place;
	struct zygote *zygote;
	struct state state;
	int state_fd;	   /* -1: not written */
	int dirfd;	   /* <parent>/agentcg-<id>; -1: not made */
	bool moved;	   /* this process is in the coordinator's leaf */
	bool cpu;	   /* the cpu controller is enabled below dirfd */
	uint32_t runs;	   /* begun */
	bool busy;	   /* a run is open */
	char release[128]; /* of the kernel */
	uint32_t version[3];
	const char *mech_name;	      /* of the default, where one was asked for */
	const struct mechanism *mech; /* NULL: none */
	struct pool_commands commands;
	char workdir[PLACE_PATH];
	struct backend backend;
};

/* The session whose backend is in use; NULL: none is open. */
struct live_session *live_session_current(void);

/* live.c: the functions of the backend, whose facts a session fills in. */
int live_probe(const struct requirement *r, char *why, size_t why_size);

/* Enable a controller for the cgroups below; 1: it was not before, 0: it was; -errno. */
int session_enable(int dirfd, const char *controller);
/* Take away what a run enabled in its parent, unless others use it. */
void session_disable(int dirfd, const char *controllers);

#endif
