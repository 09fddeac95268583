/* Mean of each channel, [pixels][C] -> [C], not overlapping. */
static void nas_rt_global_avg_pool(const nas_rt_map *p, const float *in, float *out)
{
    for (int32_t c = 0; c < p->in_c; c++)
        out[c] = 0.0f;
    for (int32_t i = 0; i < p->pixels; i++)
        for (int32_t c = 0; c < p->in_c; c++)
            out[c] += in[i * p->in_c + c];
    for (int32_t c = 0; c < p->in_c; c++)
        out[c] = nas_rt_clamp(out[c] / (float)p->pixels, p->low, p->high);
}
