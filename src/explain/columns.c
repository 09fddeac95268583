/* L. Breiman, "Random Forests", 2001 (permutation importance); D. Apley, J. Zhu,
 * "Visualizing the effects of predictor variables in black box supervised learning
 * models", JRSS B 82, 2020, doi:10.1111/rssb.12377 (accumulated local effects). */
#include "explain/attribution.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { REPEATS = 5, BINS = 10, WITH_EFFECTS = 6, MOST_ROWS = 1000 };

typedef struct shuffler {
    const nas_subject *subject;
    int64_t n; /* rows used */
    float *inputs, *outputs;
    int64_t *order;
} shuffler;

/* Quality of answers, larger is better, in units of the metric where its rows add up:
 * the root for squared errors. */
static double quality(const nas_subject *s, const float *outputs, int64_t n)
{
    nas_predictions p = s->truth;
    p.outputs = outputs;
    p.n = n;
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += s->metric->row_goodness(&p, i);
    double mean = sum / (double)n;
    return s->metric->squared_rows ? -sqrt(fmax(0, -mean)) : mean;
}

static void shuffle_column(shuffler *f, int64_t column, nas_rng *rng,
                           nas_column_effect *out)
{
    const nas_subject *s = f->subject;
    const double plain = quality(s, s->truth.outputs, f->n);
    double loss[REPEATS], squares = 0;
    for (int r = 0; r < REPEATS; r++) {
        nas_rng_shuffle(rng, f->order, f->n);
        for (int64_t i = 0; i < f->n; i++)
            f->inputs[i * s->size + column] = s->inputs[f->order[i] * s->size + column];
        nas_subject_answer(s, f->inputs, f->n, f->outputs);
        loss[r] = plain - quality(s, f->outputs, f->n);
        out->loss += loss[r] / REPEATS;
    }
    for (int r = 0; r < REPEATS; r++)
        squares += (loss[r] - out->loss) * (loss[r] - out->loss);
    out->deviation = sqrt(squares / (REPEATS - 1));
    for (int64_t i = 0; i < f->n; i++)
        f->inputs[i * s->size + column] = s->inputs[i * s->size + column];
}

/* ---- accumulated local effects --------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Distinct quantiles. @return their number; a column with one value has no effect */
static int edges_of(const shuffler *f, int64_t column, float *sorted, double *at)
{
    const nas_subject *s = f->subject;
    int n = 0;
    int64_t held = 0;
    for (int64_t i = 0; i < f->n; i++)
        if (!isnan(s->inputs[i * s->size + column]))
            sorted[held++] = s->inputs[i * s->size + column];
    qsort(sorted, (size_t)held, sizeof *sorted, by_value);
    for (int k = 0; k <= BINS && held > 0; k++) {
        double edge = (double)sorted[k * (held - 1) / BINS];
        if (n == 0 || edge > at[n - 1])
            at[n++] = edge;
    }
    return n;
}

static int bin_of(const nas_column_effect *e, double value)
{
    int bin = 0;
    while (bin + 2 < e->points && value > e->at[bin + 1])
        bin++;
    return bin;
}

/* Answers with the column at one edge of each row's bin. */
static void answer_at_edges(shuffler *f, const nas_column_effect *e, int upper)
{
    const nas_subject *s = f->subject;
    for (int64_t i = 0; i < f->n; i++) {
        float *value = &f->inputs[i * s->size + e->column];
        int bin = bin_of(e, (double)s->inputs[i * s->size + e->column]);
        *value = (float)e->at[bin + upper];
    }
    nas_subject_answer(s, f->inputs, f->n, f->outputs);
}

/* Mean slope within each bin, accumulated, less its mean over the rows. */
static void accumulate(shuffler *f, int64_t of_class, nas_column_effect *e)
{
    const nas_subject *s = f->subject;
    double slope[BINS + 1] = {0}, centre = 0;
    int64_t count[BINS + 1] = {0};
    for (int upper = 0; upper < 2; upper++) {
        answer_at_edges(f, e, upper);
        for (int64_t i = 0; i < f->n; i++) {
            if (isnan(s->inputs[i * s->size + e->column]))
                continue;
            int bin = bin_of(e, (double)s->inputs[i * s->size + e->column]);
            double y = (double)f->outputs[i * s->n_outputs + of_class];
            slope[bin] += upper == 1 ? y : -y;
            count[bin] += upper;
        }
    }
    for (int k = 1; k < e->points; k++) {
        double n = (double)count[k - 1];
        e->effect[k] = e->effect[k - 1] + (n > 0 ? slope[k - 1] / n : 0);
        centre += (e->effect[k] + e->effect[k - 1]) / 2 * n / (double)f->n;
    }
    for (int k = 0; k < e->points; k++)
        e->effect[k] -= centre;
    for (int64_t i = 0; i < f->n; i++)
        f->inputs[i * s->size + e->column] = s->inputs[i * s->size + e->column];
}

/* ---- all --------------------------------------------------------------- */

static int by_loss(const void *a, const void *b)
{
    const nas_column_effect *x = a, *y = b;
    int order = (x->loss < y->loss) - (x->loss > y->loss);
    return order != 0 ? order : (x->column > y->column) - (x->column < y->column);
}

nas_status nas_column_effects_of(const nas_subject *s, int64_t of_class, nas_rng rng,
                                 nas_column_effect **out, nas_err *err)
{
    const int64_t columns = s->shape.c;
    int64_t rows = nas_subject_rows_for(s, columns * REPEATS, 50);
    shuffler f = {.subject = s, .n = rows < MOST_ROWS ? rows : MOST_ROWS};
    f.inputs =
        nas_arena_copy(s->arena, s->inputs, (size_t)(f.n * s->size) * sizeof *f.inputs);
    f.outputs = NAS_NEW(s->arena, float, f.n * s->n_outputs);
    f.order = NAS_NEW(s->arena, int64_t, f.n);
    float *sorted = NAS_NEW(s->arena, float, f.n);
    *out = NAS_NEW(s->arena, nas_column_effect, columns);
    if (f.inputs == NULL || f.outputs == NULL || f.order == NULL || sorted == NULL ||
        *out == NULL)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    for (int64_t i = 0; i < f.n; i++)
        f.order[i] = i;
    for (int64_t c = 0; c < columns && f.n > 0; c++) {
        (*out)[c].column = c;
        shuffle_column(&f, c, &rng, &(*out)[c]);
    }
    qsort(*out, (size_t)columns, sizeof **out, by_loss);
    for (int64_t i = 0; i < columns && i < WITH_EFFECTS && f.n > 0; i++) {
        nas_column_effect *e = &(*out)[i];
        if (nas_subject_is_category(s, e->column))
            continue; /* codes have no order */
        e->points = edges_of(&f, e->column, sorted, e->at);
        if (e->points > 1)
            accumulate(&f, of_class, e);
        else
            e->points = 0;
    }
    return NAS_OK;
}
