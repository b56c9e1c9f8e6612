/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/utf8.h"

size_t utf8_decode(const char *s, size_t n, uint32_t *cp)
{
	const unsigned char *u = (const unsigned char *)s;
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len;
	uint32_t c;

	if (u[0] < 0x80) {
		*cp = u[0];
		return 1;
	}
	len = u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : 2;
	if (u[0] < 0xc2 || u[0] > 0xf4 || len > n)
		goto invalid;
	c = u[0] & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((u[i] & 0xc0) != 0x80)
			goto invalid;
		c = c << 6 | (u[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		goto invalid;
	*cp = c;
	return len;
invalid:
	*cp = UTF8_INVALID;
	return 1;
}

int utf8_columns(uint32_t cp)
{
	/*
	 * The ranges that matter in practice.  wcwidth() would know more but needs a locale, and
	 * diagnostics must not depend on one.
	 */
	static const struct {
		uint32_t first, last;
		int columns;
	} ranges[] = {
	    {0x0000, 0x001f, -1},   {0x007f, 0x009f, -1},  {0x00ad, 0x00ad, -1},
	    {0x0300, 0x036f, 0},    {0x061c, 0x061c, -1},  {0x1100, 0x115f, 2},
	    {0x200b, 0x200f, -1},   {0x2028, 0x202e, -1},  {0x2060, 0x206f, -1},
	    {0x20d0, 0x20ff, 0},    {0x2e80, 0xa4cf, 2},   {0xac00, 0xd7a3, 2},
	    {0xf900, 0xfaff, 2},    {0xfe00, 0xfe0f, 0},   {0xfe20, 0xfe2f, 0},
	    {0xfe30, 0xfe6f, 2},    {0xfeff, 0xfeff, -1},  {0xff00, 0xff60, 2},
	    {0xffe0, 0xffe6, 2},    {0xfff9, 0xfffb, -1},  {0x1f300, 0x1f64f, 2},
	    {0x1f680, 0x1f6ff, 2},  {0x1f900, 0x1faff, 2}, {0x20000, 0x3fffd, 2},
	    {0xe0000, 0xe0fff, -1},
	};

	if (cp >= 0x20 && cp < 0x7f)
		return 1;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (cp < ranges[i].first)
			break;
		if (cp <= ranges[i].last)
			return ranges[i].columns;
	}
	return cp > 0x10ffff ? -1 : 1;
}
