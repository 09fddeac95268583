#include "data/make.h"

#include "nasmith/spectrum.h"

#include <math.h>

enum { ROWS = 9, STEPS = 300 };

static int16_t inputs[ROWS][STEPS];

static nas_dataset rows_of(char *folder)
{
    for (int i = 0; i < ROWS; i++)
        for (int t = 0; t < STEPS; t++)
            inputs[i][t] = (int16_t)((i * 7919 + t * t * (3 + i)) % 2001 - 1000);
    return (nas_dataset){.shape = {1, 1, STEPS},
                         .element = NAS_ELEMENT_I16,
                         .n_rows = ROWS,
                         .inputs = inputs,
                         .fingerprint = 2385,
                         .flippable = true,
                         .folder = folder};
}

static nas_graph *graph_of(int64_t bands)
{
    nas_err err = {0};
    nas_graph *graph = NULL;
    nas_value attr[NAS_ATTR_MAX];
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){1, 1, STEPS});
    nas_param_defaults(nas_op_get(NAS_OP_SPECTRUM)->params, attr);
    attr[NAS_ATTR_SPECTRUM_WINDOW].i = 64;
    attr[NAS_ATTR_SPECTRUM_HOP].i = 32;
    attr[NAS_ATTR_SPECTRUM_BANDS].i = bands;
    attr[NAS_ATTR_SPECTRUM_RATE].f = 8000;
    if (bands > 0)
        x = nas_graph_add(b, NAS_OP_SPECTRUM, attr, &x, 1, "");
    x = nas_graph_add_unary(b, NAS_OP_RELU, x, "");
    check_ok(nas_graph_finish(b, x, &graph, &err), err);
    nas_graph_builder_free(b);
    return graph;
}

/* Each row is what the spectrum gives for it. */
static void check_rows(const nas_dataset *raw, const nas_dataset *behind,
                       const nas_graph *graph)
{
    nas_err err = {0};
    nas_spectrum *spectrum = NULL;
    float in[STEPS];
    check_ok(nas_spectrum_new(graph, &spectrum, &err), err);
    const int64_t n = nas_shape_count(nas_spectrum_shape(spectrum));
    float *work = nas_heap_alloc((size_t)nas_spectrum_work(spectrum), sizeof *work);
    float *out = nas_heap_alloc((size_t)n, sizeof *out);
    assert_true(nas_shape_equal(behind->shape, nas_spectrum_shape(spectrum)));
    assert_int_equal(behind->element, NAS_ELEMENT_F32);
    assert_int_equal(behind->front, nas_graph_front_key(graph));
    assert_int_equal(behind->n_rows, ROWS);
    assert_false(behind->flippable);
    for (int64_t i = 0; i < ROWS; i++) {
        nas_dataset_row(raw, i, in);
        nas_spectrum_run(spectrum, in, work, out);
        assert_memory_equal((const float *)behind->inputs + i * n, out,
                            (size_t)n * sizeof *out);
    }
    nas_heap_free(out);
    nas_heap_free(work);
    nas_spectrum_free(spectrum);
}

/* @return the number of kept files; the name of the last in *name */
static int64_t count_files(const char *folder, nas_arena *arena, char **name)
{
    nas_err err = {0};
    char **names;
    int64_t n = 0, found = 0;
    check_ok(nas_file_list(folder, arena, &names, &n, &err), err);
    for (int64_t i = 0; i < n; i++)
        if (strncmp(names[i], "front-", 6) == 0) {
            *name = nas_file_join(arena, folder, names[i]);
            found++;
        }
    return found;
}

static void rows_are_computed_once_and_kept(void **state)
{
    nas_err err = {0};
    nas_arena *arena = nas_arena_new();
    char *name = NULL;
    nas_dataset raw = rows_of(*state), *behind = NULL;
    nas_graph *graph = graph_of(10), *other = graph_of(12);
    for (int round = 0; round < 2; round++) {
        check_ok(nas_dataset_front(&raw, graph, &behind, &err), err);
        check_rows(&raw, behind, graph);
        nas_dataset_close(behind);
        assert_int_equal(count_files(*state, arena, &name), 1);
    }
    /* The file is read, not made again: a change that keeps the checksum's rows wrong is
     * seen, one of the time is not. */
    char *bytes = NULL;
    size_t n = 0;
    check_ok(nas_file_read(name, 0, &bytes, &n, &err), err);
    bytes[100] = (char)(bytes[100] ^ 1);
    check_ok(nas_file_write(name, bytes, n, &err), err);
    nas_heap_free(bytes);
    check_ok(nas_dataset_front(&raw, graph, &behind, &err), err);
    check_rows(&raw, behind, graph);
    nas_dataset_close(behind);
    check_ok(nas_dataset_front(&raw, other, &behind, &err), err);
    check_rows(&raw, behind, other);
    nas_dataset_close(behind);
    assert_int_equal(count_files(*state, arena, &name), 2);
    nas_graph_free(other);
    nas_graph_free(graph);
    nas_arena_free(arena);
}

