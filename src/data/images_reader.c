/* Reader of images: a folder with one subfolder per class, or a CSV list of paths and
 * labels. Grey when every file is grey, else colour; 16-bit files are reduced to 8.
 * Images of several sizes are scaled when the user says to which. */
#include "data/image.h"
#include "data/items.h"
#include "data/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES = 32 };

typedef struct image_size {
    int32_t height, width;
} image_size;

typedef struct image_state {
    nas_items items;
    image_size *sizes;   /* [items.n] as stored */
    bool scaled;         /* to source->shape */
    char formats[NAMES]; /* "PNG, JPEG" */
    int64_t n_transparent;
} image_state;

/* ---- which files ----------------------------------------------------------------- */

static bool is_image(const unsigned char *head, size_t n)
{
    return nas_image_format_of(head, n) != NULL;
}

static const char *const extensions[] = {".png", ".jpg", ".jpeg", ".bmp", ".pgm",
                                         ".ppm", ".pbm", ".pnm",  NULL};
static const nas_item_kind kind = {
    .what = "image", .extensions = extensions, .is_magic = is_image};

static bool probe(const char *path, const nas_data_options *options)
{
    (void)options;
    return nas_items_probe_tree(&kind, path) || nas_items_probe_list(&kind, path);
}

static nas_status images_open(nas_source *source, nas_err *err)
{
    image_state *state = NAS_NEW(source->arena, image_state, 1);
    NAS_TRY_ALLOC(state, err);
    state->items.kind = &kind;
    source->state = state;
    return nas_items_open(source, &state->items, err);
}

static const char *path_of(const nas_source *source, int64_t i)
{
    const image_state *state = source->state;
    return source->files[state->items.first_file + i].path;
}

/* ---- headers --------------------------------------------------------------------- */

static void note_format(image_state *state, const char *name)
{
    size_t length = strlen(state->formats);
    if (strstr(state->formats, name) == NULL && length + strlen(name) + 3 < NAMES)
        (void)snprintf(state->formats + length, NAMES - length, "%s%s",
                       length > 0 ? ", " : "", name);
}

static nas_status read_headers(nas_source *source, nas_err *err)
{
    image_state *state = source->state;
    state->sizes = NAS_NEW(source->arena, image_size, state->items.n);
    NAS_TRY_ALLOC(state->sizes, err);
    source->shape = (nas_shape){.c = 1};
    for (int64_t i = 0; i < state->items.n; i++) {
        nas_image image;
        NAS_TRY(nas_items_tell(source, &state->items, i, err));
        nas_status status = nas_image_open(&image, path_of(source, i), err);
        nas_image_close(&image);
        NAS_TRY(status);
        state->sizes[i] = (image_size){.height = (int32_t)image.info.height,
                                       .width = (int32_t)image.info.width};
        note_format(state, image.format->name);
        state->n_transparent += image.info.transparent;
        if (image.info.colour)
            source->shape.c = 3;
    }
    if (state->n_transparent > 0)
        nas_source_warn(source, "%lld image%s transparent: drawn on white",
                        (long long)state->n_transparent,
                        state->n_transparent == 1 ? " is" : "s are");
    return NAS_OK;
}

/* ---- size ------------------------------------------------------------------------ */

static int compare_heights(const void *a, const void *b)
{
    return ((const image_size *)a)->height - ((const image_size *)b)->height;
}

static int compare_widths(const void *a, const void *b)
{
    return ((const image_size *)a)->width - ((const image_size *)b)->width;
}

/* Says which sizes there are, and proposes the median. */
static nas_status fail_sizes(nas_source *source, int64_t other, nas_err *err)
{
    image_state *state = source->state;
    const image_size *a = &state->sizes[0];
    const image_size *b = &state->sizes[other];
    int64_t middle = state->items.n / 2;
    nas_status status =
        nas_fail(err, NAS_E_DATA, "images differ in size: `%s` is %d×%d, `%s` is %d×%d",
                 path_of(source, 0), a->width, a->height, path_of(source, other),
                 b->width, b->height);
    qsort(state->sizes, (size_t)state->items.n, sizeof *state->sizes, compare_heights);
    int height = state->sizes[middle].height;
    qsort(state->sizes, (size_t)state->items.n, sizeof *state->sizes, compare_widths);
    nas_err_hint(err, "scale them: --image-size %dx%d (the median height and width)",
                 height, state->sizes[middle].width);
    return status;
}

/* The size is fixed, by the training data or a model. */
static nas_status fail_fixed(const nas_source *source, int64_t i, nas_err *err)
{
    const image_state *state = source->state;
    nas_status status =
        nas_fail(err, NAS_E_DATA, "`%s` is %d×%d, expected %lld×%lld", path_of(source, i),
                 state->sizes[i].width, state->sizes[i].height,
                 (long long)source->shape.w, (long long)source->shape.h);
    nas_err_hint(err, "scale all images: --image-size %lldx%lld",
                 (long long)source->shape.h, (long long)source->shape.w);
    return status;
}

