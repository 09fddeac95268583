/* The spectrum as a plain sum over every sample and frequency, in double precision. */
#include "export/naive.h"

#include "graph/spectrum.h"

#include <math.h>

static const double PI = 3.14159265358979323846;

int64_t nas_naive_spectrum_work(const nas_node *node, nas_shape in)
{
    const nas_rt_spectrum_plan p = nas_spectrum_plan(node, in);
    const int64_t bins = p.size / 2 + 1, rows = nas_spectrum_powers(&p);
    return bins + p.bands * bins + rows * p.frames * p.channels + p.size + p.window;
}

/* cos(2 pi j / size) for all j, then the window. */
static void fill_cosines(const nas_rt_spectrum_plan *p, double *cosine)
{
    for (int64_t j = 0; j < p->size; j++)
        cosine[j] = cos(2 * PI * (double)j / p->size);
    for (int64_t t = 0; t < p->window; t++)
        cosine[p->size + t] = 0.5 - 0.5 * cos(2 * PI * (double)t / p->window);
}

/* |sum over t of x[t] w[t] e^(-2 pi i k t / size)|^2; the sine is the cosine of a quarter
 * turn less. */
static double power_at(const nas_rt_spectrum_plan *p, const double *cosine,
                       const double *x, int64_t k)
{
    double re = 0, im = 0;
    const double *w = cosine + p->size;
    for (int64_t t = 0; t < p->window; t++) {
        const int64_t j = k * t % p->size;
        re += x[t] * w[t] * cosine[j];
        im -= x[t] * w[t] * cosine[(j + p->size / 4 * 3) % p->size];
    }
    return re * re + im * im;
}

/* Row r of a frame. @param triangles  NULL: every frequency */
static double row_of(const double *power, const double *triangles, int64_t bins,
                     int64_t r)
{
    double sum = 0;
    if (triangles == NULL)
        return power[r];
    for (int64_t k = 0; k < bins; k++)
        sum += triangles[r * bins + k] * power[k];
    return sum;
}

/* Powers of all frames, [channels][frames][rows]. @return the largest, or 1e-26 */
static double fill_powers(const nas_rt_spectrum_plan *p, const double *triangles,
                          const double *cosine, const double *in, double *power,
                          double *out)
{
    const int64_t bins = p->size / 2 + 1, rows = nas_spectrum_powers(p);
    double top = 1e-26;
    for (int64_t i = 0; i < (int64_t)p->channels * p->frames; i++) {
        const double *x = in + i / p->frames * p->in_channel + i % p->frames * p->hop;
        for (int64_t k = 0; k < bins; k++)
            power[k] = power_at(p, cosine, x, k);
        for (int64_t r = 0; r < rows; r++) {
            out[i * rows + r] = row_of(power, triangles, bins, r);
            top = fmax(top, out[i * rows + r]);
        }
    }
    return top;
}

/* Coefficient k of the cosine transform of n values. */
static double coefficient(const double *x, int64_t n, int64_t k)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += x[i] * cos(PI * (double)k * ((double)i + 0.5) / (double)n);
    return sum * sqrt((k > 0 ? 2.0 : 1.0) / (double)n);
}

void nas_naive_spectrum(const nas_node *node, nas_shape in_shape, const double *in,
                        double *work, double *out)
{
    const nas_rt_spectrum_plan p = nas_spectrum_plan(node, in_shape);
    const int64_t bins = p.size / 2 + 1, powers = nas_spectrum_powers(&p);
    const int64_t rows = nas_spectrum_rows(&p), frames = (int64_t)p.channels * p.frames;
    double *power = work, *triangles = power + bins, *all = triangles + p.bands * bins;
    if (p.bands > 0)
        nas_spectrum_triangles(node, &p, triangles);
    double *cosine = all + powers * frames;
    fill_cosines(&p, cosine);
    const double top =
        fill_powers(&p, p.bands > 0 ? triangles : NULL, cosine, in, power, all);
    for (int64_t i = 0; i < powers * frames; i++)
        all[i] = log(fmax(all[i], 1e-8 * top)) - (p.relative ? log(top) : 0);
    for (int64_t i = 0; i < frames; i++)
        for (int64_t r = 0; r < rows; r++) {
            const double *x = all + i * powers;
            out[i / p.frames * p.out_channel + r * p.frames + i % p.frames] =
                p.coefficients > 0 ? coefficient(x, powers, r) : x[r];
        }
}
