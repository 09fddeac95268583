#include "svg.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define TICKS 5
#define LETTER 6.5 /* width of one of a label, pixels, about */

void nas_svg_escape(nas_text *out, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        switch (*c) {
        case '&':
            nas_text_puts(out, "&amp;");
            break;
        case '<':
            nas_text_puts(out, "&lt;");
            break;
        case '>':
            nas_text_puts(out, "&gt;");
            break;
        case '"':
            nas_text_puts(out, "&quot;");
            break;
        default:
            nas_text_putc(out, *c);
        }
    }
}

void nas_svg_shorten(const char *name, size_t most, char *out, size_t size)
{
    size_t length = strlen(name);
    if (length <= most) {
        (void)snprintf(out, size, "%s", name);
        return;
    }
    const char *tail = name + length - (most - most / 2 - 1);
    size_t head = most / 2;
    while ((*tail & 0xc0) == 0x80)
        tail++;
    while (head > 0 && (name[head] & 0xc0) == 0x80)
        head--;
    (void)snprintf(out, size, "%.*s…%s", (int)head, name, tail);
}

void nas_axis_include(nas_axis *axis, double value)
{
    if (isnan(value) || isinf(value) || (axis->log && value <= 0))
        return;
    if (axis->low > axis->high) {
        axis->low = axis->high = value;
        return;
    }
    axis->low = fmin(axis->low, value);
    axis->high = fmax(axis->high, value);
}

void nas_axis_pad(nas_axis *axis)
{
    if (axis->low > axis->high) {
        axis->low = axis->log ? 1 : 0;
        axis->high = axis->log ? 10 : 1;
    }
    if (axis->log) {
        axis->low /= 1.3;
        axis->high *= 1.3;
        return;
    }
    double span = axis->high - axis->low;
    double pad = span > 0 ? 0.05 * span : fmax(0.5, 0.05 * fabs(axis->low));
    axis->low -= pad;
    axis->high += pad;
}

static double place(const nas_axis *axis, double value, double from, double to)
{
    double low = axis->low, high = axis->high;
    if (axis->log) {
        low = log10(low);
        high = log10(high);
        value = log10(fmax(value, 1e-300));
    }
    return from + (value - low) / (high - low) * (to - from);
}

static double plot_x(const nas_plot *p, double value)
{
    return place(&p->x, value, p->left, p->right);
}

static double plot_y(const nas_plot *p, double value)
{
    return place(&p->y, value, p->bottom, p->top);
}

static void format_tick(const nas_axis *axis, double step, double value, char *out,
                        size_t size)
{
    if (axis->bytes) {
        nas_text_bytes(out, size, (int64_t)value);
    } else if (axis->percent) {
        int digits = step >= 0.01 ? 0 : step >= 0.001 ? 1 : 2;
        (void)snprintf(out, size, "%.*f %%", digits, 100 * value);
    } else if (axis->log || fabs(value) >= 10000) {
        nas_text_count(out, size, value);
    } else {
        int digits = step >= 1 ? 0 : step >= 0.1 ? 1 : step >= 0.01 ? 2 : 3;
        (void)snprintf(out, size, "%.*f", digits, value);
    }
}

/* 1, 2 or 5 times a power of ten, about span/TICKS. */
static double nice_step(double span, bool bytes)
{
    if (bytes) /* powers of two */
        return exp2(ceil(log2(span / TICKS)));
    double raw = span / TICKS;
    double power = pow(10, floor(log10(raw)));
    double digit = raw / power;
    return power * (digit < 1.5 ? 1 : digit < 3.5 ? 2 : digit < 7.5 ? 5 : 10);
}

static void draw_tick(nas_plot *p, const nas_axis *axis, bool horizontal, double step,
                      double value)
{
    char text[32];
    format_tick(axis, step, value, text, sizeof text);
    if (horizontal) {
        double x = plot_x(p, value);
        nas_text_printf(p->out,
                        "<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" "
                        "y2=\"%.1f\"/><text class=\"tick\" x=\"%.1f\" y=\"%.1f\" "
                        "text-anchor=\"middle\">%s</text>\n",
                        x, p->top, x, p->bottom, x, p->bottom + 16, text);
    } else {
        double y = plot_y(p, value);
        nas_text_printf(p->out,
                        "<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" "
                        "y2=\"%.1f\"/><text class=\"tick\" x=\"%.1f\" y=\"%.1f\" "
                        "text-anchor=\"end\">%s</text>\n",
                        p->left, y, p->right, y, p->left - 6, y + 4, text);
    }
}

