/* Copy [pixels][in_c] into the first channels of each pixel of [pixels][out_c]. */
static void nas_rt_concat(const nas_rt_map *p, const float *in, float *out)
{
    for (int32_t i = 0; i < p->pixels; i++) {
        for (int32_t c = 0; c < p->in_c; c++)
            out[c] = nas_rt_clamp(in[c], p->low, p->high);
        in += p->in_c;
        out += p->out_c;
    }
}
