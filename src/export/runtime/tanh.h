/* Hyperbolic tangent of all elements, [pixels][C]; in place or not. */
static void nas_rt_tanh(const nas_rt_map *p, const float *in, float *out)
{
    const int32_t count = p->pixels * p->in_c;
    for (int32_t i = 0; i < count; i++)
        out[i] = 2.0f * nas_rt_logistic(2.0f * in[i]) - 1.0f;
}
