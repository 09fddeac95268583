#include "data/part_words.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *word;
    nas_part part;
} parts[] = {
    {"train", NAS_PART_TRAIN},
    {"training", NAS_PART_TRAIN},
    {"valid", NAS_PART_VALIDATION},
    {"val", NAS_PART_VALIDATION},
    {"validation", NAS_PART_VALIDATION},
    {"dev", NAS_PART_VALIDATION},
    {"test", NAS_PART_TEST},
    {"testing", NAS_PART_TEST},
    {"t10k", NAS_PART_TEST},
};

enum { N_PARTS = sizeof parts / sizeof parts[0] };

static nas_part find(const char *word, size_t length)
{
    for (int i = 0; i < N_PARTS; i++)
        if (strlen(parts[i].word) == length &&
            strncasecmp(word, parts[i].word, length) == 0)
            return parts[i].part;
    return NAS_PART_ANY;
}

/* A number of rows may follow: digits, then at most a k. */
nas_part nas_part_of_word(const char *word, size_t length)
{
    nas_part part = find(word, length);
    if (part != NAS_PART_ANY)
        return part;
    if (length > 0 && (word[length - 1] == 'k' || word[length - 1] == 'K'))
        length--;
    while (length > 0 && isdigit((unsigned char)word[length - 1]))
        length--;
    return find(word, length);
}
