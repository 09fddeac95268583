/* y = q * factor + offset. */
static void nas_rt_dequantise(int32_t count, const float *factor, const float *offset,
                              const int8_t *in, float *out)
{
    for (int32_t i = 0; i < count; i++) {
        const float scaled = (float)in[i] * factor[i];
        out[i] = scaled + offset[i];
    }
}
