#include "check.h"

#include "report/svg.h"

#include <math.h>
#include <string.h>

static void escapes_what_would_break_the_page(void **state)
{
    (void)state;
    nas_text text = {0};
    nas_svg_escape(&text, "a<b & \"c\">");
    assert_string_equal(nas_text_string(&text), "a&lt;b &amp; &quot;c&quot;&gt;");
    nas_text_free(&text);
}

static void axis_holds_what_was_included(void **state)
{
    (void)state;
    nas_axis axis = {.low = 1, .high = 0};
    nas_axis_include(&axis, (double)NAN);
    nas_axis_include(&axis, 0.625);
    nas_axis_include(&axis, 0.875);
    nas_axis_include(&axis, HUGE_VAL);
    assert_true(axis.low == 0.625 && axis.high == 0.875);
    nas_axis_pad(&axis);
    assert_true(axis.low < 0.625 && axis.high > 0.875 && axis.high < 1);

    nas_axis empty = {.low = 1, .high = 0};
    nas_axis_pad(&empty);
    assert_true(empty.high > empty.low);
    nas_axis one = {.low = 3.5, .high = 3.5};
    nas_axis_pad(&one);
    assert_true(one.low < 3.5 && one.high > 3.5);

    nas_axis log = {.low = 1, .high = 0, .log = true};
    nas_axis_include(&log, -2);
    assert_true(log.low > log.high);
}

/* Where a value lands: read back from the mark. */
static double mark_x(const char *svg)
{
    const char *at = strstr(svg, "cx=\"");
    assert_non_null(at);
    return strtod(at + 4, NULL);
}

static void marks_lie_where_their_values_are(void **state)
{
    (void)state;
    nas_text text = {0};
    nas_axis x = {.label = "x", .low = 100, .high = 10000, .log = true};
    nas_axis y = {.label = "y", .low = 0, .high = 1, .percent = true};
    nas_plot plot = nas_plot_begin(&text, 400, 200, x, y, "title", "what it shows");
    size_t before = text.length;
    nas_plot_point(&plot, 1000, 0.5, 3, "trial", "tip <1>");
    double middle = (plot.left + plot.right) / 2;
    assert_true(fabs(mark_x(text.data + before) - middle) < 0.1);
    assert_non_null(strstr(text.data + before, "<title>tip &lt;1&gt;</title></circle>"));

    before = text.length;
    nas_plot_point(&plot, (double)NAN, 0.5, 3, "trial", NULL);
    assert_int_equal(before, text.length);

    double xs[] = {100, 1000, 10000}, ys[] = {0.25, (double)NAN, 0.75};
    nas_plot_line(&plot, xs, ys, 3, "curve", NULL);
    const char *path = strstr(text.data + before, "d=\"M");
    assert_non_null(path);
    assert_non_null(strchr(path, 'L'));
    nas_plot_steps(&plot, xs, ys, 3, "bestline", NULL);
    nas_plot_diamond(&plot, 500, 0.5, 4, "final", "tip");
    nas_plot_end(&plot);
    const char *all = nas_text_string(&text);
    assert_non_null(strstr(all, "<title>title</title><desc>what it shows</desc>"));
    assert_non_null(strstr(all, ">40 %<"));
    assert_non_null(strstr(all, "</svg>"));
    nas_text_free(&text);
}

static void whole_axis_has_whole_ticks(void **state)
{
    (void)state;
    nas_text text = {0};
    nas_axis x = {.label = "epoch", .low = 0, .high = 2, .whole = true};
    nas_axis y = {.label = "loss", .low = 0.5, .high = 2.385};
    nas_plot plot = nas_plot_begin(&text, 400, 200, x, y, "t", "d");
    nas_plot_end(&plot);
    assert_null(strstr(nas_text_string(&text), "middle\">0.5<"));
    nas_text_free(&text);
}

static void areas_and_intervals_span_their_values(void **state)
{
    (void)state;
    nas_text text = {0};
    nas_axis x = {.label = "x", .low = 0, .high = 10},
             y = {.label = "y", .high = 4096, .bytes = true};
    nas_plot plot = nas_plot_begin_at(&text, (nas_frame){300, 158, 76}, x, y, "t", "d");
    assert_true(plot.left == 76 && plot.right == 276);
    assert_non_null(strstr(nas_text_string(&text), "max-width:300px"));
    assert_non_null(strstr(nas_text_string(&text), ">2 KiB<"));
    size_t before = text.length;
    plot.trial = 42;
    nas_plot_box(&plot, (double[2]){2.5, 1024}, (double[2]){7.5, 3072}, "mem", "tip");
    assert_string_equal(text.data + before,
                        "<rect class=\"mem\" x=\"126.0\" y=\"39.0\" width=\"100.0\" "
                        "height=\"50.0\" data-t=\"42\"><title>tip</title></rect>\n");
    before = text.length;
    double xs[] = {0, 10}, low[] = {0, 1024}, high[] = {2048, 4096};
    nas_plot_band(&plot, xs, low, high, 2, "band");
    assert_string_equal(text.data + before,
                        "<path class=\"band\" d=\"M76.0 64.0L276.0 14.0L276.0 "
                        "89.0L76.0 114.0Z\"/>\n");
    before = text.length;
    nas_plot_interval(&plot, 5, (double)NAN, 3);
    nas_plot_band(&plot, xs, low, high, 0, "band");
    assert_int_equal(before, text.length);
    nas_plot_interval(&plot, 5, 1024, 2048);
    assert_non_null(strstr(text.data + before, "M176.0 89.0V64.0"));
    nas_plot_level(&plot, 2048, "bad", "a < b");
    assert_non_null(strstr(text.data + before, "a &lt; b</text>"));
    nas_text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(areas_and_intervals_span_their_values),
        cmocka_unit_test(escapes_what_would_break_the_page),
        cmocka_unit_test(axis_holds_what_was_included),
        cmocka_unit_test(marks_lie_where_their_values_are),
        cmocka_unit_test(whole_axis_has_whole_ticks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
