/* Convolution, [in_h][in_w][in_c] -> [out_h][out_w][out_c]. Weights: for each group and
 * each block of 8, 4 or 1 of its outputs [KH][KW][in_c/groups][block]. */
static void nas_rt_conv(const nas_rt_window *p, const float *w, const float *bias,
                        const float *in, float *out)
{
    for (int32_t i = 0; i < p->out_h * p->out_w; i++) {
        nas_rt_taps taps;
        const int32_t pixel = nas_rt_pixel(p, i, &taps);
        nas_rt_conv_pixel(p, &taps, w, bias, in, out + pixel * p->out_c);
    }
}
