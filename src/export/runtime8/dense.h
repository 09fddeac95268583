/* Fully connected, [in_c] -> [out_c]. Weights: for each block of 8, 4 or 1 outputs
 * [in_c][block]. Scales: biases [out_c], multipliers [out_c]. */
static void nas_rt_dense(const nas_rt_map *p, const int8_t *w, const int8_t *shift,
                         const int32_t *scales, const int8_t *in, int8_t *out)
{
    const int32_t *multiplier = scales + p->out_c;
    for (int32_t o = 0; o < p->out_c;) {
        const int32_t block = nas_rt_block(p->out_c - o);
        int32_t acc[8] = {0};
        for (int32_t j = 0; j < block; j++)
            acc[j] = scales[o + j];
        nas_rt_dot(block, in, p->in_zero, w + o * p->in_c, p->in_c, acc);
        for (int32_t j = 0; j < block; j++)
            out[o + j] = nas_rt_clamp(
                nas_rt_rescale(acc[j], multiplier[o + j], shift[o + j]) + p->out_zero,
                p->low, p->high);
        o += block;
    }
}
