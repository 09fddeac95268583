#include "fixture.h"

static void test_blobs(fixture *f)
{
    nas_err err = {0};
    void *bytes = NULL;
    size_t size = 9;
    check_ok(nas_study_get_blob(f->study, "model-1.nasm", &bytes, &size, &err), err);
    assert_null(bytes);
    assert_int_equal(size, 0);
    check_ok(nas_study_put_blob(f->study, "model-1.nasm", "one\0two", 7, &err), err);
    check_ok(nas_study_put_blob(f->study, "model-1.nasm", "three", 5, &err), err);
    check_ok(nas_study_get_blob(f->study, "model-1.nasm", &bytes, &size, &err), err);
    assert_int_equal(size, 5);
    assert_memory_equal(bytes, "three", 5);
    nas_heap_free(bytes);
    check_ok(nas_study_drop_blob(f->study, "model-1.nasm", &err), err);
    check_ok(nas_study_drop_blob(f->study, "model-1.nasm", &err), err);
    check_ok(nas_study_get_blob(f->study, "model-1.nasm", &bytes, &size, &err), err);
    assert_null(bytes);
}

static void blobs(void **state)
{
    (void)state;
    check_both(test_blobs);
}

static void test_names(fixture *f)
{
    static const char *const bad[] = {"",    ".",     "..",      "../x",
                                      "a/b", "Upper", ".hidden", "sp ace"};
    nas_err err = {0};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(nas_study_put_blob(f->study, bad[i], "", 0, &err),
                         NAS_E_INTERNAL);
    check_ok(nas_study_put_blob(f->study, "epoch-3_a.ckpt", "", 0, &err), err);
}

static void names(void **state)
{
    (void)state;
    check_both(test_names);
}

/* A failed write leaves the old bytes. */
static void test_faults(fixture *f)
{
    nas_err err = {0};
    int64_t nth = 1;
    check_ok(nas_study_put_blob(f->study, "w", "old", 3, &err), err);
    for (; nth < 20; nth++) {
        nas_file_fail_nth(nth);
        nas_status status = nas_study_put_blob(f->study, "w", "new", 3, &err);
        nas_file_fail_nth(0);
        if (status == NAS_OK)
            break;
        assert_int_equal(status, NAS_E_IO);
        void *bytes = NULL;
        size_t size = 0;
        check_ok(nas_study_get_blob(f->study, "w", &bytes, &size, &err), err);
        assert_int_equal(size, 3);
        assert_true(memcmp(bytes, "old", 3) == 0 || memcmp(bytes, "new", 3) == 0);
        nas_heap_free(bytes);
    }
    assert_true(nth > 1 && nth < 20);
}

static void faults(void **state)
{
    (void)state;
    check_both(test_faults);
}

static void the_memory_store_leaves_nothing(void **state)
{
    (void)state;
    fixture f = {0};
    nas_err err = {0};
    char folder[200];
    fixture_open(&f, ":memory:");
    check_ok(nas_study_put_blob(f.study, "w", "old", 3, &err), err);
    (void)snprintf(folder, sizeof folder, "%s", nas_study_folder(f.study));
    assert_true(nas_file_is_directory(folder));
    fixture_close(&f);
    assert_false(nas_file_exists(folder));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blobs),
        cmocka_unit_test(names),
        cmocka_unit_test(faults),
        cmocka_unit_test(the_memory_store_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
