/* ln x for 2^-126 <= x < 2^127: x = 2^n m with sqrt(1/2) <= m < sqrt(2), and ln m by the
 * series of 2 artanh((m - 1) / (m + 1)). Error below 2e-7 max(1, |ln x|). */
static float nas_rt_log(float x)
{
    static const float powers[7] = {
        18446744073709551616.0f, 4294967296.0f, 65536.0f, 256.0f, 16.0f, 4.0f, 2.0f};
    int32_t n = 0;
    for (int32_t i = 0, bits = 64; i < 7; i++, bits /= 2) {
        if (x >= powers[i]) {
            x /= powers[i];
            n += bits;
        } else if (x < 2.0f / powers[i]) {
            x *= powers[i];
            n -= bits;
        }
    }
    if (x > 1.41421356f) {
        x *= 0.5f;
        n++;
    }
    const float z = (x - 1.0f) / (x + 1.0f);
    const float square = z * z;
    float y = 1.0f / 9.0f;
    y = y * square + 1.0f / 7.0f;
    y = y * square + 1.0f / 5.0f;
    y = y * square + 1.0f / 3.0f;
    y = y * square * z + z;
    return (float)n * 0.693359375f + (2.0f * y - (float)n * 2.12194440e-4f);
}
