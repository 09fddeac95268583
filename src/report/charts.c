#include "charts.h"

#include "svg.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 820.0
#define BARS_WIDTH 640.0

/* ---- words ------------------------------------------------------------- */

static void write_label(nas_text *out, double x, double y, const char *anchor,
                        const char *text)
{
    nas_text_printf(out, "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">",
                    x, y, anchor);
    nas_svg_escape(out, text);
    nas_text_puts(out, "</text>");
}

/* ---- bars -------------------------------------------------------------- */

enum { BAR_LABEL = 190, BAR_NOTE = 150, BAR_STEP = 24 };

typedef struct bar_frame {
    const nas_bars *bars;
    double zero, unit; /* pixels: where 0 lies, and of a value of 1 */
} bar_frame;

static bar_frame frame_of(const nas_bars *bars)
{
    double low = 0, high = bars->scale;
    for (int i = 0; i < bars->n; i++) {
        const nas_bar *b = &bars->bar[i];
        low = fmin(low, fmin(b->value, isnan(b->low) ? b->value : b->low));
        if (bars->scale <= 0)
            high = fmax(high, fmax(b->value, isnan(b->high) ? b->value : b->high));
    }
    double span = high - low > 0 ? high - low : 1;
    double width = BARS_WIDTH - BAR_LABEL - BAR_NOTE - 12;
    return (bar_frame){bars, BAR_LABEL + 6 - low / span * width, width / span};
}

static void draw_bar(nas_text *out, const bar_frame *f, int i)
{
    const nas_bar *b = &f->bars->bar[i];
    char label[64], value[64];
    double y = 4 + i * BAR_STEP, end = f->zero + b->value * f->unit;
    double most = fmax(end, f->zero);
    nas_svg_shorten(b->label, 26, label, sizeof label);
    if (f->bars->percent)
        (void)snprintf(value, sizeof value, "%.1f %%", 100 * b->value);
    else
        nas_chart_number(b->value, false, value, sizeof value);
    write_label(out, BAR_LABEL - 4, y + 14, "end", label);
    nas_text_printf(out,
                    "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                    "height=\"16\" rx=\"2\"><title>",
                    b->style != NULL ? b->style : "bar1", fmin(end, f->zero), y + 2,
                    fmax(fabs(end - f->zero), 0.5));
    nas_svg_escape(out, b->label);
    nas_text_printf(out, ": %s</title></rect>", value);
    if (!isnan(b->low) && !isnan(b->high)) {
        double x0 = f->zero + b->low * f->unit, x1 = f->zero + b->high * f->unit;
        nas_text_printf(out,
                        "<path class=\"whisker\" d=\"M%.1f %.1fH%.1fM%.1f %.1fv6M%.1f "
                        "%.1fv6\"/>",
                        x0, y + 10, x1, x0, y + 7, x1, y + 7);
        most = fmax(most, x1);
    }
    char text[96];
    (void)snprintf(text, sizeof text, "%s%s%s", value, b->note != NULL ? "  " : "",
                   b->note != NULL ? b->note : "");
    write_label(out, most + 6, y + 14, "start", text);
    nas_text_puts(out, "\n");
}

void nas_chart_bars(nas_text *out, const nas_bars *bars)
{
    bar_frame f = frame_of(bars);
    double height = 8 + bars->n * BAR_STEP;
    nas_svg_begin(out, BARS_WIDTH, height, bars->title, bars->description);
    nas_text_printf(out, "<path class=\"zero\" d=\"M%.1f 2V%.1f\"/>\n", f.zero,
                    height - 2);
    for (int i = 0; i < bars->n; i++)
        draw_bar(out, &f, i);
    nas_text_puts(out, "</svg>\n");
    nas_chart_bar_table(out, bars);
}

/* ---- heat map ---------------------------------------------------------- */

enum { TONES = 16 };

typedef struct heat_frame {
    const nas_heat *heat;
    double left, top, cell_w, cell_h, scale;
} heat_frame;