static void draw_log_ticks(nas_plot *p, const nas_axis *axis, bool horizontal)
{
    static const double DIGITS[] = {1, 2, 5};
    double decades = log10(axis->high / axis->low);
    int first = (int)floor(log10(axis->low)), last = (int)floor(log10(axis->high));
    for (int power = first; power <= last; power++)
        for (int i = 0; i < (decades > 2.5 ? 1 : 3); i++) {
            double value = pow(10, power) * DIGITS[i];
            if (value >= axis->low && value <= axis->high)
                draw_tick(p, axis, horizontal, value, value);
        }
}

static void draw_ticks(nas_plot *p, const nas_axis *axis, bool horizontal)
{
    if (axis->hidden)
        return;
    if (axis->log) {
        draw_log_ticks(p, axis, horizontal);
        return;
    }
    double step = nice_step(axis->high - axis->low, axis->bytes);
    if (axis->whole && step < 1)
        step = 1;
    double first = ceil(axis->low / step) * step;
    for (int i = 0; first + i * step <= axis->high + 1e-9 * step; i++)
        draw_tick(p, axis, horizontal, step, first + i * step);
}

void nas_svg_begin(nas_text *out, double width, double height, const char *title,
                   const char *description)
{
    nas_text_printf(out,
                    "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" class=\"plot%s\" "
                    "style=\"max-width:%.0fpx\">\n<title>",
                    width, height, width > 600 ? " wide" : "", width);
    nas_svg_escape(out, title);
    nas_text_puts(out, "</title><desc>");
    nas_svg_escape(out, description);
    nas_text_puts(out, "</desc>\n");
}

nas_plot nas_plot_begin(nas_text *out, double width, double height, nas_axis x,
                        nas_axis y, const char *title, const char *description)
{
    return nas_plot_begin_at(out, (nas_frame){width, height, 64}, x, y, title,
                             description);
}

nas_plot nas_plot_begin_at(nas_text *out, nas_frame frame, nas_axis x, nas_axis y,
                           const char *title, const char *description)
{
    const double width = frame.width, height = frame.height;
    nas_plot p = {.out = out,
                  .width = width,
                  .height = height,
                  .left = frame.left,
                  .top = 14,
                  .right = width - 24,
                  .bottom = height - 44,
                  .x = x,
                  .y = y};
    nas_svg_begin(out, width, height, title, description);
    draw_ticks(&p, &p.x, true);
    draw_ticks(&p, &p.y, false);
    nas_text_printf(out,
                    "<rect class=\"frame\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                    "height=\"%.1f\"/>\n<text class=\"label\" x=\"%.1f\" y=\"%.1f\" "
                    "text-anchor=\"middle\">",
                    p.left, p.top, p.right - p.left, p.bottom - p.top,
                    (p.left + p.right) / 2, height - 8);
    nas_svg_escape(out, x.label);
    nas_text_printf(out,
                    "</text>\n<text class=\"label\" text-anchor=\"middle\" "
                    "transform=\"translate(14 %.1f) rotate(-90)\">",
                    (p.top + p.bottom) / 2);
    char label[64];
    nas_svg_shorten(y.label, (size_t)((p.bottom - p.top) / LETTER), label, sizeof label);
    nas_svg_escape(out, label);
    nas_text_puts(out, "</text>\n");
    return p;
}

void nas_plot_end(nas_plot *plot)
{
    nas_text_puts(plot->out, "</svg>\n");
}

static void end_mark(nas_plot *p, const char *element, const char *tip)
{
    if (p->trial != 0)
        nas_text_printf(p->out, " data-t=\"%lld\"", (long long)p->trial);
    if (tip == NULL) {
        nas_text_puts(p->out, "/>\n");
        return;
    }
    nas_text_puts(p->out, "><title>");
    nas_svg_escape(p->out, tip);
    nas_text_printf(p->out, "</title></%s>\n", element);
}

void nas_plot_point(nas_plot *plot, double x, double y, double radius, const char *style,
                    const char *tip)
{
    if (isnan(x) || isnan(y))
        return;
    nas_text_printf(plot->out, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"",
                    style, plot_x(plot, x), plot_y(plot, y), radius);
    end_mark(plot, "circle", tip);
}

