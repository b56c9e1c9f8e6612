/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/xml.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

/* XML cannot hold most controls, not even escaped, nor what is no character. */
static bool xml_char(uint32_t cp)
{
	return cp == '\t' || cp == '\n' || cp == '\r' || (cp >= 0x20 && cp < 0xD800) ||
	       (cp >= 0xE000 && cp <= 0xFFFD) || (cp >= 0x10000 && cp <= 0x10FFFF);
}

void xml_put(struct buf *out, const char *s, size_t n, bool attribute)
{
	for (size_t i = 0, bytes; i < n; i += bytes) {
		uint32_t cp;

		bytes = utf8_decode(s + i, n - i, &cp);
		if (cp == UTF8_INVALID || !xml_char(cp))
			buf_puts(out, "\xEF\xBF\xBD"); /* U+FFFD */
		else if (cp == '&')
			buf_puts(out, "&amp;");
		else if (cp == '<')
			buf_puts(out, "&lt;");
		else if (cp == '>')
			buf_puts(out, "&gt;");
		else if (cp == '"' && attribute)
			buf_puts(out, "&quot;");
		else if (cp == '\r' || (attribute && cp < 0x20))
			buf_printf(out, "&#%u;", (unsigned int)cp);
		else
			buf_put(out, s + i, bytes);
	}
}

void xml_attribute(struct buf *out, const char *name, const char *value, size_t n)
{
	buf_printf(out, " %s=\"", name);
	xml_put(out, value, n, true);
	buf_putc(out, '"');
}

void xml_puts(struct buf *out, const char *s)
{
	xml_put(out, s, strlen(s), false);
}
