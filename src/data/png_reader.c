/* Reader of a folder of PNG images: one subfolder per class, perhaps below train/, test/
 * and val/. Grey when every file is grey, else colour; 16-bit files are reduced to 8. */
#include "data/source.h"

#include <dirent.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_SIDE = 1 << 14, MAX_DEPTH = 3 };

static const struct {
    const char *name;
    nas_part part;
} part_folders[] = {
    {"train", NAS_PART_TRAIN},    {"training", NAS_PART_TRAIN},
    {"val", NAS_PART_VALIDATION}, {"valid", NAS_PART_VALIDATION},
    {"test", NAS_PART_TEST},      {"validation", NAS_PART_VALIDATION},
};

typedef struct png_image_file {
    int32_t class;
    uint8_t part;
} png_image_file;

typedef struct png_state {
    png_image_file *images; /* one for each of source->files */
    int64_t n_images, capacity;
    int64_t n_skipped;
    const char *first_skipped;
} png_state;

/* ---- which files ---------------------------------------------------------------- */

static bool is_png_name(const char *name)
{
    size_t n = strlen(name);
    return n > 4 && strcasecmp(name + n - 4, ".png") == 0;
}

/* Depth-first, stops at the first PNG: cheap on big folders. */
static bool holds_png(const char *path, int depth)
{
    char below[4096];
    bool found = false;
    DIR *directory = opendir(path);
    if (directory == NULL)
        return false;
    for (struct dirent *entry; !found && (entry = readdir(directory)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        found = is_png_name(entry->d_name);
        int n = snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
        if (!found && depth < MAX_DEPTH && n < (int)sizeof below &&
            nas_file_is_directory(below))
            found = holds_png(below, depth + 1);
    }
    (void)closedir(directory);
    return found;
}

static bool probe(const char *path, const nas_data_options *options)
{
    (void)options;
    return nas_file_is_directory(path) && holds_png(path, 1);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Subfolders of a folder, sorted; hidden ones are left out. */
static nas_status list_folders(nas_arena *arena, const char *path, char ***out,
                               int64_t *n, nas_err *err)
{
    char **names = NULL;
    int64_t all = 0;
    NAS_TRY(nas_file_list(path, arena, &names, &all, err));
    *n = 0;
    *out = names;
    for (int64_t i = 0; i < all; i++) {
        char *below = nas_file_join(arena, path, names[i]);
        NAS_TRY_ALLOC(below, err);
        if (names[i][0] != '.' && nas_file_is_directory(below))
            names[(*n)++] = names[i];
    }
    return NAS_OK;
}

static nas_part part_of(const char *name)
{
    for (size_t i = 0; i < sizeof part_folders / sizeof part_folders[0]; i++)
        if (strcasecmp(name, part_folders[i].name) == 0)
            return part_folders[i].part;
    return NAS_PART_ANY;
}

/* A folder of class folders, or of the part folders train, val, test. */
typedef struct png_root {
    char *path;
    const char *prefix; /* "" or "train/" */
    nas_part part;
    char **classes;
    int64_t n_classes;
} png_root;

static bool are_parts(char *const *folders, int64_t n)
{
    bool train = false;
    for (int64_t i = 0; i < n; i++) {
        if (part_of(folders[i]) == NAS_PART_ANY)
            return false;
        train = train || part_of(folders[i]) == NAS_PART_TRAIN;
    }
    return train;
}

static nas_status find_roots(nas_source *source, png_root **out, int64_t *n, nas_err *err)
{
    nas_arena *arena = source->arena;
    char **folders = NULL;
    int64_t n_folders = 0;
    NAS_TRY(list_folders(arena, source->path, &folders, &n_folders, err));
    if (n_folders == 0) {
        nas_status status =
            nas_fail(err, NAS_E_DATA, "folder `%s` holds PNG images but no class folders",
                     source->path);
        nas_err_hint(err, "put the images of each class into a subfolder named after it");
        return status;
    }
    bool parts = are_parts(folders, n_folders);
    *n = parts ? n_folders : 1;
    *out = NAS_NEW(arena, png_root, *n);
    NAS_TRY_ALLOC(*out, err);
    if (!parts) {
        **out = (png_root){.path = source->path,
                           .prefix = "",
                           .classes = folders,
                           .n_classes = n_folders};
        return NAS_OK;
    }
    for (int64_t i = 0; i < n_folders; i++) {
        png_root *root = &(*out)[i];
        root->path = nas_file_join(arena, source->path, folders[i]);
        NAS_TRY_ALLOC(root->path, err);
        root->prefix = nas_arena_printf(arena, "%s/", folders[i]);
        NAS_TRY_ALLOC(root->prefix, err);
        root->part = part_of(folders[i]);
        NAS_TRY(list_folders(arena, root->path, &root->classes, &root->n_classes, err));
    }
    return NAS_OK;
}

/* The union of all roots' class folders, sorted. */
static nas_status collect_classes(nas_source *source, const png_root *roots, int64_t n,
                                  nas_err *err)
{
    int64_t total = 0;
    for (int64_t i = 0; i < n; i++)
        total += roots[i].n_classes;
    source->label_names = NAS_NEW(source->arena, char *, total);
    NAS_TRY_ALLOC(source->label_names, err);
    total = 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < roots[i].n_classes; k++)
            source->label_names[total++] = roots[i].classes[k];
    qsort(source->label_names, (size_t)total, sizeof(char *), compare_names);
    source->n_outputs = 0;
    for (int64_t i = 0; i < total; i++) {
        int64_t last = source->n_outputs - 1;
        if (i == 0 || strcmp(source->label_names[i], source->label_names[last]) != 0)
            source->label_names[source->n_outputs++] = source->label_names[i];
    }
    return NAS_OK;
}

static nas_status take_image(nas_source *source, png_image_file image, const char *path,
                             const char *name, nas_err *err)
{
    png_state *state = source->state;
    png_image_file *images = nas_source_grow(
        source->arena, state->images, state->n_images, &state->capacity, sizeof *images);
    NAS_TRY_ALLOC(images, err);
    state->images = images;
    images[state->n_images++] = image;
    return nas_source_add_file(source, path, name, err);
}

static nas_status collect_folder(nas_source *source, const png_root *root,
                                 const char *class_name, nas_err *err)
{
    png_state *state = source->state;
    nas_arena *arena = source->arena;
    char **names = NULL;
    int64_t n = 0;
    char *const *found =
        bsearch(&class_name, source->label_names, (size_t)source->n_outputs,
                sizeof class_name, compare_names);
    png_image_file image = {.class = (int32_t)(found - source->label_names),
                            .part = (uint8_t)root->part};
    char *folder = nas_file_join(arena, root->path, class_name);
    NAS_TRY_ALLOC(folder, err);
    NAS_TRY(nas_file_list(folder, arena, &names, &n, err));
    for (int64_t i = 0; i < n; i++) {
        char *path = nas_file_join(arena, folder, names[i]);
        char *name =
            nas_arena_printf(arena, "%s%s/%s", root->prefix, class_name, names[i]);
        NAS_TRY_ALLOC(path, err);
        NAS_TRY_ALLOC(name, err);
        if (is_png_name(names[i])) {
            NAS_TRY(take_image(source, image, path, name, err));
        } else if (names[i][0] != '.') {
            state->first_skipped = state->n_skipped == 0 ? name : state->first_skipped;
            state->n_skipped++;
        }
    }
    return NAS_OK;
}

static nas_status png_source_open(nas_source *source, nas_err *err)
{
    png_root *roots = NULL;
    int64_t n = 0;
    png_state *state = NAS_NEW(source->arena, png_state, 1);
    NAS_TRY_ALLOC(state, err);
    source->state = state;
    NAS_TRY(find_roots(source, &roots, &n, err));
    NAS_TRY(collect_classes(source, roots, n, err));
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < roots[i].n_classes; k++)
            NAS_TRY(collect_folder(source, &roots[i], roots[i].classes[k], err));
    if (state->n_images == 0)
        return nas_fail(err, NAS_E_DATA, "the class folders of `%s` hold no PNG images",
                        source->path);
    if (state->n_skipped > 0)
        nas_source_warn(source, "%lld file%s skipped: not PNG (first: %s)",
                        (long long)state->n_skipped, state->n_skipped == 1 ? "" : "s",
                        state->first_skipped);
    return NAS_OK;
}

