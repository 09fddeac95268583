/* Softmax over the channels of each pixel, [pixels][C]; in place or not. */
static void nas_rt_softmax(const nas_rt_map *p, const float *in, float *out)
{
    for (int32_t i = 0; i < p->pixels; i++) {
        float top = in[0], sum = 0.0f;
        for (int32_t c = 1; c < p->in_c; c++)
            top = in[c] > top ? in[c] : top;
        for (int32_t c = 0; c < p->in_c; c++) {
            out[c] = nas_rt_exp_negative(in[c] - top);
            sum += out[c];
        }
        for (int32_t c = 0; c < p->in_c; c++)
            out[c] /= sum;
        in += p->in_c;
        out += p->in_c;
    }
}
