#include "data/names.h"

#include <stdio.h>
#include <string.h>

static const char *const elements[] = {
    [NAS_ELEMENT_U8] = "u8",   [NAS_ELEMENT_I8] = "i8",   [NAS_ELEMENT_I16] = "i16",
    [NAS_ELEMENT_I32] = "i32", [NAS_ELEMENT_F32] = "f32",
};

static const char *const splits[] = {
    [NAS_SPLIT_STRATIFIED] = "stratified", [NAS_SPLIT_RANDOM] = "random",
    [NAS_SPLIT_GROUP] = "group",           [NAS_SPLIT_TIME] = "time",
    [NAS_SPLIT_FILES] = "files",
};

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

static int find(const char *text, const char *const *names, int n)
{
    for (int i = 0; i < n && text != NULL; i++)
        if (strcmp(text, names[i]) == 0)
            return i;
    return -1;
}

const char *nas_element_name(nas_element element)
{
    return elements[element];
}

const char *nas_split_name(nas_split_kind kind)
{
    return splits[kind];
}

bool nas_element_parse(const char *text, nas_element *out)
{
    int found = find(text, elements, COUNT(elements));
    if (found >= 0)
        *out = (nas_element)found;
    return found >= 0;
}

bool nas_split_parse(const char *text, nas_split_kind *out)
{
    int found = find(text, splits, COUNT(splits));
    if (found >= 0)
        *out = (nas_split_kind)found;
    return found >= 0;
}

void nas_fingerprint_text(uint64_t fingerprint, char out[17])
{
    (void)snprintf(out, 17, "%016llx", (unsigned long long)fingerprint);
}

bool nas_fingerprint_parse(const char *text, uint64_t *out)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t value = 0;
    if (text == NULL || strlen(text) != 16)
        return false;
    for (int i = 0; i < 16; i++) {
        const char *at = strchr(digits, text[i]);
        if (at == NULL)
            return false;
        value = value << 4 | (uint64_t)(at - digits);
    }
    *out = value;
    return true;
}
