/* The table of proxies, scoring with them, and ranks of scores. */
#include "nasmith/proxy.h"

#include "evaluate/probe.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t STREAM = 0x70726f7879;

/* In an order that lets proxies share passes. */
static const nas_proxy *const registry[] = {
#define NAS_PROXY_ROW(name) &nas_proxy_##name,
    NAS_PROXY_LIST(NAS_PROXY_ROW)
#undef NAS_PROXY_ROW
};

const char *const nas_proxy_defaults[NAS_PROXY_DEFAULTS] = {"macs", "naswot", "jacov"};

const nas_proxy *nas_proxy_at(int index)
{
    int n = (int)(sizeof registry / sizeof registry[0]);
    return index >= 0 && index < n ? registry[index] : NULL;
}

const nas_proxy *nas_proxy_find(const char *name)
{
    for (int i = 0; nas_proxy_at(i) != NULL; i++)
        if (strcmp(nas_proxy_at(i)->name, name) == 0)
            return nas_proxy_at(i);
    return NULL;
}

/* ---- the batch ------------------------------------------------------------------- */

/* Rows as a network reads them behind its front section.
 * @param raw  room for one row of the data */
static void read_inputs(const nas_dataset *data, const int64_t *rows, int64_t n,
                        const nas_front *front, float *raw, float *out)
{
    const nas_shape shape = nas_dataset_inner_shape(data);
    const int64_t plane = shape.h * shape.w, size = shape.c * plane;
    for (int64_t i = 0; i < n; i++) {
        float *row = out + i * size;
        nas_dataset_row(data, rows[i], front->columns != NULL ? raw : row);
        if (front->columns != NULL)
            nas_encode_row(front->columns, front->n_columns, raw, row);
        for (int64_t k = 0; k < size; k++)
            row[k] =
                (row[k] - front->mean[k / plane]) * front->inverse_deviation[k / plane];
    }
}

static void read_targets(const nas_dataset *data, const int64_t *rows, int64_t n,
                         float *out)
{
    const int64_t outputs = data->n_outputs;
    for (int64_t k = 0; k < outputs; k++) {
        double sum = 0, squares = 0;
        for (int64_t i = 0; i < n; i++)
            sum += (double)data->targets[rows[i] * outputs + k];
        const double mean = sum / (double)n;
        for (int64_t i = 0; i < n; i++) {
            const double off = (double)data->targets[rows[i] * outputs + k] - mean;
            squares += off * off;
        }
        const double deviation = sqrt(squares / (double)n);
        for (int64_t i = 0; i < n; i++)
            out[i * outputs + k] =
                (float)(((double)data->targets[rows[i] * outputs + k] - mean) /
                        (deviation > 0 ? deviation : 1));
    }
}

nas_status nas_proxy_batch_read(const nas_dataset *data, int n, nas_arena *arena,
                                nas_proxy_batch *out, nas_err *err)
{
    assert(n > 0 && n % NAS_LANES == 0 && data->n_train > 0);
    const nas_shape shape = nas_dataset_inner_shape(data);
    const int64_t rows_n = 2 * (int64_t)n;
    *out = (nas_proxy_batch){
        .n = n, .shape = shape, .task = data->task, .n_outputs = data->n_outputs};
    int64_t *rows = NAS_NEW(arena, int64_t, rows_n);
    float *raw = NAS_NEW(arena, float, nas_shape_count(data->shape));
    out->inputs = NAS_NEW(arena, float, rows_n *nas_shape_count(shape));
    NAS_TRY_ALLOC(rows, err);
    NAS_TRY_ALLOC(raw, err);
    NAS_TRY_ALLOC(out->inputs, err);
    for (int64_t i = 0; i < rows_n; i++)
        rows[i] = data->train[i % data->n_train];
    nas_front front;
    NAS_TRY(nas_dataset_fit_front(data, rows, rows_n, false, arena, &front, err));
    read_inputs(data, rows, rows_n, &front, raw, out->inputs);
    if (data->labels != NULL) {
        out->labels = NAS_NEW(arena, int32_t, rows_n);
        NAS_TRY_ALLOC(out->labels, err);
        for (int64_t i = 0; i < rows_n; i++)
            out->labels[i] = data->labels[rows[i]];
        return NAS_OK;
    }
    out->targets = NAS_NEW(arena, float, rows_n * data->n_outputs);
    NAS_TRY_ALLOC(out->targets, err);
    read_targets(data, rows, rows_n, out->targets);
    return NAS_OK;
}

/* ---- scoring --------------------------------------------------------------------- */

/* One set of initial weights. @param sums  [n] added to */
static nas_status score_once(nas_probe *probe, const nas_proxy *const *proxies, int n,
                             double *sums, nas_err *err)
{
    for (int p = 0; p < n; p++) {
        double value = (double)NAN;
        NAS_TRY(proxies[p]->score(probe, &value, err));
        sums[p] += isfinite(value) ? value : (double)NAN;
    }
    return NAS_OK;
}

nas_status nas_proxy_score(const nas_graph *graph, const nas_proxy_batch *batch,
                           const nas_proxy_options *options,
                           const nas_proxy *const *proxies, int n,
                           nas_workspace *workspace, double *out, nas_err *err)
{
    nas_status status = NAS_OK;
    nas_rng stream = nas_rng_new(options->seed, STREAM);
    nas_arena *arena = nas_arena_new();
    NAS_TRY_ALLOC(arena, err);
    for (int p = 0; p < n; p++)
        out[p] = 0;
    for (int r = 0; r < options->repeats && status == NAS_OK; r++) {
        nas_arena_reset(arena);
        nas_probe probe = {.graph = graph,
                           .batch = batch,
                           .workspace = workspace,
                           .arena = arena,
                           .rng = nas_rng_split(&stream, (uint64_t)r)};
        status = score_once(&probe, proxies, n, out, err);
        nas_net_free(probe.net);
    }
    for (int p = 0; p < n; p++)
        out[p] /= options->repeats;
    nas_arena_free(arena);
    return status;
}

/* ---- ranks ----------------------------------------------------------------------- */

typedef struct ranked {
    double score;
    int64_t network;
} ranked;

/* Ascending, NaN first. */
static int by_score(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (isnan(x->score) || isnan(y->score))
        return isnan(y->score) - isnan(x->score);
    return (x->score > y->score) - (x->score < y->score);
}

static bool tied(const ranked *a, const ranked *b)
{
    return by_score(a, b) == 0;
}

bool nas_proxy_log_rank(const double *scores, int64_t networks, int proxies, double *out)
{
    ranked *order = nas_heap_alloc((size_t)networks + 1, sizeof *order);
    if (order == NULL)
        return false;
    for (int64_t i = 0; i < networks; i++)
        out[i] = 0;
    for (int p = 0; p < proxies; p++) {
        for (int64_t i = 0; i < networks; i++)
            order[i] = (ranked){scores[i * proxies + p], i};
        qsort(order, (size_t)networks, sizeof *order, by_score);
        for (int64_t first = 0, end; first < networks; first = end) {
            for (end = first + 1; end < networks && tied(&order[first], &order[end]);)
                end++;
            const double rank = 0.5 * (double)(first + 1 + end);
            for (int64_t i = first; i < end; i++)
                out[order[i].network] += log(rank / (double)networks);
        }
    }
    nas_heap_free(order);
    return true;
}
