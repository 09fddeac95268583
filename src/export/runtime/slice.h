/* Some channels, [pixels][in_c] -> [pixels][out_c]; `in` begins at the first of them. */
static void nas_rt_slice(const nas_rt_map *p, const float *in, float *out)
{
    for (int32_t i = 0; i < p->pixels; i++) {
        for (int32_t c = 0; c < p->out_c; c++)
            out[c] = in[c];
        in += p->in_c;
        out += p->out_c;
    }
}
