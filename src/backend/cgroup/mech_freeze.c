/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mechanism `freeze`: BPF programs watch, cgroup.freeze holds. */
#include "backend/cgroup/freezer.h"
#include "backend/cgroup/mechanisms.h"
#include "backend/cgroup/trial.h"

static int freeze_probe(int parent_dirfd, char *why, size_t why_size)
{
	return mech_trial(&mech_freeze, parent_dirfd, why, why_size);
}

static int freeze_open(const struct mech_host *h, struct diags *d, void **m)
{
	return freezer_open(&watch_bpf, mech_freeze.name, h, d, m);
}

const struct mechanism mech_freeze = {
    .name = "freeze",
    .caps = CAP_DELAY | CAP_DELAY_ALWAYS | CAP_PROTECT,
    .probe = freeze_probe,
    .open = freeze_open,
    .set = freezer_set,
    .fd = freezer_fd,
    .due = freezer_due,
    .step = freezer_step,
    .count = freezer_count,
    .close = freezer_close,
};
