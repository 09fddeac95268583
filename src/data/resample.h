/* Another sampling rate for a stream of samples: band-limited interpolation. */
#ifndef NASMITH_DATA_RESAMPLE_H
#define NASMITH_DATA_RESAMPLE_H

#include "nasmith/err.h"

#include <stdint.h>

enum { NAS_RESAMPLE_MAX_RATIO = 64 };

/* Zero-initialise; release with nas_resampler_free. */
typedef struct nas_resampler {
    int64_t from, to; /* rates without common factor */
    int64_t half;     /* samples on each side of an output */
    int64_t n_phases; /* rows of table */
    float *table;     /* [n_phases][2 * half], heap */
    float *history;   /* [2 * half] ring of the last samples, heap */
    int64_t taken;    /* samples put */
    int64_t made;     /* samples given out */
    nas_status (*out)(void *context, float sample, nas_err *err);
    void *context;
} nas_resampler;

/* @return samples at rate `to` of n at rate `from`: n to/from, rounded up */
int64_t nas_resample_length(int64_t n, int64_t from, int64_t to);

/* Prepare for a new stream; out and context are set by the caller before.
 * @param from, to  >= 1
 * @return NAS_E_DATA when the rates differ by a factor above NAS_RESAMPLE_MAX_RATIO */
nas_status nas_resampler_begin(nas_resampler *resampler, int64_t from, int64_t to,
                               nas_err *err);
nas_status nas_resampler_put(nas_resampler *resampler, float sample, nas_err *err);
/* Give out what remains: nas_resample_length samples in all. */
nas_status nas_resampler_end(nas_resampler *resampler, nas_err *err);
void nas_resampler_free(nas_resampler *resampler);

#endif
