/* weight[s] = exp(score of step s - the largest score). @return their sum */
static float nas_rt_attend(const nas_rt_heads *p, const float *q, const float *keys,
                           float *weight)
{
    const int32_t depth = p->channels / p->heads;
    float top = 0.0f, sum = 0.0f;
    for (int32_t s = 0; s < p->steps; s++) {
        const float *k = keys + s * 3 * p->channels;
        float dot = 0.0f;
        for (int32_t c = 0; c < depth; c++)
            dot += q[c] * k[c];
        weight[s] = dot * p->scale;
        top = s == 0 || weight[s] > top ? weight[s] : top;
    }
    for (int32_t s = 0; s < p->steps; s++) {
        weight[s] = nas_rt_exp_negative(weight[s] - top);
        sum += weight[s];
    }
    return sum;
}

/* [steps][3 * channels] -> [steps][channels]: for each head of each step the values of
 * all steps, weighted by softmax of its query with their keys. Scratch: [steps]. */
static void nas_rt_attention(const nas_rt_heads *p, const float *in, float *scratch,
                             float *out)
{
    const int32_t depth = p->channels / p->heads, row = 3 * p->channels;
    for (int32_t t = 0; t < p->steps; t++) {
        for (int32_t first = 0; first < p->channels; first += depth) {
            const float *q = in + t * row + first;
            const float *v = in + 2 * p->channels + first;
            float *to = out + t * p->channels + first;
            const float sum = nas_rt_attend(p, q, in + p->channels + first, scratch);
            for (int32_t c = 0; c < depth; c++)
                to[c] = 0.0f;
            for (int32_t s = 0; s < p->steps; s++) {
                for (int32_t c = 0; c < depth; c++)
                    to[c] += scratch[s] * v[s * row + c];
            }
            for (int32_t c = 0; c < depth; c++)
                to[c] /= sum;
        }
    }
}
