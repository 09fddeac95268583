/* y = a * b, all [pixels][C]; out may be a or b. */
static void nas_rt_mul(const nas_rt_map *p, const float *a, const float *b, float *out)
{
    const int32_t count = p->pixels * p->in_c;
    for (int32_t i = 0; i < count; i++)
        out[i] = a[i] * b[i];
}
