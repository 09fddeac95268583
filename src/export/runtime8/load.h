/* The caller's sample [C][pixels] into the arena as [pixels][C]. */
static void nas_rt_load(const nas_rt_map *p, const int8_t *in, int8_t *out)
{
    for (int32_t i = 0; i < p->pixels; i++) {
        for (int32_t c = 0; c < p->in_c; c++)
            *out++ = in[c * p->pixels + i];
    }
}
