/* x * sigmoid(x) of all elements, [pixels][C]; in place or not. */
static void nas_rt_silu(const nas_rt_map *p, const float *in, float *out)
{
    const int32_t count = p->pixels * p->in_c;
    for (int32_t i = 0; i < count; i++)
        out[i] = in[i] * nas_rt_logistic(in[i]);
}
