/* x * multiplier / 2^(31 + shift), 0 <= shift <= 31, 0 <= multiplier: the product's high
 * half rounded, then the shift rounded, both to the nearest and ties away from zero. */
static nas_rt_once int32_t nas_rt_rescale(int32_t x, int32_t multiplier, int32_t shift)
{
    const int64_t product = (int64_t)x * multiplier;
    const int64_t nudge = product >= 0 ? 1073741824 : -1073741823;
    const int32_t high = (int32_t)((product + nudge) / 2147483648LL);
    const uint32_t size = high < 0 ? 0u - (uint32_t)high : (uint32_t)high;
    const uint32_t half = shift > 0 ? 1u << (shift - 1) : 0u;
    const int32_t rounded = (int32_t)((size + half) >> shift);
    return high < 0 ? -rounded : rounded;
}
