/* x * min(max(x+3, 0), 6) / 6 of all elements, [pixels][C]; in place or not. */
static void nas_rt_hard_swish(const nas_rt_map *p, const float *in, float *out)
{
    const int32_t count = p->pixels * p->in_c;
    for (int32_t i = 0; i < count; i++)
        out[i] = in[i] * nas_rt_clamp(in[i] + 3.0f, 0.0f, 6.0f) * (1.0f / 6.0f);
}
