/* covers: charts.c, chart_table.c */
#include "check.h"

#include "report/charts.h"

#include <math.h>
#include <string.h>

static int count_of(const char *text, const char *word)
{
    int n = 0;
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
        n++;
    return n;
}

static double number_after(const char *text, const char *word)
{
    const char *at = strstr(text, word);
    assert_non_null(at);
    return strtod(at + strlen(word), NULL);
}

static void bars_are_as_long_as_their_values(void **state)
{
    (void)state;
    nas_text text = {0};
    nas_bar bar[] = {
        {.label = "a<b", .value = 0.8, .low = 0.7, .high = 0.9},
        {.label = "half",
         .value = 0.4,
         .low = (double)NAN,
         .high = (double)NAN,
         .note = "why"},
        {.label = "minus", .value = -0.2, .low = (double)NAN, .high = (double)NAN}};
    nas_bars bars = {
        .title = "title", .description = "what", .bar = bar, .n = 3, .percent = true};
    nas_chart_bars(&text, &bars);
    const char *svg = nas_text_string(&text);
    assert_int_equal(count_of(svg, "class=\"bar1\""), 3);
    assert_int_equal(count_of(svg, "class=\"whisker\""), 1);
    assert_non_null(strstr(svg, "<title>title</title><desc>what</desc>"));
    assert_null(strstr(svg, "a<b"));
    const char *first = strstr(svg, "bar1");
    const char *second = strstr(first + 1, "bar1");
    double a = number_after(first, " width=\""), b = number_after(second, " width=\"");
    assert_true(fabs(a - 2 * b) < 0.2);
    const char *third = strstr(second + 1, "bar1");
    double zero = number_after(svg, "class=\"zero\" d=\"M");
    assert_true(fabs(number_after(third, " x=\"") + number_after(third, " width=\"") -
                     zero) < 0.2);
    assert_non_null(strstr(svg, "<details><summary>Table</summary>")); /* and its table */
    assert_int_equal(count_of(svg, "<tr"), 4);
    assert_null(strstr(svg, "nan"));
    nas_text_free(&text);
}

static void heat_cells_follow_sign_and_size(void **state)
{
    (void)state;
    nas_text text = {0};
    const char *const names[] = {"one", "two"};
    const double value[] = {0.5, -0.25, (double)NAN, 0};
    nas_heat heat = {.title = "t",
                     .description = "d",
                     .row = names,
                     .column = names,
                     .rows = 2,
                     .columns = 2,
                     .value = value,
                     .diverging = true,
                     .numbers = true};
    nas_chart_heat(&text, &heat);
    const char *svg = nas_text_string(&text);
    assert_int_equal(count_of(svg, "class=\"hot\""), 2);
    assert_int_equal(count_of(svg, "class=\"cold\""), 1);
    assert_true(fabs(number_after(strstr(svg, "\"hot\""), "fill-opacity=\"") - 1) < 1e-6);
    assert_true(fabs(number_after(strstr(svg, "\"cold\""), "fill-opacity=\"") - 0.5) <
                1e-6);
    assert_non_null(strstr(svg, "one, two: -0.25"));
    assert_int_equal(count_of(svg, "<tr"), 3);
    assert_null(strstr(svg, "nan"));
    nas_text_free(&text);
}

static void lines_cross_their_axes_at_their_values(void **state)
{
    (void)state;
    nas_text text = {0};
    const char *const names[] = {"low", "high"};
    nas_parallel_axis axis[] = {
        {.label = "kind", .low = 0, .high = 1, .level = names, .n_levels = 2},
        {.label = "macs", .low = 100, .high = 10000, .log = true},
        {.label = "score", .low = 0.5, .high = 0.9, .percent = true}};
    const double value[] = {0, 1000, 0.7, 1, (double)NAN, 0.9};
    const int64_t trial[] = {3, 8};
    const int shade[] = {0, 4};
    nas_parallel p = {.title = "t",
                      .description = "d",
                      .axis = axis,
                      .axes = 3,
                      .value = value,
                      .trial = trial,
                      .shade = shade,
                      .n = 2};
    nas_chart_parallel(&text, &p);
    const char *svg = nas_text_string(&text);
    /* 316 is the bottom, 58 the top; the middle of both scales is 187. */
    assert_non_null(strstr(
        svg, "<g class=\"pl s0\">\n<path data-t=\"3\" d=\"M60 316 410 187 760 187\""));
    assert_non_null(strstr(svg, "data-t=\"8\" d=\"M60 58M760 58"));
    assert_int_equal(count_of(svg, "class=\"pax\""), 3);
    assert_non_null(strstr(svg, ">90.0 %<"));
    nas_text_free(&text);
}

