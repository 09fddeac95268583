/* 1 / (1 + e^-x), without overflow on either side; NaN stays. */
static nas_rt_once float nas_rt_logistic(float x)
{
    const float e = nas_rt_exp_negative(x > 0.0f ? -x : x);
    if (x != x)
        return x;
    return (x > 0.0f ? 1.0f : e) / (1.0f + e);
}
