/* Product of two tensors: `pixels` elements of the first, the second from its start again
 * after in_c. Terms: offset in the arena and zero of the first, the same of the second,
 * offset of the second's order in `from` or -1. The output may be the first, or the
 * second where it is as long and has no order. The multiplier is that of products shifted
 * up 15 bits. */
static void nas_rt_mul(const nas_rt_map *p, const int32_t *terms, const uint32_t *from,
                       const int8_t *arena, int8_t *out)
{
    int32_t c = 0;
    for (int32_t i = 0; i < p->pixels; i++) {
        const int32_t at = terms[4] < 0 ? c : (int32_t)from[terms[4] + c];
        const int32_t x = arena[terms[0] + i] - terms[1];
        const int32_t y = arena[terms[2] + at] - terms[3];
        const int32_t value = nas_rt_rescale(x * y * 32768, p->multiplier, p->shift);
        out[i] = nas_rt_clamp(value + p->out_zero, p->low, p->high);
        c = c + 1 < p->in_c ? c + 1 : 0;
    }
}
