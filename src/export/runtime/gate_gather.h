/* y = a * b with a [pixels][C] and b [C] in another order, b[indices[c]]; out may be a.
 */
static void nas_rt_gate_gather(const nas_rt_map *p, const uint32_t *indices,
                               const float *a, const float *b, float *out)
{
    for (int32_t i = 0; i < p->pixels; i++) {
        for (int32_t c = 0; c < p->in_c; c++)
            out[c] = a[c] * b[indices[c]];
        a += p->in_c;
        out += p->in_c;
    }
}
