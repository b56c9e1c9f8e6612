/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wire.h - what host and guest tell each other, as the bytes of frames.
 *
 * Both ends are the same executable: the guest's is a copy of the host's, made for it when it is
 * started.  So structures travel as they lie in memory (HELLO holds their sizes to each other), and
 * a frame says of each observation only how it differs from the last one.
 */
#ifndef AGENTCG_VM_WIRE_H
#define AGENTCG_VM_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/diag.h"
#include "run/engine.h"
#include "run/gauge.h"

enum message {
	/* guest to host */
	MSG_ALIVE = 1, /* init is up: struct wire_alive */
	MSG_HELLO,     /* the scenario is loaded: struct wire_hello */
	MSG_PROBED,    /* answer: i32, text */
	MSG_EVENTS,    /* observations and notes of the run */
	MSG_DIAGS,     /* errors and warnings */
	MSG_OUTCOME,   /* the run is over: struct wire_outcome */
	MSG_BEAT,      /* init lives */
	MSG_DIED,      /* agentcg in the guest has ended: its wait status, u64 */
	MSG_OUTPUT,    /* what the command says, as it is */
	MSG_EXITED,    /* the command has ended: its status as shells have it, u64 */
	MSG_GAUGED,    /* struct wire_gauged */
	/* host to guest */
	MSG_PROBE, /* a requirement: text, cmp, version[3] */
	MSG_RUN,   /* struct wire_run */
	MSG_GAUGE, /* struct wire_gauge */
	MSG_BYE,   /* clean up and end */
};

/* ---- plain values ------------------------------------------------------------------------------
 */

/* Numbers are LEB128, texts a number and that many bytes. */
void wire_put(struct buf *b, uint64_t v);
void wire_put_text(struct buf *b, const char *s, size_t n);
void wire_put_str(struct buf *b, const char *s); /* NULL is put as "" */

/* Reading past the end or a malformed number sets .bad and gives 0 or "" from then on. */
struct wire {
	const unsigned char *at, *end;
	bool bad;
};
struct wire wire_of(const void *bytes, size_t n);
uint64_t wire_get(struct wire *w);
char *wire_get_str(struct wire *w, struct arena *a); /* NUL-terminated */
bool wire_done(const struct wire *w);		     /* all read, nothing bad */

/* ---- messages ----------------------------------------------------------------------------------
 */

struct wire_alive {
	uint64_t memory_bytes; /* that the kernel has to give */
	uint64_t up_ns;	       /* since it began to boot */
	const char *release;
};
void wire_put_alive(struct buf *b, const struct wire_alive *m);
bool wire_get_alive(struct wire *w, struct arena *a, struct wire_alive *m);

struct wire_hello {
	uint64_t digest; /* of the plan */
	uint32_t caps;
	const char *backend, *mechanism, *kernel; /* "": none */
};
/* Sizes of what travels as it lies in memory go along. */
void wire_put_hello(struct buf *b, const struct wire_hello *m);
bool wire_get_hello(struct wire *w, struct arena *a, struct wire_hello *m);

struct wire_run {
	uint32_t policy; /* index; UINT32_MAX: the undisturbed run of `alone` */
	uint32_t alone;
	uint32_t rep;
	uint64_t seed;
	uint64_t timeline_ns;
};
void wire_put_run(struct buf *b, const struct wire_run *m);
bool wire_get_run(struct wire *w, struct wire_run *m);

struct wire_outcome {
	int err; /* engine_run's */
	struct run_outcome run;
	uint32_t nmarks, nfired;
};
void wire_put_outcome(struct buf *b, const struct wire_outcome *m);
bool wire_get_outcome(struct wire *w, struct arena *a, struct wire_outcome *m);

struct wire_gauge {
	uint32_t what, samples;
	uint64_t budget_ns;
};
void wire_put_gauge(struct buf *b, const struct wire_gauge *m);
bool wire_get_gauge(struct wire *w, struct wire_gauge *m);

struct wire_gauged {
	int err; /* gauge_measure's */
	struct gauge gauge;
};
void wire_put_gauged(struct buf *b, const struct wire_gauged *m);
bool wire_get_gauged(struct wire *w, struct wire_gauged *m);

/* Everything in d from the report `first` on; places are those of the same texts. */
void wire_put_diags(struct buf *b, const struct diags *d, size_t first);
bool wire_get_diags(struct wire *w, struct arena *a, struct diags *d);

/* ---- events ------------------------------------------------------------------------------------
 */

/* One end of a stream of events; forgets the last event with each frame. */
struct wire_events {
	struct obs obs;
	struct note note;
	struct cg_counters counters;
};
void wire_put_obs(struct buf *b, struct wire_events *last, const struct obs *o);
void wire_put_note(struct buf *b, struct wire_events *last, const struct note *n);

enum wire_event {
	WIRE_END, /* of the frame */
	WIRE_OBS,
	WIRE_NOTE,
	WIRE_BAD,
};
/* The next event; o->counters, where it has some, points into *last. */
enum wire_event wire_next(struct wire *w, struct wire_events *last, struct obs *o, struct note *n);

#endif
