#include "data/make.h"

#include "data/stream.h"

static void plain_and_gzip_give_the_same_bytes(void **state)
{
    static const char text[] = "two point three eight five";
    const char *paths[2] = {make_text(*state, "a", text),
                            make_gzip(*state, "b", text, sizeof text - 1)};
    for (int i = 0; i < 2; i++) {
        nas_err err = {0};
        nas_stream stream;
        char out[64] = {0};
        size_t got = 0;
        check_ok(nas_stream_open(&stream, paths[i], &err), err);
        assert_int_equal(stream.compressed, i == 1);
        check_ok(nas_stream_read_exact(&stream, out, 4, "it", &err), err);
        assert_string_equal(out, "two ");
        check_ok(nas_stream_read(&stream, out, sizeof out, &got, &err), err);
        assert_int_equal(got, sizeof text - 5);
        assert_memory_equal(out, text + 4, got);
        assert_true(nas_stream_bound(&stream) >= (int64_t)sizeof text - 1);
        nas_stream_close(&stream);
        nas_stream_close(&stream);
    }
}

static void missing_files_and_folders_are_named(void **state)
{
    nas_err err = {0};
    nas_stream stream;
    const char *path = make_path(*state, "absent");
    assert_int_equal(nas_stream_open(&stream, path, &err), NAS_E_DATA);
    assert_non_null(strstr(err.text, path));
    assert_non_null(strstr(err.text, "No such file"));
    nas_stream_close(&stream);
    assert_int_equal(nas_stream_open(&stream, *state, &err), NAS_E_DATA);
    assert_non_null(strstr(err.text, "not a regular file"));
}

static nas_status read_fully(const char *path, nas_err *err)
{
    nas_stream stream;
    char out[4096];
    size_t got = sizeof out;
    nas_status status = nas_stream_open(&stream, path, err);
    while (status == NAS_OK && got == sizeof out)
        status = nas_stream_read(&stream, out, sizeof out, &got, err);
    nas_stream_close(&stream);
    return status;
}

static void damaged_gzip_is_told_from_cut_off_gzip(void **state)
{
    unsigned char text[20000];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (unsigned char)(i * i >> 3);
    const char *path = make_gzip(*state, "x.gz", text, sizeof text);
    nas_err err = {0};
    char *bytes = NULL;
    size_t n = 0;
    check_ok(read_fully(path, &err), err);
    check_ok(nas_file_read(path, 0, &bytes, &n, &err), err);
    path = make_file(*state, "cut.gz", bytes, n / 2);
    assert_int_equal(read_fully(path, &err), NAS_E_DATA);
    assert_non_null(strstr(err.text, "cut off"));
    bytes[n - 6] = (char)(bytes[n - 6] ^ 0x55); /* the checksum */
    path = make_file(*state, "bad.gz", bytes, n);
    assert_int_equal(read_fully(path, &err), NAS_E_DATA);
    assert_non_null(strstr(err.text, "damaged"));
    nas_heap_free(bytes);
}

static void an_early_end_says_inside_what(void **state)
{
    nas_err err = {0};
    nas_stream stream;
    char out[64];
    check_ok(nas_stream_open(&stream, make_text(*state, "a", "short"), &err), err);
    assert_int_equal(nas_stream_read_exact(&stream, out, 6, "its header", &err),
                     NAS_E_DATA);
    assert_non_null(strstr(err.text, "ends inside its header"));
    nas_stream_close(&stream);
}

static void peek_never_fails(void **state)
{
    char out[8];
    assert_int_equal(nas_stream_peek(make_path(*state, "absent"), out, sizeof out), 0);
    assert_int_equal(nas_stream_peek(*state, out, sizeof out), 0);
    assert_int_equal(nas_stream_peek(make_text(*state, "a", "abc"), out, sizeof out), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        data_test(plain_and_gzip_give_the_same_bytes),
        data_test(missing_files_and_folders_are_named),
        data_test(damaged_gzip_is_told_from_cut_off_gzip),
        data_test(an_early_end_says_inside_what),
        data_test(peek_never_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
