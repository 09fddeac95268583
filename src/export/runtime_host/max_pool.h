/* Maximum of each window's elements inside the input, [in_h][in_w][C] ->
 * [out_h][out_w][C], not overlapping. */
static void nas_rt_max_pool(const nas_rt_window *p, const float *in, float *out)
{
    for (int32_t i = 0; i < p->out_h * p->out_w; i++) {
        const nas_rt_taps taps = nas_rt_taps_at(p, i / p->out_w, i % p->out_w);
        const float *first = in + taps.origin + (taps.y0 * p->in_w + taps.x0) * p->in_c;
        for (int32_t c = 0; c < p->in_c; c++)
            out[c] = first[c];
        for (int32_t ky = taps.y0; ky < taps.y1; ky++)
            for (int32_t kx = taps.x0; kx < taps.x1; kx++) {
                const float *x = in + taps.origin + (ky * p->in_w + kx) * p->in_c;
                for (int32_t c = 0; c < p->in_c; c++)
                    out[c] = x[c] > out[c] ? x[c] : out[c];
            }
        for (int32_t c = 0; c < p->in_c; c++)
            out[c] = nas_rt_clamp(out[c], p->low, p->high);
        out += p->out_c;
    }
}
