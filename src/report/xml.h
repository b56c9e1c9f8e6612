/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xml.h - text in XML and HTML: whatever the bytes, the document stays well-formed.
 */
#ifndef AGENTCG_REPORT_XML_H
#define AGENTCG_REPORT_XML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/*
 * The n bytes at s, escaped.  What XML cannot hold (most controls, what is no character, invalid
 * UTF-8) becomes U+FFFD.  attribute: quotes too, and blanks other than ' ' as references, as they
 * would be read as ' ' otherwise.
 */
void xml_put(struct buf *out, const char *s, size_t n, bool attribute);
void xml_puts(struct buf *out, const char *s); /* between tags */
/* ` name="value"` */
void xml_attribute(struct buf *out, const char *name, const char *value, size_t n);

#endif
