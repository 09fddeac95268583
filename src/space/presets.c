#include "base/embed.h"
#include "space/space.h"

#include "nasmith/file.h"

#include <stdio.h>
#include <string.h>

extern const nas_embedded nas_embedded_spaces[];

static const struct {
    const char *name, *summary;
} PRESETS[] = {
    {"image-cnn", "chain of convolutions for small images, 28x28 to 32x32 and others"},
    {"mbconv", "MobileNetV2-like blocks with expansion, kernel and depth free"},
    {"resnet", "residual stages, depth and width free"},
    {"conv1d", "chain of 1-D convolutions for series"},
    {"audio", "log-mel spectrogram and a chain of convolutions for sound"},
    {"tcn", "residual 1-D convolutions with growing dilation for series"},
    {"rnn", "stack of LSTM or GRU layers for series"},
    {"cnn-rnn", "1-D convolutions, then an LSTM or GRU, for series"},
    {"transformer", "small Transformer encoder for series"},
    {"table-mlp", "fully connected layers for tables, learning rate free"},
    {"table-embeddings", "fully connected layers over vectors of categories and columns"},
    {"table-transformer", "Transformer encoder over the columns of a table"},
    {"autoencoder", "fully connected layers through a narrow one, for anomalies"},
    {"nasbench201", "the cell space of NAS-Bench-201: 15,625 cells, 9,445 distinct"},
    {"nasbench-macro", "the chain space of NAS-Bench-Macro: 6,561 chains"},
    {"darts", "the cell space of DARTS: normal and reduction cell"},
};

int nas_space_preset_count(void)
{
    return (int)(sizeof PRESETS / sizeof PRESETS[0]);
}

const char *nas_space_preset_name(int index)
{
    return PRESETS[index].name;
}

const char *nas_space_preset_summary(int index)
{
    return PRESETS[index].summary;
}

static const nas_embedded *find_file(const char *preset)
{
    size_t n = strlen(preset);
    for (const nas_embedded *file = nas_embedded_spaces; file->name != NULL; file++)
        if (strncmp(file->name, preset, n) == 0 && strcmp(file->name + n, ".yaml") == 0)
            return file;
    return NULL;
}

const char *nas_space_preset_text(int index)
{
    const nas_embedded *file = find_file(PRESETS[index].name);
    return file == NULL ? "" : file->data;
}

/* A series of so many steps, so many in a second, is taken for sound. */
enum { AUDIO_STEPS = 512, AUDIO_HZ = 4000 };

const char *nas_space_auto(const nas_space_context *context, const char **why)
{
    if (context->task == NAS_TASK_ANOMALY) {
        *why = "anomalies are what it cannot repeat";
        return "autoencoder";
    }
    if (context->input.h > 1) {
        *why = "the input is an image";
        return "image-cnn";
    }
    if (context->input.w >= AUDIO_STEPS && context->sample_rate >= AUDIO_HZ) {
        *why = "the input is sound, which is told apart by its log-mel spectrum";
        return "audio";
    }
    if (context->input.w > 1) {
        *why = "the input is a series";
        return "conv1d";
    }
    *why = "the input is a table row";
    return "table-mlp";
}

static nas_status fail_unknown(const char *what, nas_err *err)
{
    const char *names[sizeof PRESETS / sizeof PRESETS[0] + 1];
    size_t n = 0;
    nas_text list = {0};
    for (int i = 0; i < nas_space_preset_count(); i++) {
        names[n++] = PRESETS[i].name;
        nas_text_printf(&list, "%s, ", PRESETS[i].name);
    }
    names[n++] = "auto";
    (void)nas_fail(err, NAS_E_CONFIG,
                   "no space `%.200s`, expected a file or one of %sauto", what,
                   nas_text_string(&list));
    const char *nearest = nas_text_nearest(what, names, n);
    if (nearest != NULL)
        nas_err_hint(err, "did you mean `%s`?", nearest);
    nas_text_free(&list);
    return NAS_E_CONFIG;
}

static nas_status load_file(const char *path, const nas_space_context *context,
                            nas_space **out, nas_err *err)
{
    char *text;
    size_t bytes;
    NAS_TRY(nas_file_read(path, SPACE_MAX_BYTES, &text, &bytes, err));
    nas_status status = nas_space_parse(text, bytes, path, context, out, err);
    nas_heap_free(text);
    return status;
}

nas_status nas_space_load(const char *what, const nas_space_context *context,
                          nas_space **out, nas_err *err)
{
    const char *why;
    *out = NULL;
    if (strcmp(what, "auto") == 0)
        what = nas_space_auto(context, &why);
    const nas_embedded *file = find_file(what);
    if (file != NULL)
        return nas_space_parse(file->data, file->bytes, what, context, out, err);
    if (!nas_file_exists(what))
        return fail_unknown(what, err);
    return load_file(what, context, out, err);
}
