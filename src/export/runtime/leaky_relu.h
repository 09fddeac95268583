/* Leaky ReLU (`low` is the slope of the negative half) of all elements, [pixels][C]; in
 * place or not. */
static void nas_rt_leaky_relu(const nas_rt_map *p, const float *in, float *out)
{
    const int32_t count = p->pixels * p->in_c;
    for (int32_t i = 0; i < count; i++)
        out[i] = in[i] > 0.0f ? in[i] : p->low * in[i];
}
