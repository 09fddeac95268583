/* layer: base
 * Any bytes as the value of every kind of parameter, typed by a user or read from JSON:
 * a value within its range or one clear line. */
#include "nasmith/param.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ENTRIES = 8 };

static const char *const CHOICES[] = {"sgd", "adamw", NULL};

static const nas_param TABLE[ENTRIES + 1] = {
    {.name = "flag", .type = NAS_PARAM_BOOL, .default_text = "no"},
    {.name = "int", .type = NAS_PARAM_INT, .default_text = "3", .min = -5, .max = 1e6},
    {.name = "count",
     .type = NAS_PARAM_COUNT,
     .default_text = "50k",
     .min = 1,
     .max = 1e9},
    {.name = "bytes", .type = NAS_PARAM_BYTES, .default_text = "64KiB", .max = 1e12},
    {.name = "real", .type = NAS_PARAM_REAL, .default_text = "0.5", .min = -1, .max = 1},
    {.name = "time", .type = NAS_PARAM_SECONDS, .default_text = "3m", .max = 1e6},
    {.name = "choice",
     .type = NAS_PARAM_CHOICE,
     .default_text = "sgd",
     .choices = CHOICES},
    {.name = "text", .type = NAS_PARAM_STRING},
};

static void check_values(const nas_value *values)
{
    for (int i = 0; i < ENTRIES; i++) {
        const nas_param *param = &TABLE[i];
        bool real = param->type == NAS_PARAM_REAL || param->type == NAS_PARAM_SECONDS;
        if (param->type == NAS_PARAM_CHOICE && (values[i].i < 0 || values[i].i > 1))
            abort();
        if (param->max == 0.0)
            continue;
        double number = real ? values[i].f : (double)values[i].i;
        if (!(number >= param->min && number <= param->max))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (text == NULL)
        abort();
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    nas_value values[ENTRIES];
    nas_err err = {0};
    nas_param_defaults(TABLE, values);
    for (int i = 0; i < ENTRIES; i++) {
        nas_status status = nas_param_parse(TABLE, i, text, values, &err);
        if (status != NAS_OK && (err.text[0] == '\0' || strchr(err.text, '\n') != NULL))
            abort();
    }
    check_values(values);
    nas_param_defaults(TABLE, values);
    json_t *object = json_loadb(text, size, 0, NULL);
    if (object != NULL)
        (void)!nas_param_from_json(TABLE, object, "input", values, &err);
    check_values(values);
    json_decref(object);
    free(text);
    return 0;
}
