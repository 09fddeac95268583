/* One row of a series as curves: a lane for each channel, and one for what the answer
 * hangs on. */
#include "example.h"

#include <math.h>
#include <string.h>

enum { MOST_CHANNELS = 6, MOST_POINTS = 400, STRETCHES = 24, LANE = 46 };

typedef struct lanes {
    const nas_report *report;
    const char *title;
    const float *values; /* [channels][steps] */
    const double *map;   /* [steps] or NULL */
    int64_t steps;
    int channels, n; /* of the row that are shown; lanes with the map's */
} lanes;

static double value_of(const lanes *l, int lane, int64_t step)
{
    return lane < l->channels ? (double)l->values[lane * l->steps + step] : l->map[step];
}

static const char *name_of(const lanes *l, int lane)
{
    const char *name = lane < l->channels
                           ? nas_arena_printf(l->report->arena, "channel %d", lane)
                           : "hangs on";
    return name != NULL ? name : "";
}

/* A lane's curve: every step, or of a long row the extremes of stretches, which is what
 * an eye sees of a sound. */
typedef struct curve {
    double x[2 * MOST_POINTS + 2], y[2 * MOST_POINTS + 2], zero[2 * MOST_POINTS + 2];
    int n;
} curve;

static void trace(const lanes *l, int lane, curve *out)
{
    const int64_t every = 1 + (l->steps - 1) / MOST_POINTS;
    out->n = 0;
    for (int64_t i = 0; i < l->steps; i += every) {
        double low = (double)INFINITY, high = -(double)INFINITY;
        for (int64_t k = i; k < i + every && k < l->steps; k++) {
            low = fmin(low, value_of(l, lane, k));
            high = fmax(high, value_of(l, lane, k));
        }
        out->x[out->n] = (double)i;
        out->y[out->n++] = high;
        if (every == 1)
            continue;
        out->x[out->n] = (double)i;
        out->y[out->n++] = low;
    }
}

static void draw_lane(const lanes *l, nas_plot *plot, int lane, curve *c)
{
    const double bottom = l->n - lane - 0.95, height = 0.9;
    const bool map = lane == l->channels;
    double low = map ? 0 : (double)INFINITY,
           high = -(double)INFINITY; /* the map has a zero */
    trace(l, lane, c);
    for (int i = 0; i < c->n; i++) {
        low = fmin(low, c->y[i]);
        high = fmax(high, c->y[i]);
    }
    double span = high > low ? high - low : 1;
    for (int i = 0; i < c->n; i++) {
        c->y[i] = bottom + (c->y[i] - low) / span * height;
        c->zero[i] = bottom - low / span * height;
    }
    if (map)
        nas_plot_band(plot, c->x, c->zero, c->y, c->n, "band");
    nas_plot_line(plot, c->x, c->y, c->n, map ? "bestline" : "series", NULL);
    nas_text_printf(plot->out,
                    "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s"
                    "</text>\n",
                    plot->left - 6,
                    plot->top + (lane + 0.5) / l->n * (plot->bottom - plot->top) + 4,
                    name_of(l, lane));
}

static nas_status lane_table(const lanes *l, nas_err *err)
{
    const int rows = l->steps < STRETCHES ? (int)l->steps : STRETCHES;
    nas_chart_column columns[MOST_CHANNELS + 3] = {{.name = "from step"}, {.name = "to"}};
    double *value = NAS_NEW(l->report->arena, double, (l->n + 2) * rows);
    NAS_TRY_ALLOC(value, err);
    for (int i = 0; i < rows; i++) {
        int64_t first = i * l->steps / rows, last = (i + 1) * l->steps / rows - 1;
        value[i] = (double)first;
        value[rows + i] = (double)last;
        for (int lane = 0; lane < l->n; lane++)
            for (int64_t k = first; k <= last; k++)
                value[(lane + 2) * rows + i] +=
                    value_of(l, lane, k) / (double)(last - first + 1);
    }
    for (int c = 0; c < l->n + 2; c++) {
        columns[c].value = value + c * rows;
        columns[c].name = c < 2 ? columns[c].name : name_of(l, c - 2);
    }
    nas_chart_table(l->report->out, l->title, columns, l->n + 2, rows);
    return NAS_OK;
}

nas_status nas_example_series(const nas_report *r, const char *title, const float *values,
                              nas_shape shape, const double *map, nas_err *err)
{
    lanes l = {.report = r,
               .title = title,
               .values = values,
               .map = map,
               .steps = shape.w,
               .channels = shape.c < MOST_CHANNELS ? (int)shape.c : MOST_CHANNELS};
    curve *c = NAS_NEW(r->arena, curve, 1);
    NAS_TRY_ALLOC(c, err);
    l.n = l.channels + (map != NULL);
    nas_axis x = {
        .label = "time step", .low = 0, .high = (double)shape.w - 1, .whole = true};
    nas_axis y = {.label = "", .low = 0, .high = l.n, .hidden = true};
    nas_plot plot = nas_plot_begin_at(
        r->out, (nas_frame){.width = 400, .height = 62 + l.n * LANE, .left = 82}, x, y,
        title,
        "The channels of one row over time, each in its own range; below, where there is "
        "such a lane, how much the answer hangs on each place.");
    for (int lane = 0; lane < l.n; lane++)
        draw_lane(&l, &plot, lane, c);
    nas_plot_end(&plot);
    return lane_table(&l, err);
}
