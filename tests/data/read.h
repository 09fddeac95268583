/* A source read as readers give it: described, and all rows as numbers. */
#ifndef NASMITH_TESTS_DATA_READ_H
#define NASMITH_TESTS_DATA_READ_H

#include "data/make.h"

#include "data/source.h"

typedef struct read_set {
    nas_source *source;
    float *values; /* [rows.n][width] */
    int64_t width, n;
} read_set;

static float read_value(nas_element element, const void *input, int64_t i)
{
    switch (element) {
    case NAS_ELEMENT_U8:
        return (float)((const uint8_t *)input)[i];
    case NAS_ELEMENT_I8:
        return (float)((const int8_t *)input)[i];
    case NAS_ELEMENT_I16:
        return (float)((const int16_t *)input)[i];
    case NAS_ELEMENT_I32:
        return (float)((const int32_t *)input)[i];
    default:
        return ((const float *)input)[i];
    }
}

static nas_status read_row(void *context, int64_t row, const void *input, nas_err *err)
{
    read_set *set = context;
    (void)err;
    assert_int_equal(row, set->n++);
    for (int64_t i = 0; i < set->width; i++)
        set->values[row * set->width + i] = read_value(set->source->element, input, i);
    return NAS_OK;
}

/* @param schema  NULL = nothing is fixed */
static read_set read_with(const char *path, const nas_data_options *options,
                          const nas_schema *schema)
{
    nas_err err = {0};
    read_set set = {.n = 0};
    const nas_schema free_schema = {.label = options->label, .task = options->task};
    nas_sink sink = {.row = read_row, .context = &set};
    check_ok(nas_source_open(path, options, &set.source, &err), err);
    check_ok(set.source->reader->describe(set.source,
                                          schema != NULL ? schema : &free_schema, &err),
             err);
    set.width = nas_shape_count(set.source->shape);
    set.values = calloc((size_t)(set.source->rows.n * set.width), sizeof(float));
    assert_non_null(set.values);
    check_ok(set.source->reader->rows(set.source, &sink, &err), err);
    assert_int_equal(set.n, set.source->rows.n);
    return set;
}

__attribute__((unused)) static read_set read_all(const char *path,
                                                 const nas_data_options *options)
{
    return read_with(path, options, NULL);
}

__attribute__((unused)) static read_set read_plain(const char *path)
{
    static nas_data_options options;
    options = nas_data_options_default();
    return read_with(path, &options, NULL);
}

__attribute__((unused)) static void read_free(read_set *set)
{
    free(set->values);
    nas_source_close(set->source);
}

__attribute__((unused)) static void check_shape(const read_set *set, int64_t n, int64_t c,
                                                int64_t h, int64_t w)
{
    nas_shape s = set->source->shape;
    if (set->n != n || s.c != c || s.h != h || s.w != w)
        fail_msg("%d rows of %d×%d×%d", (int)set->n, (int)s.c, (int)s.h, (int)s.w);
}

/* One of the source's warnings must contain these words. */
__attribute__((unused)) static void check_warned(const read_set *set, const char *words)
{
    for (int64_t i = 0; i < set->source->n_warnings; i++)
        if (strstr(set->source->warnings[i], words) != NULL)
            return;
    fail_msg("no warning says \"%s\"", words);
}

#endif
