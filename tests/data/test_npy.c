#include "data/make_npy.h"

#include "data/npy.h"

static void numbers_of_every_type_are_read(void **state)
{
    static const uint8_t bytes[] = {0, 1, 0xff, 0x7f};
    static const struct {
        const char *descr;
        double first;
    } cases[] = {
        {"|u1", 0},   {"<u2", 256},          {">u2", 1},
        {"<i2", 256}, {"<u4", 2147418368.0}, {">i4", 0x0001ff7f},
        {"|b1", 0},   {">f4", 1.83490e-40},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nas_err err = {0};
        nas_npy_file file;
        double *values = NULL;
        nas_arena *arena = nas_arena_new();
        int width = cases[i].descr[2] - '0';
        const char *path = make_npy(*state, "x.npy", cases[i].descr,
                                    width == 1   ? "(4,)"
                                    : width == 2 ? "(2,)"
                                                 : "(1,)",
                                    bytes, 4);
        check_ok(nas_npy_open(&file, path, NULL, &err), err);
        check_ok(nas_npy_read_numbers(&file, arena, &values, &err), err);
        if (fabs(values[0] - cases[i].first) > 1e-44)
            fail_msg("%s: %g", cases[i].descr, values[0]);
        nas_npy_close(&file);
        nas_arena_free(arena);
    }
}

/* Half, double and 64-bit numbers become floats; one item at a time. */
static void wide_numbers_become_floats(void **state)
{
    static const uint16_t halves[4] = {0x3c00, 0xc100, 0x0001, 0x7bff};
    static const double doubles[4] = {2.385, -1e10, 0, 4};
    static const int64_t longs[4] = {-7, 1, 2, 3};
    static const float expected[3][4] = {
        {1.0f, -2.5f, 5.9604645e-8f, 65504.0f}, {2.385f, -1e10f, 0, 4}, {-7, 1, 2, 3}};
    static const char *const descr[3] = {"<f2", "<f8", "<i8"};
    const void *const from[3] = {halves, doubles, longs};
    static const size_t bytes[3] = {sizeof halves, sizeof doubles, sizeof longs};
    for (int i = 0; i < 3; i++) {
        nas_err err = {0};
        nas_npy_file file;
        float out[2];
        char raw[16];
        const char *path =
            make_npy(*state, "x.npy", descr[i], "(2, 2)", from[i], bytes[i]);
        check_ok(nas_npy_open(&file, path, NULL, &err), err);
        assert_int_equal(file.element, NAS_ELEMENT_F32);
        assert_int_equal(file.item_count, 2);
        for (int k = 0; k < 2; k++) {
            check_ok(nas_npy_read_item(&file, raw, out, &err), err);
            assert_true(out[0] == expected[i][2 * k] && out[1] == expected[i][2 * k + 1]);
        }
        check_ok(nas_npy_expect_end(&file, &err), err);
        nas_npy_close(&file);
    }
}

static void texts_become_utf8(void **state)
{
    static const uint32_t wide[6] = {'a', 0xe9, 0, 0x20ac, 0x1f600, 'z'};
    nas_err err = {0};
    nas_npy_file file;
    char **texts = NULL;
    nas_arena *arena = nas_arena_new();
    const char *path = make_npy(*state, "x.npy", "<U3", "(2,)", wide, sizeof wide);
    check_ok(nas_npy_open(&file, path, NULL, &err), err);
    check_ok(nas_npy_read_texts(&file, arena, &texts, &err), err);
    assert_string_equal(texts[0], "a\303\251");
    assert_string_equal(texts[1], "\342\202\254\360\237\230\200z");
    nas_npy_close(&file);
    path = make_npy(*state, "x.npy", "|S2", "(2,)", "upno", 4);
    check_ok(nas_npy_open(&file, path, NULL, &err), err);
    check_ok(nas_npy_read_texts(&file, arena, &texts, &err), err);
    assert_string_equal(texts[1], "no");
    nas_npy_close(&file);
    nas_arena_free(arena);
}

static void damaged_headers_are_explained(void **state)
{
    static const struct {
        const char *descr, *shape, *words;
    } cases[] = {
        {"<f4", "(3,)", "cut off: its shape needs 12 bytes"},
        {"|O", "(1,)", "elements of type"},
        {"<c8", "(1,)", "elements of type"},
        {"<f3", "(1,)", "elements of type"},
        {"|u1", "()", "a single number"},
        {"|u1", "(0, 3)", "an extent of its shape is 0"},
        {"|u1", "(1, 1, 1, 1, 1)", "expected 1 to 4 extents"},
        {"|u1", "4", "no shape"},
        {"|u1", "(999999999, 999999999, 999999999)", "cut off"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nas_err err = {0};
        nas_npy_file file;
        const char *path =
            make_npy(*state, "x.npy", cases[i].descr, cases[i].shape, "\1\2\3\4", 4);
        assert_int_equal(nas_npy_open(&file, path, NULL, &err), NAS_E_DATA);
        if (strstr(err.text, cases[i].words) == NULL)
            fail_msg("%s %s: %s", cases[i].descr, cases[i].shape, err.text);
        nas_npy_close(&file);
    }
    nas_err err = {0};
    nas_npy_file file;
    assert_int_equal(
        nas_npy_open(&file, make_text(*state, "x.npy", "\223NUMPY\1"), NULL, &err),
        NAS_E_DATA);
    nas_npy_close(&file);
}

static void archives_are_listed_and_read(void **state)
{
    nas_err err = {0};
    nas_npy_file file;
    char **names = NULL;
    int64_t n = 0;
    double *values = NULL;
    nas_arena *arena = nas_arena_new();
    make_npz_begin(*state, "x.npz");
    make_npz_add("a", "|u1", "(3,)", "\5\6\7", 3);
    make_npz_add("b", "<i2", "(1, 1)", "\1\0", 2);
    const char *path = make_npz_end();
    check_ok(nas_npz_list(path, arena, &names, &n, &err), err);
    assert_int_equal(n, 2);
    assert_string_equal(names[1], "b.npy");
    check_ok(nas_npy_open(&file, path, "a.npy", &err), err);
    check_ok(nas_npy_read_numbers(&file, arena, &values, &err), err);
    assert_true(values[2] == 7.0);
    nas_npy_close(&file);
    assert_int_equal(nas_npy_open(&file, path, "c.npy", &err), NAS_E_DATA);
    assert_non_null(strstr(err.text, "x.npz`, array `c.npy`"));
    nas_npy_close(&file);
    assert_int_equal(
        nas_npz_list(make_text(*state, "y.npz", "PK\3\4"), arena, &names, &n, &err),
        NAS_E_DATA);
    nas_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        data_test(numbers_of_every_type_are_read),
        data_test(wide_numbers_become_floats),
        data_test(texts_become_utf8),
        data_test(damaged_headers_are_explained),
        data_test(archives_are_listed_and_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
