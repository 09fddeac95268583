/* 1/sqrt(x) for x > 0: half of the exponent with its sign turned, then Newton's steps. */
static float nas_rt_inverse_root(float x)
{
    union {
        float f;
        uint32_t u;
    } y;
    y.f = x;
    y.u = 0x5f3759dfu - (y.u >> 1);
    for (int i = 0; i < 4; i++)
        y.f *= 1.5f - 0.5f * x * y.f * y.f;
    return y.f;
}
