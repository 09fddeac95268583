#include "check.h"

#include "nasmith/file.h"
#include "nasmith/report.h"

#include <math.h>
#include <string.h>

static nas_bench_series series_of(const char *name, double height, bool reference)
{
    nas_bench_series s = {.name = name, .reference = reference, .runs = 7, .p = 0.0125};
    for (int i = 0; i < 3; i++) {
        double test = i == 0 ? (double)NAN : height + i;
        s.points[i] = (nas_bench_point){.test = test,
                                        .band = {test - 0.5, test + 0.5},
                                        .regret = i == 2 ? 0 : 3.25,
                                        .regret_band = {0, 4},
                                        .hypervolume = 0.75 + 0.1 * i};
    }
    s.targets[0].expected_when = (double)INFINITY;
    return s;
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (; (text = strstr(text, what)) != NULL; text++)
        n++;
    return n;
}

static void curves_bands_and_tables_are_there(void **state)
{
    (void)state;
    nas_err err = {0};
    char folder[64], path[128], *page = NULL;
    size_t bytes = 0;
    nas_table *table = NULL;
    static const char TEXT[] = "valid_1,test\n70,80\n60,90\n";
    nas_test_tmpdir(folder, sizeof folder);
    (void)snprintf(path, sizeof path, "%s/t.csv", folder);
    check_ok(nas_file_write(path, TEXT, strlen(TEXT), &err), err);
    check_ok(nas_table_load(path, NULL, &table, &err), err);
    nas_bench_series series[] = {series_of("random<1>", 80, false),
                                 series_of("evolution", 85, false),
                                 series_of("most MACs", 90, true)};
    nas_bench_options options = {.table = table, .runs = 7, .workers = 1};
    nas_bench_result result = {.axis = NAS_BENCH_EPOCHS,
                               .at = {10, 20, 50},
                               .n_points = 3,
                               .series = series,
                               .n_series = 3,
                               .n_methods = 2};
    check_ok(nas_report_bench_write(&options, &result, path, &err), err);
    check_ok(nas_file_read(path, 0, &page, &bytes, &err), err);
    assert_int_equal(count(page, "class=\"plot"), 2);
    assert_int_equal(count(page, "class=\"band"), 4); /* not of the reference */
    assert_int_equal(count(page, "class=\"m1\" d="), 2 + 2);
    assert_non_null(strstr(page, "random&lt;1&gt;"));
    assert_null(strstr(page, "random<1>"));
    assert_non_null(strstr(page, "<td>82.000\n"));
    char *script = strstr(page, "<script>"), *body = strstr(page, "<body>");
    assert_true(script != NULL && body != NULL);
    *script = '\0';
    assert_null(strstr(body, "nan"));
    assert_null(strstr(body, "inf"));
    *script = '<';
    assert_non_null(strstr(page, "</html>"));
    nas_heap_free(page);
    result.front = 5; /* with an objective there is one plot more */
    check_ok(nas_report_bench_write(&options, &result, path, &err), err);
    check_ok(nas_file_read(path, 0, &page, &bytes, &err), err);
    assert_int_equal(count(page, "class=\"plot"), 3);
    nas_heap_free(page);
    nas_table_free(table);
    check_ok(nas_file_remove(folder, &err), err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(curves_bands_and_tables_are_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
