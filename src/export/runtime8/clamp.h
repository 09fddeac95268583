static nas_rt_inline int8_t nas_rt_clamp(int32_t x, int32_t low, int32_t high)
{
    if (x < low)
        return (int8_t)low;
    return (int8_t)(x > high ? high : x);
}
