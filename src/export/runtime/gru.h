/* GRU. Gates update, reset, candidate; weights of the input, then of the state, and last
 * those of the candidate's own sum. Scratch: three gates, that sum, state, [out_c] each.
 */
static void nas_rt_gru(const nas_rt_recurrent *p, const float *w, const float *bias,
                       const float *in, float *scratch, float *out)
{
    const int32_t n = p->out_c;
    float *gate = scratch, *carried = gate + 3 * n, *state = carried + n;
    const float *from_state = w + 3 * n * p->in_c;
    for (int32_t j = 0; j < n; j++)
        state[j] = 0.0f;
    for (int32_t s = 0; s < p->steps; s++) {
        for (int32_t j = 0; j < 4 * n; j++)
            gate[j] = bias[j];
        nas_rt_rows(3 * n, p->in_c, w, in + nas_rt_time(p, s) * p->in_c, gate);
        nas_rt_rows(2 * n, n, from_state, state, gate);
        nas_rt_rows(n, n, from_state + 2 * n * n, state, carried);
        for (int32_t j = 0; j < n; j++) {
            const float update = nas_rt_logistic(gate[j]);
            const float reset = nas_rt_logistic(gate[n + j]);
            const float y = nas_rt_hyperbolic(gate[2 * n + j] + reset * carried[j]);
            state[j] = y + update * (state[j] - y);
        }
        nas_rt_put_state(p, s, state, out);
    }
}