static double largest(const nas_heat *h)
{
    double out = h->scale;
    for (int i = 0; i < h->rows * h->columns && h->scale <= 0; i++)
        if (!isnan(h->value[i]))
            out = fmax(out, fabs(h->value[i]));
    return out > 0 ? out : 1;
}

static void draw_cell(nas_text *out, const heat_frame *f, int r, int c)
{
    const nas_heat *h = f->heat;
    double value = h->value[r * h->columns + c];
    if (isnan(value))
        return;
    double strength = fmin(1, fabs(value) / f->scale);
    double x = f->left + c * f->cell_w, y = f->top + r * f->cell_h;
    char text[32];
    nas_chart_cell(h, value, text, sizeof text);
    nas_text_printf(out,
                    "<rect class=\"%s\" fill-opacity=\"%.2f\" x=\"%.1f\" y=\"%.1f\" "
                    "width=\"%.1f\" height=\"%.1f\"",
                    value < 0 && h->diverging ? "cold" : "hot", strength, x, y, f->cell_w,
                    f->cell_h);
    nas_text_puts(out, "><title>");
    if (h->row != NULL && h->column != NULL) {
        nas_svg_escape(out, h->row[r]);
        nas_text_puts(out, ", ");
        nas_svg_escape(out, h->column[c]);
        nas_text_puts(out, ": ");
    }
    nas_text_printf(out,
                    "%s</title></rect><text class=\"%s\" x=\"%.1f\" y=\"%.1f\" "
                    "text-anchor=\"middle\">%s</text>\n",
                    text, strength > 0.55 ? "cell dark" : "cell", x + f->cell_w / 2,
                    y + f->cell_h / 2 + 4, text);
}

/* Sixteenths of the full colour, with the sign; 0 = nothing to draw. */
static int tone_of(const heat_frame *f, int r, int c)
{
    double value = f->heat->value[r * f->heat->columns + c];
    if (isnan(value))
        return 0;
    int tone = (int)lround(fmin(1, fabs(value) / f->scale) * TONES);
    return value < 0 && f->heat->diverging ? -tone : tone;
}

/* A map of many places: one path for each tone, made of runs of equal cells, in units of
 * cells. A rectangle each would be seven times as long. */
static void draw_tone(nas_text *out, const heat_frame *f, int tone)
{
    const nas_heat *h = f->heat;
    bool any = false;
    for (int r = 0; r < h->rows; r++)
        for (int c = 0; c < h->columns; c++) {
            int run = 0;
            while (c + run < h->columns && tone_of(f, r, c + run) == tone)
                run++;
            if (run == 0)
                continue;
            if (!any)
                nas_text_printf(out, "<path class=\"%s\" fill-opacity=\"%.3g\" d=\"",
                                tone < 0 ? "cold" : "hot", abs(tone) / (double)TONES);
            any = true;
            nas_text_printf(out, "M%d %dh%dv1h-%dz", c, r, run, run);
            c += run - 1;
        }
    if (any)
        nas_text_puts(out, "\"/>\n");
}

static void draw_places(nas_text *out, const heat_frame *f)
{
    nas_text_printf(out,
                    "<g class=\"map\" transform=\"translate(%.1f %.1f) scale(%.4g "
                    "%.4g)\">\n",
                    f->left, f->top, f->cell_w, f->cell_h);
    for (int tone = -TONES; tone <= TONES; tone++)
        if (tone != 0)
            draw_tone(out, f, tone);
    nas_text_puts(out, "</g>\n");
}

