/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * html.c - one page that needs nothing else: verdict, claims, figures, and data that page.js draws.
 *
 * What is to be read stands in the page itself, so that it can be read without scripts and by a
 * screen reader; only the charts are drawn by the program.
 */
#include "report/html.h"

#include "report/page.h"
#include "report/report.h"
#include "report/xml.h"

void html_put_head(const char *title, struct buf *out)
{
	buf_puts(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		      "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
		      "<title>");
	xml_puts(out, title);
	buf_puts(out, " - agentcg</title>\n<style>\n");
	buf_put(out, page_css, (size_t)(page_css_end - page_css));
	buf_puts(out, "</style>\n</head>\n<body>\n"
		      "<a class=\"skip\" href=\"#figures\">To the figures</a>\n<header>\n"
		      "<div class=\"top\"><h1>");
	xml_puts(out, title);
	buf_puts(out, "</h1><button type=\"button\" id=\"theme\" "
		      "aria-label=\"light or dark\">&#9680;</button></div>\n");
}

void html_put_charts(struct buf *out)
{
	buf_puts(
	    out,
	    "<section aria-labelledby=\"timelines\">\n<h2 id=\"timelines\">Timelines</h2>\n"
	    "<noscript><p>The charts need scripts; all figures are above.</p></noscript>\n"
	    "<div class=\"controls\"><span id=\"keys\" class=\"controls\"></span></div>\n"
	    "<div class=\"controls\"><label>repetition <select id=\"rep\"></select></label>"
	    "<span>showing <span id=\"range\">the whole run</span></span>"
	    "<button type=\"button\" id=\"reset\" disabled>whole run</button></div>\n"
	    "<p class=\"soft\">Dashed: memory.high. Solid red: memory.max. Shaded: delayed by "
	    "the policy. Triangle: killed. Grey at the foot: replays and commands; blocks on it: "
	    "tool calls, red where one was killed, timed out or failed. Drag to zoom, "
	    "double-click to see all. With the keyboard: arrows move, n and p go to the next "
	    "and the previous tool call or kill, + and - zoom, 0 shows all.</p>\n"
	    "<p id=\"said\" class=\"skip\" aria-live=\"polite\"></p>\n"
	    "<div id=\"cards\" class=\"cards\"></div>\n<div id=\"readout\"></div>\n"
	    "<details id=\"calls\" hidden><summary>Tool calls</summary></details>\n"
	    "</section>\n"
	    "<section id=\"latency\" aria-labelledby=\"latencies\">\n"
	    "<h2 id=\"latencies\">Allocation latencies</h2>\n"
	    "<p class=\"soft\">All repetitions of a policy together. The height of a bar is the "
	    "square root of its count.</p>\n"
	    "<div id=\"bars\" class=\"cards\"></div>\n</section>\n");
}

void html_put_end(struct buf *out)
{
	buf_puts(out, "<script>\n");
	buf_put(out, page_js, (size_t)(page_js_end - page_js));
	buf_puts(out, "</script>\n</body>\n</html>\n");
}

void report_html(const struct results *r, struct buf *out)
{
	const struct html_of of = {.r = r};

	html_put_head(r->plan->title, out);
	html_put_verdict(r, out);
	buf_puts(out, "</header>\n<main>\n");
	html_put_claims(&of, out);
	html_put_figures(&of, out);
	html_put_contrasts(&of, out);
	html_put_charts(out);
	html_put_environment(&of, out);
	buf_puts(out, "</main>\n");
	html_put_data(&of, 1, out);
	html_put_end(out);
}
