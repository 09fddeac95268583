/* What the words of a file name mean, as the user says it. */
#include "data/items.h"
#include "data/part_words.h"

#include "nasmith/text.h"

#include <stdio.h>
#include <string.h>

typedef struct word {
    const char *text;
    size_t length;
} word;

static word next_word(const char **rest, char separator)
{
    const char *end = strchr(*rest, separator);
    word out = {.text = *rest};
    out.length = end != NULL ? (size_t)(end - *rest) : strlen(*rest);
    *rest += out.length + (end != NULL);
    return out;
}

static bool is(word w, const char *text)
{
    return strlen(text) == w.length && strncmp(w.text, text, w.length) == 0;
}

static nas_status fail_pattern(const nas_source *source, word w, nas_err *err)
{
    nas_status status =
        nas_fail(err, NAS_E_USAGE,
                 "--names %s: `%.*s` is none of class, group, *, train=, val=, test=",
                 source->options->names, (int)w.length, w.text);
    nas_err_hint(err, "words are separated by _ (or by - where there is no _), for "
                      "example class_group_* or class_*_test=0-4");
    return status;
}

static nas_status copy_word(nas_arena *arena, word w, char **out, nas_err *err)
{
    *out = nas_arena_printf(arena, "%.*s", (int)w.length, w.text);
    NAS_TRY_ALLOC(*out, err);
    return NAS_OK;
}

/* "4", "0-4", "0..4" or a word. */
static bool in_range(const char *range, const char *text)
{
    char low[32];
    int64_t from, to, value;
    const char *dash = strstr(range, "..");
    const char *high = dash != NULL ? dash + 2 : NULL;
    if (dash == NULL && (dash = strchr(range + (*range == '-'), '-')) != NULL)
        high = dash + 1;
    if (strcmp(range, text) == 0)
        return true;
    if (dash == NULL || (size_t)(dash - range) >= sizeof low)
        return false;
    memcpy(low, range, (size_t)(dash - range));
    low[dash - range] = '\0';
    return nas_parse_int(low, &from, NULL) == NAS_OK &&
           nas_parse_int(high, &to, NULL) == NAS_OK &&
           nas_parse_int(text, &value, NULL) == NAS_OK && value >= from && value <= to;
}

/* Apply one word of the pattern to one word of the name. */
static nas_status apply(nas_source *source, nas_items *items, word pattern, word name,
                        nas_item *item, nas_err *err)
{
    char *text = NULL;
    char *key = NULL;
    NAS_TRY(copy_word(source->arena, name, &text, err));
    NAS_TRY(copy_word(source->arena, pattern, &key, err));
    char *equals = strchr(key, '=');
    if (is(pattern, "*"))
        return NAS_OK;
    if (is(pattern, "class"))
        return nas_intern_add(&items->labels, text, &item->label, err);
    if (is(pattern, "group"))
        return nas_intern_add(&items->groups, text, &item->group, err);
    nas_part part =
        equals != NULL ? nas_part_of_word(key, (size_t)(equals - key)) : NAS_PART_ANY;
    if (part == NAS_PART_ANY)
        return fail_pattern(source, pattern, err);
    if (in_range(equals + 1, text))
        item->part = (uint8_t)part;
    return NAS_OK;
}

static nas_status fail_name(const nas_source *source, const char *name, nas_err *err)
{
    nas_status status = nas_fail(err, NAS_E_DATA, "`%s/%s` does not fit --names %s",
                                 source->path, name, source->options->names);
    nas_err_hint(err, "a * at the end stands for all words that follow");
    return status;
}

/* Files outside of a named test part are for training, and validation comes from them. */
static void set_rest(const char *pattern, nas_item *item)
{
    bool named = strchr(pattern, '=') != NULL;
    if (named && item->part == NAS_PART_ANY)
        item->part = NAS_PART_TRAIN;
}

nas_status nas_items_parse_name(nas_source *source, nas_items *items, const char *name,
                                nas_item *item, nas_err *err)
{
    const char *pattern = source->options->names;
    char separator = strchr(pattern, '_') != NULL ? '_' : '-';
    const char *slash = strrchr(name, '/');
    char *stem = nas_arena_strdup(source->arena, slash != NULL ? slash + 1 : name);
    NAS_TRY_ALLOC(stem, err);
    char *dot = strrchr(stem, '.');
    if (dot != NULL)
        *dot = '\0';
    const char *rest = stem;
    bool class = false;
    while (*pattern != '\0') {
        word p = next_word(&pattern, separator);
        if (*rest == '\0')
            return fail_name(source, name, err);
        word w = next_word(&rest, separator);
        class = class || is(p, "class");
        NAS_TRY(apply(source, items, p, w, item, err));
        if (is(p, "*") && *pattern == '\0')
            rest = "";
    }
    if (*rest != '\0')
        return fail_name(source, name, err);
    if (!class)
        return nas_fail(err, NAS_E_USAGE, "--names %s: no word is called class",
                        source->options->names);
    set_rest(source->options->names, item);
    return NAS_OK;
}
