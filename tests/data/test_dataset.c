#include "data/make.h"

#include "data/sealed.h"
#include "data/source.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

/* Rows of a data set in memory, any element type. */
static nas_dataset in_memory(nas_element element, nas_shape shape, const void *inputs,
                             int64_t n)
{
    return (nas_dataset){
        .shape = shape, .element = element, .n_rows = n, .inputs = inputs};
}

static void rows_come_as_floats(void **state)
{
    static const int16_t inputs[2][4] = {{1, -2, 3, -4}, {500, -600, 700, 32767}};
    nas_dataset data = in_memory(NAS_ELEMENT_I16, (nas_shape){2, 1, 2}, inputs, 2);
    float out[4];
    (void)state;
    nas_dataset_row(&data, 1, out);
    for (int i = 0; i < 4; i++)
        assert_true(out[i] == (float)inputs[1][i]);
}

/* Against a plain computation on the chosen rows, for every element type. */
static void standardise_is_mean_and_deviation(void **state)
{
    static uint8_t u8[6][4];
    static int8_t i8[6][4];
    static int16_t i16[6][4];
    static int32_t i32[6][4];
    static float f32[6][4];
    const void *const inputs[] = {u8, i8, i16, i32, f32};
    static const int64_t rows[3] = {5, 0, 2};
    (void)state;
    for (int i = 0; i < 6; i++)
        for (int k = 0; k < 4; k++) {
            int value = (i * 29 + k * 17) % 97;
            u8[i][k] = (uint8_t)value;
            i8[i][k] = (int8_t)(value - 40);
            i16[i][k] = (int16_t)(value * 100 - 3000);
            i32[i][k] = value * 100000;
            f32[i][k] = 2.385f * (float)value;
        }
    for (int e = NAS_ELEMENT_U8; e <= NAS_ELEMENT_F32; e++) {
        nas_dataset data = in_memory((nas_element)e, (nas_shape){2, 1, 2}, inputs[e], 6);
        float mean[2], inverse[2], row[4];
        nas_dataset_fit_standardise(&data, rows, 3, mean, inverse);
        for (int c = 0; c < 2; c++) {
            double sum = 0.0, squares = 0.0;
            for (int pass = 0; pass < 2; pass++)
                for (int i = 0; i < 3; i++) {
                    nas_dataset_row(&data, rows[i], row);
                    for (int k = 0; k < 2; k++)
                        if (pass == 0)
                            sum += (double)row[2 * c + k] / 6.0;
                        else
                            squares += pow((double)row[2 * c + k] - sum, 2.0) / 6.0;
                }
            assert_true(fabs((double)mean[c] - sum) <= 1e-6 * fabs(sum));
            assert_true(fabs((double)inverse[c] * sqrt(squares) - 1.0) < 1e-6);
        }
    }
}

/* A large offset must not eat the deviation, and rounding must not pass for one. */
static void standardise_survives_offsets(void **state)
{
    static float inputs[1000][2];
    static int64_t rows[1000];
    nas_dataset data = in_memory(NAS_ELEMENT_F32, (nas_shape){2, 1, 1}, inputs, 1000);
    float mean[2], inverse[2];
    (void)state;
    for (int i = 0; i < 1000; i++) {
        inputs[i][0] = 1e6f + (float)(i % 2);
        inputs[i][1] = 0.1f;
        rows[i] = i;
    }
    nas_dataset_fit_standardise(&data, rows, 1000, mean, inverse);
    assert_true(fabs((double)inverse[0] - 2.0) < 1e-5);
    assert_true(inverse[1] == 1.0f);
    assert_true(mean[1] == 0.1f);
}

static void parts_open_from_a_folder(void **state)
{
    nas_err err = {0};
    nas_dataset *search = NULL;
    nas_dataset *sealed = NULL;
    nas_data_summary summary;
    nas_data_options options = nas_data_options_default();
    make_images(*state, "", 200, 4);
    const char *folder = make_path(*state, "prepared");
    check_ok(nas_data_prepare(*state, &options, folder, &summary, &err), err);
    check_ok(nas_dataset_open(folder, &search, &err), err);
    check_ok(nas_sealed_open(folder, &sealed, &err), err);
    assert_int_equal(search->n_rows, 170);
    assert_int_equal(sealed->n_rows, 30);
    assert_int_equal(search->n_train + search->n_validation, 170);
    assert_int_equal(sealed->n_train + sealed->n_validation, 0);
    assert_null(sealed->train);
    assert_true(search->fingerprint == sealed->fingerprint);
    assert_true(search->fingerprint == summary.fingerprint);
    nas_dataset_close(search);
    nas_dataset_close(sealed);
    nas_dataset_close(NULL);
    nas_data_summary_free(&summary);
}

static void an_absent_folder_is_an_error(void **state)
{
    nas_err err = {0};
    nas_dataset *data = NULL;
    assert_int_equal(nas_dataset_open(make_path(*state, "absent"), &data, &err),
                     NAS_E_IO);
    assert_non_null(strstr(err.text, "search.nasd"));
    assert_null(data);
}

/* Memory of this process that is pages of files. */
static int64_t file_bytes(void)
{
    int64_t total = 0, resident = 0, shared = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(
        fscanf(file, "%" SCNd64 " %" SCNd64 " %" SCNd64, &total, &resident, &shared), 3);
    assert_int_equal(fclose(file), 0);
    return shared * (int64_t)sysconf(_SC_PAGESIZE);
}

/* A file with holes is as good as any: its pages count alike. */
static void a_large_map_does_not_fill_the_memory(void **state)
{
    enum { ROW = 64 << 10, ROWS = 4400 };
    const int64_t most = INT64_C(170) << 20;
    nas_err err = {0};
    const char *path = make_text(*state, "holes", "x");
    nas_dataset data = {.element = NAS_ELEMENT_U8, .shape = {1, 256, 256}};
    float *row = malloc(ROW * sizeof *row);
    assert_non_null(row);
    assert_int_equal(truncate(path, (off_t)ROWS * ROW), 0);
    check_ok(nas_file_map_open(path, &data.map, &err), err);
    data.arena = nas_arena_new();
    data.inputs = data.map.data;
    check_ok(nas_dataset_watch_pages(&data, &err), err);
    const int64_t before = file_bytes();
    for (int64_t i = 0; i < ROWS; i++) {
        nas_dataset_row(&data, i * 1009 % ROWS, row);
        assert_true(row[0] == (i * 1009 % ROWS == 0 ? 'x' : 0.0f));
        if (i % 256 == 0)
            assert_true(file_bytes() - before < most);
    }
    free(row);
    nas_file_unmap(&data.map);
    nas_arena_free(data.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_as_floats),
        cmocka_unit_test(standardise_is_mean_and_deviation),
        cmocka_unit_test(standardise_survives_offsets),
        data_test(parts_open_from_a_folder),
        data_test(an_absent_folder_is_an_error),
        data_test(a_large_map_does_not_fill_the_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
