/* Between rows of samples and lanes: gathering a batch, and back for dense gradients. */
#include "engine/kernels/kernel_list.h"

#include <string.h>

/* ---- 16x16 transposition --------------------------------------------------------- */

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

ALWAYS_INLINE void transpose_store(__m512 r[16], float *to, ptrdiff_t to_row)
{
    __m512 t[16];
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

ALWAYS_INLINE void transpose_16(float *to, ptrdiff_t to_row, const float *from,
                                ptrdiff_t from_row)
{
    __m512 r[16];
    UNROLL
    for (int i = 0; i < 16; i++)
        r[i] = _mm512_loadu_ps(from + i * from_row);
    transpose_store(r, to, to_row);
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

/* ---- gathering ------------------------------------------------------------------- */

/* Vectors of elements as wide in number as a float vector. Conversions go through each
 * doubling of the element's size: compilers turn those into vector instructions, wider
 * steps into scalar ones. */
typedef float float_vec __attribute__((vector_size(4 * NAS_WIDTH)));
typedef int32_t int32_vec __attribute__((vector_size(4 * NAS_WIDTH)));
typedef int16_t int16_vec __attribute__((vector_size(2 * NAS_WIDTH)));
typedef int8_t int8_vec __attribute__((vector_size(NAS_WIDTH)));
typedef uint8_t uint8_vec __attribute__((vector_size(NAS_WIDTH)));
#define FROM_32(line) __builtin_convertvector(line, float_vec)
#define FROM_16(line) FROM_32(__builtin_convertvector(line, int32_vec))
#define FROM_8(line) FROM_16(__builtin_convertvector(line, int16_vec))
#define AS_IS(line) (line)

/* Elements from column `at` of a row on, as floats. */
#define CONVERT(name, type, to_float)                                                    \
    ALWAYS_INLINE vec name(const void *row, int at)                                      \
    {                                                                                    \
        type##_vec raw;                                                                  \
        memcpy(&raw, (const char *)row + (size_t)at * sizeof raw / NAS_WIDTH,            \
               sizeof raw);                                                              \
        return (vec)to_float(raw);                                                       \
    }
CONVERT(convert_u8, uint8, FROM_8)
CONVERT(convert_i8, int8, FROM_8)
CONVERT(convert_i16, int16, FROM_16)
CONVERT(convert_i32, int32, FROM_32)
CONVERT(convert_f32, float, AS_IS)

ALWAYS_INLINE vec convert(int element, const void *row, int at)
{
    switch ((nas_element)element) {
    case NAS_ELEMENT_U8:
        return convert_u8(row, at);
    case NAS_ELEMENT_I8:
        return convert_i8(row, at);
    case NAS_ELEMENT_I16:
        return convert_i16(row, at);
    case NAS_ELEMENT_I32:
        return convert_i32(row, at);
    case NAS_ELEMENT_F32:
        break;
    }
    return convert_f32(row, at);
}

/* Sixteen elements of a row from column `at` on, standardised. */
ALWAYS_INLINE void convert_16(const nas_gather_job *job, const int element,
                              const void *row, int at, vec *x)
{
    UNROLL
    for (int part = 0; part < NAS_PARTS; part++) {
        const int i = at + part * NAS_WIDTH;
        vec mean = vec_set(job->mean[0]), inverse = vec_set(job->inverse[0]);
        if (job->step == 1) {
            mean = vec_load(job->mean + i);
            inverse = vec_load(job->inverse + i);
        }
        x[part] = (convert(element, row, i) - mean) * inverse;
    }
}

/* Columns [at, at+16) of 16 unchanged samples. */
ALWAYS_INLINE void plain_tile(const nas_gather_job *job, const int element, int at)
{
    vec x[LINE * NAS_PARTS];
    UNROLL
    for (int lane = 0; lane < LINE; lane++)
        convert_16(job, element, job->source[lane], at, x + lane * NAS_PARTS);
    float *to = job->to + (ptrdiff_t)at * LINE;
#if NAS_ISA_LEVEL == 2
    transpose_store(x, to, LINE);
#else
    transpose_16(to, LINE, (const float *)x, LINE);
#endif
}

/* A row of 16 unchanged samples; the last 16 columns may overlap the ones before. */
ALWAYS_INLINE void plain_row(const nas_gather_job *job, const int element)
{
    const int last = job->count - LINE;
    for (int i = 0; i < job->count; i += LINE)
        plain_tile(job, element, i < last ? i : last);
}

static void gather_plain(const nas_gather_job *job)
{
    switch ((nas_element)job->element) {
    case NAS_ELEMENT_U8:
        plain_row(job, NAS_ELEMENT_U8);
        break;
    case NAS_ELEMENT_I8:
        plain_row(job, NAS_ELEMENT_I8);
        break;
    case NAS_ELEMENT_I16:
        plain_row(job, NAS_ELEMENT_I16);
        break;
    case NAS_ELEMENT_I32:
        plain_row(job, NAS_ELEMENT_I32);
        break;
    case NAS_ELEMENT_F32:
        plain_row(job, NAS_ELEMENT_F32);
        break;
    }
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

/* One column of one sample, moved and mirrored; zero outside the row. */
static float gather_1(const nas_gather_job *job, int lane, int column)
{
    int from = column - job->shift[lane];
    if (job->reverse[lane])
        from = job->count - 1 - from;
    const bool inside = job->source[lane] != NULL && from >= 0 && from < job->count;
    return inside ? convert_1(job, job->source[lane], from) : 0.0f;
}

void KERNEL(gather)(const nas_gather_job *job)
{
    if (job->plain && job->count >= LINE) {
        gather_plain(job);
        return;
    }
    for (int i = 0; i < job->count; i++) {
        for (int lane = 0; lane < LINE; lane++)
            job->to[i * LINE + lane] = gather_1(job, lane, i);
    }
}

/* ---- lanes to rows --------------------------------------------------------------- */

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
