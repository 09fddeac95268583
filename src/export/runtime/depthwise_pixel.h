/* Four channels of one pixel, from channel c on. */
static nas_rt_inline void nas_rt_depthwise4(const nas_rt_window *p,
                                            const nas_rt_taps *taps, int32_t c,
                                            const float *w, const float *in, float *acc)
{
    const int32_t step = p->dilation_w * p->in_c;
    float a0 = acc[0], a1 = acc[1], a2 = acc[2], a3 = acc[3];
    for (int32_t ky = taps->y0; ky < taps->y1; ky++) {
        const int32_t row = taps->origin + ky * p->dilation_h * p->in_w * p->in_c + c;
        for (int32_t kx = taps->x0; kx < taps->x1; kx++) {
            const float *x = in + (row + kx * step);
            const float *tap = w + (ky * p->kernel_w + kx) * p->in_c + c;
            a0 += x[0] * tap[0];
            a1 += x[1] * tap[1];
            a2 += x[2] * tap[2];
            a3 += x[3] * tap[3];
        }
    }
    acc[0] = a0;
    acc[1] = a1;
    acc[2] = a2;
    acc[3] = a3;
}

/* The channels that are left over. */
static nas_rt_inline void nas_rt_depthwise1(const nas_rt_window *p,
                                            const nas_rt_taps *taps, int32_t c,
                                            const float *w, const float *in, float *acc)
{
    const int32_t step = p->dilation_w * p->in_c;
    for (int32_t ky = taps->y0; ky < taps->y1; ky++) {
        const int32_t row = taps->origin + ky * p->dilation_h * p->in_w * p->in_c + c;
        for (int32_t kx = taps->x0; kx < taps->x1; kx++)
            acc[0] += in[row + kx * step] * w[(ky * p->kernel_w + kx) * p->in_c + c];
    }
}

static nas_rt_inline void nas_rt_depthwise_pixel(const nas_rt_window *p,
                                                 const nas_rt_taps *taps, const float *w,
                                                 const float *bias, const float *in,
                                                 float *out)
{
    for (int32_t c = 0; c < p->in_c;) {
        const int32_t block = p->in_c - c >= 4 ? 4 : 1;
        float acc[4] = {0.0f};
        for (int32_t j = 0; j < block; j++)
            acc[j] = bias[c + j];
        if (block == 4)
            nas_rt_depthwise4(p, taps, c, w, in, acc);
        else
            nas_rt_depthwise1(p, taps, c, w, in, acc);
        for (int32_t j = 0; j < block; j++)
            out[c + j] = nas_rt_clamp(acc[j], p->low, p->high);
        c += block;
    }
}
