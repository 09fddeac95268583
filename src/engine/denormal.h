/* Denormal numbers flushed to zero while the engine computes: near-dead units would
 * otherwise slow a step down a hundredfold. The caller's mode is restored. */
#ifndef NASMITH_ENGINE_DENORMAL_H
#define NASMITH_ENGINE_DENORMAL_H

#if defined(__x86_64__)
#include <immintrin.h>

typedef unsigned int nas_float_mode;

static inline nas_float_mode nas_flush_denormals(void)
{
    const unsigned int flush_to_zero = 0x8000, denormals_are_zero = 0x0040;
    nas_float_mode before = _mm_getcsr();
    _mm_setcsr(before | flush_to_zero | denormals_are_zero);
    return before;
}

static inline void nas_restore_float_mode(nas_float_mode before)
{
    _mm_setcsr(before);
}
#else
typedef int nas_float_mode;

static inline nas_float_mode nas_flush_denormals(void)
{
    return 0;
}

static inline void nas_restore_float_mode(nas_float_mode before)
{
    (void)before;
}
#endif

#endif
