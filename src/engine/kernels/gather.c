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

/* Lines of sixteen elements. Conversions go through each doubling of the element's size:
 * compilers turn those into vector instructions, wider steps into sixteen scalar ones. */
typedef float float_line __attribute__((vector_size(4 * LINE)));
typedef int32_t int32_line __attribute__((vector_size(4 * LINE)));
typedef int16_t int16_line __attribute__((vector_size(2 * LINE)));
typedef int8_t int8_line __attribute__((vector_size(LINE)));
typedef uint8_t uint8_line __attribute__((vector_size(LINE)));
#define FROM_32(line) __builtin_convertvector(line, float_line)
#define FROM_16(line) FROM_32(__builtin_convertvector(line, int32_line))
#define FROM_8(line) FROM_16(__builtin_convertvector(line, int16_line))
#define AS_IS(line) (line)

/* x = sixteen elements of a row from column `at` on. */
#define CONVERT_16(name, type, to_float)                                                 \
    ALWAYS_INLINE void name(const void *row, int at, float *x)                           \
    {                                                                                    \
        type##_line raw;                                                                 \
        memcpy(&raw, (const char *)row + (size_t)at * sizeof raw / LINE, sizeof raw);    \
        float_line line = to_float(raw);                                                 \
        memcpy(x, &line, sizeof line);                                                   \
    }
CONVERT_16(convert_u8, uint8, FROM_8)
CONVERT_16(convert_i8, int8, FROM_8)
CONVERT_16(convert_i16, int16, FROM_16)
CONVERT_16(convert_i32, int32, FROM_32)
CONVERT_16(convert_f32, float, AS_IS)

ALWAYS_INLINE void standardise_16(const nas_gather_job *job, int at, float *x)
{
    for (int i = 0; i < LINE; i += NAS_WIDTH) {
        vec mean, inverse;
        if (job->step == 0) {
            mean = vec_set(job->mean[0]);
            inverse = vec_set(job->inverse[0]);
        } else {
            mean = vec_load(job->mean + at + i);
            inverse = vec_load(job->inverse + at + i);
        }
        vec_store(x + i, (vec_load(x + i) - mean) * inverse);
    }
}

static void convert_16(const nas_gather_job *job, const void *row, int at, float *x)
{
    switch ((nas_element)job->element) {
    case NAS_ELEMENT_U8:
        convert_u8(row, at, x);
        break;
    case NAS_ELEMENT_I8:
        convert_i8(row, at, x);
        break;
    case NAS_ELEMENT_I16:
        convert_i16(row, at, x);
        break;
    case NAS_ELEMENT_I32:
        convert_i32(row, at, x);
        break;
    case NAS_ELEMENT_F32:
        convert_f32(row, at, x);
        break;
    }
    standardise_16(job, at, x);
}

/* One element, standardised. */
static float convert_1(const nas_gather_job *job, const void *row, int at)
{
    float x = 0;
    switch ((nas_element)job->element) {
    case NAS_ELEMENT_U8:
        x = (float)((const uint8_t *)row)[at];
        break;
    case NAS_ELEMENT_I8:
        x = (float)((const int8_t *)row)[at];
        break;
    case NAS_ELEMENT_I16:
        x = (float)((const int16_t *)row)[at];
        break;
    case NAS_ELEMENT_I32:
        x = (float)((const int32_t *)row)[at];
        break;
    case NAS_ELEMENT_F32:
        x = ((const float *)row)[at];
        break;
    }
    return (x - job->mean[at * job->step]) * job->inverse[at * job->step];
}

/* Columns [at, at+16) of one sample, moved and mirrored; zeros outside the row. */
static void gather_sample(const nas_gather_job *job, int lane, int at, float *x)
{
    const void *row = job->source[lane];
    const int shift = job->shift[lane], count = job->count;
    if (row != NULL && shift == 0 && !job->reverse[lane] && at + LINE <= count) {
        convert_16(job, row, at, x);
        return;
    }
    for (int i = 0; i < LINE; i++) {
        int from = at + i - shift;
        if (job->reverse[lane])
            from = count - 1 - from;
        const bool inside = row != NULL && from >= 0 && from < count;
        x[i] = inside ? convert_1(job, row, from) : 0.0f;
    }
}

void KERNEL(gather)(const nas_gather_job *job)
{
    float x[LINE * LINE], lines[LINE * LINE];
    for (int i = 0; i < job->count; i += LINE) {
        /* The last 16 columns may overlap the ones before. */
        const int last = job->count - LINE, at = i > last && last >= 0 ? last : i;
        for (int lane = 0; lane < LINE; lane++)
            gather_sample(job, lane, at, x + lane * LINE);
        if (at + LINE <= job->count) {
            transpose_16(job->to + (ptrdiff_t)at * LINE, LINE, x, LINE);
            continue;
        }
        transpose_16(lines, LINE, x, LINE);
        memcpy(job->to + (ptrdiff_t)at * LINE, lines,
               (size_t)(job->count - at) * LINE * sizeof *lines);
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
