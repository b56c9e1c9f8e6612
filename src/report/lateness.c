/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/lateness.h"

#include <inttypes.h>

#include "base/units.h"
#include "report/json_value.h"
#include "stat/lateness.h"

static void put_seconds(struct buf *out, uint64_t ns)
{
	fmt_seconds_short(out, (double)ns / (double)NS_PER_SEC);
}

void lateness_text(const struct results *r, struct buf *out)
{
	struct lateness l;

	if (!lateness_of(r, LATENESS_ALL, &l))
		return;
	buf_printf(out, "%s time: %" PRIu64 " action%s ", l.emulated ? "emulated" : "real",
		   l.events, l.events == 1 ? "" : "s");
	put_seconds(out, l.p50_ns);
	buf_puts(out, " late (median), ");
	put_seconds(out, l.p99_ns);
	buf_puts(out, " (99%), ");
	put_seconds(out, l.max_ns);
	buf_puts(out, " (most)");
}

json_t *lateness_clock(uint32_t clock)
{
	switch (clock) {
	case OBS_CLOCK_MODEL:
		return json_text("simulated");
	case OBS_CLOCK_HARDWARE:
		return json_text("real");
	case OBS_CLOCK_EMULATED:
		return json_text("emulated");
	}
	return json_null();
}

json_t *lateness_json(const struct results *r, int32_t policy)
{
	struct lateness l;
	json_t *o;

	if (!lateness_of(r, policy, &l))
		return json_null();
	o = json_object();
	json_put(o, "runs", json_count(l.runs));
	json_put(o, "actions", json_count(l.events));
	json_put(o, "p50_s", json_moment(l.p50_ns));
	json_put(o, "p99_s", json_moment(l.p99_ns));
	json_put(o, "max_s", json_moment(l.max_ns));
	return o;
}