static void without_a_file_rows_are_in_memory(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_dataset raw = rows_of(NULL), *behind = NULL;
    nas_graph *graph = graph_of(10);
    check_ok(nas_dataset_front(&raw, graph, &behind, &err), err);
    check_rows(&raw, behind, graph);
    nas_dataset_close(behind);
    char full[] = "/dev/full/none";
    raw.folder = full;
    check_ok(nas_dataset_front(&raw, graph, &behind, &err), err);
    check_rows(&raw, behind, graph);
    nas_dataset_close(behind);
    nas_graph_free(graph);
}

static void nothing_to_compute_gives_nothing(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_dataset raw = rows_of(NULL), *behind = NULL, *again = NULL;
    nas_graph *plain = graph_of(0), *graph = graph_of(10);
    check_ok(nas_dataset_front(&raw, plain, &behind, &err), err);
    assert_null(behind);
    check_ok(nas_dataset_front(&raw, graph, &behind, &err), err);
    check_ok(nas_dataset_front(behind, graph, &again, &err), err);
    assert_null(again);
    nas_dataset_close(behind);
    nas_graph_free(graph);
    nas_graph_free(plain);
}

/* The same on kept rows and on rows that are computed for it. */
static void constants_are_fitted_behind(void **state)
{
    (void)state;
    nas_err err = {0};
    static const int64_t rows[4] = {8, 0, 3, 5};
    nas_front fitted[2];
    nas_arena *arena = nas_arena_new();
    nas_dataset raw = rows_of(NULL), *behind = NULL;
    nas_graph *graph = graph_of(10);
    check_ok(nas_dataset_front(&raw, graph, &behind, &err), err);
    check_ok(nas_dataset_front_fit(&raw, graph, rows, 4, false, arena, &fitted[0], &err),
             err);
    check_ok(
        nas_dataset_front_fit(behind, graph, rows, 4, false, arena, &fitted[1], &err),
        err);
    for (int k = 0; k < 2; k++) {
        assert_null(fitted[k].columns);
        assert_true(fitted[k].mean[0] == fitted[0].mean[0] && fitted[k].mean[0] < 0);
        assert_true(fitted[k].inverse_deviation[0] == fitted[0].inverse_deviation[0]);
        assert_true(fitted[k].inverse_deviation[0] > 0.05f);
    }
    nas_arena_free(arena);
    nas_dataset_close(behind);
    nas_graph_free(graph);
}

static void every_allocation_may_fail(void **state)
{
    int failures = 0;
    nas_dataset raw = rows_of(*state);
    nas_graph *graph = graph_of(10);
    for (int nth = 1;; nth++) {
        nas_dataset *behind = NULL;
        nas_err err = {0};
        nas_alloc_fail_nth(nth);
        nas_status status = nas_dataset_front(&raw, graph, &behind, &err);
        nas_alloc_fail_nth(0);
        const bool made = behind != NULL;
        nas_dataset_close(behind);
        if (status == NAS_OK && made && nth > 20)
            break;
        failures += status == NAS_E_NOMEM;
    }
    assert_true(failures > 2);
    nas_graph_free(graph);
}

static int make_folder(void **state)
{
    static char folder[64];
    nas_test_tmpdir(folder, sizeof folder);
    *state = folder;
    return 0;
}

static int remove_folder(void **state)
{
    return nas_file_remove(*state, NULL) == NAS_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_are_computed_once_and_kept, make_folder,
                                        remove_folder),
        cmocka_unit_test(without_a_file_rows_are_in_memory),
        cmocka_unit_test(nothing_to_compute_gives_nothing),
        cmocka_unit_test(constants_are_fitted_behind),
        cmocka_unit_test_setup_teardown(every_allocation_may_fail, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
