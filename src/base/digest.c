/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/digest.h"

#include <string.h>

#define FNV_PRIME UINT64_C(0x100000001b3)

uint64_t digest_bytes(uint64_t h, const void *p, size_t n)
{
	const unsigned char *u = p;

	for (size_t i = 0; i < n; i++)
		h = (h ^ u[i]) * FNV_PRIME;
	return h;
}

uint64_t digest_u64(uint64_t h, uint64_t v)
{
	for (unsigned int i = 0; i < 8; i++)
		h = (h ^ (v >> 8 * i & 0xff)) * FNV_PRIME;
	return h;
}

uint64_t digest_str(uint64_t h, const char *s)
{
	return digest_bytes(h, s, strlen(s) + 1);
}
