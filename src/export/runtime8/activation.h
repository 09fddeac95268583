/* y = clamp(x), [pixels][C]; in place or not. */
static void nas_rt_activation(const nas_rt_map *p, const int8_t *in, int8_t *out)
{
    const int32_t count = p->pixels * p->in_c;
    for (int32_t i = 0; i < count; i++)
        out[i] = nas_rt_convert(p, in[i]);
}
