#include "data/make.h"

#include "data/prepared.h"

enum { N = 5, CLASSES = 2 };

static const int32_t labels[N] = {0, 1, 1, 0, 1};
static const int64_t train[3] = {4, 0, 2};
static const int64_t validation[2] = {1, 3};
static const uint8_t inputs[N * 6] = {2, 3, 8, 5, 11, 13, 17, 19, 23};

static nas_dataset meta(void)
{
    static char a[] = "a", b[] = "b";
    static char *names[CLASSES] = {a, b};
    return (nas_dataset){.task = NAS_TASK_CLASSIFICATION,
                         .shape = {1, 2, 3},
                         .element = NAS_ELEMENT_U8,
                         .n_rows = N,
                         .n_outputs = CLASSES,
                         .label_names = names,
                         .n_train = 3,
                         .n_validation = 2,
                         .split = NAS_SPLIT_GROUP,
                         .flippable = true,
                         .fingerprint = UINT64_C(0x2385)};
}

static nas_status put_section(nas_prepared_writer *writer, const char *name,
                              const void *data, size_t bytes, nas_err *err)
{
    NAS_TRY(nas_prepared_section_begin(writer, name, err));
    return nas_prepared_put(writer, data, bytes, err);
}

static nas_status write_sections(nas_prepared_writer *writer, const char *path,
                                 const nas_dataset *data, nas_err *err)
{
    NAS_TRY(nas_prepared_open_writer(writer, path, err));
    NAS_TRY(put_section(writer, "inputs", inputs, sizeof inputs, err));
    NAS_TRY(put_section(writer, "labels", labels, sizeof labels, err));
    NAS_TRY(put_section(writer, "train", train, sizeof train, err));
    NAS_TRY(put_section(writer, "validation", validation, sizeof validation, err));
    NAS_TRY(nas_prepared_finish(writer, data, NULL, err));
    return nas_prepared_commit(writer, err);
}

static nas_status write_file(const char *path, const nas_dataset *data, nas_err *err)
{
    nas_prepared_writer writer = {.used = 0};
    nas_status status = write_sections(&writer, path, data, err);
    nas_prepared_abort(&writer);
    return status;
}

static void what_is_written_is_read(void **state)
{
    nas_err err = {0};
    nas_dataset from = meta();
    nas_dataset *data = NULL;
    const char *path = make_path(*state, "x.nasd");
    check_ok(write_file(path, &from, &err), err);
    check_ok(nas_prepared_map(path, &data, &err), err);
    assert_int_equal(data->task, NAS_TASK_CLASSIFICATION);
    assert_true(nas_shape_equal(data->shape, from.shape));
    assert_int_equal(data->element, NAS_ELEMENT_U8);
    assert_int_equal(data->n_rows, N);
    assert_int_equal(data->split, NAS_SPLIT_GROUP);
    assert_true(data->flippable);
    assert_true(data->fingerprint == UINT64_C(0x2385));
    assert_string_equal(data->label_names[1], "b");
    assert_null(data->feature_names);
    assert_null(data->groups);
    assert_memory_equal(data->inputs, inputs, sizeof inputs);
    assert_memory_equal(data->labels, labels, sizeof labels);
    assert_memory_equal(data->train, train, sizeof train);
    assert_memory_equal(data->validation, validation, sizeof validation);
    assert_int_equal((uintptr_t)data->inputs % NAS_PREPARED_ALIGN, 0);
    assert_int_equal((uintptr_t)data->train % NAS_PREPARED_ALIGN, 0);
    nas_dataset_close(data);
}

static nas_status parse(const void *bytes, size_t n, nas_err *err)
{
    nas_dataset *data = NULL;
    nas_status status = nas_prepared_parse(bytes, n, "x.nasd", &data, err);
    assert_true((status == NAS_OK) == (data != NULL));
    nas_dataset_close(data);
    return status;
}

/* Whatever single byte is wrong, wherever the file ends: never accepted, never a crash.
 */
static void any_damage_is_noticed(void **state)
{
    nas_err err = {0};
    nas_dataset from = meta();
    char *bytes = NULL;
    size_t n = 0;
    const char *path = make_path(*state, "x.nasd");
    check_ok(write_file(path, &from, &err), err);
    check_ok(nas_file_read(path, 0, &bytes, &n, &err), err);
    check_ok(parse(bytes, n, &err), err);
    for (size_t i = 0; i < n; i++) {
        bytes[i] = (char)(bytes[i] ^ 0x10);
        assert_int_equal(parse(bytes, n, &err), NAS_E_DATA);
        bytes[i] = (char)(bytes[i] ^ 0x10);
    }
    for (size_t i = 0; i < n; i++)
        assert_int_equal(parse(bytes, i, &err), NAS_E_DATA);
    nas_heap_free(bytes);
}