static void heat_names(nas_text *out, const heat_frame *f)
{
    const nas_heat *h = f->heat;
    char name[32];
    for (int r = 0; r < h->rows && h->row != NULL; r++) {
        nas_svg_shorten(h->row[r], 16, name, sizeof name);
        write_label(out, f->left - 6, f->top + (r + 0.5) * f->cell_h + 4, "end", name);
    }
    for (int c = 0; c < h->columns && h->column != NULL; c++) {
        nas_svg_shorten(h->column[c], f->cell_w > 60 ? 12 : 7, name, sizeof name);
        write_label(out, f->left + (c + 0.5) * f->cell_w, f->top - 6, "middle", name);
    }
    double middle = f->left + h->columns * f->cell_w / 2;
    if (h->column_label != NULL)
        write_label(out, middle, f->top - (h->column != NULL ? 22 : 6), "middle",
                    h->column_label);
    if (h->row_label == NULL)
        return;
    nas_text_printf(
        out,
        "<text class=\"tick\" text-anchor=\"middle\" transform=\"translate(12 "
        "%.1f) rotate(-90)\">",
        f->top + h->rows * f->cell_h / 2);
    char label[64];
    double room = h->rows * f->cell_h / 6; /* characters */
    nas_svg_shorten(h->row_label,
                    room < 12   ? 12
                    : room > 60 ? 60
                                : (size_t)room,
                    label, sizeof label);
    nas_svg_escape(out, label);
    nas_text_puts(out, "</text>\n");
}

void nas_chart_heat(nas_text *out, const nas_heat *h)
{
    heat_frame f = {.heat = h,
                    .left = h->row != NULL         ? 120
                            : h->row_label != NULL ? 24
                                                   : 4,
                    .scale = largest(h)};
    f.top = (h->column != NULL ? 22 : 4) + (h->column_label != NULL ? 18 : 0);
    double width = h->width > 0 ? h->width : fmin(WIDTH, f.left + 8 + h->columns * 70);
    f.cell_w = (width - f.left - 4) / h->columns;
    f.cell_h = h->numbers ? 28 : f.cell_w;
    double height = f.top + h->rows * f.cell_h + 4;
    nas_svg_begin(out, width, height, h->title, h->description);
    nas_text_printf(out,
                    "<rect class=\"frame\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                    "height=\"%.1f\"/>\n",
                    f.left, f.top, h->columns * f.cell_w, h->rows * f.cell_h);
    for (int i = 0; i < h->rows * h->columns && h->numbers; i++)
        draw_cell(out, &f, i / h->columns, i % h->columns);
    if (!h->numbers)
        draw_places(out, &f);
    heat_names(out, &f);
    nas_text_puts(out, "</svg>\n");
    nas_chart_heat_table(out, h);
}

/* ---- parallel coordinates ---------------------------------------------- */

enum { PARALLEL_HEIGHT = 340, PARALLEL_TOP = 58, PARALLEL_BOTTOM = 316 };

static double axis_x(const nas_parallel *p, int axis)
{
    return 60 + axis * (WIDTH - 120) / fmax(1, p->axes - 1);
}

static double axis_y(const nas_parallel_axis *a, double value)
{
    double low = a->low, high = a->high;
    if (a->log) {
        low = log10(low);
        high = log10(high);
        value = log10(value);
    }
    double share = high > low ? (value - low) / (high - low) : 0.5;
    return PARALLEL_BOTTOM - share * (PARALLEL_BOTTOM - PARALLEL_TOP);
}

/* After the first point the command is left out: it goes on as a line. */
static void draw_parallel_line(nas_text *out, const nas_parallel *p, int64_t i)
{
    bool pen = false;
    nas_text_printf(out, "<path data-t=\"%lld\" d=\"", (long long)p->trial[i]);
    for (int a = 0; a < p->axes; a++) {
        double value = p->value[i * p->axes + a];
        bool gap = isnan(value) || (p->axis[a].log && value <= 0);
        if (!gap)
            nas_text_printf(out, "%c%.0f %.0f", pen ? ' ' : 'M', axis_x(p, a),
                            axis_y(&p->axis[a], value));
        pen = !gap;
    }
    nas_text_puts(out, "\"/>\n");
}

static void axis_number(const nas_parallel_axis *a, double value, char *out, size_t size)
{
    if (a->percent)
        (void)snprintf(out, size, "%.1f %%", 100 * value);
    else if (fabs(value) >= 1000)
        nas_text_count(out, size, value);
    else
        (void)snprintf(out, size, "%.3g", value);
}

