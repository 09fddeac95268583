/* The encode operator on rows. */
#include "nasmith/graph.h"

#include <math.h>

static float encode(const float *column, const float *row)
{
    const float x = row[(int)column[NAS_ENCODE_SOURCE]];
    const bool missing = isnan(x);
    const float scale = column[NAS_ENCODE_SCALE];
    const float d = missing ? 0.0f : x - column[NAS_ENCODE_CENTRE];
    switch ((nas_encode_kind)column[NAS_ENCODE_KIND]) {
    case NAS_ENCODE_SQUASH:
        return d * scale / (1.0f + fabsf(d) * scale);
    case NAS_ENCODE_MISSING:
        return missing ? 1.0f : 0.0f;
    case NAS_ENCODE_INSIDE:
        return !missing && fabsf(d) < scale ? 1.0f : 0.0f;
    case NAS_ENCODE_OUTSIDE:
        return !missing && fabsf(d) >= scale ? 1.0f : 0.0f;
    default:
        return d * scale;
    }
}

void nas_encode_row(const float *columns, int64_t n, const float *row, float *out)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = encode(columns + i * NAS_ENCODE_FIELDS, row);
}
