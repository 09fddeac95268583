/* 2^-(x / 65536) * 32768 for x >= 0: the fraction by a cubic (error below 1e-4), the
 * whole part by a shift. */
static uint32_t nas_rt_exp2_negative(uint32_t x)
{
    const int32_t f = (int32_t)(x & 65535u) / 2;
    int32_t y = 7575 - 1296 * f / 32768;
    y = -22662 + y * f / 32768;
    y = 32768 + y * f / 32768;
    return x >> 16 < 32 ? (uint32_t)y >> (x >> 16) : 0u;
}

/* Softmax over the channels of each pixel, [pixels][C]; in place or not. The multiplier
 * is the input's scale over ln 2, times 65536; the output's scale is 1/256. */
static void nas_rt_softmax(const nas_rt_map *p, const int8_t *in, int8_t *out)
{
    for (int32_t i = 0; i < p->pixels; i++) {
        int32_t top = in[0];
        uint32_t sum = 0;
        for (int32_t c = 1; c < p->in_c; c++)
            top = in[c] > top ? in[c] : top;
        for (int32_t c = 0; c < p->in_c; c++)
            sum +=
                nas_rt_exp2_negative((uint32_t)(top - in[c]) * (uint32_t)p->multiplier);
        for (int32_t c = 0; c < p->in_c; c++) {
            const uint32_t e =
                nas_rt_exp2_negative((uint32_t)(top - in[c]) * (uint32_t)p->multiplier);
            const int32_t value = (int32_t)((e * 256u + sum / 2u) / sum);
            out[c] = nas_rt_clamp(value + p->out_zero, p->low, p->high);
        }
        in += p->in_c;
        out += p->in_c;
    }
}
