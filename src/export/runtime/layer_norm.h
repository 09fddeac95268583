/* Norm over the channels of each pixel, [pixels][C], then y = u * scale[c] + shift[c];
 * `low` is the epsilon. In place or not. */
static void nas_rt_layer_norm(const nas_rt_map *p, const float *scale, const float *shift,
                              const float *in, float *out)
{
    const float n = (float)p->in_c;
    for (int32_t i = 0; i < p->pixels; i++) {
        float mean = 0.0f, square = 0.0f;
        for (int32_t c = 0; c < p->in_c; c++)
            mean += in[c];
        mean /= n;
        for (int32_t c = 0; c < p->in_c; c++)
            square += (in[c] - mean) * (in[c] - mean);
        const float inverse = nas_rt_inverse_root(square / n + p->low);
        for (int32_t c = 0; c < p->in_c; c++)
            out[c] = (in[c] - mean) * inverse * scale[c] + shift[c];
        in += p->in_c;
        out += p->in_c;
    }
}