/* ---- headers -------------------------------------------------------------------- */

static nas_status fail_png(const char *path, png_image *image, nas_err *err)
{
    nas_status status = nas_fail(err, NAS_E_DATA, "`%s` is no readable PNG image: %s",
                                 path, image->message);
    png_image_free(image);
    return status;
}

static nas_status read_header(const char *path, png_image *image, nas_err *err)
{
    *image = (png_image){.version = PNG_IMAGE_VERSION};
    if (png_image_begin_read_from_file(image, path) == 0)
        return fail_png(path, image, err);
    return NAS_OK;
}

static nas_status check_side(const nas_source *source, int64_t i, const png_image *image,
                             nas_err *err)
{
    const char *path = source->files[i].path;
    if (image->width > MAX_SIDE || image->height > MAX_SIDE)
        return nas_fail(err, NAS_E_DATA, "`%s` is %u×%u, more than %d on a side", path,
                        image->width, image->height, MAX_SIDE);
    if (i == 0 || (image->height == source->shape.h && image->width == source->shape.w))
        return NAS_OK;
    nas_status status = nas_fail(
        err, NAS_E_DATA, "images differ in size: `%s` is %lld×%lld, `%s` is %u×%u",
        source->files[0].path, (long long)source->shape.w, (long long)source->shape.h,
        path, image->width, image->height);
    nas_err_hint(err, "scale all images to one size first");
    return status;
}

