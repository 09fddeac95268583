/* y = x * scale[c] + shift[c], [pixels][C]; in place or not. */
static void nas_rt_affine(const nas_rt_map *p, const float *scale, const float *shift,
                          const float *in, float *out)
{
    for (int32_t i = 0; i < p->pixels; i++) {
        for (int32_t c = 0; c < p->in_c; c++)
            out[c] = nas_rt_clamp(in[c] * scale[c] + shift[c], p->low, p->high);
        in += p->in_c;
        out += p->in_c;
    }
}
