#include "evaluate/unroll.h"

#include <math.h>
#include <string.h>

/* Of DARTS, section 2.3: epsilon = 0.01 / |v|. */
static const double REACH = 0.01;

/* w = kept + factor * ahead */
static void move(const nas_unroll *u, double factor)
{
    for (int64_t i = 0; i < u->params; i++)
        u->weights[i] = (float)((double)u->kept[i] + factor * (double)u->ahead[i]);
}

static double norm_of(const float *x, int64_t n)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sqrt(sum);
}

bool nas_unrolled_slopes(const nas_unroll *u, double *out)
{
    const size_t bytes = (size_t)u->params * sizeof *u->weights;
    const float *gradient = NULL;
    const double *slopes = NULL;
    memcpy(u->kept, u->weights, bytes);
    double loss = u->run(u->context, false, &gradient, &slopes);
    memcpy(u->ahead, gradient, bytes);
    move(u, -u->rate);
    loss += u->run(u->context, true, &gradient, &slopes);
    memcpy(out, slopes, (size_t)u->size * sizeof *out);
    memcpy(u->ahead, gradient, bytes);
    const double norm = norm_of(u->ahead, u->params);
    for (int side = 1; side >= -1 && isfinite(loss) && norm > 0.0; side -= 2) {
        const double epsilon = REACH / norm;
        move(u, side * epsilon);
        loss += u->run(u->context, false, &gradient, &slopes);
        for (int64_t i = 0; i < u->size; i++)
            out[i] -= side * u->rate * slopes[i] / (2.0 * epsilon);
    }
    memcpy(u->weights, u->kept, bytes);
    return isfinite(loss);
}
