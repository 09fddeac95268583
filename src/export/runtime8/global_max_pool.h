/* Maximum of each channel, [pixels][C] -> [C]: the scale stays. */
static void nas_rt_global_max_pool(const nas_rt_map *p, const int8_t *in, int8_t *out)
{
    for (int32_t c = 0; c < p->in_c; c++) {
        int8_t top = in[c];
        for (int32_t i = 1; i < p->pixels; i++)
            top = in[i * p->in_c + c] > top ? in[i * p->in_c + c] : top;
        out[c] = top;
    }
}
