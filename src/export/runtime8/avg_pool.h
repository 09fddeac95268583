/* One channel of one pixel: input and output have one scale. Ties away from zero. */
static int32_t nas_rt_avg_pool_value(const nas_rt_window *p, const nas_rt_taps *taps,
                                     int32_t c, const int8_t *in)
{
    const int32_t count = (taps->y1 - taps->y0) * (taps->x1 - taps->x0);
    int32_t sum = 0;
    for (int32_t ky = taps->y0; ky < taps->y1; ky++) {
        const int32_t row = taps->origin + ky * p->in_w * p->in_c + c;
        for (int32_t kx = taps->x0; kx < taps->x1; kx++)
            sum += in[row + kx * p->in_c];
    }
    return (sum >= 0 ? sum + count / 2 : sum - count / 2) / count;
}

/* Mean of each window's elements inside the input, [in_h][in_w][C] ->
 * [out_h][out_w][C]. */
static void nas_rt_avg_pool(const nas_rt_window *p, const int8_t *in, int8_t *out)
{
    for (int32_t i = 0; i < p->out_h * p->out_w; i++) {
        nas_rt_taps taps;
        const int32_t pixel = nas_rt_pixel(p, i, &taps);
        for (int32_t c = 0; c < p->out_c; c++) {
            const int32_t value = nas_rt_avg_pool_value(p, &taps, c, in);
            out[pixel * p->out_c + c] = nas_rt_clamp(value, p->low, p->high);
        }
    }
}
