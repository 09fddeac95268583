/* One block of output channels at one output pixel. `first` is the group's first input
 * channel, w the block's weights [KH][KW][I][block]. */
static nas_rt_inline void nas_rt_conv_block(const nas_rt_window *p,
                                            const nas_rt_taps *taps, int32_t block,
                                            const float *in, int32_t first,
                                            const float *w, float *acc)
{
    const int32_t depth = p->in_c / p->groups;
    const int32_t across = taps->x1 - taps->x0;
    /* Neighbouring taps are neighbours in memory when nothing lies between them. */
    const int32_t joined = p->groups == 1 && p->dilation_w == 1;
    const int32_t runs = joined ? 1 : across;
    const int32_t length = joined ? across * depth : depth;
    for (int32_t ky = taps->y0; ky < taps->y1; ky++) {
        const int32_t row = taps->origin + ky * p->dilation_h * p->in_w * p->in_c + first;
        for (int32_t run = 0; run < runs; run++) {
            const int32_t kx = taps->x0 + run;
            nas_rt_dot(block, in + (row + kx * p->dilation_w * p->in_c),
                       w + (ky * p->kernel_w + kx) * depth * block, length, acc);
        }
    }
}

/* All output channels of one pixel. */
static nas_rt_inline void nas_rt_conv_pixel(const nas_rt_window *p,
                                            const nas_rt_taps *taps, const float *w,
                                            const float *bias, const float *in,
                                            float *out)
{
    const int32_t depth = p->in_c / p->groups;
    const int32_t per_group = p->out_c / p->groups;
    const int32_t area = p->kernel_h * p->kernel_w * depth;
    for (int32_t o = 0; o < p->out_c;) {
        const int32_t group = o / per_group;
        const int32_t block = nas_rt_block((group + 1) * per_group - o);
        float acc[8] = {0.0f};
        for (int32_t j = 0; j < block; j++)
            acc[j] = bias[o + j];
        nas_rt_conv_block(p, taps, block, in, group * depth, w + o * area, acc);
        for (int32_t j = 0; j < block; j++)
            out[o + j] = nas_rt_clamp(acc[j], p->low, p->high);
        o += block;
    }
}
