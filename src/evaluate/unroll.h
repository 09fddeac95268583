/* Slopes of strengths that look one step of the weights ahead (DARTS, second order). */
#ifndef NASMITH_EVALUATE_UNROLL_H
#define NASMITH_EVALUATE_UNROLL_H

#include <stdbool.h>
#include <stdint.h>

/* Two losses of the same weights and strengths. */
typedef struct nas_unroll {
    int64_t params, size; /* weights; strengths */
    float *weights;       /* [params], moved and put back */
    double rate;          /* of the step ahead */
    /* Loss at the weights as they are.
     * @param other     the loss of the strengths, else that of the weights
     * @param gradient  out: [params], borrowed until the next call
     * @param slopes    out: [size] of the strengths, borrowed likewise */
    double (*run)(void *context, bool other, const float **gradient,
                  const double **slopes);
    void *context;
    float *kept, *ahead; /* [params] each, for its use */
} nas_unroll;

/* d L_other(w - rate * dL(w)/dw) / d strengths: the slopes of L_other at
 * w' = w - rate * dL(w)/dw, less rate times the mixed second derivative of L in the
 * direction v = dL_other(w')/dw, by central differences at w +- epsilon * v.
 * @param out  [size]
 * @return false when a loss is NaN or infinite; the weights are put back in any case */
bool nas_unrolled_slopes(const nas_unroll *unroll, double *out);

#endif
