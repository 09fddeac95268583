/* One channel of one pixel. */
static int8_t nas_rt_max_pool_value(const nas_rt_window *p, const nas_rt_taps *taps,
                                    int32_t c, const int8_t *in)
{
    int8_t value = in[taps->origin + (taps->y0 * p->in_w + taps->x0) * p->in_c + c];
    for (int32_t ky = taps->y0; ky < taps->y1; ky++) {
        const int32_t row = taps->origin + ky * p->in_w * p->in_c + c;
        for (int32_t kx = taps->x0; kx < taps->x1; kx++) {
            const int8_t v = in[row + kx * p->in_c];
            value = v > value ? v : value;
        }
    }
    return value;
}

/* Maximum of each window's elements inside the input, [in_h][in_w][C] ->
 * [out_h][out_w][C]. */
static void nas_rt_max_pool(const nas_rt_window *p, const int8_t *in, int8_t *out)
{
    for (int32_t i = 0; i < p->out_h * p->out_w; i++) {
        nas_rt_taps taps;
        const int32_t pixel = nas_rt_pixel(p, i, &taps);
        for (int32_t c = 0; c < p->out_c; c++) {
            const int8_t value = nas_rt_max_pool_value(p, &taps, c, in);
            out[pixel * p->out_c + c] = nas_rt_clamp(value, p->low, p->high);
        }
    }
}
