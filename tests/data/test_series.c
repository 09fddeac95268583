#include "data/make.h"

#include "data/series.h"

/* Recording i has steps[i] steps of two channels; step t of channel c of recording i is
 * 1000 i + 10 t + c. */
typedef struct fixture {
    nas_source source;
    nas_data_options options;
    nas_series series;
    float rows[64][64];
    int64_t n;
} fixture;

static void set_up(fixture *f, int64_t *steps, int64_t n)
{
    static char path[] = "set";
    memset(f, 0, sizeof *f);
    f->options = nas_data_options_default();
    f->source = (nas_source){.arena = nas_arena_new(),
                             .options = &f->options,
                             .path = path,
                             .element = NAS_ELEMENT_F32};
    f->series = (nas_series){.n = n, .steps = steps, .channels = 2};
}

static nas_status take_row(void *context, int64_t row, const void *input, nas_err *err)
{
    fixture *f = context;
    (void)err;
    assert_int_equal(row, f->n++);
    size_t n = (size_t)nas_shape_count(f->source.shape);
    if (f->source.element == NAS_ELEMENT_F32)
        memcpy(f->rows[row], input, n * sizeof(float));
    else
        for (size_t i = 0; i < n; i++)
            f->rows[row][i] = ((const int16_t *)input)[i];
    return NAS_OK;
}

static nas_status write_all(fixture *f, int64_t n_steps_less, nas_err *err)
{
    nas_series_writer writer;
    nas_sink sink = {.row = take_row, .context = f};
    NAS_TRY(nas_series_writer_init(&writer, &f->source, &f->series, &sink, err));
    for (int64_t i = 0; i < f->series.n; i++) {
        for (int64_t t = 0; t < f->series.steps[i] - n_steps_less; t++) {
            float values[2] = {(float)(1000 * i + 10 * t),
                               (float)(1000 * i + 10 * t + 1)};
            NAS_TRY(nas_series_put(&writer, values, err));
        }
        NAS_TRY(nas_series_end(&writer, err));
    }
    return NAS_OK;
}

static void whole_recordings_are_padded(void **state)
{
    static int64_t steps[3] = {4, 2, 3};
    static fixture f;
    const nas_schema schema = {.label = NULL};
    nas_err err = {0};
    (void)state;
    set_up(&f, steps, 3);
    check_ok(nas_series_plan(&f.source, &f.series, &schema, &err), err);
    assert_int_equal(f.series.length, 4);
    assert_null(f.series.n_rows);
    assert_string_equal(f.source.warnings[0], "2 of 3 recordings are shorter than 4 "
                                              "steps: filled up with zeros");
    check_ok(write_all(&f, 0, &err), err);
    assert_int_equal(f.n, 3);
    static const float second[8] = {1000, 1010, 0, 0, 1001, 1011, 0, 0};
    assert_memory_equal(f.rows[1], second, sizeof second);
    nas_arena_free(f.source.arena);
}

/* One recording of ten is ten times as long: it is cut, not the others filled. */
static void rare_long_ones_do_not_count(void **state)
{
    static int64_t steps[40];
    static fixture f;
    const nas_schema schema = {.label = NULL};
    nas_err err = {0};
    (void)state;
    for (int i = 0; i < 40; i++)
        steps[i] = i == 7 ? 17 : 8;
    set_up(&f, steps, 40);
    check_ok(nas_series_plan(&f.source, &f.series, &schema, &err), err);
    assert_int_equal(f.series.length, 8);
    assert_non_null(strstr(f.source.warnings[0], "1 of 40 recordings are longer"));
    check_ok(write_all(&f, 0, &err), err);
    assert_true(f.rows[7][0] == 7040.0f); /* the middle: steps 4 to 11 */
    assert_true(f.rows[7][7] == 7110.0f);
    steps[7] = 16; /* not more than twice */
    check_ok(nas_series_plan(&f.source, &f.series, &schema, &err), err);
    assert_int_equal(f.series.length, 16);
    nas_arena_free(f.source.arena);
}

