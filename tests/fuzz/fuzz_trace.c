/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_trace - any bytes as a recording, under both readings of the units: no crash, no leak, no
 * hang, and what trace.h promises of a trace that was loaded.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "trace/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct trace *t)
{
	uint64_t peak = 0;

	if (!t->nsamples && !t->ncalls)
		abort();
	for (uint32_t i = 0; i < t->nsamples; i++) {
		if (i ? t->samples[i].at_ns <= t->samples[i - 1].at_ns : t->samples[i].at_ns != 0)
			abort();
		if (t->samples[i].bytes > peak)
			peak = t->samples[i].bytes;
	}
	if (peak != t->peak_bytes || t->mean_bytes > peak)
		abort();
	for (uint32_t i = 0; i < t->ncalls; i++) {
		const struct trace_call *c = &t->calls[i];

		if (!c->tool || (i && c->at_ns < t->calls[i - 1].at_ns))
			abort();
		if (c->at_ns >= 0 && (uint64_t)c->at_ns + c->dur_ns > t->duration_ns)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	int fd = memfd_create("fuzz_trace", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (int units = TRACE_DECIMAL; units <= TRACE_BINARY; units++) {
		struct arena a = {0};
		struct buf b = {0};
		struct diags d;
		struct trace *t = NULL;
		int err;

		diags_init(&d, NULL);
		err = trace_load(&a, NULL, path, (enum trace_units)units, &d, (struct span){0}, &t);
		/* Every failure is reported, and nothing but a failure is an error. */
		if (!err != !d.errors)
			abort();
		if (!err)
			check(t);
		diags_print(&d, DIAG_TEXT, &b);
		buf_free(&b);
		diags_free(&d);
		arena_free(&a);
	}
	close(fd);
	return 0;
}
