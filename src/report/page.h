/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page.h - style and program of the page that --html writes, from page.css and page.js beside it.
 */
#ifndef AGENTCG_REPORT_PAGE_H
#define AGENTCG_REPORT_PAGE_H

#include <stddef.h>

extern const char page_css[], page_css_end[];
extern const char page_js[], page_js_end[];

#endif
