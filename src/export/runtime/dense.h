/* Fully connected, [in_c] -> [out_c]. Weights: for each block of 8, 4 or 1 outputs
 * [in_c][block]. */
static void nas_rt_dense(const nas_rt_map *p, const float *w, const float *bias,
                         const float *in, float *out)
{
    for (int32_t o = 0; o < p->out_c;) {
        const int32_t block = nas_rt_block(p->out_c - o);
        float acc[8] = {0.0f};
        for (int32_t j = 0; j < block; j++)
            acc[j] = bias[o + j];
        nas_rt_dot(block, in, w + o * p->in_c, p->in_c, acc);
        for (int32_t j = 0; j < block; j++)
            out[o + j] = nas_rt_clamp(acc[j], p->low, p->high);
        o += block;
    }
}
