#include "data/make.h"

#include "data/source.h"

#include <sys/stat.h>

static void every_reader_is_complete(void **state)
{
    (void)state;
    assert_true(nas_n_readers >= 12);
    for (int i = 0; i < nas_n_readers; i++) {
        const nas_reader *reader = nas_readers[i];
        assert_true(strlen(reader->name) > 0 && strlen(reader->summary) > 0);
        assert_true(reader->probe != NULL && reader->open != NULL);
        assert_true(reader->describe != NULL && reader->rows != NULL);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(reader->name, nas_readers[k]->name);
    }
}

/* A probe never fails and claims nothing that is absent, empty or binary. */
static void probes_claim_only_their_own(void **state)
{
    make_text(*state, "empty", "");
    make_file(*state, "binary", "\1\2\3\0\n\5", 6);
    assert_int_equal(mkdir(make_path(*state, "folder"), 0777), 0);
    static const char *const names[] = {"absent", "empty", "binary", "folder",
                                        "no/folder"};
    const nas_data_options options = nas_data_options_default();
    for (int i = 0; i < nas_n_readers; i++)
        for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
            if (nas_readers[i]->probe(make_path(*state, names[k]), &options))
                fail_msg("reader %s claims %s", nas_readers[i]->name, names[k]);
}

static nas_status count_row(void *context, int64_t row, const void *input, nas_err *err)
{
    (void)err;
    int64_t *next = context;
    assert_non_null(input);
    assert_int_equal(row, *next);
    (*next)++;
    return NAS_OK;
}

static nas_status refuse_row(void *context, int64_t row, const void *input, nas_err *err)
{
    (void)context;
    (void)input;
    return row < 2 ? NAS_OK : nas_fail(err, NAS_E_IO, "full");
}

/* The contract of source.h, on one source of each format. */
static void readers_keep_their_contract(void **state)
{
    char paths[3][1024];
    const nas_data_options options = nas_data_options_default();
    (void)snprintf(paths[0], 1024, "%s", make_table(*state, "t.csv", 12, "class"));
    (void)snprintf(paths[1], 1024, "%s", make_path(*state, "idx"));
    make_images(paths[1], "", 12, 3);
    (void)snprintf(paths[2], 1024, "%s", make_path(*state, "png"));
    for (int i = 0; i < 12; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "%d/%d.png", i % 3, i);
        make_png(paths[2], name, 3, 3, PNG_FORMAT_GRAY, (unsigned)i);
    }
    for (int i = 0; i < 3; i++) {
        nas_err err = {0};
        nas_source *source = NULL;
        nas_schema schema = {.label = NULL};
        int64_t rows = 0;
        nas_sink count = {.row = count_row, .context = &rows};
        nas_sink refuse = {.row = refuse_row};
        check_ok(nas_source_open(paths[i], &options, &source, &err), err);
        assert_true(source->n_files > 0);
        check_ok(source->reader->describe(source, &schema, &err), err);
        assert_int_equal(source->rows.n, 12);
        assert_int_equal(source->n_outputs, 3);
        assert_true(nas_shape_count(source->shape) > 0 && source->kind[0] != '\0');
        for (int pass = 1; pass <= 2; pass++) { /* rows may be streamed again */
            check_ok(source->reader->rows(source, &count, &err), err);
            assert_int_equal(rows, 12);
            rows = 0;
        }
        assert_int_equal(source->reader->rows(source, &refuse, &err), NAS_E_IO);
        assert_string_equal(err.text, "full");
        nas_source_close(source);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        data_test(every_reader_is_complete),
        data_test(probes_claim_only_their_own),
        data_test(readers_keep_their_contract),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
