/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host.h - what this machine is: memory, CPUs, kernel.
 */
#ifndef AGENTCG_BACKEND_CGROUP_HOST_H
#define AGENTCG_BACKEND_CGROUP_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

uint64_t host_memory_bytes(void);    /* MemTotal: a little less than what is built in */
uint64_t host_available_bytes(void); /* MemAvailable */
uint64_t host_swap_bytes(void);	     /* SwapTotal */
uint32_t host_cpus(void);	     /* on which this process may run */
/* "6.1.0-56-cloud-amd64", and its number. */
void host_kernel(char *release, size_t size, uint32_t version[3]);
bool host_thp(void); /* huge pages are not switched off */

uint64_t host_now_ns(void); /* CLOCK_MONOTONIC */

#endif
