#include "strategy/model/process.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { DRAWS = 15, PERTURBATIONS = 25, COLUMNS = 512 };

/* Ranges of the hyper-parameters, and the width of a perturbation. */
static const double LEAST_SHARE = 0.05;
static const double CHOICES[] = {0.6, 7}, FEATURES[] = {0.13, 4.5}, NOISE[] = {5e-4, 0.1};
static const double SPREAD = 0.4;

static size_t packed(int i)
{
    return (size_t)i * ((size_t)i + 1) / 2;
}

process_kernel nas_process_kernel_default(void)
{
    return (process_kernel){.share = PROCESS_VARIANCE / 2,
                            .near_choices = 2,
                            .near_features = 1,
                            .noise = 0.01};
}

nas_status nas_process_init(process *p, const view *v, int capacity, nas_arena *arena,
                            nas_err *err)
{
    *p = (process){.v = v, .kernel = nas_process_kernel_default()};
    NAS_TRY(nas_view_set_new(v, capacity, arena, &p->seen, err));
    p->hamming = NAS_NEW(arena, float, packed(capacity));
    p->squared = NAS_NEW(arena, float, packed(capacity));
    p->row = NAS_NEW(arena, double, capacity);
    NAS_TRY_ALLOC(p->hamming, err);
    NAS_TRY_ALLOC(p->squared, err);
    NAS_TRY_ALLOC(p->row, err);
    return nas_gaussian_init(&p->g, capacity, err);
}

void nas_process_free(process *p)
{
    nas_gaussian_free(&p->g);
}

void nas_process_truncate(process *p, int n)
{
    assert(n <= p->g.n);
    p->g.n = n;
    p->seen.n = n;
}

static double covariance(const process_kernel *k, double hamming, double squared)
{
    return k->share * exp(-hamming / k->near_choices) +
           (PROCESS_VARIANCE - k->share) *
               exp(-squared / (k->near_features * k->near_features));
}

/* Row i of K + noise. */
static const double *covariances(const process *p, int i)
{
    const float *hamming = p->hamming + packed(i), *squared = p->squared + packed(i);
    for (int j = 0; j < i; j++)
        p->row[j] = covariance(&p->kernel, (double)hamming[j], (double)squared[j]);
    p->row[i] = PROCESS_VARIANCE + p->kernel.noise;
    return p->row;
}

void nas_process_observe(process *p, nas_candidate *candidate)
{
    int i = p->g.n;
    view_set *seen = &p->seen;
    nas_view_add(p->v, seen, candidate);
    const int16_t *pick = seen->pick + (int64_t)i * p->v->decisions;
    const float *feature = seen->feature + (int64_t)i * p->v->used;
    for (int j = 0; j < i; j++) {
        p->hamming[packed(i) + (size_t)j] = (float)nas_view_hamming(
            p->v, pick, seen->pick + (int64_t)j * p->v->decisions);
        p->squared[packed(i) + (size_t)j] = (float)nas_view_features(
            p->v, feature, seen->feature + (int64_t)j * p->v->used);
    }
    nas_gaussian_append(&p->g, covariances(p, i));
}

void nas_process_set_kernel(process *p, const process_kernel *kernel)
{
    int n = p->g.n;
    p->kernel = *kernel;
    p->g.n = 0;
    while (p->g.n < n)
        nas_gaussian_append(&p->g, covariances(p, p->g.n));
}

/* ---- hyper-parameters ------------------------------------------------------------- */

static double draw(const double *range, nas_rng *rng)
{
    return range[0] * exp(nas_rng_uniform(rng) * log(range[1] / range[0]));
}

static process_kernel draw_kernel(nas_rng *rng)
{
    process_kernel k = {0};
    k.share = LEAST_SHARE + nas_rng_uniform(rng) * (PROCESS_VARIANCE - 2 * LEAST_SHARE);
    k.near_choices = draw(CHOICES, rng);
    k.near_features = draw(FEATURES, rng);
    k.noise = draw(NOISE, rng);
    return k;
}

static void perturb(double *value, double least, double most, nas_rng *rng)
{
    double by = exp(SPREAD * nas_rng_normal(rng));
    if (nas_rng_below(rng, 2) == 0)
        *value = fmin(most, fmax(least, *value * by));
}

static process_kernel perturb_kernel(process_kernel k, nas_rng *rng)
{
    perturb(&k.share, LEAST_SHARE, PROCESS_VARIANCE - LEAST_SHARE, rng);
    perturb(&k.near_choices, CHOICES[0], CHOICES[1], rng);
    perturb(&k.near_features, FEATURES[0], FEATURES[1], rng);
    perturb(&k.noise, NOISE[0], NOISE[1], rng);
    return k;
}

