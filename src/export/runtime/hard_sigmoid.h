/* x/6 + 1/2 between 0 and 1; all elements, [pixels][C], in place or not. */
static void nas_rt_hard_sigmoid(const nas_rt_map *p, const float *in, float *out)
{
    const int32_t count = p->pixels * p->in_c;
    for (int32_t i = 0; i < count; i++)
        out[i] = nas_rt_clamp(in[i] / 6.0f + 0.5f, 0.0f, 1.0f);
}
