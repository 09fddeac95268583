/* Eight channels of one pixel, from channel c on. */
static nas_rt_inline void nas_rt_depthwise8(const nas_rt_window *p,
                                            const nas_rt_taps *taps, int32_t c,
                                            const float *w, const float *bias,
                                            const float *in, float *out)
{
    nas_rt_eight acc = *(const nas_rt_eight *)(const void *)(bias + c);
    for (int32_t ky = taps->y0; ky < taps->y1; ky++) {
        const int32_t row = taps->origin + ky * p->dilation_h * p->in_w * p->in_c + c;
        for (int32_t kx = taps->x0; kx < taps->x1; kx++) {
            const float *x = in + (row + kx * p->dilation_w * p->in_c);
            const float *tap = w + (ky * p->kernel_w + kx) * p->in_c + c;
            acc += *(const nas_rt_eight *)(const void *)x *
                   *(const nas_rt_eight *)(const void *)tap;
        }
    }
    *(nas_rt_eight *)(void *)(out + c) = acc;
    for (int32_t j = 0; j < 8; j++)
        out[c + j] = nas_rt_clamp(out[c + j], p->low, p->high);
}

/* One pixel whose window is inside: the number of taps is a constant. */
static nas_rt_inline void nas_rt_depthwise_inside(const nas_rt_window *p,
                                                  nas_rt_taps taps, const float *w,
                                                  const float *bias, const float *in,
                                                  float *out)
{
    int32_t c = 0;
    taps.y0 = taps.x0 = 0;
    taps.y1 = p->kernel_h;
    taps.x1 = p->kernel_w;
    for (; c + 8 <= p->in_c; c += 8)
        nas_rt_depthwise8(p, &taps, c, w, bias, in, out);
    for (; c < p->in_c; c++) {
        float acc = bias[c];
        nas_rt_depthwise1(p, &taps, c, w, in, &acc);
        out[c] = nas_rt_clamp(acc, p->low, p->high);
    }
}

/* Depthwise convolution, [in_h][in_w][C] -> [out_h][out_w][C], not overlapping. Weights
 * [KH][KW][C]. */
static void nas_rt_depthwise(const nas_rt_window *p, const float *w, const float *bias,
                             const float *in, float *out)
{
    for (int32_t i = 0; i < p->out_h * p->out_w; i++) {
        const nas_rt_taps taps = nas_rt_taps_at(p, i / p->out_w, i % p->out_w);
        if (taps.y0 + taps.x0 == 0 && taps.y1 == p->kernel_h && taps.x1 == p->kernel_w)
            nas_rt_depthwise_inside(p, taps, w, bias, in, out + i * p->out_c);
        else
            nas_rt_depthwise_pixel(p, &taps, w, bias, in, out + i * p->out_c);
    }
}
