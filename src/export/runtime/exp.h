/* e^x for x <= 0: x = r - n ln 2 with |r| <= ln(2)/2, e^r by its series, then n halvings
 * by repeated squaring. Relative error below 3e-7. */
static nas_rt_once float nas_rt_exp_negative(float x)
{
    if (!(x >= -87.0f)) /* also NaN */
        return 0.0f;
    int32_t n = (int32_t)(0.5f - x * 1.44269504f);
    const float r = x + (float)n * 0.693359375f - (float)n * 2.12194440e-4f;
    float y = 1.0f / 720.0f;
    y = y * r + 1.0f / 120.0f;
    y = y * r + 1.0f / 24.0f;
    y = y * r + 1.0f / 6.0f;
    y = y * r + 0.5f;
    y = y * r + 1.0f;
    y = y * r + 1.0f;
    for (float half = 0.5f; n > 0; n >>= 1) {
        if (n & 1)
            y *= half;
        half *= half;
    }
    return y;
}
