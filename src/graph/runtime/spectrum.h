/* In-place complex Fourier transform of m points (a power of two), [m][re, im].
 * @param turn  [m][re, im] of e^(-2 pi i k / 2m) */
static void nas_rt_fft(int32_t m, const float *turn, float *x)
{
    for (int32_t i = 1, j = 0; i < m; i++) {
        int32_t bit = m >> 1;
        for (; j & bit; bit >>= 1)
            j ^= bit;
        j ^= bit;
        for (int32_t k = 0; k < 2 && i < j; k++) {
            const float swapped = x[2 * i + k];
            x[2 * i + k] = x[2 * j + k];
            x[2 * j + k] = swapped;
        }
    }
    for (int32_t half = 1; half < m; half *= 2) {
        for (int32_t k = 0; k < half; k++) {
            const float re = turn[2 * k * (m / half)];
            const float im = turn[2 * k * (m / half) + 1];
            for (int32_t i = k; i < m; i += 2 * half) {
                float *a = x + 2 * i, *b = x + 2 * (i + half);
                const float b_re = b[0] * re - b[1] * im;
                const float b_im = b[0] * im + b[1] * re;
                b[0] = a[0] - b_re;
                b[1] = a[1] - b_im;
                a[0] += b_re;
                a[1] += b_im;
            }
        }
    }
}

/* Power at size/2 + 1 frequencies of `size` real values, in place: the values are taken
 * as half as many complex ones, whose transform is then taken apart. */
static void nas_rt_power(int32_t size, const float *turn, float *x)
{
    const int32_t m = size / 2;
    nas_rt_fft(m, turn, x);
    const float lowest = x[0] + x[1], highest = x[0] - x[1];
    for (int32_t k = 1; k <= m / 2; k++) {
        float *a = x + 2 * k, *b = x + 2 * (m - k);
        const float even_re = 0.5f * (a[0] + b[0]), even_im = 0.5f * (a[1] - b[1]);
        const float odd_re = 0.5f * (a[1] + b[1]), odd_im = 0.5f * (b[0] - a[0]);
        const float re = turn[2 * k] * odd_re - turn[2 * k + 1] * odd_im;
        const float im = turn[2 * k] * odd_im + turn[2 * k + 1] * odd_re;
        a[0] = even_re + re;
        a[1] = even_im + im;
        b[0] = even_re - re;
        b[1] = im - even_im;
    }
    x[0] = lowest * lowest;
    for (int32_t k = 1; k < m; k++)
        x[k] = x[2 * k] * x[2 * k] + x[2 * k + 1] * x[2 * k + 1];
    x[m] = highest * highest;
}

/* Bands are triangles, each from the middle of the one below to that of the one above.
 * @param table  [bands + 2] first frequency of each slope and the end, as whole numbers,
 *               then [size/2 + 1] the share of a frequency's power for the upper band */
static void nas_rt_bands(int32_t bands, const float *table, const float *power,
                         int32_t out_row, float *out)
{
    const float *share = table + bands + 2;
    float rising = 0.0f;
    for (int32_t j = 0; j <= bands; j++) {
        float up = 0.0f, down = 0.0f;
        for (int32_t k = (int32_t)table[j]; k < (int32_t)table[j + 1]; k++) {
            up += share[k] * power[k];
            down += (1.0f - share[k]) * power[k];
        }
        if (j > 0)
            out[(j - 1) * out_row] = rising + down;
        rising = up;
    }
}

/* One frame to its bands or frequencies. @return the largest of `top` and of them */
static float nas_rt_frame(const nas_rt_spectrum_plan *p, const float *table,
                          const float *in, float *work, int32_t out_row, float *out,
                          float top)
{
    const float *turn = table + p->window, *mel = turn + p->size;
    const int32_t rows = p->bands > 0 ? p->bands : p->size / 2 + 1;
    for (int32_t t = 0; t < p->size; t++)
        work[t] = t < p->window ? in[t * p->in_step] * table[t] : 0.0f;
    nas_rt_power(p->size, turn, work);
    if (p->bands > 0)
        nas_rt_bands(p->bands, mel, work, out_row, out);
    for (int32_t r = 0; r < rows; r++) {
        if (p->bands == 0)
            out[r * out_row] = work[r];
        top = out[r * out_row] > top ? out[r * out_row] : top;
    }
    return top;
}

/* Natural logarithms; what lies 80 dB and more below the largest value counts as that. */
static void nas_rt_decibels(const nas_rt_spectrum_plan *p, int32_t rows, int32_t row,
                            float top, float *x)
{
    const float least = 1e-8f * top, base = p->relative ? nas_rt_log(top) : 0.0f;
    for (int32_t r = 0; r < rows; r++) {
        const float power = x[r * row];
        x[r * row] = nas_rt_log(power > least ? power : least) - base;
    }
}

/* Log power spectra of all frames, of mel bands, or their cosine transform (MFCC).
 * @param table  window [window], turns [size], with bands those and shares, with
 *               coefficients [coefficients][bands]
 * @param work   [size], with coefficients [channels * frames * bands] more */
static void nas_rt_spectrum(const nas_rt_spectrum_plan *p, const float *table,
                            const float *cosines, const float *in, float *work,
                            float *out)
{
    const int32_t rows = p->bands > 0 ? p->bands : p->size / 2 + 1;
    const int32_t apart = p->coefficients > 0; /* bands wait behind the frame's work */
    const int32_t row = apart ? 1 : p->out_row;
    float top = 1e-26f;
    for (int32_t i = 0; i < p->channels * p->frames; i++) {
        const int32_t c = i / p->frames, f = i % p->frames;
        float *to = apart ? work + p->size + i * rows
                          : out + c * p->out_channel + f * p->out_frame;
        top = nas_rt_frame(p, table, in + c * p->in_channel + f * p->hop * p->in_step,
                           work, row, to, top);
    }
    for (int32_t i = 0; i < p->channels * p->frames; i++) {
        float *to = out + i / p->frames * p->out_channel + i % p->frames * p->out_frame;
        float *bands = apart ? work + p->size + i * rows : to;
        nas_rt_decibels(p, rows, row, top, bands);
        for (int32_t k = 0; k < p->coefficients; k++) {
            float sum = 0.0f;
            for (int32_t r = 0; r < rows; r++)
                sum += cosines[k * rows + r] * bands[r];
            to[k * p->out_row] = sum;
        }
    }
}
