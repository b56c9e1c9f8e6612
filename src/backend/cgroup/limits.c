/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/cgroup/limits.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/cgroup/cgfs.h"
#include "backend/cgroup/host.h"

#define MILLION UINT64_C(1000000)

static const char *const files[CGA_COUNT] = {
    [CGA_MIN] = "memory.min",	 [CGA_LOW] = "memory.low",	 [CGA_HIGH] = "memory.high",
    [CGA_MAX] = "memory.max",	 [CGA_SWAP] = "memory.swap.max", [CGA_OOM] = "memory.oom.group",
    [CGA_WEIGHT] = "cpu.weight", [CGA_CPU] = "cpu.max",
};

const char *limits_file(enum cg_attr attr)
{
	return files[attr];
}

/* ---- values ---------------------------------------------------------------------------------- */

static uint64_t whole_pages(uint64_t bytes)
{
	return bytes == NO_LIMIT ? NO_LIMIT : bytes / PAGE_BYTES * PAGE_BYTES;
}

/*
 * cpu.max: quota and period in us.  The kernel takes quotas from 1 ms and periods up to 1 s
 * (kernel/sched/core.c, min_cfs_quota_period).
 */
static void cpu_quota(uint32_t ppm, uint64_t *quota, uint64_t *period)
{
	*period = ppm < 10000 ? MILLION : MILLION / 10;
	*quota = ppm * *period / MILLION;
}

uint64_t limits_of(const struct cg_attrs *a, enum cg_attr attr)
{
	uint64_t quota, period;

	switch (attr) {
	case CGA_MIN:
		return whole_pages(a->min_bytes);
	case CGA_LOW:
		return whole_pages(a->low_bytes);
	case CGA_HIGH:
		return whole_pages(a->high_bytes);
	case CGA_MAX:
		return whole_pages(a->max_bytes);
	case CGA_SWAP:
		return whole_pages(a->swap_bytes);
	case CGA_OOM:
		return a->oom_group;
	case CGA_WEIGHT:
		return a->weight;
	case CGA_CPU:
		if (!a->cpu_ppm)
			return NO_LIMIT;
		cpu_quota(a->cpu_ppm, &quota, &period);
		return quota * MILLION / period;
	default:
		return 0;
	}
}

static int read_one(int dirfd, enum cg_attr attr, uint64_t *out)
{
	char text[64], *rest;
	uint64_t quota, period;
	int err;

	if (attr != CGA_CPU)
		return cgfs_read_value(dirfd, files[attr], out);
	err = cgfs_read(dirfd, files[attr], text, sizeof text);
	if (err)
		return err;
	if (!strncmp(text, "max ", 4)) {
		*out = NO_LIMIT;
		return 0;
	}
	quota = strtoull(text, &rest, 10);
	period = strtoull(rest, NULL, 10);
	if (!period)
		return -EINVAL;
	*out = quota * MILLION / period;
	return 0;
}

static int write_one(int dirfd, enum cg_attr attr, uint64_t value)
{
	uint64_t quota, period;
	char text[64];

	if (attr != CGA_CPU)
		return cgfs_write_value(dirfd, files[attr], value);
	if (value == NO_LIMIT)
		return cgfs_write(dirfd, files[attr], "max 100000");
	cpu_quota((uint32_t)value, &quota, &period);
	snprintf(text, sizeof text, "%" PRIu64 " %" PRIu64, quota, period);
	return cgfs_write(dirfd, files[attr], text);
}

/* ---- in force -------------------------------------------------------------------------------- */

int limits_begin(struct limits *l, int dirfd)
{
	*l = (struct limits){0};
	for (uint32_t a = 0; a < CGA_COUNT; a++) {
		int err = files[a] ? read_one(dirfd, (enum cg_attr)a, &l->expected[a]) : -ENOENT;

		if (!err)
			l->there |= CGA_BIT(a);
		else if (err != -ENOENT)
			return err;
	}
	return 0;
}

static int fail(struct limit_miss *miss, enum cg_attr attr, int err, uint64_t asked, uint64_t found)
{
	*miss = (struct limit_miss){.attr = attr, .err = err, .asked = asked, .found = found};
	return err ? err : -EIO;
}

/* There is no file: is what is asked for so anyway? */
static bool true_anyway(enum cg_attr attr, uint64_t value)
{
	if (value == limits_of(&cg_attrs_default, attr))
		return true;
	return attr == CGA_SWAP && !host_swap_bytes();
}

int limits_write_value(struct limits *l, int dirfd, enum cg_attr attr, uint64_t value,
		       struct limit_miss *miss)
{
	uint64_t found;
	int err;

	if (!(l->there & CGA_BIT(attr)))
		return true_anyway(attr, value) ? 0 : fail(miss, attr, -ENOENT, value, 0);
	err = write_one(dirfd, attr, value);
	if (!err)
		err = read_one(dirfd, attr, &found);
	if (err)
		return fail(miss, attr, err, value, 0);
	if (found != value)
		return fail(miss, attr, 0, value, found);
	l->expected[attr] = value;
	l->strange &= ~CGA_BIT(attr);
	return 0;
}

int limits_write(struct limits *l, int dirfd, const struct cg_attrs *a, uint32_t mask,
		 struct limit_miss *miss)
{
	for (uint32_t i = 0; i < CGA_COUNT; i++) {
		int err;

		if (!(mask & LIMITS_FILES & CGA_BIT(i)))
			continue;
		err = limits_write_value(l, dirfd, (enum cg_attr)i, limits_of(a, (enum cg_attr)i),
					 miss);
		if (err)
			return err;
	}
	return 0;
}

bool limits_changed(struct limits *l, int dirfd, uint32_t *attr, struct limit_miss *miss)
{
	for (; *attr < CGA_COUNT; ++*attr) {
		uint64_t found = 0;
		int err;

		if (!(l->there & ~l->strange & CGA_BIT(*attr)))
			continue;
		err = read_one(dirfd, (enum cg_attr) * attr, &found);
		if (!err && found == l->expected[*attr])
			continue;
		l->strange |= CGA_BIT(*attr);
		(void)fail(miss, (enum cg_attr) * attr, err, l->expected[*attr], found);
		++*attr;
		return true;
	}
	return false;
}
