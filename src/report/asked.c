/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/asked.h"

#include <inttypes.h>

bool asked_add(struct asked *sum, const struct cg_counters *c)
{
	if (!c->asked && !c->given)
		return false;
	sum->batches += c->asked;
	sum->given += c->given;
	sum->given_ns += c->given_ns;
	sum->delays += c->delays;
	sum->delayed_ns += c->delayed_ns;
	sum->protections += c->protections;
	sum->runs++;
	return true;
}

bool asked_of(const struct results *r, int32_t policy, uint32_t cgroup, struct asked *sum)
{
	bool any = false;

	*sum = (struct asked){0};
	for (uint32_t k = 0; k < r->nruns; k++)
		if (r->runs[k].policy == policy && r->runs[k].end != END_INTERRUPTED)
			any |= asked_add(sum, &r->runs[k].cgroups[cgroup].counters);
	return any;
}

json_t *asked_json(const struct asked *sum)
{
	json_t *o = json_object();

	json_put(o, "batches", json_count(sum->batches));
	json_put(o, "delays_given", json_count(sum->given));
	json_put(o, "given_s", json_moment(sum->given_ns));
	json_put(o, "delays", json_count(sum->delays));
	json_put(o, "delayed_s", json_moment(sum->delayed_ns));
	json_put(o, "protections", json_count(sum->protections));
	return o;
}

void asked_text(const struct asked *sum, struct buf *out)
{
	buf_printf(out,
		   "asked for %" PRIu64 " batches, gave %" PRIu64 " delays (%.4g s), %" PRIu64
		   " came about (%.4g s); protected %" PRIu64 " times; in %u run%s",
		   sum->batches, sum->given, (double)sum->given_ns / 1e9, sum->delays,
		   (double)sum->delayed_ns / 1e9, sum->protections, sum->runs,
		   sum->runs == 1 ? "" : "s");
}
