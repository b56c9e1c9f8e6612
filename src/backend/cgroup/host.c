/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/cgroup/host.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "backend/cgroup/cgfs.h"
#include "base/units.h"

/* A line of /proc/meminfo: "MemTotal:       16384 kB"; 0 when it is not there. */
static uint64_t meminfo(const char *key)
{
	char text[4096], *line;

	if (cgfs_read(AT_FDCWD, "/proc/meminfo", text, sizeof text))
		return 0;
	line = strstr(text, key);
	if (!line || (line != text && line[-1] != '\n'))
		return 0;
	return strtoull(line + strlen(key), NULL, 10) * KIB;
}

uint64_t host_memory_bytes(void)
{
	return meminfo("MemTotal:");
}

uint64_t host_available_bytes(void)
{
	return meminfo("MemAvailable:");
}

uint64_t host_swap_bytes(void)
{
	return meminfo("SwapTotal:");
}

uint32_t host_cpus(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof set, &set))
		return 1;
	return (uint32_t)CPU_COUNT(&set);
}

void host_kernel(char *release, size_t size, uint32_t version[3])
{
	struct utsname u;
	char *s;

	version[0] = version[1] = version[2] = 0;
	snprintf(release, size, "unknown");
	if (uname(&u))
		return;
	snprintf(release, size, "%s", u.release);
	s = u.release;
	for (int i = 0; i < 3 && *s >= '0' && *s <= '9'; i++) {
		version[i] = (uint32_t)strtoul(s, &s, 10);
		if (*s++ != '.')
			break;
	}
}

bool host_thp(void)
{
	char text[64];

	return !cgfs_read(AT_FDCWD, "/sys/kernel/mm/transparent_hugepage/enabled", text,
			  sizeof text) &&
	       !strstr(text, "[never]");
}

uint64_t host_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}
