#include "export/calibrate.h"

#include "export/calls.h"
#include "export/kernels.h"

#include <math.h>

static const double TAIL = 5e-5; /* share of values outside a percentile range, per end */

typedef struct collector {
    const nas_model *model;
    nas_calls *calls;
    float *arena, *out;
    nas_statistics *statistics;
    bool histograms; /* the second pass: ranges are known */
} collector;

/* Index in the graph's order [C][H][W] of element i in memory. */
static int64_t logical(const uint32_t *order, nas_shape shape, int64_t i)
{
    if (order != NULL)
        return order[i];
    return i % shape.c * shape.h * shape.w + i / shape.c;
}

static void count_value(const collector *c, nas_statistics *s, int64_t index,
                        double value)
{
    if (!c->histograms) {
        s->low = fmin(s->low, value);
        s->high = fmax(s->high, value);
        s->mean[index] += value;
        s->most[index / s->plane] = fmax(s->most[index / s->plane], fabs(value));
        return;
    }
    double width = (s->high - s->low) / NAS_STATISTICS_BINS;
    int64_t bin = width > 0.0 ? (int64_t)((value - s->low) / width) : 0;
    s->bins[bin < NAS_STATISTICS_BINS ? bin : NAS_STATISTICS_BINS - 1]++;
}

static void count_step(const collector *c, int index)
{
    const nas_program *program = c->calls->program;
    const nas_step *step = &program->steps[index];
    const nas_shape shape = nas_graph_node(program->graph, step->node)->shape;
    const float *values =
        c->arena + program->buffers[step->output].offset / (int64_t)sizeof *values;
    nas_statistics *s = &c->statistics[step->node];
    for (int64_t i = 0; i < s->count; i++)
        count_value(c, s, logical(c->calls->orders[index], shape, i), (double)values[i]);
}

static void count_row(const collector *c, const float *row)
{
    const nas_calls *calls = c->calls;
    for (int64_t i = 0; i < c->statistics[0].count; i++)
        count_value(c, &c->statistics[0], i, (double)row[i]);
    for (int i = 0; i < calls->n; i++) {
        const int step = calls->list[i].step;
        nas_kernel_run(calls, &calls->list[i], c->arena, row, c->out);
        if (step >= 0 && calls->list[i + 1].step != step)
            count_step(c, step);
    }
}

static nas_status make_room(collector *c, nas_arena *arena, nas_err *err)
{
    const nas_program *program = c->calls->program;
    for (int i = -1; i < program->n_steps; i++) {
        const int node = i < 0 ? 0 : program->steps[i].node;
        nas_statistics *s = &c->statistics[node];
        const nas_shape shape = nas_graph_node(program->graph, node)->shape;
        s->count = nas_shape_count(shape);
        s->plane = shape.h * shape.w;
        s->most = NAS_NEW(arena, double, shape.c);
        s->mean = NAS_NEW(arena, double, s->count);
        s->bins = NAS_NEW(arena, int64_t, NAS_STATISTICS_BINS);
        if (s->mean == NULL || s->most == NULL || s->bins == NULL)
            return nas_fail(err, NAS_E_NOMEM, "out of memory");
    }
    c->arena = nas_arena_alloc(arena, (size_t)program->arena_bytes, 1);
    c->out = NAS_NEW(arena, float, c->model->n_outputs);
    if (c->arena == NULL || c->out == NULL)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    return NAS_OK;
}

nas_status nas_statistics_collect(const nas_model *model, const float *rows, int64_t n,
                                  nas_arena *arena, nas_statistics **out, nas_err *err)
{
    collector c = {.model = model};
    const int nodes = nas_graph_count(model->graph);
    NAS_TRY(nas_calls_build(model, arena, &c.calls, err));
    *out = c.statistics = NAS_NEW(arena, nas_statistics, nodes);
    NAS_TRY_ALLOC(c.statistics, err);
    NAS_TRY(make_room(&c, arena, err));
    for (int64_t i = 0; i < n; i++)
        count_row(&c, rows + i * c.statistics[0].count);
    c.histograms = true;
    for (int64_t i = 0; i < n; i++)
        count_row(&c, rows + i * c.statistics[0].count);
    for (int k = 0; k < nodes; k++)
        for (int64_t i = 0; i < c.statistics[k].count; i++)
            c.statistics[k].mean[i] /= (double)n;
    return NAS_OK;
}

/* ---- ranges ---------------------------------------------------------------------- */

/* Values below (direction 1) or above (-1) the result are at most TAIL of all. */
static double percentile(const nas_statistics *s, int direction)
{
    double total = 0.0, seen = 0.0;
    for (int b = 0; b < NAS_STATISTICS_BINS; b++)
        total += (double)s->bins[b];
    const double width = (s->high - s->low) / NAS_STATISTICS_BINS;
    for (int k = 0; k < NAS_STATISTICS_BINS; k++) {
        seen += (double)s->bins[direction > 0 ? k : NAS_STATISTICS_BINS - 1 - k];
        if (seen > TAIL * total)
            return direction > 0 ? s->low + k * width : s->high - k * width;
    }
    return direction > 0 ? s->low : s->high;
}

/* Sum of squared errors when [low, high] is cut into 255 steps: inside a bin rounding is
 * uniform, outside the value is clipped. */
static double squared_error(const nas_statistics *s, double low, double high)
{
    const double width = (s->high - s->low) / NAS_STATISTICS_BINS;
    const double rounding = (high - low) / 255.0 * ((high - low) / 255.0) / 12.0;
    double sum = 0.0;
    for (int b = 0; b < NAS_STATISTICS_BINS; b++) {
        const double value = s->low + (b + 0.5) * width;
        const double beyond = fmax(fmax(low - value, value - high), 0.0);
        sum += (double)s->bins[b] * (beyond > 0.0 ? beyond * beyond : rounding);
    }
    return sum;
}

static void least_error(const nas_statistics *s, double *low, double *high)
{
    enum { TRIALS = 40 };
    double least = (double)INFINITY;
    for (int k = 0; k < TRIALS; k++) {
        const double part = 1.0 - 0.02 * k;
        const double error = squared_error(s, part * s->low, part * s->high);
        if (error >= least)
            continue;
        least = error;
        *low = part * s->low;
        *high = part * s->high;
    }
}

void nas_statistics_range(const nas_statistics *statistics, nas_range_method how,
                          double *low, double *high)
{
    *low = statistics->low;
    *high = statistics->high;
    if (how == NAS_RANGE_PERCENTILE) {
        *low = fmin(percentile(statistics, 1), 0.0);
        *high = fmax(percentile(statistics, -1), 0.0);
    } else if (how == NAS_RANGE_MSE) {
        least_error(statistics, low, high);
    }
}
