/* One vector type per instruction set, and what kernels need of it.
 *
 * A line of 16 samples is walked in NAS_PARTS vectors of NAS_WIDTH floats. Tile sizes are
 * compile-time constants chosen so that all accumulators stay in registers (32 with
 * AVX-512, 16 otherwise). Loads and stores are unaligned forms: equally fast on aligned
 * lines, and weight gradients need not be aligned. */
#ifndef NASMITH_ENGINE_SIMD_H
#define NASMITH_ENGINE_SIMD_H

#include "engine/kernels.h"

#define NAS_JOIN_(a, b) a##_##b
#define NAS_JOIN(a, b) NAS_JOIN_(a, b)
/* Name of a kernel in this compilation: KERNEL(conv) is nas_conv_avx2, ... */
#define KERNEL(name) NAS_JOIN(nas_##name, NAS_ISA)

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

#define LINE NAS_LANES

#include <string.h>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

#if NAS_ISA_LEVEL == 2
#define NAS_WIDTH 16
typedef __m512 vec;
ALWAYS_INLINE vec vec_load(const float *p)
{
    return _mm512_loadu_ps(p);
}
ALWAYS_INLINE void vec_store(float *p, vec v)
{
    _mm512_storeu_ps(p, v);
}
ALWAYS_INLINE vec vec_set(float x)
{
    return _mm512_set1_ps(x);
}
ALWAYS_INLINE vec vec_fma(vec a, vec b, vec c) /* a*b + c */
{
    return _mm512_fmadd_ps(a, b, c);
}
/* NaN in v wins, so that divergence is seen. */
ALWAYS_INLINE vec vec_clamp(vec v, vec low, vec high)
{
    return _mm512_min_ps(high, _mm512_max_ps(low, v));
}
ALWAYS_INLINE vec vec_max(vec a, vec b)
{
    return _mm512_max_ps(a, b);
}
/* low < u < high ? v : 0 */
ALWAYS_INLINE vec vec_inside(vec u, vec low, vec high, vec v)
{
    __mmask16 above = _mm512_cmp_ps_mask(u, low, _CMP_GT_OQ);
    return _mm512_maskz_mov_ps(_mm512_mask_cmp_ps_mask(above, u, high, _CMP_LT_OQ), v);
}
typedef __mmask16 vec_mask;
ALWAYS_INLINE vec_mask vec_equal(vec a, vec b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ);
}
ALWAYS_INLINE vec vec_keep(vec_mask mask, vec v)
{
    return _mm512_maskz_mov_ps(mask, v);
}
ALWAYS_INLINE vec_mask mask_none(void)
{
    return 0;
}
ALWAYS_INLINE vec_mask mask_and_not(vec_mask a, vec_mask b) /* a & ~b */
{
    return (vec_mask)(a & ~b);
}
ALWAYS_INLINE vec_mask mask_or(vec_mask a, vec_mask b)
{
    return (vec_mask)(a | b);
}

#elif NAS_ISA_LEVEL == 1
#define NAS_WIDTH 8
typedef __m256 vec;
ALWAYS_INLINE vec vec_load(const float *p)
{
    return _mm256_loadu_ps(p);
}
ALWAYS_INLINE void vec_store(float *p, vec v)
{
    _mm256_storeu_ps(p, v);
}
ALWAYS_INLINE vec vec_set(float x)
{
    return _mm256_set1_ps(x);
}
ALWAYS_INLINE vec vec_fma(vec a, vec b, vec c)
{
    return _mm256_fmadd_ps(a, b, c);
}
ALWAYS_INLINE vec vec_clamp(vec v, vec low, vec high)
{
    return _mm256_min_ps(high, _mm256_max_ps(low, v));
}
ALWAYS_INLINE vec vec_max(vec a, vec b)
{
    return _mm256_max_ps(a, b);
}
ALWAYS_INLINE vec vec_inside(vec u, vec low, vec high, vec v)
{
    __m256 above = _mm256_cmp_ps(u, low, _CMP_GT_OQ);
    __m256 below = _mm256_cmp_ps(u, high, _CMP_LT_OQ);
    return _mm256_and_ps(_mm256_and_ps(above, below), v);
}
typedef __m256 vec_mask;
ALWAYS_INLINE vec_mask vec_equal(vec a, vec b)
{
    return _mm256_cmp_ps(a, b, _CMP_EQ_OQ);
}
ALWAYS_INLINE vec vec_keep(vec_mask mask, vec v)
{
    return _mm256_and_ps(mask, v);
}
ALWAYS_INLINE vec_mask mask_none(void)
{
    return _mm256_setzero_ps();
}
ALWAYS_INLINE vec_mask mask_and_not(vec_mask a, vec_mask b)
{
    return _mm256_andnot_ps(b, a);
}
ALWAYS_INLINE vec_mask mask_or(vec_mask a, vec_mask b)
{
    return _mm256_or_ps(a, b);
}

