/* acc[j] += sum over i of x[i] * w[i][j], for 8, 4 or 1 outputs. Four sums of 8 outputs
 * run side by side, since each waits for its last product. */
static nas_rt_inline void nas_rt_dot8(const float *x, const float *w, int32_t n,
                                      float *acc)
{
    nas_rt_eight a = *(nas_rt_eight *)(void *)acc, b = a - a, c = b, d = b;
    int32_t i = 0;
    for (; i + 4 <= n; i += 4) {
        const nas_rt_eight *row = (const nas_rt_eight *)(const void *)(w + 8 * i);
        a += x[i] * row[0];
        b += x[i + 1] * row[1];
        c += x[i + 2] * row[2];
        d += x[i + 3] * row[3];
    }
    for (; i < n; i++)
        a += x[i] * *(const nas_rt_eight *)(const void *)(w + 8 * i);
    *(nas_rt_eight *)(void *)acc = (a + b) + (c + d);
}

static nas_rt_inline void nas_rt_dot4(const float *x, const float *w, int32_t n,
                                      float *acc)
{
    float a0 = acc[0], a1 = acc[1], a2 = acc[2], a3 = acc[3];
    for (int32_t i = 0; i < n; i++) {
        a0 += x[i] * w[4 * i];
        a1 += x[i] * w[4 * i + 1];
        a2 += x[i] * w[4 * i + 2];
        a3 += x[i] * w[4 * i + 3];
    }
    acc[0] = a0;
    acc[1] = a1;
    acc[2] = a2;
    acc[3] = a3;
}

static nas_rt_inline void nas_rt_dot1(const float *x, const float *w, int32_t n,
                                      float *acc)
{
    float a = acc[0], b = 0.0f, c = 0.0f, d = 0.0f;
    int32_t i = 0;
    for (; i + 4 <= n; i += 4) {
        a += x[i] * w[i];
        b += x[i + 1] * w[i + 1];
        c += x[i + 2] * w[i + 2];
        d += x[i + 3] * w[i + 3];
    }
    for (; i < n; i++)
        a += x[i] * w[i];
    acc[0] = (a + b) + (c + d);
}

/* The widest of them that fits into `left` outputs. */
static nas_rt_inline int32_t nas_rt_block(int32_t left)
{
    if (left >= 8)
        return 8;
    return left >= 4 ? 4 : 1;
}

static nas_rt_inline void nas_rt_dot(int32_t block, const float *x, const float *w,
                                     int32_t n, float *acc)
{
    if (block == 8)
        nas_rt_dot8(x, w, n, acc);
    else if (block == 4)
        nas_rt_dot4(x, w, n, acc);
    else
        nas_rt_dot1(x, w, n, acc);
}
