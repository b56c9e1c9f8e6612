/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mechanism `poll`: the files of the cgroups are watched, cgroup.freeze holds.  No BPF. */
#include "backend/cgroup/freezer.h"
#include "backend/cgroup/mechanisms.h"
#include "backend/cgroup/trial.h"

static int poll_probe(int parent_dirfd, char *why, size_t why_size)
{
	return mech_trial(&mech_poll, parent_dirfd, why, why_size);
}

static int poll_open(const struct mech_host *h, struct diags *d, void **m)
{
	return freezer_open(&watch_poll, mech_poll.name, h, d, m);
}

const struct mechanism mech_poll = {
    .name = "poll",
    .caps = CAP_DELAY | CAP_DELAY_ALWAYS | CAP_PROTECT,
    .probe = poll_probe,
    .open = poll_open,
    .set = freezer_set,
    .fd = freezer_fd,
    .due = freezer_due,
    .step = freezer_step,
    .count = freezer_count,
    .close = freezer_close,
};