static void draw_parallel_axis(nas_text *out, const nas_parallel *p, int index)
{
    const nas_parallel_axis *a = &p->axis[index];
    double x = axis_x(p, index);
    char text[40];
    nas_text_printf(out,
                    "<path class=\"axis\" d=\"M%.1f %dV%d\"/><rect class=\"pax\" "
                    "data-axis=\"%d\" x=\"%.1f\" y=\"%d\" width=\"24\" "
                    "height=\"%d\"/>",
                    x, PARALLEL_TOP, PARALLEL_BOTTOM, index, x - 12, PARALLEL_TOP,
                    PARALLEL_BOTTOM - PARALLEL_TOP);
    nas_svg_shorten(a->label, 22, text, sizeof text);
    /* the first would stand over the edge */
    write_label(out, index == 0 ? 2 : x, index % 2 == 0 ? 16 : 32,
                index == 0 ? "start" : "middle", text);
    if (a->level == NULL) {
        axis_number(a, a->high, text, sizeof text);
        write_label(out, x, PARALLEL_TOP - 8, "middle", text);
        axis_number(a, a->low, text, sizeof text);
        write_label(out, x, PARALLEL_BOTTOM + 14, "middle", text);
    }
    for (int k = 0; a->level != NULL && k < a->n_levels && a->n_levels <= 12; k++) {
        nas_svg_shorten(a->level[k], 9, text, sizeof text);
        write_label(out, x + 5, axis_y(a, k) + 4, "start", text);
    }
    nas_text_puts(out, "\n");
}

void nas_chart_parallel(nas_text *out, const nas_parallel *p)
{
    nas_svg_begin(out, WIDTH, PARALLEL_HEIGHT, p->title, p->description);
    nas_text_puts(out, "<g class=\"parallel\">\n");
    for (int shade = 0; shade < 5; shade++) {
        nas_text_printf(out, "<g class=\"pl s%d\">\n", shade);
        for (int64_t i = 0; i < p->n; i++)
            if (p->shade[i] == shade)
                draw_parallel_line(out, p, i);
        nas_text_puts(out, "</g>\n");
    }
    for (int a = 0; a < p->axes; a++)
        draw_parallel_axis(out, p, a);
    nas_text_puts(out, "</g></svg>\n");
}

/* ---- timeline ---------------------------------------------------------- */

enum { LANE = 26, LANE_LABEL = 130 };

static void draw_span(nas_text *out, const nas_timeline *t, const nas_span *s)
{
    double unit = (WIDTH - LANE_LABEL - 10) / fmax(t->seconds, 1e-9);
    nas_text_printf(out,
                    "<rect class=\"%s\" data-t=\"%lld\" x=\"%.1f\" y=\"%d\" "
                    "width=\"%.1f\" height=\"%d\"",
                    s->style, (long long)s->trial, LANE_LABEL + s->from * unit,
                    8 + s->lane * LANE, fmax(0.7, (s->to - s->from) * unit), LANE - 8);
    if (s->tip == NULL) {
        nas_text_puts(out, "/>\n");
        return;
    }
    nas_text_puts(out, "><title>");
    nas_svg_escape(out, s->tip);
    nas_text_puts(out, "</title></rect>\n");
}

void nas_chart_timeline(nas_text *out, const nas_timeline *t)
{
    double height = 30 + t->lanes * LANE;
    char text[40];
    nas_svg_begin(out, WIDTH, height, t->title, t->description);
    for (int i = 0; i < t->lanes; i++) {
        nas_svg_shorten(t->lane[i], 18, text, sizeof text);
        write_label(out, LANE_LABEL - 8, 21 + i * LANE, "end", text);
    }
    for (int i = 0; i <= 4; i++) {
        double x = LANE_LABEL + i * (WIDTH - LANE_LABEL - 10) / 4;
        nas_text_duration(text, sizeof text, i * t->seconds / 4);
        nas_text_printf(out, "<path class=\"grid\" d=\"M%.1f 4V%.1f\"/>", x, height - 20);
        write_label(out, x, height - 5,
                    i == 0   ? "start"
                    : i == 4 ? "end"
                             : "middle",
                    text);
    }
    nas_text_puts(out, "\n");
    for (int64_t i = 0; i < t->n; i++)
        draw_span(out, t, &t->span[i]);
    nas_text_puts(out, "</svg>\n");
    nas_chart_timeline_table(out, t);
}
