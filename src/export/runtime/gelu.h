/* GELU in its tanh form of all elements, [pixels][C]; in place or not. */
static void nas_rt_gelu(const nas_rt_map *p, const float *in, float *out)
{
    const int32_t count = p->pixels * p->in_c;
    for (int32_t i = 0; i < count; i++) {
        const float x = in[i];
        out[i] = x * nas_rt_logistic(1.59576912f * (x + 0.044715f * x * x * x));
    }
}
