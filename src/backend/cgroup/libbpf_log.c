/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/cgroup/libbpf_log.h"

#include "config.h"

#if HAVE_BPF

#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "backend/cgroup/mech.h"

#define LAST_LINES 20

static struct {
	char text[16384];
	size_t len;
	libbpf_print_fn_t before;
} heard;

static int __attribute__((format(printf, 2, 0)))
listen(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	int n;

	if (level == LIBBPF_DEBUG)
		return 0;
	if (heard.len > sizeof heard.text / 2) { /* the end of it is what matters */
		memmove(heard.text, heard.text + heard.len / 2, heard.len - heard.len / 2);
		heard.len -= heard.len / 2;
	}
	n = vsnprintf(heard.text + heard.len, sizeof heard.text - heard.len, fmt, ap);
	if (n > 0)
		heard.len += (size_t)n < sizeof heard.text - heard.len
				 ? (size_t)n
				 : sizeof heard.text - heard.len - 1;
	return n;
}

void libbpf_log_forget(void)
{
	heard.len = 0;
}

void libbpf_log_begin(void)
{
	libbpf_log_forget();
	heard.before = libbpf_set_print(listen);
}

void libbpf_log_print(void)
{
	const char *end = heard.text + heard.len, *from = end;
	int lines = LAST_LINES;

	if (!mech_verbose || !heard.len)
		return;
	while (from > heard.text && (from[-1] != '\n' || from == end || --lines))
		from--;
	fprintf(mech_verbose, "libbpf: %.*s", (int)(end - from), from);
}

void libbpf_log_end(void)
{
	libbpf_set_print(heard.before);
}

#endif
