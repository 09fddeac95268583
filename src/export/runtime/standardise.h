/* y = (x - mean[c]) * inverse[c], [pixels][C]; in place or not. */
static void nas_rt_standardise(const nas_rt_map *p, const float *mean,
                               const float *inverse, const float *in, float *out)
{
    for (int32_t i = 0; i < p->pixels; i++) {
        for (int32_t c = 0; c < p->in_c; c++)
            out[c] = nas_rt_clamp((in[c] - mean[c]) * inverse[c], p->low, p->high);
        in += p->in_c;
        out += p->in_c;
    }
}