void nas_plot_diamond(nas_plot *plot, double x, double y, double radius,
                      const char *style, const char *tip)
{
    if (isnan(x) || isnan(y))
        return;
    double cx = plot_x(plot, x), cy = plot_y(plot, y);
    nas_text_printf(
        plot->out, "<path class=\"%s\" d=\"M%.1f %.1fL%.1f %.1fL%.1f %.1fL%.1f %.1fZ\"",
        style, cx, cy - radius, cx + radius, cy, cx, cy + radius, cx - radius, cy);
    end_mark(plot, "path", tip);
}

void nas_plot_cloud(nas_plot *plot, const nas_cloud *cloud)
{
    const int64_t kept = plot->trial;
    nas_text_printf(plot->out, "<g class=\"cloud %s\">\n", cloud->style);
    for (int64_t i = 0; i < cloud->n; i++) {
        if (isnan(cloud->x[i]) || isnan(cloud->y[i]))
            continue;
        nas_text_printf(plot->out, "<path d=\"M%.0f %.0fh0\"", plot_x(plot, cloud->x[i]),
                        plot_y(plot, cloud->y[i]));
        plot->trial = cloud->trial != NULL ? cloud->trial[i] : 0;
        end_mark(plot, "path", cloud->tip != NULL ? cloud->tip[i] : NULL);
    }
    nas_text_puts(plot->out, "</g>\n");
    plot->trial = kept;
}

static void draw_path(nas_plot *p, const double *x, const double *y, int n, bool steps,
                      const char *style, const char *tip)
{
    nas_text_printf(p->out, "<path class=\"%s\" d=\"", style);
    bool started = false;
    for (int i = 0; i < n; i++) {
        if (isnan(x[i]) || isnan(y[i]))
            continue;
        double px = plot_x(p, x[i]), py = plot_y(p, y[i]);
        if (!started)
            nas_text_printf(p->out, "M%.1f %.1f", px, py);
        else if (steps)
            nas_text_printf(p->out, "H%.1fV%.1f", px, py);
        else
            nas_text_printf(p->out, "L%.1f %.1f", px, py);
        started = true;
    }
    nas_text_puts(p->out, "\"");
    end_mark(p, "path", tip);
}

void nas_plot_line(nas_plot *plot, const double *x, const double *y, int n,
                   const char *style, const char *tip)
{
    draw_path(plot, x, y, n, false, style, tip);
}

void nas_plot_steps(nas_plot *plot, const double *x, const double *y, int n,
                    const char *style, const char *tip)
{
    draw_path(plot, x, y, n, true, style, tip);
}

void nas_plot_band(nas_plot *plot, const double *x, const double *low, const double *high,
                   int n, const char *style)
{
    if (n == 0)
        return;
    nas_text_printf(plot->out, "<path class=\"%s\" d=\"", style);
    for (int i = 0; i < 2 * n; i++) {
        int at = i < n ? i : 2 * n - 1 - i;
        nas_text_printf(plot->out, "%c%.1f %.1f", i == 0 ? 'M' : 'L', plot_x(plot, x[at]),
                        plot_y(plot, i < n ? high[at] : low[at]));
    }
    nas_text_puts(plot->out, "Z\"/>\n");
}

void nas_plot_box(nas_plot *plot, const double from[2], const double to[2],
                  const char *style, const char *tip)
{
    double x0 = plot_x(plot, from[0]), x1 = plot_x(plot, to[0]);
    double y0 = plot_y(plot, from[1]), y1 = plot_y(plot, to[1]);
    nas_text_printf(plot->out,
                    "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                    "height=\"%.1f\"",
                    style, fmin(x0, x1), fmin(y0, y1), fabs(x1 - x0), fabs(y1 - y0));
    end_mark(plot, "rect", tip);
}

void nas_plot_interval(nas_plot *plot, double x, double low, double high)
{
    if (isnan(low) || isnan(high))
        return;
    double at = plot_x(plot, x), y0 = plot_y(plot, low), y1 = plot_y(plot, high);
    nas_text_printf(plot->out,
                    "<path class=\"whisker\" d=\"M%.1f %.1fV%.1fM%.1f %.1fh8M%.1f "
                    "%.1fh8\"/>\n",
                    at, y0, y1, at - 4, y0, at - 4, y1);
}

void nas_plot_level(nas_plot *plot, double y, const char *style, const char *word)
{
    double at = plot_y(plot, y);
    nas_text_printf(plot->out,
                    "<path class=\"level %s\" d=\"M%.1f %.1fH%.1f\"/><text "
                    "class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">",
                    style, plot->left, at, plot->right, plot->right - 4,
                    at < plot->top + 14 ? at + 12 : at - 4);
    nas_svg_escape(plot->out, word);
    nas_text_puts(plot->out, "</text>\n");
}
