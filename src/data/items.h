/* Files that are one sample each (images, recordings): which there are, and what folder
 * names, file names or a list say of each. */
#ifndef NASMITH_DATA_ITEMS_H
#define NASMITH_DATA_ITEMS_H

#include "data/intern.h"
#include "data/source.h"

enum { NAS_ITEM_HEAD = 512 };

/* What makes a file a sample. */
typedef struct nas_item_kind {
    const char *what;              /* "image" */
    const char *const *extensions; /* with the dot, NULL-terminated: a file of such a name
                                      must be one, and is reported when it is not */
    /* @param head  the first n <= NAS_ITEM_HEAD bytes */
    bool (*is_magic)(const unsigned char *head, size_t n);
} nas_item_kind;

typedef struct nas_item {
    int64_t label; /* number in labels; after nas_items_describe a class index */
    int64_t group; /* number in groups, or -1 */
    uint8_t part;
} nas_item;

/* Zero-initialise but for kind. Item i is source->files[first_file + i]. */
typedef struct nas_items {
    const nas_item_kind *kind;
    nas_item *items; /* [n] */
    int64_t n, capacity;
    int64_t first_file;
    nas_intern labels, groups;
    bool folders; /* labels are names of folders: classes, never quantities */
    int64_t n_skipped;
    const char *first_skipped;
} nas_items;

/* Is the file of this kind, by its name's end or by its content? */
bool nas_item_is(const nas_item_kind *kind, const char *path);

/* Does a folder of class folders, perhaps below train/, val/ and test/, hold such files?
 * Cheap: stops at the first. */
bool nas_items_probe_tree(const nas_item_kind *kind, const char *path);

/* The same where the files must lie in class folders: a flat folder is no such set. */
bool nas_items_probe_classes(const nas_item_kind *kind, const char *path);

/* Is it a CSV file whose first row names such a file? */
bool nas_items_probe_list(const nas_item_kind *kind, const char *path);

/* Find the files of source->path: a folder, or a list (columns path or file, the label,
 * perhaps part and the group column); adds them to the source.
 * @return NAS_E_DATA when there are none, or no classes; NAS_E_USAGE for names or columns
 */
nas_status nas_items_open(nas_source *source, nas_items *items, nas_err *err);

/* Say that item `i` is looked at for the first time. */
nas_status nas_items_tell(const nas_source *source, const nas_items *items, int64_t i,
                          nas_err *err);

/* Are the labels quantities? By the task asked for; else numbers with a fraction, or more
 * than 20 different ones. */
bool nas_items_are_quantities(const nas_items *items, const nas_schema *schema);

/* Understand labels and fill source->rows.
 * @param n_rows  rows that each item gives; NULL = one */
nas_status nas_items_describe(nas_source *source, nas_items *items,
                              const nas_schema *schema, const int64_t *n_rows,
                              nas_err *err);

/* ---- parts of the above, one file each ---- */

nas_status nas_items_from_tree(nas_source *source, nas_items *items, nas_err *err);
nas_status nas_items_from_list(nas_source *source, nas_items *items, nas_err *err);

/* Add one file. @param name  relative to the source */
nas_status nas_items_add(nas_source *source, nas_items *items, const char *path,
                         const char *name, nas_item item, nas_err *err);

/* What a pattern such as "class_group_*" or "class_*_test=0-4" says of a file name:
 * "class", "group", "train=", "val=", "test=" (a number, a range, or a word; other files
 * keep their part), "*" for one word, at the end for all that follow.
 * @param item  label, group and perhaps part are set
 * @return NAS_E_DATA when the name has other parts, NAS_E_USAGE for a bad pattern */
nas_status nas_items_parse_name(nas_source *source, nas_items *items, const char *name,
                                nas_item *item, nas_err *err);

#endif
