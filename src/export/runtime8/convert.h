/* A value of the input's scale in the output's: 20 bits of headroom, so that the
 * multiplier is below 1 whichever scale is larger. */
static nas_rt_once int8_t nas_rt_convert(const nas_rt_map *p, int32_t x)
{
    const int32_t value =
        nas_rt_rescale((x - p->in_zero) * 1048576, p->multiplier, p->shift);
    return nas_rt_clamp(value + p->out_zero, p->low, p->high);
}
