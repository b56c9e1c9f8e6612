/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json_value.h - values as the JSON report writes them.  None is ever NULL.
 */
#ifndef AGENTCG_REPORT_JSON_VALUE_H
#define AGENTCG_REPORT_JSON_VALUE_H

#include <stdint.h>

#include <jansson.h>

#include "stat/results.h"

json_t *json_value(double v);			  /* null where it is not finite */
json_t *json_count(uint64_t v);			  /* a string of digits beyond INT64_MAX */
json_t *json_digits(uint64_t v);		  /* sixteen of them, hexadecimal, in a string */
json_t *json_text(const char *s);		  /* any bytes; NULL: null */
json_t *json_moment(uint64_t ns);		  /* seconds; NEVER: null */
json_t *json_interval(const struct interval *in); /* [lo, hi], or null */

/* Indented, with a newline at the end; the reference stays the caller's. */
void json_write(const json_t *v, struct buf *out);

void json_put(json_t *object, const char *key, json_t *value);
void json_add(json_t *array, json_t *value);

/* A metric of a cgroup under a policy: how it is distributed over the runs. */
json_t *json_dist(const struct results *r, int32_t policy, uint32_t cgroup, enum metric m);
json_t *json_comparisons(const struct results *r);
json_t *json_until(const struct results *r); /* null without `repeat until` */

#endif
