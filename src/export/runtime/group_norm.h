/* Norm over the pixels and channels of each group, [pixels][C], then
 * y = u * scale[c] + shift[c]; `low` is the epsilon, `out_c` the number of groups. In
 * place or not. */
static void nas_rt_group_norm(const nas_rt_map *p, const float *scale, const float *shift,
                              const float *in, float *out)
{
    const int32_t depth = p->in_c / p->out_c, count = p->pixels * p->in_c;
    const float n = (float)depth * (float)p->pixels;
    for (int32_t first = 0; first < p->in_c; first += depth) {
        float mean = 0.0f, square = 0.0f;
        for (int32_t i = first; i < count; i += p->in_c) {
            float sum = 0.0f;
            for (int32_t c = 0; c < depth; c++)
                sum += in[i + c];
            mean += sum;
        }
        mean /= n;
        for (int32_t i = first; i < count; i += p->in_c) {
            float sum = 0.0f;
            for (int32_t c = 0; c < depth; c++)
                sum += (in[i + c] - mean) * (in[i + c] - mean);
            square += sum;
        }
        const float inverse = nas_rt_inverse_root(square / n + p->low);
        for (int32_t i = first; i < count; i += p->in_c) {
            for (int32_t c = 0; c < depth; c++)
                out[i + c] =
                    (in[i + c] - mean) * inverse * scale[first + c] + shift[first + c];
        }
    }
}
