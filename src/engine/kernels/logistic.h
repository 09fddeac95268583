/* Exponential and logistic function of one element, without branches: loops over them
 * become vectors. */
#ifndef NASMITH_ENGINE_LOGISTIC_H
#define NASMITH_ENGINE_LOGISTIC_H

#include "engine/kernels/simd.h"

/* e^x for x <= 0 by 2^n e^r with |r| <= ln(2)/2; relative error below 3e-7, NaN stays.
 * Adding 1.5 * 2^23 rounds to an integer and leaves it in the lowest bits. */
ALWAYS_INLINE float exp_negative(float x)
{
    union {
        float f;
        uint32_t u;
    } rounded, power;
    const float magic = 12582912.0f;
    x = x < -87.0f ? -87.0f : x;
    rounded.f = x * 1.44269504f + magic;
    const float n = rounded.f - magic;
    const float r = x - n * 0.693359375f + n * 2.12194440e-4f;
    float y = 1.0f / 720.0f;
    y = y * r + 1.0f / 120.0f;
    y = y * r + 1.0f / 24.0f;
    y = y * r + 1.0f / 6.0f;
    y = y * r + 0.5f;
    y = y * r + 1.0f;
    y = y * r + 1.0f;
    power.u = (rounded.u << 23) + (127u << 23);
    return y * power.f;
}

ALWAYS_INLINE float logistic(float x)
{
    const float e = exp_negative(x > 0.0f ? -x : x);
    return (x > 0.0f ? 1.0f : e) / (1.0f + e);
}

/* In terms of e^-2|x|, with a series near 0 where the difference would cancel. */
ALWAYS_INLINE float hyperbolic_tangent(float x)
{
    const float size = x < 0.0f ? -x : x, square = x * x;
    const float e = exp_negative(-2.0f * size);
    const float far = (1.0f - e) / (1.0f + e);
    const float near = size * (1.0f + square * (-1.0f / 3.0f + square * (2.0f / 15.0f)));
    const float y = size < 0.06f ? near : far;
    return x < 0.0f ? -y : y;
}

#endif
