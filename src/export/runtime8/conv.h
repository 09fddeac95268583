/* One block of output channels at one output pixel. `first` is the group's first input
 * channel, w the block's weights [KH][KW][I][block]. */
static void nas_rt_conv_block(const nas_rt_window *p, const nas_rt_taps *taps,
                              int32_t block, const int8_t *in, int32_t first,
                              const int8_t *w, int32_t *acc)
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
            nas_rt_dot(block, in + (row + kx * p->dilation_w * p->in_c), p->in_zero,
                       w + (ky * p->kernel_w + kx) * depth * block, length, acc);
        }
    }
}

/* All output channels of one pixel. */
static void nas_rt_conv_pixel(const nas_rt_window *p, const nas_rt_taps *taps,
                              const int8_t *w, const int8_t *shift, const int32_t *scales,
                              const int8_t *in, int8_t *out)
{
    const int32_t depth = p->in_c / p->groups;
    const int32_t per_group = p->out_c / p->groups;
    const int32_t area = p->kernel_h * p->kernel_w * depth;
    const int32_t *multiplier = scales + p->out_c;
    for (int32_t o = 0; o < p->out_c;) {
        const int32_t group = o / per_group;
        const int32_t block = nas_rt_block((group + 1) * per_group - o);
        int32_t acc[8] = {0};
        for (int32_t j = 0; j < block; j++)
            acc[j] = scales[o + j];
        nas_rt_conv_block(p, taps, block, in, group * depth, w + o * area, acc);
        for (int32_t j = 0; j < block; j++)
            out[o + j] = nas_rt_clamp(
                nas_rt_rescale(acc[j], multiplier[o + j], shift[o + j]) + p->out_zero,
                p->low, p->high);
        o += block;
    }
}

/* Convolution, [in_h][in_w][in_c] -> [out_h][out_w][out_c]. Weights: for each group and
 * each block of 8, 4 or 1 of its outputs [KH][KW][in_c/groups][block]. Scales: biases
 * [out_c], multipliers [out_c]. */
static void nas_rt_conv(const nas_rt_window *p, const int8_t *w, const int8_t *shift,
                        const int32_t *scales, const int8_t *in, int8_t *out)
{
    for (int32_t i = 0; i < p->out_h * p->out_w; i++) {
        nas_rt_taps taps;
        const int32_t pixel = nas_rt_pixel(p, i, &taps);
        nas_rt_conv_pixel(p, &taps, w, shift, scales, in, out + pixel * p->out_c);
    }
}
