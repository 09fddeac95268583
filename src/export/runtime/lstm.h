/* LSTM. Gates input, output, forget, cell; weights of the input, then of the state.
 * Scratch: four gates, cell, state, [out_c] each. */
static void nas_rt_lstm(const nas_rt_recurrent *p, const float *w, const float *bias,
                        const float *in, float *scratch, float *out)
{
    const int32_t n = p->out_c;
    float *gate = scratch, *cell = gate + 4 * n, *state = cell + n;
    for (int32_t j = 0; j < 2 * n; j++)
        cell[j] = 0.0f;
    for (int32_t s = 0; s < p->steps; s++) {
        for (int32_t j = 0; j < 4 * n; j++)
            gate[j] = bias[j];
        nas_rt_rows(4 * n, p->in_c, w, in + nas_rt_time(p, s) * p->in_c, gate);
        nas_rt_rows(4 * n, n, w + 4 * n * p->in_c, state, gate);
        for (int32_t j = 0; j < n; j++) {
            cell[j] = nas_rt_logistic(gate[2 * n + j]) * cell[j] +
                      nas_rt_logistic(gate[j]) * nas_rt_hyperbolic(gate[3 * n + j]);
            state[j] = nas_rt_logistic(gate[n + j]) * nas_rt_hyperbolic(cell[j]);
        }
        nas_rt_put_state(p, s, state, out);
    }
}
