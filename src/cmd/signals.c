/* SPDX-License-Identifier: GPL-2.0-or-later */
/* signals.c - asking a run to stop (signals.h) */
#include <stddef.h>

#include "cmd/signals.h"

volatile sig_atomic_t signals_stop;
static int flags = (int)SA_RESETHAND;

static void stop(int sig)
{
	signals_stop = sig;
}

void signals_ignore_pipe(void)
{
	struct sigaction sa = {.sa_handler = SIG_IGN};

	sigaction(SIGPIPE, &sa, NULL);
}

void signals_catch(void)
{
	static const int caught[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction sa = {.sa_handler = stop, .sa_flags = flags}, old;

	for (size_t i = 0; i < sizeof caught / sizeof *caught; i++) {
		/* What a parent made us ignore (nohup, a job in the background) stays ignored. */
		if (!sigaction(caught[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaction(caught[i], &sa, NULL);
	}
}

void signals_once(void)
{
	flags = 0;
	signals_catch();
}