static nas_status find_size(nas_source *source, const nas_schema *schema, nas_err *err)
{
    image_state *state = source->state;
    int64_t height, width;
    int64_t n_scaled = 0;
    NAS_TRY(nas_image_size_parse(source->options->image_size, &height, &width, err));
    state->scaled = height > 0;
    bool fixed = !state->scaled && schema->shape.c > 0;
    source->shape.h = state->scaled ? height
                      : fixed       ? schema->shape.h
                                    : state->sizes[0].height;
    source->shape.w = state->scaled ? width
                      : fixed       ? schema->shape.w
                                    : state->sizes[0].width;
    for (int64_t i = 0; i < state->items.n; i++) {
        bool same = state->sizes[i].height == source->shape.h &&
                    state->sizes[i].width == source->shape.w;
        n_scaled += !same;
        if (!same && !state->scaled)
            return fixed ? fail_fixed(source, i, err) : fail_sizes(source, i, err);
    }
    if (n_scaled == 0)
        state->scaled = false;
    if (schema->shape.c == 1 || schema->shape.c == 3)
        source->shape.c = schema->shape.c;
    return NAS_OK;
}

static nas_status describe(nas_source *source, const nas_schema *schema, nas_err *err)
{
    image_state *state = source->state;
    NAS_TRY(read_headers(source, err));
    NAS_TRY(find_size(source, schema, err));
    NAS_TRY(nas_items_describe(source, &state->items, schema, NULL, err));
    source->element = NAS_ELEMENT_U8;
    source->flippable = source->shape.w > 1;
    bool crop = source->options->image_fit != NULL &&
                strcmp(source->options->image_fit, "crop") == 0;
    (void)snprintf(source->kind, sizeof source->kind, "%lld×%lld %s images, %s%s",
                   (long long)source->shape.h, (long long)source->shape.w,
                   source->shape.c == 1 ? "grey" : "colour", state->formats,
                   !state->scaled ? ""
                   : crop         ? ", scaled and cropped"
                                  : ", scaled");
    return NAS_OK;
}

/* ---- rows ------------------------------------------------------------------------ */

/* Decode the open image into planes of the wanted size. */
static nas_status decode_image(const nas_image *image, nas_image_fit *fit, uint8_t *out,
                               nas_err *err)
{
    size_t n = (size_t)(image->info.height * image->info.width);
    uint8_t *pixels = nas_heap_alloc(n, (size_t)fit->channels);
    NAS_TRY_ALLOC(pixels, err);
    nas_status status = nas_image_decode(image, fit->channels, pixels, err);
    if (status == NAS_OK)
        status = nas_image_fit_planes(fit, pixels, image->info.height, image->info.width,
                                      out, err);
    nas_heap_free(pixels);
    return status;
}

static nas_status read_image(const nas_source *source, int64_t i, nas_image_fit *fit,
                             uint8_t *out, nas_err *err)
{
    const image_state *state = source->state;
    nas_image image;
    nas_status status = nas_image_open(&image, path_of(source, i), err);
    if (status == NAS_OK && !state->scaled &&
        (image.info.height != fit->height || image.info.width != fit->width))
        status = nas_fail(err, NAS_E_DATA, "`%s` changed while it was read", image.path);
    if (status == NAS_OK)
        status = decode_image(&image, fit, out, err);
    nas_image_close(&image);
    return status;
}

static nas_status stream_images(nas_source *source, nas_image_fit *fit,
                                const nas_sink *sink, nas_err *err)
{
    const image_state *state = source->state;
    uint8_t *planes = NAS_NEW(source->arena, uint8_t, nas_shape_count(source->shape));
    NAS_TRY_ALLOC(planes, err);
    for (int64_t i = 0; i < state->items.n; i++) {
        NAS_TRY(read_image(source, i, fit, planes, err));
        NAS_TRY(sink->row(sink->context, i, planes, err));
    }
    return NAS_OK;
}

static nas_status stream_rows(nas_source *source, const nas_sink *sink, nas_err *err)
{
    const char *how = source->options->image_fit;
    nas_image_fit fit = {.height = source->shape.h,
                         .width = source->shape.w,
                         .channels = (int)source->shape.c,
                         .crop = how != NULL && strcmp(how, "crop") == 0};
    nas_status status = stream_images(source, &fit, sink, err);
    nas_image_fit_free(&fit);
    return status;
}

const nas_reader nas_reader_images = {
    .name = "images",
    .summary = "images (PNG, JPEG, BMP, PNM) in one folder per class, or listed in a CSV",
    .probe = probe,
    .open = images_open,
    .describe = describe,
    .rows = stream_rows,
};
