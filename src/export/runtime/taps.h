/* The taps of a window that lie inside the input: rows y0..y1, columns x0..x1 (end
 * exclusive). Element 0 of tap (0, 0), inside or not, would be at index `origin`. */
typedef struct nas_rt_taps {
    int32_t y0, y1, x0, x1, origin;
} nas_rt_taps;

static int32_t nas_rt_first_tap(int32_t start, int32_t dilation)
{
    return start >= 0 ? 0 : (dilation - 1 - start) / dilation;
}

static int32_t nas_rt_end_tap(int32_t start, int32_t dilation, int32_t taps,
                              int32_t extent)
{
    const int32_t inside = (extent - start + dilation - 1) / dilation;
    return inside < taps ? inside : taps;
}

static nas_rt_taps nas_rt_taps_at(const nas_rt_window *p, int32_t out_y, int32_t out_x)
{
    const int32_t y = out_y * p->stride_h - p->pad_h;
    const int32_t x = out_x * p->stride_w - p->pad_w;
    nas_rt_taps taps;
    taps.y0 = nas_rt_first_tap(y, p->dilation_h);
    taps.y1 = nas_rt_end_tap(y, p->dilation_h, p->kernel_h, p->in_h);
    taps.x0 = nas_rt_first_tap(x, p->dilation_w);
    taps.x1 = nas_rt_end_tap(x, p->dilation_w, p->kernel_w, p->in_w);
    taps.origin = (y * p->in_w + x) * p->in_c;
    return taps;
}

/* The i-th pixel to compute, and its taps. */
static nas_rt_once int32_t nas_rt_pixel(const nas_rt_window *p, int32_t i,
                                        nas_rt_taps *taps)
{
    const int32_t pixel = p->backward ? p->out_h * p->out_w - 1 - i : i;
    *taps = nas_rt_taps_at(p, pixel / p->out_w, pixel % p->out_w);
    return pixel;
}
