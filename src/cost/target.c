#include "nasmith/target.h"

#include "base/doc.h"
#include "base/embed.h"
#include "nasmith/file.h"
#include "nasmith/text.h"

#include <stdio.h>
#include <string.h>

extern const nas_embedded nas_embedded_targets[];

static const char ENDING[] = ".yaml";
enum { MOST_BYTES = 65536, MOST_PARAMS = 16, MOST_TARGETS = 32 };

static const char *const DTYPES[] = {"float", "int8", NULL};

enum { SUMMARY, RAM, FLASH, DTYPE, CLOCK, POWER, FLAGS, CODE };

const nas_param nas_target_params[] = {
    [SUMMARY] = {.name = "summary", .type = NAS_PARAM_STRING, .doc = "what it is"},
    [RAM] = {.name = "ram", .type = NAS_PARAM_BYTES, .doc = "sets --max-ram"},
    [FLASH] = {.name = "flash", .type = NAS_PARAM_BYTES, .doc = "sets --max-flash"},
    [DTYPE] = {.name = "dtype",
               .type = NAS_PARAM_CHOICE,
               .default_text = "int8",
               .choices = DTYPES,
               .doc = "sets --dtype"},
    [CLOCK] = {.name = "clock_mhz",
               .type = NAS_PARAM_REAL,
               .unit = "MHz",
               .min = 0.001,
               .max = 100000,
               .doc = "of the core; needs cycles"},
    [POWER] = {.name = "power_mw",
               .type = NAS_PARAM_REAL,
               .unit = "mW",
               .min = 0.001,
               .max = 1e6,
               .doc = "while it computes"},
    [FLAGS] = {.name = "flags", .type = NAS_PARAM_STRING, .doc = "of gcc for the core"},
    [CODE] = {.name = "code",
              .type = NAS_PARAM_CHOICE,
              .default_text = "x86-64-O2",
              .choices = nas_code_columns,
              .doc = "compiler by whose code sizes flash and stack are counted"},
    {.name = NULL},
};

/* In the order of nas_cycle_kind, then what is no count of cycles. */
enum { SPREAD = NAS_CYCLE_KINDS, FLOAT };

#define CYCLES(key, words)                                                               \
    {                                                                                    \
        .name = (key), .type = NAS_PARAM_REAL, .min = 0, .max = 1e6, .doc = (words)      \
    }
const nas_param nas_target_cycle_params[] = {
    [NAS_CYCLES_CONV] = CYCLES("conv", "per multiply-accumulate"),
    [NAS_CYCLES_POINTWISE] = CYCLES("pointwise", "the same of 1x1 convolutions"),
    [NAS_CYCLES_DEPTHWISE] = CYCLES("depthwise", "the same of depthwise convolutions"),
    [NAS_CYCLES_DENSE] = CYCLES("dense", "the same of fully connected layers"),
    [NAS_CYCLES_RECURRENT] = CYCLES("recurrent", "the same of LSTM and GRU"),
    [NAS_CYCLES_POOL] = CYCLES("pool", "per element of a pool's window"),
    [NAS_CYCLES_OUTPUT] = CYCLES("output", "per output of all these"),
    [NAS_CYCLES_VALUE] = CYCLES("value", "per element that another step writes"),
    [NAS_CYCLES_STEP] = CYCLES("step", "once a step"),
    [NAS_CYCLES_RUN] = CYCLES("run", "once an inference"),
    [SPREAD] = {.name = "spread",
                .type = NAS_PARAM_REAL,
                .default_text = "0.3",
                .min = 0,
                .max = 0.95,
                .doc = "of the estimate: 0.3 is 30 % up and down"},
    [FLOAT] = {.name = "float",
               .type = NAS_PARAM_REAL,
               .default_text = "1",
               .min = 0.01,
               .max = 1000,
               .doc = "cycles of 32-bit floats over those of int8"},
    {.name = NULL},
};
#undef CYCLES

