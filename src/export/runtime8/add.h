/* Sum of in_c tensors of `pixels` elements, each brought to one scale first. Terms, five
 * numbers each: offset in the arena, zero, multiplier, shift, offset of its order in
 * `from` or -1. The output may be one of those without an order. */
static void nas_rt_add(const nas_rt_map *p, const int32_t *terms, const uint32_t *from,
                       const int8_t *arena, int8_t *out)
{
    for (int32_t i = 0; i < p->pixels; i++) {
        int32_t sum = 0;
        for (int32_t k = 0; k < p->in_c; k++) {
            const int32_t *t = terms + 5 * k;
            const int32_t at = t[4] < 0 ? i : (int32_t)from[t[4] + i];
            sum += nas_rt_rescale((arena[t[0] + at] - t[1]) * 1048576, t[2], t[3]);
        }
        out[i] = nas_rt_clamp(nas_rt_rescale(sum, p->multiplier, p->shift) + p->out_zero,
                              p->low, p->high);
    }
}
