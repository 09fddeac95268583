static nas_rt_inline float nas_rt_clamp(float x, float low, float high)
{
    if (x < low)
        return low;
    return x > high ? high : x;
}
