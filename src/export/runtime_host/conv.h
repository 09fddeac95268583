/* Eight channels of one pixel, clamped. */
static nas_rt_inline void nas_rt_conv_put(const nas_rt_window *p, const nas_rt_eight *a,
                                          float *out)
{
    *(nas_rt_eight *)(void *)out = *a;
    for (int32_t j = 0; j < 8; j++)
        out[j] = nas_rt_clamp(out[j], p->low, p->high);
}

/* Eight output channels of 8, 4 or 1 pixels side by side, whose windows lie inside the
 * input but for rows above y0 and below y1: a weight is loaded once for all of them. */
static nas_rt_inline void nas_rt_conv_tile8(const nas_rt_window *p,
                                            const nas_rt_taps *taps, const float *in,
                                            const float *w, const float *bias, float *out)
{
    const int32_t depth = p->in_c / p->groups, step = p->stride_w * p->in_c;
    nas_rt_eight a0 = *(const nas_rt_eight *)(const void *)bias;
    nas_rt_eight a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
    for (int32_t ky = taps->y0; ky < taps->y1; ky++) {
        for (int32_t kx = 0; kx < p->kernel_w; kx++) {
            const float *x =
                in + (ky * p->dilation_h * p->in_w + kx * p->dilation_w) * p->in_c;
            const float *row = w + (ky * p->kernel_w + kx) * depth * 8;
            for (int32_t c = 0; c < depth; c++) {
                const nas_rt_eight weight = *(const nas_rt_eight *)(const void *)row;
                a0 += x[c] * weight;
                a1 += x[step + c] * weight;
                a2 += x[2 * step + c] * weight;
                a3 += x[3 * step + c] * weight;
                a4 += x[4 * step + c] * weight;
                a5 += x[5 * step + c] * weight;
                a6 += x[6 * step + c] * weight;
                a7 += x[7 * step + c] * weight;
                row += 8;
            }
        }
    }
    nas_rt_conv_put(p, &a0, out);
    nas_rt_conv_put(p, &a1, out + p->out_c);
    nas_rt_conv_put(p, &a2, out + 2 * p->out_c);
    nas_rt_conv_put(p, &a3, out + 3 * p->out_c);
    nas_rt_conv_put(p, &a4, out + 4 * p->out_c);
    nas_rt_conv_put(p, &a5, out + 5 * p->out_c);
    nas_rt_conv_put(p, &a6, out + 6 * p->out_c);
    nas_rt_conv_put(p, &a7, out + 7 * p->out_c);
}

static nas_rt_inline void nas_rt_conv_tile4(const nas_rt_window *p,
                                            const nas_rt_taps *taps, const float *in,
                                            const float *w, const float *bias, float *out)
{
    const int32_t depth = p->in_c / p->groups, step = p->stride_w * p->in_c;
    nas_rt_eight a0 = *(const nas_rt_eight *)(const void *)bias;
    nas_rt_eight a1 = a0, a2 = a0, a3 = a0;
    for (int32_t ky = taps->y0; ky < taps->y1; ky++) {
        for (int32_t kx = 0; kx < p->kernel_w; kx++) {
            const float *x =
                in + (ky * p->dilation_h * p->in_w + kx * p->dilation_w) * p->in_c;
            const float *row = w + (ky * p->kernel_w + kx) * depth * 8;
            for (int32_t c = 0; c < depth; c++) {
                const nas_rt_eight weight = *(const nas_rt_eight *)(const void *)row;
                a0 += x[c] * weight;
                a1 += x[step + c] * weight;
                a2 += x[2 * step + c] * weight;
                a3 += x[3 * step + c] * weight;
                row += 8;
            }
        }
    }
    nas_rt_conv_put(p, &a0, out);
    nas_rt_conv_put(p, &a1, out + p->out_c);
    nas_rt_conv_put(p, &a2, out + 2 * p->out_c);
    nas_rt_conv_put(p, &a3, out + 3 * p->out_c);
}

static nas_rt_inline void nas_rt_conv_tile1(const nas_rt_window *p,
                                            const nas_rt_taps *taps, const float *in,
                                            const float *w, const float *bias, float *out)
{
    const int32_t depth = p->in_c / p->groups;
    nas_rt_eight a0 = *(const nas_rt_eight *)(const void *)bias;
    for (int32_t ky = taps->y0; ky < taps->y1; ky++) {
        for (int32_t kx = 0; kx < p->kernel_w; kx++) {
            const float *x =
                in + (ky * p->dilation_h * p->in_w + kx * p->dilation_w) * p->in_c;
            const float *row = w + (ky * p->kernel_w + kx) * depth * 8;
            for (int32_t c = 0; c < depth; c++) {
                const nas_rt_eight weight = *(const nas_rt_eight *)(const void *)row;
                a0 += x[c] * weight;
                row += 8;
            }
        }
    }
    nas_rt_conv_put(p, &a0, out);
}

