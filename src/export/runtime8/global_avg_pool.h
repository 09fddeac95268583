/* Mean of each channel, [pixels][C] -> [C]; the multiplier holds 1 / pixels. */
static void nas_rt_global_avg_pool(const nas_rt_map *p, const int8_t *in, int8_t *out)
{
    for (int32_t c = 0; c < p->in_c; c++) {
        int32_t sum = 0;
        for (int32_t i = 0; i < p->pixels; i++)
            sum += in[i * p->in_c + c] - p->in_zero;
        out[c] = nas_rt_clamp(nas_rt_rescale(sum, p->multiplier, p->shift) + p->out_zero,
                              p->low, p->high);
    }
}
