/* q = x * factor + offset of its channel, to the nearest, [C][pixels]. */
static void nas_rt_quantise(int32_t channels, int32_t pixels, const float *factor,
                            const float *offset, const float *in, int8_t *out)
{
    for (int32_t i = 0; i < channels * pixels; i++) {
        const float scaled = in[i] * factor[i / pixels];
        const float y = scaled + offset[i / pixels];
        if (!(y > -128.0f)) /* also NaN */
            out[i] = -128;
        else if (y >= 127.0f)
            out[i] = 127;
        else
            out[i] = (int8_t)(y < 0.0f ? y - 0.5f : y + 0.5f);
    }
}
