/* Between rows of samples and lanes: gathering a batch, and back for dense gradients. */
#include "engine/kernels/kernel_list.h"

#include <string.h>

/* ---- 16x16 transposition ---------------------------------------------------------- */

/* to[i*16 + lane] = from[lane*from_row + i] for i < 16. */
#if NAS_ISA_LEVEL == 2
/* Four rounds of pairing: 32-bit, 64-bit, then 128-bit pieces across the vector. */
ALWAYS_INLINE void transpose_round(__m512 r[16])
{
    __m512 t[16];
    UNROLL
    for (int i = 0; i < 8; i++) {
        t[2 * i] = _mm512_unpacklo_ps(r[2 * i], r[2 * i + 1]);
        t[2 * i + 1] = _mm512_unpackhi_ps(r[2 * i], r[2 * i + 1]);
    }
    UNROLL
    for (int i = 0; i < 4; i++) {
        UNROLL
        for (int k = 0; k < 2; k++) {
            __m512d a = _mm512_castps_pd(t[4 * i + k]);
            __m512d b = _mm512_castps_pd(t[4 * i + 2 + k]);
            r[4 * i + 2 * k] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
            r[4 * i + 2 * k + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
        }
    }
}

ALWAYS_INLINE void transpose_16(float *to, ptrdiff_t to_row, const float *from,
                                ptrdiff_t from_row)
{
    __m512 r[16], t[16];
    UNROLL
    for (int i = 0; i < 16; i++)
        r[i] = _mm512_loadu_ps(from + i * from_row);
    transpose_round(r);
    UNROLL
    for (int i = 0; i < 4; i++) {
        t[i] = _mm512_shuffle_f32x4(r[i], r[4 + i], 0x88);
        t[4 + i] = _mm512_shuffle_f32x4(r[i], r[4 + i], 0xdd);
        t[8 + i] = _mm512_shuffle_f32x4(r[8 + i], r[12 + i], 0x88);
        t[12 + i] = _mm512_shuffle_f32x4(r[8 + i], r[12 + i], 0xdd);
    }
    UNROLL
    for (int i = 0; i < 8; i++) {
        _mm512_storeu_ps(to + i * to_row, _mm512_shuffle_f32x4(t[i], t[8 + i], 0x88));
        _mm512_storeu_ps(to + (8 + i) * to_row,
                         _mm512_shuffle_f32x4(t[i], t[8 + i], 0xdd));
    }
}
#else
#if defined(__SSE2__)
#include <immintrin.h>
ALWAYS_INLINE void transpose_4(float *to, ptrdiff_t to_row, const float *from,
                               ptrdiff_t from_row)
{
    __m128 a = _mm_loadu_ps(from), b = _mm_loadu_ps(from + from_row);
    __m128 c = _mm_loadu_ps(from + 2 * from_row), d = _mm_loadu_ps(from + 3 * from_row);
    _MM_TRANSPOSE4_PS(a, b, c, d);
    _mm_storeu_ps(to, a);
    _mm_storeu_ps(to + to_row, b);
    _mm_storeu_ps(to + 2 * to_row, c);
    _mm_storeu_ps(to + 3 * to_row, d);
}
#else
ALWAYS_INLINE void transpose_4(float *to, ptrdiff_t to_row, const float *from,
                               ptrdiff_t from_row)
{
    for (int i = 0; i < 4; i++) {
        for (int k = 0; k < 4; k++)
            to[k * to_row + i] = from[i * from_row + k];
    }
}
#endif
ALWAYS_INLINE void transpose_16(float *to, ptrdiff_t to_row, const float *from,
                                ptrdiff_t from_row)
{
    for (int i = 0; i < 16; i += 4) {
        for (int k = 0; k < 16; k += 4)
            transpose_4(to + k * to_row + i, to_row, from + i * from_row + k, from_row);
    }
}
#endif

/* ---- gathering -------------------------------------------------------------------- */

/* Elements [first, first+count) of a row as float. */
ALWAYS_INLINE void convert(int element, const void *row, int first, int count, float *to)
{
#define CONVERT(type)                                                                    \
    for (int i = 0; i < count; i++)                                                      \
    to[i] = (float)((const type *)row)[first + i]
    if (element == NAS_ELEMENT_U8)
        CONVERT(uint8_t);
    else if (element == NAS_ELEMENT_I8)
        CONVERT(int8_t);
    else if (element == NAS_ELEMENT_I16)
        CONVERT(int16_t);
    else if (element == NAS_ELEMENT_I32)
        CONVERT(int32_t);
    else
        memcpy(to, (const float *)row + first, (size_t)count * sizeof *to);
#undef CONVERT
}

static void standardise(const nas_gather_job *job, int at, int count, float *x)
{
    if (job->step == 0) {
        const float mean = job->mean[0], inverse = job->inverse[0];
        for (int i = 0; i < count; i++)
            x[i] = (x[i] - mean) * inverse;
        return;
    }
    for (int i = 0; i < count; i++)
        x[i] = (x[i] - job->mean[at + i]) * job->inverse[at + i];
}

static void reverse(float *x, int count)
{
    for (int i = 0; i < count / 2; i++) {
        float swap = x[i];
        x[i] = x[count - 1 - i];
        x[count - 1 - i] = swap;
    }
}

/* Columns [at, at+count) of one sample's row, moved and mirrored. */
static void gather_sample(const nas_gather_job *job, int lane, int at, int count,
                          float *x)
{
    memset(x, 0, (size_t)count * sizeof *x);
    if (job->source[lane] == NULL)
        return;
    const int total = job->count, shift = job->shift[lane];
    int from = at - shift, skip = 0, n = count; /* columns [from, from+n) go to x[skip] */
    if (job->reverse[lane])
        from = total - (at + count) + shift;
    if (from < 0) {
        skip = -from;
        n += from;
        from = 0;
    }
    if (from + n > total)
        n = total - from;
    if (n <= 0)
        return;
    convert(job->element, job->source[lane], from, n, x + skip);
    standardise(job, from, n, x + skip);
    if (job->reverse[lane])
        reverse(x, count);
}

/* Rows of scratch to lines; the last 16 columns may overlap the ones before. */
static void scatter_rows(const float *x, int count, float *to)
{
    for (int i = 0; i < count && count >= LINE; i += LINE) {
        const int at = i + LINE <= count ? i : count - LINE;
        transpose_16(to + at * LINE, LINE, x + at, NAS_GATHER_CHUNK);
    }
    for (int i = 0; i < count && count < LINE; i++) {
        for (int lane = 0; lane < LINE; lane++)
            to[i * LINE + lane] = x[lane * NAS_GATHER_CHUNK + i];
    }
}

void KERNEL(gather)(const nas_gather_job *job)
{
    float *x = job->scratch;
    for (int at = 0; at < job->count; at += NAS_GATHER_CHUNK) {
        const int left = job->count - at;
        const int count = left < NAS_GATHER_CHUNK ? left : NAS_GATHER_CHUNK;
        for (int lane = 0; lane < LINE; lane++)
            gather_sample(job, lane, at, count, x + lane * NAS_GATHER_CHUNK);
        float *to = job->to + (ptrdiff_t)at * LINE;
        scatter_rows(x, count, to);
    }
}

/* ---- lanes to rows ---------------------------------------------------------------- */

/* `count` lines one after another, to columns [at, at+count) of 16 rows. */
static void unlane_run(const nas_unlane_job *job, const float *from, ptrdiff_t at,
                       int count)
{
    int i = 0;
    for (; i + LINE <= count; i += LINE)
        transpose_16(job->to + at + i, job->to_row, from + i * LINE, LINE);
    for (; i < count; i++) {
        for (int lane = 0; lane < LINE; lane++)
            job->to[lane * job->to_row + at + i] = from[i * LINE + lane];
    }
}

void KERNEL(unlane)(const nas_unlane_job *job)
{
    const nas_view *v = &job->from;
    if (job->height == 1 && job->width == 1 && v->plane == LINE) {
        unlane_run(job, v->data, 0, job->channels);
        return;
    }
    ptrdiff_t at = 0;
    for (int c = 0; c < job->channels; c++) {
        for (int h = 0; h < job->height; h++) {
            unlane_run(job, v->data + c * v->plane + h * v->row, at, job->width);
            at += job->width;
        }
    }
}
