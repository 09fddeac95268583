/* Plots as SVG text: the one place where anything is drawn.
 *
 * Colours come from CSS classes of the page (page.c), so that one drawing serves light
 * and dark. Every plot has a title and a description for screen readers, every mark a
 * <title> as its tooltip, so nothing depends on scripts. */
#ifndef NASMITH_REPORT_SVG_H
#define NASMITH_REPORT_SVG_H

#include "nasmith/text.h"

#include <stdbool.h>
#include <stdint.h>

/* One axis in data units. */
typedef struct nas_axis {
    const char *label;
    double low, high;
    bool log;     /* base 10; low > 0 */
    bool percent; /* values are fractions, shown as % */
    bool whole;   /* ticks at whole numbers only */
    bool bytes;   /* shown as KiB */
    bool hidden;  /* no ticks: the caller writes its own */
} nas_axis;

/* A plot under construction: SVG size, frame in pixels, axes. */
typedef struct nas_plot {
    nas_text *out;
    double width, height;
    double left, top, right, bottom; /* frame */
    nas_axis x, y;
    int64_t trial; /* the next marks belong to it (data-t links them); 0 = none */
} nas_plot;

/* Widen a range a little and keep it from being empty. */
void nas_axis_pad(nas_axis *axis);
/* Grow a range to hold a value (start from low > high). NaN is ignored. */
void nas_axis_include(nas_axis *axis, double value);

/* Size of a plot in pixels; `left` is the room for labels of the y axis. */
typedef struct nas_frame {
    double width, height, left;
} nas_frame;

/* The same with a room for labels that is not the usual 64 pixels. */
nas_plot nas_plot_begin_at(nas_text *out, nas_frame frame, nas_axis x, nas_axis y,
                           const char *title, const char *description);
/* Open <svg>, draw frame, ticks and labels. */
nas_plot nas_plot_begin(nas_text *out, double width, double height, nas_axis x,
                        nas_axis y, const char *title, const char *description);
void nas_plot_end(nas_plot *plot);

/* Marks at data coordinates, clipped to the frame by the caller's range. `style` is a CSS
 * class; `tip` may be NULL. */
void nas_plot_point(nas_plot *plot, double x, double y, double radius, const char *style,
                    const char *tip);
/* Diamond: the second marker shape, for those who cannot tell colours apart. */
void nas_plot_diamond(nas_plot *plot, double x, double y, double radius,
                      const char *style, const char *tip);
/* Many points of one look, in as few bytes as they need: strokes with round ends, so
 * `style` colours strokes. Places are whole pixels. */
typedef struct nas_cloud {
    const double *x, *y;    /* [n]; NaN is left out */
    const int64_t *trial;   /* [n] or NULL */
    const char *const *tip; /* [n] or NULL */
    int64_t n;
    const char *style; /* "trial", "front", "trial low" */
} nas_cloud;
void nas_plot_cloud(nas_plot *plot, const nas_cloud *cloud);
void nas_plot_line(nas_plot *plot, const double *x, const double *y, int n,
                   const char *style, const char *tip);
/* Staircase: y holds until the next x. */
void nas_plot_steps(nas_plot *plot, const double *x, const double *y, int n,
                    const char *style, const char *tip);

/* Area between two curves over the same x. */
void nas_plot_band(nas_plot *plot, const double *x, const double *low, const double *high,
                   int n, const char *style);
/* Rectangle between two corners, in data coordinates. */
void nas_plot_box(nas_plot *plot, const double from[2], const double to[2],
                  const char *style, const char *tip);
/* An interval at x, drawn upright with short ends; nothing when NaN. */
void nas_plot_interval(nas_plot *plot, double x, double low, double high);
/* A dashed line from edge to edge at y, with a word at its right end. */
void nas_plot_level(nas_plot *plot, double y, const char *style, const char *word);

/* Open an <svg> that is no plot of two axes: its size, title, description. */
void nas_svg_begin(nas_text *out, double width, double height, const char *title,
                   const char *description);

/* At most `most` characters; the middle of a longer name goes. UTF-8 stays whole. */
void nas_svg_shorten(const char *name, size_t most, char *out, size_t size);

/* Append text with &, <, > and quotes escaped. */
void nas_svg_escape(nas_text *out, const char *text);

#endif
