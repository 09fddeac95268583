#include "data/make_npy.h"

#include "data/source.h"

#include <sys/stat.h>

static void every_reader_is_complete(void **state)
{
    (void)state;
    assert_true(nas_n_readers >= 13);
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

/* One source of each format: 12 rows of 3 classes, of CIFAR 10; the one to be forecast
 * has one target. */
typedef struct sample {
    char path[1024];
    const char *reader;
    int64_t outputs, window, horizon;
} sample;

enum { N_SAMPLES = 13 };

static void make_cifar(const char *folder)
{
    static unsigned char bytes[12 * 3073];
    for (int i = 0; i < 12; i++) {
        bytes[i * 3073] = (unsigned char)(i % 10);
        bytes[i * 3073 + 1] = (unsigned char)i;
    }
    make_file(folder, "cifar/data_batch_1.bin", bytes, sizeof bytes);
}

/* Lines of series, each `line` with %d for a value and, last, for the class. */
static void make_lines(const char *folder, const char *name, const char *head, int shape)
{
    nas_text text = {0};
    nas_text_puts(&text, head);
    for (int i = 0; i < 12; i++) {
        if (shape == 0) /* .ts */
            nas_text_printf(&text, "%d,%d,7:%c\n", i, i * i, "abc"[i % 3]);
        else if (shape == 1) /* .arff */
            nas_text_printf(&text, "%d,%d,%c\n", i, i * i, "abc"[i % 3]);
        else /* text */
            nas_text_printf(&text, "%d\t%d\t%d\t7\n", i % 3, i, i * i);
    }
    make_text(folder, name, nas_text_string(&text));
    nas_text_free(&text);
}

/* Twelve small files in three folders. */
static void make_tree(const char *folder, const char *kind)
{
    for (int i = 0; i < 12; i++) {
        char name[64], text[64];
        (void)snprintf(name, sizeof name, "%s/%d/%d", kind, i % 3, i);
        if (strcmp(kind, "images") == 0) {
            make_png(folder, name, 3, 3, PNG_FORMAT_GRAY, (unsigned)i);
        } else if (strcmp(kind, "audio") == 0) {
            static unsigned char wav[52] = "RIFF,\0\0\0WAVEfmt \20\0\0\0\1\0\1\0@\37\0\0"
                                           "\200>\0\0\2\0\20\0data\10\0\0\0";
            wav[44] = (unsigned char)i;
            make_file(folder, name, wav, sizeof wav);
        } else {
            (void)snprintf(text, sizeof text, "x,z\n%d,1\n%d,2\n", i, i * i);
            make_text(folder, name, text);
        }
    }
}

static void make_arrays(const char *folder)
{
    static const unsigned char labels[12] = {0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2};
    make_npy(folder, "npy/x.npy", "|u1", "(12, 1)", "abcdefghijkl", 12);
    make_npy(folder, "npy/y.npy", "|u1", "(12,)", labels, 12);
}

static void make_long(const char *folder)
{
    nas_text text = {0};
    nas_text_puts(&text, "x,y\n");
    for (int i = 0; i < 24; i++)
        nas_text_printf(&text, "%d,%c\n", i * i % 17, "abc"[i / 2 % 3]);
    make_text(folder, "windows.csv", nas_text_string(&text));
    nas_text_free(&text);
}

/* 12 windows of two steps and a target. */
static void make_series(const char *folder)
{
    nas_text text = {0};
    nas_text_puts(&text, "y\n");
    for (int i = 0; i < 14; i++)
        nas_text_printf(&text, "%d\n", i * i % 17);
    make_text(folder, "series.csv", nas_text_string(&text));
    nas_text_free(&text);
}

static void make_samples(const char *folder, sample *out)
{
    static const char *const names[N_SAMPLES][2] = {
        {"csv.csv", "csv"},         {"idx", "idx"},
        {"images", "images"},       {"npy", "npy"},
        {"cifar", "cifar"},         {"x.ts", "ts"},
        {"x.arff", "arff"},         {"x.dat", "tsv"},
        {"audio", "audio"},         {"steps", "recordings"},
        {"parts", "parts"},         {"windows.csv", "windows"},
        {"series.csv", "forecast"},
    };
    make_table(folder, "csv.csv", 12, "class");
    make_images(make_path(folder, "idx"), "", 12, 3);
    make_tree(folder, "images");
    make_arrays(folder);
    make_cifar(folder);
    make_lines(folder, "x.ts", "@problemName x\n@data\n", 0);
    make_lines(folder, "x.arff",
               "@relation x\n@attribute p real\n@attribute q real\n@attribute c {a,b,c}\n"
               "@data\n",
               1);
    make_lines(folder, "x.dat", "", 2);
    make_tree(folder, "audio");
    make_tree(folder, "steps");
    make_table(folder, "parts/train.csv", 6, "class");
    make_table(folder, "parts/test.csv", 6, "class");
    make_long(folder);
    make_series(folder);
    for (int i = 0; i < N_SAMPLES; i++) {
        out[i] = (sample){.reader = names[i][1], .outputs = 3};
        (void)snprintf(out[i].path, sizeof out[i].path, "%s/%s", folder, names[i][0]);
    }
    out[4].outputs = 10;
    out[11].window = 2;
    out[12].window = 2;
    out[12].outputs = out[12].horizon = 1;
}

static nas_data_options options_of(const sample *s)
{
    nas_data_options options = nas_data_options_default();
    options.window = s->window;
    options.horizon = s->horizon;
    return options;
}

/* The contract of source.h, on one source of each format. */
static void readers_keep_their_contract(void **state)
{
    static sample samples[N_SAMPLES];
    make_samples(*state, samples);
    assert_int_equal(N_SAMPLES, nas_n_readers);
    for (int i = 0; i < N_SAMPLES; i++) {
        nas_err err = {0};
        nas_source *source = NULL;
        nas_schema schema = {.label = NULL};
        int64_t rows = 0;
        nas_sink count = {.row = count_row, .context = &rows};
        nas_sink refuse = {.row = refuse_row};
        const nas_data_options options = options_of(&samples[i]);
        check_ok(nas_source_open(samples[i].path, &options, &source, &err), err);
        assert_string_equal(source->reader->name, samples[i].reader);
        assert_true(source->n_files > 0);
        check_ok(source->reader->describe(source, &schema, &err), err);
        assert_int_equal(source->rows.n, 12);
        assert_int_equal(source->n_outputs, samples[i].outputs);
        assert_true(nas_shape_count(source->shape) > 0 && source->kind[0] != '\0');
        for (int pass = 1; pass <= 2; pass++) { /* rows may be streamed again */
            check_ok(source->reader->rows(source, &count, &err), err);
            assert_int_equal(rows, 12);
            rows = 0;
        }
        assert_int_equal(source->reader->rows(source, &refuse, &err), NAS_E_IO);
        assert_non_null(strstr(err.text, "full"));
        nas_source_close(source);
    }
}

/* Open, describe and stream, of which the nth allocation fails. A probe that fails finds
 * nothing, so that opening may also end in "no known format". */
static nas_status read_with_fault(const sample *s, int64_t nth, nas_err *err)
{
    nas_source *source = NULL;
    nas_schema schema = {.label = NULL};
    int64_t rows = 0;
    nas_sink count = {.row = count_row, .context = &rows};
    const nas_data_options options = options_of(s);
    nas_alloc_fail_nth(nth);
    nas_status status = nas_source_open(s->path, &options, &source, err);
    bool same = status == NAS_OK && strcmp(source->reader->name, s->reader) == 0;
    if (same)
        status = source->reader->describe(source, &schema, err);
    if (same && status == NAS_OK)
        status = source->reader->rows(source, &count, err);
    nas_alloc_fail_nth(0);
    nas_source_close(source);
    return same || status == NAS_E_NOMEM ? status : NAS_E_NOMEM;
}

/* Probes and warnings swallow a failure; so many calls in a row without one are the end.
 */
static void every_allocation_may_fail(void **state)
{
    enum { IN_A_ROW = 40 };

    static sample samples[N_SAMPLES];
    make_samples(*state, samples);
    for (int i = 0; i < N_SAMPLES; i++) {
        int64_t nth = 0;
        int64_t failed = 0;
        for (int ok = 0; ok < IN_A_ROW;) {
            nas_err err = {0};
            nas_status status = read_with_fault(&samples[i], ++nth, &err);
            if ((status != NAS_OK && status != NAS_E_NOMEM) || nth > 5000)
                fail_msg("%s, allocation %d: %s", samples[i].reader, (int)nth, err.text);
            ok = status == NAS_OK ? ok + 1 : 0;
            failed += status != NAS_OK;
        }
        assert_true(failed > 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        data_test(every_reader_is_complete),
        data_test(probes_claim_only_their_own),
        data_test(readers_keep_their_contract),
        data_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
