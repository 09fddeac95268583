/* Charts that are not a plot of two axes: bars, heat map, parallel coordinates, timeline.
 * Each draws its SVG and, in a closed <details>, the table of what it shows; lines of
 * parallel coordinates are the caller's to list. Plots of two axes write theirs with
 * nas_chart_table. */
#ifndef NASMITH_REPORT_CHARTS_H
#define NASMITH_REPORT_CHARTS_H

#include "nasmith/text.h"

#include <stdbool.h>
#include <stdint.h>

/* A column of the table behind a plot: words or numbers. */
typedef struct nas_chart_column {
    const char *name;
    const char *const *word; /* [n], left-aligned; NULL = numbers */
    const double *value;     /* [n]; NaN is written as "-" */
    bool percent;            /* values are fractions */
} nas_chart_column;

/* The table of what a plot shows, one row each point, in a closed <details>.
 * @param columns  [n_columns]
 * @param n        rows; nothing is written for none */
void nas_chart_table(nas_text *out, const char *caption, const nas_chart_column *columns,
                     int n_columns, int n);

typedef struct nas_bar {
    const char *label;
    double value;
    double low, high;  /* interval; NaN = none */
    const char *style; /* CSS class; NULL = "bar1" */
    const char *note;  /* behind the value; NULL = none */
} nas_bar;

typedef struct nas_bars {
    const char *title, *description;
    const char *unit; /* of the values, for the table's head */
    const nas_bar *bar;
    int n;
    bool percent; /* values are fractions */
    double scale; /* value at the full width; 0 = the largest */
} nas_bars;

/* Horizontal bars, one a line; negative ones go left of a common zero. */
void nas_chart_bars(nas_text *out, const nas_bars *bars);

typedef struct nas_heat {
    const char *title, *description;
    const char *row_label, *column_label;
    const char *const *row, *const *column; /* names; NULL = none shown */
    int rows, columns;
    const double *value; /* [rows][columns]; NaN = empty */
    bool diverging; /* differences: blue above 0, orange below; else 0 to the largest */
    bool numbers;   /* write the values into the cells, and the table */
    bool percent;
    double width; /* of the SVG; 0 = as many cells need */
    double scale; /* value of the full colour; 0 = the largest */
} nas_heat;

/* Without names or numbers the table gives means over at most 12 x 12 blocks. */
void nas_chart_heat(nas_text *out, const nas_heat *heat);

/* One upright axis of parallel coordinates. */
typedef struct nas_parallel_axis {
    const char *label;
    double low, high;
    const char *const *level; /* names at 0, 1, ...; NULL = numbers */
    int n_levels;
    bool log, percent;
} nas_parallel_axis;

typedef struct nas_parallel {
    const char *title, *description;
    const nas_parallel_axis *axis; /* [axes] */
    int axes;
    const double *value;  /* [n][axes]; NaN = the line has a gap */
    const int64_t *trial; /* [n] */
    const int *shade;     /* [n] 0 to 4, the best are 4 and drawn last */
    int64_t n;
} nas_parallel;

/* Lines through axes. Scripts add brushing. */
void nas_chart_parallel(nas_text *out, const nas_parallel *parallel);

typedef struct nas_span {
    int lane;
    double from, to; /* seconds */
    const char *style, *tip;
    int64_t trial;
} nas_span;

typedef struct nas_timeline {
    const char *title, *description;
    const char *const *lane; /* names, [lanes] */
    int lanes;
    const nas_span *span;
    int64_t n;
    double seconds; /* at the right edge */
} nas_timeline;

void nas_chart_timeline(nas_text *out, const nas_timeline *timeline);

/* ---- shared by the charts ---------------------------------------------- */

/* "12.3 %", "45 %", "0.0123", "-" */
void nas_chart_number(double value, bool percent, char *out, size_t size);
/* Differences have a sign; of fractions they are points. */
void nas_chart_cell(const nas_heat *heat, double value, char *out, size_t size);
void nas_chart_bar_table(nas_text *out, const nas_bars *bars);
void nas_chart_heat_table(nas_text *out, const nas_heat *heat);
void nas_chart_timeline_table(nas_text *out, const nas_timeline *timeline);

#endif
