/* acc[o] += row o of the weights * x, for n rows packed as blocks of 8, 4 or 1. */
static nas_rt_once void nas_rt_rows(int32_t n, int32_t in_c, const float *w,
                                    const float *x, float *acc)
{
    for (int32_t o = 0; o < n;) {
        const int32_t block = nas_rt_block(n - o);
        nas_rt_dot(block, x, w + o * in_c, in_c, acc + o);
        o += block;
    }
}

/* tanh(x) */
static nas_rt_once float nas_rt_hyperbolic(float x)
{
    const float square = x * x;
    if (square < 0.0036f)
        return x * (1.0f + square * (-1.0f / 3.0f + square * (2.0f / 15.0f)));
    return 2.0f * nas_rt_logistic(2.0f * x) - 1.0f;
}

/* The step number at which the series is read, and where its state goes. */
static nas_rt_inline int32_t nas_rt_time(const nas_rt_recurrent *p, int32_t step)
{
    return p->reverse ? p->steps - 1 - step : step;
}

static nas_rt_once void nas_rt_put_state(const nas_rt_recurrent *p, int32_t step,
                                         const float *state, float *out)
{
    if (!p->sequence && step < p->steps - 1)
        return;
    float *to = p->sequence ? out + nas_rt_time(p, step) * p->out_step : out;
    for (int32_t j = 0; j < p->out_c; j++)
        to[j] = state[j];
}
