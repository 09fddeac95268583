/* y = table[x + 128], [pixels][C]; in place or not. */
static void nas_rt_lut(const nas_rt_map *p, const int8_t *table, const int8_t *in,
                       int8_t *out)
{
    const int32_t count = p->pixels * p->in_c;
    for (int32_t i = 0; i < count; i++)
        out[i] = table[in[i] + 128];
}