#else /* four floats through the compilers' vector extension: SSE2, NEON, ... */
#define NAS_WIDTH 4
typedef float vec __attribute__((vector_size(16)));
typedef int32_t vec_mask __attribute__((vector_size(16)));
ALWAYS_INLINE vec vec_load(const float *p)
{
    vec v;
    memcpy(&v, p, sizeof v);
    return v;
}
ALWAYS_INLINE void vec_store(float *p, vec v)
{
    memcpy(p, &v, sizeof v);
}
ALWAYS_INLINE vec vec_set(float x)
{
    return (vec){x, x, x, x};
}
ALWAYS_INLINE vec vec_fma(vec a, vec b, vec c)
{
    return a * b + c;
}
ALWAYS_INLINE vec vec_keep(vec_mask mask, vec v)
{
    return (vec)(mask & (vec_mask)v);
}
ALWAYS_INLINE vec vec_choose(vec_mask mask, vec a, vec b) /* mask ? a : b */
{
    return (vec)((mask & (vec_mask)a) | (~mask & (vec_mask)b));
}
ALWAYS_INLINE vec vec_clamp(vec v, vec low, vec high)
{
    vec raised = vec_choose((vec_mask)(low > v), low, v);
    return vec_choose((vec_mask)(high < raised), high, raised);
}
ALWAYS_INLINE vec vec_max(vec a, vec b)
{
    return vec_choose((vec_mask)(a > b), a, b);
}
ALWAYS_INLINE vec vec_inside(vec u, vec low, vec high, vec v)
{
    return vec_keep((vec_mask)(u > low) & (vec_mask)(u < high), v);
}
ALWAYS_INLINE vec_mask vec_equal(vec a, vec b)
{
    return (vec_mask)(a == b);
}
ALWAYS_INLINE vec_mask mask_none(void)
{
    return (vec_mask){0, 0, 0, 0};
}
ALWAYS_INLINE vec_mask mask_and_not(vec_mask a, vec_mask b)
{
    return a & ~b;
}
ALWAYS_INLINE vec_mask mask_or(vec_mask a, vec_mask b)
{
    return a | b;
}
#endif

#define NAS_PARTS (NAS_LANES / NAS_WIDTH)

/* Keep a loaded line in its register: gcc otherwise folds the load into each of the
 * multiply-adds that use it and the loop becomes bound by loads. */
#if defined(__x86_64__)
#define VEC_PIN(v) __asm__("" : "+v"(v))
#else
#define VEC_PIN(v) ((void)0)
#endif

ALWAYS_INLINE vec vec_zero(void)
{
    return vec_set(0.0f);
}

/* Sum of the lanes, halves folded onto each other: the same tree on every instruction
 * set. */
#if defined(__SSE2__)
ALWAYS_INLINE float vec_sum_4(__m128 v)
{
    v = _mm_add_ps(v, _mm_movehl_ps(v, v));
    return _mm_cvtss_f32(_mm_add_ss(v, _mm_shuffle_ps(v, v, 1)));
}
#endif
ALWAYS_INLINE float vec_sum(vec v)
{
#if NAS_ISA_LEVEL == 2
    __m256 half = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    return vec_sum_4(
        _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1)));
#elif NAS_ISA_LEVEL == 1
    return vec_sum_4(_mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1)));
#elif defined(__SSE2__)
    return vec_sum_4((__m128)v);
#else
    return (v[0] + v[2]) + (v[1] + v[3]);
#endif
}

/* Cut `left` into pieces of at most `most`: full ones, and the last two alike rather than
 * one full and one small. No division: it would cost as much as a small tile.
 * @return the size of the next piece */
ALWAYS_INLINE int next_piece(int left, int most)
{
    if (left >= 2 * most || left == most)
        return most;
    return left > most ? (left + 1) / 2 : left;
}

#endif