/* Eight output channels of pixels side by side. `in` is at tap (0, 0) of the first. */
static nas_rt_inline void nas_rt_conv_tiles(const nas_rt_window *p, int32_t pixels,
                                            const nas_rt_taps *taps, const float *in,
                                            const float *w, const float *bias, float *out)
{
    const int32_t step = p->stride_w * p->in_c;
    int32_t x = 0;
    for (; x + 8 <= pixels; x += 8)
        nas_rt_conv_tile8(p, taps, in + x * step, w, bias, out + x * p->out_c);
    for (; x + 4 <= pixels; x += 4)
        nas_rt_conv_tile4(p, taps, in + x * step, w, bias, out + x * p->out_c);
    for (; x < pixels; x++)
        nas_rt_conv_tile1(p, taps, in + x * step, w, bias, out + x * p->out_c);
}

/* All channels of one pixel in blocks below eight, from channel `first` of a group on. */
static nas_rt_inline void nas_rt_conv_rest(const nas_rt_window *p,
                                           const nas_rt_taps *taps, int32_t group,
                                           int32_t first, const float *w,
                                           const float *bias, const float *in, float *out)
{
    const int32_t depth = p->in_c / p->groups, per_group = p->out_c / p->groups;
    const int32_t area = p->kernel_h * p->kernel_w * depth;
    for (int32_t o = first; o < per_group;) {
        const int32_t block = nas_rt_block(per_group - o), at = group * per_group + o;
        float acc[8] = {0.0f};
        for (int32_t j = 0; j < block; j++)
            acc[j] = bias[at + j];
        nas_rt_conv_block(p, taps, block, in, group * depth, w + at * area, acc);
        for (int32_t j = 0; j < block; j++)
            out[at + j] = nas_rt_clamp(acc[j], p->low, p->high);
        o += block;
    }
}

/* The pixels x0..x1 of row y, whose windows are inside from left to right. */
static nas_rt_inline void nas_rt_conv_inside(const nas_rt_window *p, int32_t y,
                                             int32_t x0, int32_t x1, const float *w,
                                             const float *bias, const float *in,
                                             float *out)
{
    const int32_t depth = p->in_c / p->groups, per_group = p->out_c / p->groups;
    const int32_t area = p->kernel_h * p->kernel_w * depth, whole = per_group / 8 * 8;
    const nas_rt_taps taps = nas_rt_taps_at(p, y, x0);
    float *to = out + (y * p->out_w + x0) * p->out_c;
    for (int32_t g = 0; g < p->groups; g++) {
        const int32_t start = g * per_group;
        for (int32_t o = start; o < start + whole; o += 8)
            nas_rt_conv_tiles(p, x1 - x0, &taps, in + taps.origin + g * depth,
                              w + o * area, bias + o, to + o);
        for (int32_t x = x0; x < x1 && whole < per_group; x++) {
            const nas_rt_taps own = nas_rt_taps_at(p, y, x);
            nas_rt_conv_rest(p, &own, g, whole, w, bias, in,
                             out + (y * p->out_w + x) * p->out_c);
        }
    }
}

static nas_rt_inline void nas_rt_conv_row(const nas_rt_window *p, int32_t y,
                                          const float *w, const float *bias,
                                          const float *in, float *out)
{
    const int32_t reach = (p->kernel_w - 1) * p->dilation_w;
    const int32_t entered = (p->pad_w + p->stride_w - 1) / p->stride_w;
    const int32_t room = p->in_w - 1 + p->pad_w - reach;
    const int32_t left = room < 0 ? 0 : room / p->stride_w + 1;
    const int32_t x1 = left < p->out_w ? left : p->out_w;
    const int32_t x0 = entered < x1 ? entered : x1;
    for (int32_t x = 0; x < p->out_w; x++) {
        if (x >= x0 && x < x1)
            continue;
        const nas_rt_taps taps = nas_rt_taps_at(p, y, x);
        nas_rt_conv_pixel(p, &taps, w, bias, in, out + (y * p->out_w + x) * p->out_c);
    }
    if (x0 < x1)
        nas_rt_conv_inside(p, y, x0, x1, w, bias, in, out);
}

/* Convolution, [in_h][in_w][in_c] -> [out_h][out_w][out_c], not overlapping. Weights: for
 * each group and each block of 8, 4 or 1 of its outputs [KH][KW][in_c/groups][block]. */
static void nas_rt_conv(const nas_rt_window *p, const float *w, const float *bias,
                        const float *in, float *out)
{
    nas_rt_window q = *p;
    if (p->kernel_h * p->kernel_w == 1 && p->stride_h * p->stride_w == 1) {
        q.in_w = q.out_w = p->out_h * p->out_w; /* one row */
        q.in_h = q.out_h = 1;
    }
    for (int32_t y = 0; y < q.out_h; y++)
        nas_rt_conv_row(&q, y, w, bias, in, out);
}
