/* The last tensor [pixels][C] to the caller's [C][pixels]. */
static void nas_rt_store(const nas_rt_map *p, const int8_t *in, int8_t *out)
{
    for (int32_t c = 0; c < p->in_c; c++) {
        for (int32_t i = 0; i < p->pixels; i++)
            *out++ = in[i * p->in_c + c];
    }
}
