/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live.h - experiments on this machine's kernel: what lasts longer than one run.
 *
 * A session is opened before the scenario is loaded, while the process is small: it finds the place
 * where cgroups can be made and forks the zygote, and touches nothing.  live_session_prepare,
 * which knows what the plan needs, makes the session's cgroup and chooses the mechanism.  From then
 * on the session's backend can be given to the engine, for one run at a time, until close, which
 * undoes everything.  One session in a process at a time.
 *
 *     <parent>/agentcg-<id>               the session's, without limits
 *     <parent>/agentcg-<id>/coordinator   this process, when it was in <parent> and had to leave it
 *     <parent>/agentcg-<id>/run<n>        the scenario's root in run n, its cgroups below
 *
 * What the process leaves behind when it is killed is found by its state file (state.h).  The
 * coordinator is never in a cgroup that the scenario limits.
 */
#ifndef AGENTCG_BACKEND_CGROUP_LIVE_H
#define AGENTCG_BACKEND_CGROUP_LIVE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend/backend.h"
#include "base/diag.h"

struct live_options {
	const char *cgroup;    /* folder of the cgroup to make others in; NULL: find one */
	const char *mechanism; /* by name, or "none"; NULL: the first that works */
	const char *workdir;   /* where commands run; NULL: the current folder */
	bool as_root;	       /* a root coordinator's commands run as root too */
	/* Set by a signal: advance returns -EINTR then. Or NULL. */
	const volatile sig_atomic_t *stop;
};

/* What the plan needs of the machine. */
struct live_needs {
	uint32_t caps;		/* enum backend_cap mask */
	const char *mechanism;	/* the plan's default, unless the options name one; or NULL */
	bool reads;		/* files */
	struct machine machine; /* what is stated there is required */
	uint64_t memory_bytes;	/* what a run may hold at one time; 0: not known */
};

struct live_session;

/* 0 or -errno, reported; *out is to be closed in any case (NULL is fine). */
int live_session_open(const struct live_options *o, struct diags *d, struct live_session **out);
int live_session_prepare(struct live_session *s, const struct live_needs *n, struct diags *d);
/* As long as the session is there; its name, mechanism, kernel and caps say what is in force. */
const struct backend *live_session_backend(const struct live_session *s);
/* Remove everything; what cannot be removed is reported. */
void live_session_close(struct live_session *s, struct diags *d);

/* ---- what killed runs left ------------------------------------------------------------------- */

struct live_left {
	const char *cgroup; /* its folder */
	int pid;	    /* whose it was */
	bool alive;	    /* its run goes on: nothing is done */
	bool there;	    /* there was something to remove */
	const char *why;    /* it could not be removed; or NULL */
};
/* Remove what dead runs of this user left; each is told, in no order.  0 or the last -errno. */
int live_clean(void (*each)(void *ctx, const struct live_left *l), void *ctx);

/* ---- what there is on this host, by trying --------------------------------------------------- */

/* yes: 1, no: 0, -1: neither (a fact).  Called in order. */
typedef void live_say(void *ctx, const char *what, int yes, const char *text);
/* Tries everything that a live run uses on cgroups made for it, and removes them again. */
void live_doctor(const struct live_options *o, live_say *say, void *ctx);

/* With the name, caps and mechanism of a run that needs no mechanism; for tables of backends. */
extern const struct backend backend_live;

#endif
