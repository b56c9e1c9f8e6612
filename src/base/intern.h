/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * intern.h - one pointer per spelling, so that names compare by address and index arrays by id.
 */
#ifndef AGENTCG_BASE_INTERN_H
#define AGENTCG_BASE_INTERN_H

#include <stddef.h>
#include <stdint.h>

struct arena;

struct sym {
	uint32_t id; /* dense: 0, 1, 2, ... in order of first appearance */
	uint32_t len;
	uint32_t hash; /* of this process; nothing may be ordered by it */
	char s[];      /* NUL-terminated */
};

struct intern {
	struct arena *arena; /* owns the symbols; set before first use */
	const struct sym **slots;
	size_t nslots; /* power of two */
	uint32_t n;    /* number of symbols */
};

const struct sym *intern(struct intern *t, const char *s, size_t len);
const struct sym *intern_find(const struct intern *t, const char *s, size_t len); /* or NULL */
void intern_free(struct intern *t); /* the table; symbols die with the arena */

#endif
