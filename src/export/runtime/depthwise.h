/* Depthwise convolution, [in_h][in_w][C] -> [out_h][out_w][C]. Weights [KH][KW][C]. */
static void nas_rt_depthwise(const nas_rt_window *p, const float *w, const float *bias,
                             const float *in, float *out)
{
    for (int32_t i = 0; i < p->out_h * p->out_w; i++) {
        nas_rt_taps taps;
        const int32_t pixel = nas_rt_pixel(p, i, &taps);
        nas_rt_depthwise_pixel(p, &taps, w, bias, in, out + pixel * p->out_c);
    }
}
