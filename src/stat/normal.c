/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stat/normal.h"

#include <math.h>

#define PI 3.14159265358979323846

double normal_cdf(double z)
{
	return 0.5 * erfc(-z / sqrt(2));
}

/*
 * An approximation to four digits (Abramowitz and Stegun 26.2.23), then Newton's method on the
 * logarithm of the tail, which keeps all digits also far out, where the tail itself has none left
 * to subtract from.
 */
double normal_quantile(double p)
{
	double q = p < 0.5 ? p : 1 - p;
	double t = sqrt(-2 * log(q));
	double z = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
			   (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));

	for (int i = 0; i < 4; i++) {
		double tail = normal_cdf(-z);
		double density = exp(-z * z / 2) / sqrt(2 * PI);

		z += (log(tail) - log(q)) * tail / density;
	}
	return p < 0.5 ? -z : z;
}

/* The finite series for whole degrees of freedom (Abramowitz and Stegun 26.7.3 and 26.7.4). */
double student_cdf(double t, uint32_t df)
{
	double theta = atan(t / sqrt(df)), c = cos(theta), term, sum = 0;

	if (df % 2) {
		term = c;
		for (uint32_t k = 1; k + 2 <= df; k += 2) {
			sum += term;
			term *= c * c * (k + 1) / (k + 2);
		}
		return 0.5 + (theta + sin(theta) * sum) / PI;
	}
	term = 1;
	for (uint32_t k = 0; k + 2 <= df; k += 2) {
		sum += term;
		term *= c * c * (k + 1) / (k + 2);
	}
	return 0.5 + sin(theta) * sum / 2;
}

/* By halving: it is asked for once an interval, and never fails. */
double student_quantile(double p, uint32_t df)
{
	double lo = 0, hi = 1, q = p < 0.5 ? 1 - p : p;

	while (student_cdf(hi, df) < q && hi < 1e12)
		hi *= 2;
	for (int i = 0; i < 100 && hi - lo > 1e-13 * hi; i++) {
		double mid = (lo + hi) / 2;

		if (student_cdf(mid, df) < q)
			lo = mid;
		else
			hi = mid;
	}
	return p < 0.5 ? -hi : hi;
}
