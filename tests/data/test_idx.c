#include "data/make.h"

#include "data/idx.h"

#include <math.h>

/* Every element type: bytes as in the file, and the number they stand for. */
static void all_types_are_decoded(void **state)
{
    static const struct {
        int type;
        unsigned char bytes[8];
        size_t n;
        double value;
        nas_element element;
    } cases[] = {
        {0x08, {0xfe}, 1, 254.0, NAS_ELEMENT_U8},
        {0x09, {0xfe}, 1, -2.0, NAS_ELEMENT_I8},
        {0x0B, {0xff, 0x38}, 2, -200.0, NAS_ELEMENT_I16},
        {0x0C, {0x00, 0x12, 0xd6, 0x87}, 4, 1234567.0, NAS_ELEMENT_I32},
        {0x0D, {0x40, 0x18, 0xa3, 0xd7}, 4, 2.385, NAS_ELEMENT_F32},
        {0x0E,
         {0x40, 0x03, 0x14, 0x7a, 0xe1, 0x47, 0xae, 0x14},
         8,
         2.385,
         NAS_ELEMENT_F32},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nas_err err = {0};
        nas_idx_file file;
        double *out = NULL;
        uint32_t dim = 1;
        nas_arena *arena = nas_arena_new();
        const char *path =
            make_idx(*state, "x", cases[i].type, 1, &dim, cases[i].bytes, cases[i].n);
        check_ok(nas_idx_read_numbers(path, arena, &file, &out, &err), err);
        assert_int_equal(file.element, cases[i].element);
        if (fabs(out[0] - cases[i].value) > 1e-6)
            fail_msg("type %02x gave %.9g", (unsigned)cases[i].type, out[0]);
        nas_arena_free(arena);
    }
}

static void ranks_give_items(void **state)
{
    uint32_t dim[4] = {2, 3, 4, 5};
    unsigned char payload[120];
    memset(payload, 7, sizeof payload);
    size_t bytes = 2;
    for (int rank = 1; rank <= 4; rank++) {
        nas_err err = {0};
        nas_idx_file file;
        check_ok(nas_idx_open(&file, make_idx(*state, "x", 8, rank, dim, payload, bytes),
                              &err),
                 err);
        assert_int_equal(file.dim[0], 2);
        assert_int_equal(file.item_count, bytes / 2);
        nas_idx_close(&file);
        bytes *= rank < 4 ? dim[rank] : 1;
    }
}

static void check_header(void **state, const void *bytes, size_t n, const char *words)
{
    nas_err err = {0};
    nas_idx_file file;
    assert_int_equal(nas_idx_open(&file, make_file(*state, "x", bytes, n), &err),
                     NAS_E_DATA);
    if (strstr(err.text, words) == NULL)
        fail_msg("got \"%s\", expected \"%s\"", err.text, words);
    nas_idx_close(&file);
}

static void bad_headers_are_explained(void **state)
{
    check_header(state, "\0\0", 2, "ends inside its header");
    check_header(state, "\0\0\x08\x05 more", 9, "starts with 00 00 08 05");
    check_header(state, "\0\0\x0a\x01 more", 9, "not an IDX file");
    check_header(state, "\0\0\x08\x03\0\0\0\1", 8, "ends inside its header");
    check_header(state, "\0\0\x08\x01\0\0\0\0", 8, "holds no items");
    check_header(state, "\0\0\x08\x01\0\0\0\3ab", 10, "promises 3 items");
    check_header(state, "\0\0\x08\x01\0\0\0\1ab", 10, "its header promises 9");
    check_header(
        state,
        "\0\0\x0e\x04\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        20, "cannot hold them");
}

/* A gzipped file's size says little: what its header promises is checked while reading.
 */
static void gzip_too_short_or_too_long(void **state)
{
    unsigned char bytes[64];
    uint32_t dim = 20;
    for (int i = 0; i < 2; i++) {
        nas_err err = {0};
        nas_idx_file file;
        double *out = NULL;
        nas_arena *arena = nas_arena_new();
        size_t n = make_idx_bytes(bytes, 8, 1, &dim, "abcdefghijklmnopqrstuvwxyz",
                                  i == 0 ? 19 : 21);
        const char *path = make_gzip(*state, "x.gz", bytes, n);
        assert_int_equal(nas_idx_read_numbers(path, arena, &file, &out, &err),
                         NAS_E_DATA);
        assert_non_null(strstr(err.text, i == 0 ? "item 20 of 20" : "goes on after"));
        nas_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        data_test(all_types_are_decoded),
        data_test(ranks_give_items),
        data_test(bad_headers_are_explained),
        data_test(gzip_too_short_or_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
