/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libbpf_log.h - what libbpf says while programs are loaded.
 *
 * It speaks through one global function, and mostly of things that are tried and may fail; its
 * words are kept, and shown when they explain something.
 */
#ifndef AGENTCG_BACKEND_CGROUP_LIBBPF_LOG_H
#define AGENTCG_BACKEND_CGROUP_LIBBPF_LOG_H

void libbpf_log_begin(void);  /* listen, and forget what was heard */
void libbpf_log_forget(void); /* what was heard so far */
void libbpf_log_print(void);  /* the last lines, to mech_verbose if that is set */
void libbpf_log_end(void);    /* give the function back */

#endif
