/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/scale.h"

#include <math.h>

static const struct unit units_time[] = {{"s", 1}, {"ms", 1e-3}, {"us", 1e-6}};
static const struct unit units_size[] = {{"G", 0x1p30}, {"M", 0x1p20}, {"K", 0x1p10}};
static const struct unit units_rate[] = {{"G/s", 0x1p30}, {"M/s", 0x1p20}, {"K/s", 0x1p10}};
static const struct unit unit_percent = {"%", 0.01};
static const struct unit unit_none = {"", 1};

void scale_extend(struct extent *e, double v)
{
	v = fabs(v);
	if (v == 0)
		return;
	if (e->smallest == 0 || v < e->smallest)
		e->smallest = v;
	if (v > e->largest)
		e->largest = v;
	e->fractions |= v != floor(v);
}

static int digits_before_point(double v)
{
	return v >= 1 ? (int)floor(log10(v)) + 1 : 1;
}

/* Of three units, the largest of which `v` is at least `least`. */
static struct unit unit_for(const struct unit *units, double v, double least)
{
	int i = 0;

	while (i < 2 && v > 0 && v < least * units[i].one)
		i++;
	return units[i];
}

/*
 * Latencies lie far apart, and the short ones matter: their unit is the one that the shortest asks
 * for, unless the longest had more than five digits then.
 */
static struct unit unit_of_latency(const struct extent *e)
{
	struct unit fine = unit_for(units_time, e->smallest, 0.05);
	struct unit coarse = unit_for(units_time, e->largest, 1e-2);

	return e->largest < 1e5 * fine.one ? fine : coarse;
}

struct unit scale_unit(enum metric m, const struct extent *e)
{
	if (m >= M_ALLOC_MEAN && m <= M_ALLOC_MAX)
		return unit_of_latency(e);
	switch (metric_info[m].dim) {
	case DIM_DURATION:
		return unit_for(units_time, e->largest, 1);
	case DIM_SIZE:
		return unit_for(units_size, e->largest, 10);
	case DIM_RATE:
		return unit_for(units_rate, e->largest, 1);
	case DIM_NUMBER:
	case DIM_ERROR:
	case DIM_BOOL:
	case DIM_STRING:
	case DIM_TRACE:
	case DIM_CGROUPS:
		break;
	}
	return m == M_PSI_SOME || m == M_PSI_FULL ? unit_percent : unit_none;
}

/* Three digits for the largest; a time gets one more, so that its sd can be seen. */
int scale_decimals(enum metric m, const struct extent *e, double one)
{
	double largest = e->largest / one;
	int wanted = 3 + (m == M_TIME) - digits_before_point(largest);

	if (one == 1 && metric_info[m].dim == DIM_NUMBER && !e->fractions)
		return 0;
	if (metric_info[m].dim == DIM_NUMBER || metric_info[m].dim == DIM_SIZE)
		wanted = wanted > 0; /* a tenth of a kill, of a percent, of a gigabyte */
	return wanted < 0 ? 0 : wanted;
}

/*
 * A time or rate far below the largest of its column gets the decimals that two digits take; a
 * count or size only where it would look like 0.
 */
const char *scale_figure(struct arena *a, enum metric m, double v, const struct scale *scale)
{
	enum dim dim = metric_info[m].dim;
	double shown = v / scale->unit.one;
	double small = dim == DIM_DURATION || dim == DIM_RATE ? 10 : 0.05;
	int decimals = scale->decimals;

	if (v == 0)
		return "0";
	if (fabs(shown) < small && decimals < 2)
		decimals = (int)ceil(1 - log10(fabs(shown)));
	return arena_printf(a, "%.*f", decimals > 3 ? 3 : decimals, shown);
}
