#include "nasmith/export.h"

#include "export/c_write.h"
#include "nasmith/file.h"
#include "nasmith/rng.h"

#include <assert.h>

enum { DEFAULT_SAMPLES = 2 };

/* Samples for the self-test when the caller has none. */
static nas_status make_samples(nas_c_writer *w, nas_arena *arena, nas_err *err)
{
    float *sample = NAS_NEW(arena, float, DEFAULT_SAMPLES * w->n_inputs);
    NAS_TRY_ALLOC(sample, err);
    nas_rng rng = nas_rng_new(0, nas_graph_hash(w->model->graph));
    for (int64_t i = 0; i < DEFAULT_SAMPLES; i++)
        nas_graph_draw_row(w->model->graph, &rng, sample + i * w->n_inputs);
    w->sample = sample;
    w->n_samples = DEFAULT_SAMPLES;
    return NAS_OK;
}

static nas_status expect(nas_c_writer *w, nas_arena *arena, nas_err *err)
{
    float *expected = NAS_NEW(arena, float, w->n_samples * w->model->n_outputs);
    NAS_TRY_ALLOC(expected, err);
    w->expected = expected;
    return nas_reference_run(w->model, w->sample, w->n_samples, expected, err);
}

static nas_status expect8(nas_c_writer *w, nas_arena *arena, nas_err *err)
{
    const nas_quant *quant = w->options->quant;
    int8_t *sample = NAS_NEW(arena, int8_t, w->n_samples * w->n_inputs);
    int8_t *expected = NAS_NEW(arena, int8_t, w->n_samples * w->model->n_outputs);
    NAS_TRY_ALLOC(sample, err);
    NAS_TRY_ALLOC(expected, err);
    for (int64_t i = 0; i < w->n_samples; i++)
        nas_quant_input(quant, w->sample + i * w->n_inputs, sample + i * w->n_inputs);
    w->sample8 = sample;
    w->expected8 = expected;
    return nas_quant_reference_run(quant, w->sample, w->n_samples, expected, err);
}

static nas_status prepare(nas_c_writer *w, nas_arena *arena, nas_err *err)
{
    const nas_quant *quant = w->options->quant;
    const char *prefix = w->options->prefix == NULL ? "net" : w->options->prefix;
    nas_calls *calls = NULL;
    NAS_TRY(nas_c_names_make(prefix, &w->names, err));
    if (quant == NULL) {
        NAS_TRY(w->options->profile == NAS_C_HOST
                    ? nas_calls_build_host(w->model, arena, &calls, err)
                    : nas_calls_build(w->model, arena, &calls, err));
    } else {
        assert(quant->model == w->model);
        NAS_TRY(nas_calls_build_int8(quant, arena, &calls, err));
        w->names.type = "int8_t";
        calls->host = w->options->profile == NAS_C_HOST;
    }
    w->calls = calls;
    w->n_inputs = nas_shape_count(nas_graph_input_shape(w->model->graph));
    w->sample = w->options->sample;
    w->n_samples = w->options->n_samples;
    if (w->sample == NULL || w->n_samples < 1)
        NAS_TRY(make_samples(w, arena, err));
    return quant == NULL ? expect(w, arena, err) : expect8(w, arena, err);
}

/* The files: what follows the prefix (or the whole name, `own`), and who writes it. */
static const struct {
    const char *name;
    bool own, int8_only;
    void (*write)(const nas_c_writer *w, nas_text *out);
} files[] = {
    {".h", false, false, nas_c_write_header},
    {".c", false, false, nas_c_write_source},
    {"_weights.c", false, false, nas_c_write_weights},
    {"_convert.c", false, true, nas_c_write_convert},
    {"_selftest.c", false, false, nas_c_write_selftest},
    {"Makefile", true, false, nas_c_write_makefile},
    {"CMakeLists.txt", true, false, nas_c_write_cmake},
    {"library.properties", true, false, nas_c_write_arduino},
    {"zephyr/module.yml", true, false, nas_c_write_zephyr},
    {"README.md", true, false, nas_c_write_readme},
};

static nas_status write_files(const nas_c_writer *w, const char *folder, nas_arena *arena,
                              nas_err *err)
{
    const char *zephyr = nas_file_join(arena, folder, "zephyr");
    NAS_TRY_ALLOC(zephyr, err);
    NAS_TRY(nas_file_make_directory(folder, err));
    NAS_TRY(nas_file_make_directory(zephyr, err));
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        nas_text text = {0};
        if (files[i].int8_only && w->calls->quant == NULL)
            continue;
        const char *prefix = files[i].own ? "" : w->names.lower;
        char *path = nas_arena_printf(arena, "%s/%s%s", folder, prefix, files[i].name);
        NAS_TRY_ALLOC(path, err);
        files[i].write(w, &text);
        nas_status status = nas_text_status(&text, err);
        if (status == NAS_OK)
            status = nas_file_write(path, nas_text_string(&text), text.length, err);
        nas_text_free(&text);
        NAS_TRY(status);
    }
    return NAS_OK;
}

nas_status nas_c_write(const nas_model *model, const nas_c_options *options,
                       const char *folder, nas_err *err)
{
    nas_c_writer writer = {.model = model, .options = options};
    nas_arena *arena = nas_arena_new();
    NAS_TRY_ALLOC(arena, err);
    nas_status status = prepare(&writer, arena, err);
    if (status == NAS_OK)
        status = write_files(&writer, folder, arena, err);
    nas_arena_free(arena);
    return status;
}
