/* Recordings as rows: each padded or cut to one length, or cut into windows. */
#ifndef NASMITH_DATA_SERIES_H
#define NASMITH_DATA_SERIES_H

#include "data/source.h"

typedef struct nas_series {
    int64_t n;       /* recordings */
    int64_t *steps;  /* [n] of each */
    int64_t *n_rows; /* [n] rows that each gives; NULL = one */
    int64_t channels;
    int64_t length; /* steps of a row */
    int64_t step;   /* between windows; 0 = no windows */
} nas_series;

/* Decide length and rows from n, steps and channels, the options and the schema; sets the
 * shape of the source and says what is cut, padded or left out.
 *
 * Without an option the length is that of the longest recording; when that is more than
 * twice the 95th percentile it is the percentile, so that a few long ones do not make all
 * others mostly zeros.
 * @return NAS_E_DATA when no recording is as long as a window */
nas_status nas_series_plan(nas_source *source, nas_series *series,
                           const nas_schema *schema, nas_err *err);

/* "12 channels × 128 steps" for kind. */
void nas_series_describe(const nas_series *series, char *out, size_t size);

/* Turns the steps of one recording after the other into rows for a sink. */
typedef struct nas_series_writer {
    nas_source *source;
    const nas_series *series;
    const nas_sink *sink;
    float *planes;    /* [channels][length] */
    int16_t *integer; /* the same, for sources of 16-bit elements */
    int64_t filled;   /* steps in planes */
    int64_t skip;     /* steps to ignore */
    int64_t row, recording, made;
    int64_t n_clipped; /* values beyond 16 bits */
} nas_series_writer;

nas_status nas_series_writer_init(nas_series_writer *writer, nas_source *source,
                                  const nas_series *series, const nas_sink *sink,
                                  nas_err *err);
/* @param values  [channels] of the next step */
nas_status nas_series_put(nas_series_writer *writer, const float *values, nas_err *err);
/* The recording is over: pad its row.
 * @return NAS_E_DATA when it had fewer steps than before */
nas_status nas_series_end(nas_series_writer *writer, nas_err *err);

#endif