static double likelihood(process *p, const process_kernel *kernel, const double *y,
                         double *work)
{
    nas_process_set_kernel(p, kernel);
    nas_gaussian_whiten(&p->g, y, work);
    return nas_gaussian_log_likelihood(&p->g, work);
}

void nas_process_fit(process *p, const double *y, double *work, nas_rng *rng)
{
    process_kernel best = p->kernel;
    double most = likelihood(p, &best, y, work);
    for (int i = 0; i < DRAWS + PERTURBATIONS; i++) {
        process_kernel k = i < DRAWS ? draw_kernel(rng) : perturb_kernel(best, rng);
        double value = likelihood(p, &k, y, work);
        if (value > most || !isfinite(most)) {
            most = value;
            best = k;
        }
    }
    nas_process_set_kernel(p, &best);
}

/* ---- the posterior over a set ----------------------------------------------------- */

nas_status nas_process_field_init(process_field *field, const view_set *set, int capacity,
                                  nas_arena *arena, nas_err *err)
{
    *field = (process_field){.set = set, .capacity = capacity};
    field->solved = NAS_NEW(arena, float, set->n *capacity);
    field->variance = NAS_NEW(arena, double, set->n);
    field->marked = NAS_NEW(arena, double, set->n);
    field->mean = NAS_NEW(arena, double, set->n);
    NAS_TRY_ALLOC(field->solved, err);
    NAS_TRY_ALLOC(field->variance, err);
    NAS_TRY_ALLOC(field->marked, err);
    NAS_TRY_ALLOC(field->mean, err);
    nas_process_field_clear(field);
    return NAS_OK;
}

void nas_process_field_clear(process_field *field)
{
    for (int64_t m = 0; m < field->set->n; m++)
        field->variance[m] = PROCESS_VARIANCE;
    field->rows = 0;
    nas_process_field_mark(field);
}

void nas_process_field_mark(process_field *field)
{
    size_t bytes = (size_t)field->set->n * sizeof *field->variance;
    memcpy(field->marked, field->variance, bytes);
    field->marked_rows = field->rows;
}

void nas_process_field_rewind(process_field *field)
{
    size_t bytes = (size_t)field->set->n * sizeof *field->variance;
    memcpy(field->variance, field->marked, bytes);
    field->rows = field->marked_rows;
}

static float *solved_row(const process_field *field, int row)
{
    return field->solved + (int64_t)row * field->set->n;
}

/* Columns [from, to) of row r: (k(x_r, x*) - sum_j L_rj solved_j) / L_rr */
static void solve_columns(process_field *field, const process *p, int r, int64_t from,
                          int64_t to)
{
    double sum[COLUMNS];
    const view *v = p->v;
    const view_set *set = field->set;
    const int16_t *pick = p->seen.pick + (int64_t)r * v->decisions;
    const float *feature = p->seen.feature + (int64_t)r * v->used;
    const double *factor = p->g.factor + packed(r);
    int64_t n = to - from;
    for (int64_t m = 0; m < n; m++)
        sum[m] = covariance(
            &p->kernel, nas_view_hamming(v, pick, set->pick + (from + m) * v->decisions),
            nas_view_features(v, feature, set->feature + (from + m) * v->used));
    for (int j = 0; j < r; j++) {
        const float *row = solved_row(field, j) + from;
        double weight = factor[j];
        for (int64_t m = 0; m < n; m++)
            sum[m] -= weight * (double)row[m];
    }
    float *own = solved_row(field, r) + from;
    for (int64_t m = 0; m < n; m++) {
        own[m] = (float)(sum[m] / factor[r]);
        field->variance[from + m] -= (double)own[m] * (double)own[m];
    }
}

/* Block by block, so that all rows of a block stay in the cache. */
void nas_process_field_extend(process_field *field, const process *p)
{
    int64_t n = field->set->n;
    assert(p->g.n <= field->capacity);
    for (int64_t from = 0; from < n; from += COLUMNS)
        for (int r = field->rows; r < p->g.n; r++)
            solve_columns(field, p, r, from, from + COLUMNS < n ? from + COLUMNS : n);
    field->rows = p->g.n;
}

void nas_process_field_predict(process_field *field, const double *whitened)
{
    int64_t n = field->set->n;
    for (int64_t from = 0; from < n; from += COLUMNS) {
        int64_t to = from + COLUMNS < n ? from + COLUMNS : n;
        memset(field->mean + from, 0, (size_t)(to - from) * sizeof *field->mean);
        for (int r = 0; r < field->rows; r++) {
            const float *row = solved_row(field, r);
            for (int64_t m = from; m < to; m++)
                field->mean[m] += whitened[r] * (double)row[m];
        }
    }
}
