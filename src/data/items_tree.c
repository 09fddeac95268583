/* A folder of samples: one subfolder per class, perhaps below train/, test/ and val/; or,
 * where the user says what file names mean, any files at most one folder deep. */
#include "data/items.h"
#include "data/part_words.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_DEPTH = 3, PROBED_FILES = 32 };

/* ---- probing --------------------------------------------------------------------- */

/* Depth-first, stops at the first sample; looks into few files of any other kind. */
static bool holds_item(const nas_item_kind *kind, const char *path, int depth)
{
    char below[4096];
    bool found = false;
    int files = 0;
    DIR *directory = opendir(path);
    if (directory == NULL)
        return false;
    for (struct dirent *entry;
         !found && files < PROBED_FILES && (entry = readdir(directory)) != NULL;) {
        int n = snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] == '.' || n >= (int)sizeof below)
            continue;
        if (!nas_file_is_directory(below)) {
            files++;
            found = nas_item_is(kind, below);
        } else if (depth < MAX_DEPTH) {
            found = holds_item(kind, below, depth + 1);
        }
    }
    (void)closedir(directory);
    return found;
}

bool nas_items_probe_tree(const nas_item_kind *kind, const char *path)
{
    return nas_file_is_directory(path) && holds_item(kind, path, 1);
}

/* ---- folders --------------------------------------------------------------------- */

/* A folder of class folders, or of the part folders train, val, test. */
typedef struct tree_root {
    char *path;
    const char *prefix; /* "" or "train/" */
    nas_part part;
} tree_root;

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

static bool are_parts(char *const *folders, int64_t n)
{
    bool train = false;
    for (int64_t i = 0; i < n; i++) {
        nas_part part = nas_part_of_word(folders[i], strlen(folders[i]));
        if (part == NAS_PART_ANY)
            return false;
        train = train || part == NAS_PART_TRAIN;
    }
    return train;
}

/* Does any class folder below this one hold a sample? */
static bool classes_hold_item(const nas_item_kind *kind, const char *path,
                              nas_arena *arena, int depth)
{
    char **folders = NULL;
    int64_t n = 0;
    bool found = false;
    if (list_folders(arena, path, &folders, &n, NULL) != NAS_OK)
        return false;
    bool parts = depth == 1 && are_parts(folders, n);
    for (int64_t i = 0; i < n && !found; i++) {
        char *below = nas_file_join(arena, path, folders[i]);
        if (below != NULL)
            found = parts ? classes_hold_item(kind, below, arena, depth + 1)
                          : holds_item(kind, below, MAX_DEPTH);
    }
    return found;
}

bool nas_items_probe_classes(const nas_item_kind *kind, const char *path)
{
    nas_arena *arena = nas_arena_new();
    if (arena == NULL)
        return false;
    bool found = nas_file_is_directory(path) && classes_hold_item(kind, path, arena, 1);
    nas_arena_free(arena);
    return found;
}

static nas_status find_roots(nas_source *source, tree_root **out, int64_t *n,
                             nas_err *err)
{
    nas_arena *arena = source->arena;
    char **folders = NULL;
    int64_t n_folders = 0;
    NAS_TRY(list_folders(arena, source->path, &folders, &n_folders, err));
    bool parts = are_parts(folders, n_folders);
    *n = parts ? n_folders : 1;
    *out = NAS_NEW(arena, tree_root, *n);
    NAS_TRY_ALLOC(*out, err);
    if (!parts) {
        **out = (tree_root){.path = source->path, .prefix = ""};
        return NAS_OK;
    }
    for (int64_t i = 0; i < n_folders; i++) {
        tree_root *root = &(*out)[i];
        root->path = nas_file_join(arena, source->path, folders[i]);
        NAS_TRY_ALLOC(root->path, err);
        root->prefix = nas_arena_printf(arena, "%s/", folders[i]);
        NAS_TRY_ALLOC(root->prefix, err);
        root->part = nas_part_of_word(folders[i], strlen(folders[i]));
    }
    return NAS_OK;
}

/* ---- files ----------------------------------------------------------------------- */

typedef struct tree_walk {
    nas_source *source;
    nas_items *items;
    const tree_root *root;
} tree_walk;

static nas_status take_file(const tree_walk *walk, const char *path, const char *name,
                            nas_item item, nas_err *err)
{
    nas_items *items = walk->items;
    if (!nas_item_is(items->kind, path)) {
        items->first_skipped = items->n_skipped == 0 ? name : items->first_skipped;
        items->n_skipped++;
        return NAS_OK;
    }
    if (walk->source->options->names != NULL)
        NAS_TRY(nas_items_parse_name(walk->source, items, name, &item, err));
    return nas_items_add(walk->source, items, path, name, item, err);
}

/* The files of one folder below the root. @param folder  "" = the root itself */
static nas_status take_folder(const tree_walk *walk, const char *folder, nas_item item,
                              nas_err *err)
{
    nas_arena *arena = walk->source->arena;
    char **names = NULL;
    int64_t n = 0;
    bool root = folder[0] == '\0';
    char *place =
        root ? walk->root->path : nas_file_join(arena, walk->root->path, folder);
    NAS_TRY_ALLOC(place, err);
    NAS_TRY(nas_file_list(place, arena, &names, &n, err));
    for (int64_t i = 0; i < n; i++) {
        char *path = nas_file_join(arena, place, names[i]);
        char *name = nas_arena_printf(arena, "%s%s%s%s", walk->root->prefix, folder,
                                      root ? "" : "/", names[i]);
        NAS_TRY_ALLOC(path, err);
        NAS_TRY_ALLOC(name, err);
        if (names[i][0] != '.' && !nas_file_is_directory(path))
            NAS_TRY(take_file(walk, path, name, item, err));
    }
    return NAS_OK;
}

static nas_status take_root(const tree_walk *walk, nas_err *err)
{
    char **folders = NULL;
    int64_t n = 0;
    nas_item item = {.group = -1, .part = (uint8_t)walk->root->part};
    bool names = walk->source->options->names != NULL;
    NAS_TRY(list_folders(walk->source->arena, walk->root->path, &folders, &n, err));
    if (names)
        NAS_TRY(take_folder(walk, "", item, err));
    for (int64_t i = 0; i < n; i++) {
        if (!names)
            NAS_TRY(nas_intern_add(&walk->items->labels, folders[i], &item.label, err));
        NAS_TRY(take_folder(walk, folders[i], item, err));
    }
    return NAS_OK;
}

static nas_status fail_flat(const nas_source *source, const nas_items *items,
                            nas_err *err)
{
    nas_status status =
        nas_fail(err, NAS_E_DATA, "folder `%s` holds %ss but no class folders",
                 source->path, items->kind->what);
    nas_err_hint(err,
                 "put the %ss of each class into a subfolder named after it, or say "
                 "what their names mean: --names class_*",
                 items->kind->what);
    return status;
}

nas_status nas_items_from_tree(nas_source *source, nas_items *items, nas_err *err)
{
    tree_root *roots = NULL;
    int64_t n = 0;
    items->folders = source->options->names == NULL;
    NAS_TRY(find_roots(source, &roots, &n, err));
    for (int64_t i = 0; i < n; i++) {
        tree_walk walk = {.source = source, .items = items, .root = &roots[i]};
        NAS_TRY(take_root(&walk, err));
    }
    if (items->labels.n == 0 && items->folders)
        return fail_flat(source, items, err);
    if (items->n == 0)
        return nas_fail(err, NAS_E_DATA, "the class folders of `%s` hold no %ss",
                        source->path, items->kind->what);
    return NAS_OK;
}
