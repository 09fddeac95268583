/* Each of in_c columns becomes a step of out_c channels: its value times a row of the
 * table, plus its biases. Table and biases: [in_c][out_c]. */
static void nas_rt_tokens(const nas_rt_map *p, const float *table, const float *bias,
                          const float *in, float *out)
{
    for (int32_t i = 0; i < p->in_c; i++) {
        for (int32_t c = 0; c < p->out_c; c++)
            *out++ = in[i] * *table++ + *bias++;
    }
}
