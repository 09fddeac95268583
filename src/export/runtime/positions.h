/* y = x + table, [pixels][C] each; in place or not. */
static void nas_rt_positions(const nas_rt_map *p, const float *table, const float *in,
                             float *out)
{
    const int32_t count = p->pixels * p->in_c;
    for (int32_t i = 0; i < count; i++)
        out[i] = in[i] + table[i];
}