static void options_and_schema_fix_the_length(void **state)
{
    static int64_t steps[2] = {4, 6};
    static fixture f;
    const nas_schema schema = {.shape = {2, 1, 5}};
    nas_err err = {0};
    (void)state;
    set_up(&f, steps, 2);
    check_ok(nas_series_plan(&f.source, &f.series, &schema, &err), err);
    assert_int_equal(f.series.length, 5);
    f.options.length = 3;
    check_ok(nas_series_plan(&f.source, &f.series, &schema, &err), err);
    assert_true(nas_shape_equal(f.source.shape, (nas_shape){2, 1, 3}));
    nas_arena_free(f.source.arena);
}

static void check_windows(int64_t window, int64_t step, const float *first, int64_t n)
{
    static int64_t steps[3] = {7, 2, 3};
    static fixture f;
    const nas_schema schema = {.label = NULL};
    nas_err err = {0};
    set_up(&f, steps, 3);
    f.options.window = window;
    f.options.step = step;
    check_ok(nas_series_plan(&f.source, &f.series, &schema, &err), err);
    check_ok(write_all(&f, 0, &err), err);
    assert_int_equal(f.n, n);
    for (int64_t i = 0; i < n; i++)
        for (int64_t t = 0; t < window; t++) {
            assert_true(f.rows[i][t] == first[i] + (float)(10 * t));
            assert_true(f.rows[i][window + t] == first[i] + (float)(10 * t + 1));
        }
    nas_arena_free(f.source.arena);
}

static void windows_overlap_touch_or_skip(void **state)
{
    static const float overlap[4] = {0, 20, 40, 2000};
    static const float touch[3] = {0, 30, 2000};
    static const float far[4] = {0, 50, 1000, 2000};
    static const float skip[3] = {0, 40, 2000};
    (void)state;
    check_windows(3, 2, overlap, 4);
    check_windows(3, 0, touch, 3);
    check_windows(3, 4, skip, 3);
    check_windows(2, 5, far, 4);
}

static void recordings_without_a_window_are_told(void **state)
{
    static int64_t steps[2] = {3, 4};
    static fixture f;
    const nas_schema schema = {.label = NULL};
    nas_err err = {0};
    (void)state;
    set_up(&f, steps, 2);
    f.options.window = 5;
    assert_int_equal(nas_series_plan(&f.source, &f.series, &schema, &err), NAS_E_DATA);
    assert_non_null(strstr(err.text, "no recording has the 5 steps of a window, the "
                                     "longest has 4"));
    f.options.window = 4;
    check_ok(nas_series_plan(&f.source, &f.series, &schema, &err), err);
    assert_string_equal(f.source.warnings[0],
                        "1 of 2 recordings are shorter than a window: left out");
    assert_int_equal(write_all(&f, 1, &err), NAS_E_DATA);
    assert_non_null(strstr(err.text, "changed while it was read"));
    nas_arena_free(f.source.arena);
}

static void integers_are_rounded_and_clipped(void **state)
{
    static int64_t steps[1] = {2};
    static fixture f;
    const nas_schema schema = {.label = NULL};
    nas_err err = {0};
    nas_series_writer writer;
    nas_sink sink = {.row = take_row, .context = &f};
    static const float values[2][2] = {{1.6f, -40000.0f}, {-1.4f, 32767.0f}};
    (void)state;
    set_up(&f, steps, 1);
    f.source.element = NAS_ELEMENT_I16;
    check_ok(nas_series_plan(&f.source, &f.series, &schema, &err), err);
    check_ok(nas_series_writer_init(&writer, &f.source, &f.series, &sink, &err), err);
    check_ok(nas_series_put(&writer, values[0], &err), err);
    check_ok(nas_series_put(&writer, values[1], &err), err);
    check_ok(nas_series_end(&writer, &err), err);
    assert_true(f.rows[0][0] == 2.0f && f.rows[0][1] == -1.0f);
    assert_true(f.rows[0][2] == -32768.0f && f.rows[0][3] == 32767.0f);
    assert_int_equal(writer.n_clipped, 1);
    nas_arena_free(f.source.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_recordings_are_padded),
        cmocka_unit_test(rare_long_ones_do_not_count),
        cmocka_unit_test(options_and_schema_fix_the_length),
        cmocka_unit_test(windows_overlap_touch_or_skip),
        cmocka_unit_test(recordings_without_a_window_are_told),
        cmocka_unit_test(integers_are_rounded_and_clipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