static nas_status read_headers(nas_source *source, nas_err *err)
{
    int64_t transparent = 0;
    source->shape = (nas_shape){.c = 1};
    for (int64_t i = 0; i < source->n_files; i++) {
        png_image image;
        NAS_TRY(read_header(source->files[i].path, &image, err));
        uint32_t format = image.format;
        png_image_free(&image);
        NAS_TRY(check_side(source, i, &image, err));
        source->shape.h = image.height;
        source->shape.w = image.width;
        transparent += (format & PNG_FORMAT_FLAG_ALPHA) != 0;
        if ((format & PNG_FORMAT_FLAG_COLOR) != 0)
            source->shape.c = 3;
    }
    if (transparent > 0)
        nas_source_warn(source, "%lld image%s transparent: drawn on white",
                        (long long)transparent, transparent == 1 ? " is" : "s are");
    return NAS_OK;
}

static nas_status describe(nas_source *source, const nas_schema *schema, nas_err *err)
{
    const png_state *state = source->state;
    if (schema->task != NULL && strcmp(schema->task, "classification") != 0)
        return nas_fail(err, NAS_E_USAGE,
                        "task %s is not possible with a folder of images by class",
                        schema->task);
    NAS_TRY(read_headers(source, err));
    NAS_TRY(nas_rows_init(&source->rows, source->arena, state->n_images, err));
    source->rows.labels = NAS_NEW(source->arena, int32_t, state->n_images);
    NAS_TRY_ALLOC(source->rows.labels, err);
    for (int64_t i = 0; i < state->n_images; i++) {
        source->rows.labels[i] = state->images[i].class;
        source->rows.part[i] = state->images[i].part;
    }
    source->task = NAS_TASK_CLASSIFICATION;
    source->element = NAS_ELEMENT_U8;
    source->flippable = source->shape.w > 1;
    (void)snprintf(source->kind, sizeof source->kind, "%lld×%lld %s images, PNG",
                   (long long)source->shape.h, (long long)source->shape.w,
                   source->shape.c == 1 ? "grey" : "colour");
    return NAS_OK;
}

/* ---- rows ----------------------------------------------------------------------- */

/* @param pixels  [H][W][C] as libpng gives them @param out  [C][H][W] */
static nas_status decode(const nas_source *source, int64_t i, uint8_t *pixels,
                         uint8_t *out, nas_err *err)
{
    static const png_color white = {255, 255, 255};
    const char *path = source->files[i].path;
    nas_shape s = source->shape;
    png_image image;
    NAS_TRY(read_header(path, &image, err));
    if (image.height != s.h || image.width != s.w) {
        png_image_free(&image);
        return nas_fail(err, NAS_E_DATA, "`%s` changed while it was read", path);
    }
    image.format = s.c == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
    if (png_image_finish_read(&image, &white, pixels, 0, NULL) == 0)
        return fail_png(path, &image, err);
    for (int64_t c = 0; c < s.c; c++)
        for (int64_t p = 0; p < s.h * s.w; p++)
            out[c * s.h * s.w + p] = pixels[p * s.c + c];
    return NAS_OK;
}

static nas_status stream_rows(nas_source *source, const nas_sink *sink, nas_err *err)
{
    int64_t bytes = nas_shape_count(source->shape);
    uint8_t *pixels = NAS_NEW(source->arena, uint8_t, bytes);
    uint8_t *planes = NAS_NEW(source->arena, uint8_t, bytes);
    NAS_TRY_ALLOC(pixels, err);
    NAS_TRY_ALLOC(planes, err);
    for (int64_t i = 0; i < source->n_files; i++) {
        NAS_TRY(decode(source, i, pixels, planes, err));
        NAS_TRY(sink->row(sink->context, i, planes, err));
    }
    return NAS_OK;
}

const nas_reader nas_reader_png = {
    .name = "png",
    .summary = "folder of PNG images, one subfolder per class",
    .probe = probe,
    .open = png_source_open,
    .describe = describe,
    .rows = stream_rows,
};