static void spans_lie_in_their_lanes(void **state)
{
    (void)state;
    nas_text text = {0};
    const char *const lane[] = {"host/0", "a-very-long-worker-name/1"};
    nas_span span[] = {
        {.lane = 0, .from = 0, .to = 50, .style = "rung0", .tip = "#1", .trial = 1},
        {.lane = 1, .from = 50, .to = 100, .style = "lost", .trial = 2}};
    nas_timeline t = {.title = "t",
                      .description = "d",
                      .lane = lane,
                      .lanes = 2,
                      .span = span,
                      .n = 2,
                      .seconds = 100};
    nas_chart_timeline(&text, &t);
    const char *svg = nas_text_string(&text);
    double width = number_after(strstr(svg, "\"rung0\""), " width=\"");
    assert_true(fabs(width - 340) < 0.1);
    assert_true(fabs(number_after(strstr(svg, "\"lost\""), " x=\"") - 470) < 0.1);
    assert_int_equal((int)number_after(strstr(svg, "\"lost\""), " y=\""), 34);
    assert_non_null(strstr(svg, "1:40"));
    assert_non_null(strstr(svg, "<td>1<td>50.0<td>50 %")); /* boxes, seconds, share */
    const char *table = strstr(svg, "</svg>"),
               *name = strstr(svg, "a-very-long-worker-name/1");
    assert_true(name > table); /* cut in the drawing, whole in its table */
    nas_text_free(&text);
}

/* Numbers behind a plot: whole ones as such, fractions as per cent, none as a dash. */
static void tables_hold_the_numbers(void **state)
{
    (void)state;
    nas_text text = {0};
    const char *const word[] = {"#1", "a<b|c"};
    const double macs[] = {1234567, 0.0123456}, score[] = {0.91234, (double)NAN};
    const nas_chart_column columns[] = {
        {.name = "net|work", .word = word},
        {.name = "MACs", .value = macs},
        {.name = "score", .value = score, .percent = true}};
    nas_chart_table(&text, "caption", columns, 3, 0);
    assert_int_equal(text.length, 0);
    nas_chart_table(&text, "caption", columns, 3, 2);
    const char *html = nas_text_string(&text);
    assert_non_null(strstr(html, "<summary>Table</summary>"));
    assert_non_null(strstr(html, ">net&#124;work</th>"));
    assert_non_null(strstr(html, "<td class=\"t\">#1<td>1,234,567<td>91.23 %"));
    assert_non_null(strstr(html, "<td class=\"t\">a&lt;b|c<td>0.01235<td>-"));
    nas_text_free(&text);
}

/* 24 x 20 places become 12 x 12 means of blocks. */
static void maps_have_tables_of_means(void **state)
{
    (void)state;
    nas_text text = {0};
    double map[24 * 20];
    for (int i = 0; i < 24 * 20; i++)
        map[i] = i / 20 < 2 && i % 20 < 1 ? 0.5 : 0;
    const nas_heat heat = {.title = "t",
                           .description = "d",
                           .rows = 24,
                           .columns = 20,
                           .value = map,
                           .diverging = true};
    nas_chart_heat(&text, &heat);
    const char *html = nas_text_string(&text);
    /* Two rows of one cell, of the full colour. */
    assert_non_null(
        strstr(html, "class=\"hot\" fill-opacity=\"1\" d=\"M0 0h1v1h-1zM0 1h1v1h-1z\""));
    assert_int_equal(count_of(html, "<path"), 1);
    assert_int_equal(count_of(html, "<tr"), 13);
    assert_non_null(strstr(html, "<td class=\"t\">0–1<td>+0.5<td>+0"));
    assert_non_null(strstr(html, "<td class=\"t\">22–23<td>"));
    nas_heat labelled = heat; /* axes have names where places have none */
    labelled.row_label = "band";
    labelled.column_label = "frame";
    nas_text_clear(&text);
    nas_chart_heat(&text, &labelled);
    assert_non_null(strstr(nas_text_string(&text), ">band</text>"));
    assert_non_null(strstr(nas_text_string(&text), ">frame</text>"));
    nas_text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bars_are_as_long_as_their_values),
        cmocka_unit_test(heat_cells_follow_sign_and_size),
        cmocka_unit_test(lines_cross_their_axes_at_their_values),
        cmocka_unit_test(spans_lie_in_their_lanes),
        cmocka_unit_test(tables_hold_the_numbers),
        cmocka_unit_test(maps_have_tables_of_means),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
