#include "data/idx_names.h"

#include "data/part_words.h"

#include <string.h>

static const struct {
    const char *word;
    nas_idx_role role;
    nas_idx_axes axes;
} words[] = {
    {"images", NAS_IDX_INPUTS, NAS_IDX_IMAGE},
    {"image", NAS_IDX_INPUTS, NAS_IDX_IMAGE},
    {"mfcc", NAS_IDX_INPUTS, NAS_IDX_PLANE},
    {"spectrograms", NAS_IDX_INPUTS, NAS_IDX_PLANE},
    {"signals", NAS_IDX_INPUTS, NAS_IDX_SERIES},
    {"series", NAS_IDX_INPUTS, NAS_IDX_SERIES},
    {"strokes", NAS_IDX_INPUTS, NAS_IDX_SERIES},
    {"features", NAS_IDX_INPUTS, NAS_IDX_IMAGE},
    {"labels", NAS_IDX_LABELS, NAS_IDX_IMAGE},
    {"label", NAS_IDX_LABELS, NAS_IDX_IMAGE},
    {"targets", NAS_IDX_LABELS, NAS_IDX_IMAGE},
    {"subjects", NAS_IDX_GROUPS, NAS_IDX_IMAGE},
    {"groups", NAS_IDX_GROUPS, NAS_IDX_IMAGE},
    {"lengths", NAS_IDX_OTHER, NAS_IDX_IMAGE},
};

enum { N_WORDS = sizeof words / sizeof words[0] };

static bool is_separator(char c)
{
    return c == '-' || c == '_' || c == '.' || c == '\0';
}

static bool equals(const char *token, size_t length, const char *word)
{
    return strlen(word) == length && strncasecmp(token, word, length) == 0;
}

static int find_word(const char *token, size_t length)
{
    for (int i = 0; i < N_WORDS; i++)
        if (equals(token, length, words[i].word))
            return i;
    return -1;
}

static void copy_head(char *out, size_t size, const char *text, size_t length)
{
    while (length > 0 && is_separator(text[length - 1]))
        length--;
    if (length >= size)
        length = size - 1;
    memcpy(out, text, length);
    out[length] = '\0';
}

bool nas_idx_name_parse(const char *name, nas_idx_name *out)
{
    *out = (nas_idx_name){.part = NAS_PART_ANY};
    const char *part_token = NULL;
    for (const char *at = name; *at != '\0';) {
        size_t length = 0;
        while (!is_separator(at[length]))
            length++;
        int word = find_word(at, length);
        if (word >= 0) {
            out->role = words[word].role;
            out->axes = words[word].axes;
            copy_head(out->word, sizeof out->word, at, length);
            copy_head(out->prefix, sizeof out->prefix, name, (size_t)(at - name));
            copy_head(out->set, sizeof out->set, name,
                      (size_t)((part_token != NULL ? part_token : at) - name));
            return true;
        }
        nas_part part = nas_part_of_word(at, length);
        if (part != NAS_PART_ANY) {
            out->part = part;
            part_token = at;
        }
        at += length;
        if (*at != '\0')
            at++;
    }
    return false;
}
