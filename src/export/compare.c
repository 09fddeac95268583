#include "export/compare.h"

#include <math.h>

/* Largest difference, relative above 1, that still counts as the same network. */
#define TOLERANCE 1e-4
/* Two classes closer than this are tied: which one is larger is a matter of rounding. */
#define TIE 1e-6

static int64_t argmax(const float *values, int64_t n)
{
    int64_t best = 0;
    for (int64_t i = 1; i < n; i++)
        if (values[i] > values[best])
            best = i;
    return best;
}

void nas_compare_row(nas_verify_result *out, const float *found, const float *expected,
                     int64_t outputs, bool classes)
{
    for (int64_t i = 0; i < outputs; i++) {
        const double scale = fmax(1, fabs((double)expected[i]));
        const double error = fabs((double)found[i] - (double)expected[i]) / scale;
        /* A NaN is as wrong as can be, and would never be the larger of two. */
        out->max_error = fmax(out->max_error, isnan(error) ? (double)INFINITY : error);
    }
    const int64_t a = argmax(found, outputs), b = argmax(expected, outputs);
    const bool tied = (double)expected[b] - (double)expected[a] < TIE;
    out->argmax_differs += classes && a != b && !tied;
    out->n++;
}

nas_status nas_compare_status(const nas_verify_result *result, const char *what,
                              nas_err *err)
{
    if (result->max_error <= TOLERANCE && result->argmax_differs == 0)
        return NAS_OK;
    nas_status status = nas_fail(
        err, NAS_E_VERIFY,
        "%s: outputs differ from the network's by %.3g (at most %g) and in the class of "
        "%lld of %lld rows",
        what, result->max_error, TOLERANCE, (long long)result->argmax_differs,
        (long long)result->n);
    nas_err_hint(err, "do not use these files; please report this with the network");
    return status;
}
