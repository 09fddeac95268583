/* acc[j] += sum over i of (x[i] - zero) * w[i][j], for 8, 4 or 1 outputs: the
 * accumulators stay in registers and each input is loaded once for all of them. */
static void nas_rt_dot8(const int8_t *x, int32_t zero, const int8_t *w, int32_t n,
                        int32_t *acc)
{
    int32_t a0 = acc[0], a1 = acc[1], a2 = acc[2], a3 = acc[3];
    int32_t a4 = acc[4], a5 = acc[5], a6 = acc[6], a7 = acc[7];
    for (int32_t i = 0; i < n; i++) {
        const int32_t v = x[i] - zero;
        a0 += v * w[0];
        a1 += v * w[1];
        a2 += v * w[2];
        a3 += v * w[3];
        a4 += v * w[4];
        a5 += v * w[5];
        a6 += v * w[6];
        a7 += v * w[7];
        w += 8;
    }
    acc[0] = a0;
    acc[1] = a1;
    acc[2] = a2;
    acc[3] = a3;
    acc[4] = a4;
    acc[5] = a5;
    acc[6] = a6;
    acc[7] = a7;
}

static void nas_rt_dot4(const int8_t *x, int32_t zero, const int8_t *w, int32_t n,
                        int32_t *acc)
{
    int32_t a0 = acc[0], a1 = acc[1], a2 = acc[2], a3 = acc[3];
    for (int32_t i = 0; i < n; i++) {
        const int32_t v = x[i] - zero;
        a0 += v * w[0];
        a1 += v * w[1];
        a2 += v * w[2];
        a3 += v * w[3];
        w += 4;
    }
    acc[0] = a0;
    acc[1] = a1;
    acc[2] = a2;
    acc[3] = a3;
}

static void nas_rt_dot1(const int8_t *x, int32_t zero, const int8_t *w, int32_t n,
                        int32_t *acc)
{
    int32_t a = acc[0];
    for (int32_t i = 0; i < n; i++)
        a += (x[i] - zero) * w[i];
    acc[0] = a;
}

/* The widest of them that fits into `left` outputs. */
static nas_rt_inline int32_t nas_rt_block(int32_t left)
{
    if (left >= 8)
        return 8;
    return left >= 4 ? 4 : 1;
}

static nas_rt_once void nas_rt_dot(int32_t block, const int8_t *x, int32_t zero,
                                   const int8_t *w, int32_t n, int32_t *acc)
{
    if (block == 8)
        nas_rt_dot8(x, zero, w, n, acc);
    else if (block == 4)
        nas_rt_dot4(x, zero, w, n, acc);
    else
        nas_rt_dot1(x, zero, w, n, acc);
}