_Static_assert((int)FLOAT < MOST_PARAMS && (int)CODE < MOST_PARAMS, "room for values");

/* ---- reading ---------------------------------------------------------------------- */

/* One `key: value` of a table. */
static nas_status read_pair(nas_doc *doc, const yaml_node_t *key,
                            const yaml_node_t *value, const nas_param *table,
                            nas_value *values, bool *given, nas_err *err)
{
    const char *names[MOST_PARAMS + 1];
    size_t n = 0;
    int index = nas_param_find(table, nas_doc_scalar(key));
    if (index < 0) {
        for (; table[n].name != NULL; n++)
            names[n] = table[n].name;
        if (table == nas_target_params)
            names[n++] = "cycles";
        return nas_doc_fail_unknown(doc, key, err, "key", names, n);
    }
    const char *text = nas_doc_scalar(value);
    if (text == NULL)
        return nas_doc_fail(doc, value, err, "`%s` takes one value", table[index].name);
    nas_err inner = {0};
    if (nas_param_parse(table, index, text, values, &inner) != NAS_OK)
        return nas_doc_fail(doc, value, err, "%s", inner.text);
    given[index] = true;
    return NAS_OK;
}

/* A mapping by a table; `nested` is the key that has a mapping of its own, or NULL. */
static nas_status read_mapping(nas_doc *doc, const yaml_node_t *node,
                               const nas_param *table, const char *nested,
                               nas_value *values, bool *given, nas_err *err)
{
    if (node->type != YAML_MAPPING_NODE)
        return nas_doc_fail(doc, node, err, "expected lines of `name: value`");
    nas_param_defaults(table, values);
    for (int i = 0; i < nas_doc_count(node); i++) {
        const yaml_node_t *key = nas_doc_key(doc, node, i);
        if (nested != NULL && strcmp(nas_doc_scalar(key), nested) == 0)
            continue;
        NAS_TRY(
            read_pair(doc, key, nas_doc_value(doc, node, i), table, values, given, err));
    }
    return NAS_OK;
}

static nas_status read_cycles(nas_doc *doc, const yaml_node_t *node, nas_device *out,
                              nas_err *err)
{
    nas_value values[MOST_PARAMS] = {0};
    bool given[MOST_PARAMS] = {false};
    NAS_TRY(read_mapping(doc, node, nas_target_cycle_params, NULL, values, given, err));
    for (int kind = 0; kind < NAS_CYCLE_KINDS; kind++) {
        if (!given[kind])
            return nas_doc_fail(doc, node, err, "`%s` is missing",
                                nas_target_cycle_params[kind].name);
        out->cycles[kind] = values[kind].f;
    }
    out->spread = values[SPREAD].f;
    out->float_factor = values[FLOAT].f;
    return NAS_OK;
}

static nas_status copy_text(nas_doc *doc, const yaml_node_t *root, int key,
                            const nas_value *values, char *out, size_t size, nas_err *err)
{
    const char *name = nas_target_params[key].name;
    const char *text = values[key].s != NULL ? values[key].s : "";
    if (strlen(text) >= size)
        return nas_doc_fail(doc, nas_doc_get(doc, root, name), err,
                            "`%s` of %zu bytes, at most %zu", name, strlen(text),
                            size - 1);
    (void)snprintf(out, size, "%s", text);
    return NAS_OK;
}

