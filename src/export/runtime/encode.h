/* One column from the raw value x; NAN, the only value that differs from itself, stands
 * for a missing one. */
static float nas_rt_encode_column(int32_t kind, float centre, float scale, float x)
{
    const int32_t missing = x != x;
    const float d = missing ? 0.0f : x - centre;
    const float size = d < 0.0f ? -d : d;
    if (kind == 0)
        return d * scale;
    if (kind == 1)
        return d * scale / (1.0f + size * scale);
    if (kind == 2)
        return missing ? 1.0f : 0.0f;
    if (missing)
        return 0.0f;
    return (size < scale) == (kind == 3) ? 1.0f : 0.0f;
}

/* The network's columns, [out_c], from a raw row, [in_c]. columns: [out_c][4], source,
 * kind, centre and scale of each. */
static void nas_rt_encode(const nas_rt_map *p, const float *columns, const float *in,
                          float *out)
{
    for (int32_t i = 0; i < p->out_c; i++, columns += 4)
        out[i] = nas_rt_encode_column((int32_t)columns[1], columns[2], columns[3],
                                      in[(int32_t)columns[0]]);
}
