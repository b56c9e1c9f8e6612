/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pool_state.h - what the coordinator knows of its workers, for pool.c and pool_open.c. */
#ifndef AGENTCG_BACKEND_CGROUP_POOL_STATE_H
#define AGENTCG_BACKEND_CGROUP_POOL_STATE_H

#include "backend/cgroup/shared.h"

struct member {
	bool flying; /* an op was begun and DONE has not been taken */
	bool gone;   /* EXIT has been taken */
	bool has_own;
};

/* What has been written to the data file: by its address in the plan. */
struct sent {
	const void *what;
	uint64_t at;
};

struct pool {
	struct zygote *zygote;
	struct pool_shared *shared;
	int shared_fd, data_fd, event_fd, life_fd, epoll_fd;
	uint32_t n;
	bool may_command, may_read;
	struct member *members; /* [n] */
	uint64_t *news;		/* [n / 64]: taken from shared->news, not looked at yet */
	uint32_t word;		/* where in it to go on */
	uint64_t data_bytes;
	struct sent *sent; /* hashed; a power of 2, at most half full */
	uint32_t nsent, sent_size;
};

#endif