static void another_version_says_so(void **state)
{
    nas_err err = {0};
    nas_dataset from = meta();
    char *bytes = NULL;
    size_t n = 0;
    const char *path = make_path(*state, "x.nasd");
    check_ok(write_file(path, &from, &err), err);
    check_ok(nas_file_read(path, 0, &bytes, &n, &err), err);
    bytes[8] = 9;
    assert_int_equal(parse(bytes, n, &err), NAS_E_DATA);
    assert_non_null(strstr(err.text, "has version 9, this program reads 1"));
    nas_heap_free(bytes);
}

/* Counts that do not fit the sections, with a correct checksum. */
static void false_counts_are_refused(void **state)
{
    static const struct {
        const char *words;
        int64_t n_rows, n_outputs, n_train;
    } cases[] = {
        {"inputs", N + 1, CLASSES, 3},
        {"labels", N, 1, 3},
        {"train", N, CLASSES, 4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nas_err err = {0};
        nas_dataset *data = NULL;
        nas_dataset from = meta();
        const char *path = make_path(*state, "x.nasd");
        from.n_rows = cases[i].n_rows;
        from.n_outputs = cases[i].n_outputs;
        from.n_train = cases[i].n_train;
        check_ok(write_file(path, &from, &err), err);
        assert_int_equal(nas_prepared_map(path, &data, &err), NAS_E_DATA);
        assert_non_null(strstr(err.text, cases[i].words));
    }
}

static void indices_outside_are_refused(void **state)
{
    nas_err err = {0};
    nas_dataset *data = NULL;
    nas_dataset from = meta();
    nas_prepared_writer writer = {.used = 0};
    static const int64_t beyond[3] = {0, 1, N};
    const char *path = make_path(*state, "x.nasd");
    check_ok(nas_prepared_open_writer(&writer, path, &err), err);
    check_ok(put_section(&writer, "inputs", inputs, sizeof inputs, &err), err);
    check_ok(put_section(&writer, "labels", labels, sizeof labels, &err), err);
    check_ok(put_section(&writer, "train", beyond, sizeof beyond, &err), err);
    check_ok(put_section(&writer, "validation", validation, sizeof validation, &err),
             err);
    check_ok(nas_prepared_finish(&writer, &from, NULL, &err), err);
    check_ok(nas_prepared_commit(&writer, &err), err);
    nas_prepared_abort(&writer);
    assert_int_equal(nas_prepared_map(path, &data, &err), NAS_E_DATA);
    assert_non_null(strstr(err.text, "train"));
}

/* A disk that is full at any moment leaves no file and no temporary one. */
static void a_full_disk_leaves_nothing(void **state)
{
    nas_dataset from = meta();
    char path[1024];
    int64_t nth = 1;
    (void)snprintf(path, sizeof path, "%s", make_path(*state, "x.nasd"));
    for (;; nth++) {
        nas_err err = {0};
        char **names = NULL;
        int64_t n = 0;
        nas_arena *arena = nas_arena_new();
        nas_file_fail_nth(nth);
        nas_status status = write_file(path, &from, &err);
        nas_file_fail_nth(0);
        check_ok(nas_file_list(*state, arena, &names, &n, &err), err);
        nas_arena_free(arena);
        if (status == NAS_OK)
            break;
        assert_int_equal(status, NAS_E_IO);
        assert_non_null(strstr(err.text, "No space left"));
        assert_true(n == 0 ||
                    nas_file_exists(path)); /* the rename itself had succeeded */
        check_ok(nas_file_remove(path, &err), err);
    }
    assert_true(nth > 2);
}

static void an_absent_summary_is_noticed(void **state)
{
    nas_err err = {0};
    nas_dataset from = meta();
    nas_data_summary summary;
    const char *path = make_path(*state, "x.nasd");
    check_ok(write_file(path, &from, &err), err);
    assert_int_equal(nas_prepared_read_summary(path, &summary, &err), NAS_E_DATA);
    assert_non_null(strstr(err.text, "summary"));
    assert_null(summary.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        data_test(what_is_written_is_read),      data_test(any_damage_is_noticed),
        data_test(another_version_says_so),      data_test(false_counts_are_refused),
        data_test(indices_outside_are_refused),  data_test(a_full_disk_leaves_nothing),
        data_test(an_absent_summary_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