static nas_status read_root(nas_doc *doc, const yaml_node_t *root, nas_target *out,
                            nas_err *err)
{
    nas_value values[MOST_PARAMS] = {0};
    bool given[MOST_PARAMS] = {false};
    NAS_TRY(read_mapping(doc, root, nas_target_params, "cycles", values, given, err));
    NAS_TRY(
        copy_text(doc, root, SUMMARY, values, out->summary, sizeof out->summary, err));
    NAS_TRY(copy_text(doc, root, FLAGS, values, out->flags, sizeof out->flags, err));
    out->ram_bytes = values[RAM].i;
    out->flash_bytes = values[FLASH].i;
    out->dtype = values[DTYPE].i == 1 ? NAS_INT8 : NAS_FLOAT32;
    const yaml_node_t *cycles = nas_doc_get(doc, root, "cycles");
    if (given[CLOCK] != (cycles != NULL))
        return nas_doc_fail(doc, given[CLOCK] ? root : cycles, err,
                            "`clock_mhz` and `cycles` belong together, one is missing");
    out->device.clock_mhz = values[CLOCK].f;
    out->device.milliwatts = values[POWER].f;
    (void)snprintf(out->device.code, sizeof out->device.code, "%s",
                   nas_code_columns[values[CODE].i]);
    return cycles != NULL ? read_cycles(doc, cycles, &out->device, err) : NAS_OK;
}

/* "boards/mine.yaml" is called mine. */
static void set_name(const char *path, nas_target *out)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    size_t length = strlen(base);
    size_t end = length > strlen(ENDING) ? length - strlen(ENDING) : length;
    if (strcmp(base + end, ENDING) != 0)
        end = length;
    (void)snprintf(out->name, sizeof out->name, "%.*s", (int)end, base);
    (void)snprintf(out->device.name, sizeof out->device.name, "%s", out->name);
}

nas_status nas_target_parse(const char *text, size_t bytes, const char *name,
                            nas_target *out, nas_err *err)
{
    nas_doc doc;
    nas_target target = {0};
    NAS_TRY(nas_doc_load(&doc, name, text, bytes, err));
    const yaml_node_t *root = nas_doc_root(&doc);
    nas_status status =
        root != NULL ? read_root(&doc, root, &target, err)
                     : nas_fail(err, NAS_E_CONFIG, "%.200s:1:1: an empty file", name);
    nas_doc_free(&doc);
    set_name(name, &target);
    if (status == NAS_OK)
        *out = target;
    return status;
}

/* ---- those inside the program -------------------------------------------------------
 */

int nas_target_count(void)
{
    int n = 0;
    while (nas_embedded_targets[n].name != NULL)
        n++;
    return n;
}

void nas_target_name(int index, char *out, size_t size)
{
    nas_target target;
    set_name(nas_embedded_targets[index].name, &target);
    (void)snprintf(out, size, "%s", target.name);
}

const char *nas_target_text(int index)
{
    return nas_embedded_targets[index].data;
}

static nas_status fail_unknown(const char *what, nas_err *err)
{
    char texts[MOST_TARGETS][32];
    const char *names[MOST_TARGETS];
    size_t n = 0;
    nas_text list = {0};
    for (; n < MOST_TARGETS && nas_embedded_targets[n].name != NULL; n++) {
        nas_target_name((int)n, texts[n], sizeof texts[n]);
        names[n] = texts[n];
        nas_text_printf(&list, "%s%s", n > 0 ? ", " : "", names[n]);
    }
    (void)nas_fail(err, NAS_E_CONFIG,
                   "no target `%.200s`, expected a YAML file or one of %s", what,
                   nas_text_string(&list));
    const char *nearest = nas_text_nearest(what, names, n);
    if (nearest != NULL)
        nas_err_hint(err, "did you mean `%s`?", nearest);
    nas_text_free(&list);
    return NAS_E_CONFIG;
}

nas_status nas_target_load(const char *what, nas_target *out, nas_err *err)
{
    char name[32];
    for (const nas_embedded *file = nas_embedded_targets; file->name != NULL; file++) {
        nas_target_name((int)(file - nas_embedded_targets), name, sizeof name);
        if (strcmp(name, what) == 0)
            return nas_target_parse(file->data, file->bytes, file->name, out, err);
    }
    if (!nas_file_exists(what))
        return fail_unknown(what, err);
    char *text = NULL;
    size_t bytes = 0;
    NAS_TRY(nas_file_read(what, MOST_BYTES, &text, &bytes, err));
    nas_status status = nas_target_parse(text, bytes, what, out, err);
    nas_heap_free(text);
    return status;
}
