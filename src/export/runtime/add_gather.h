/* y[i] = a[i] + b[from[i]]: operands that were flattened from different shapes. out may
 * be a, never b. */
static void nas_rt_add_gather(const nas_rt_map *p, const uint32_t *from, const float *a,
                              const float *b, float *out)
{
    const int32_t count = p->pixels * p->in_c;
    for (int32_t i = 0; i < count; i++)
        out[i] = nas_rt_clamp(a[i] + b[from[i]], p->low, p->high);
}
