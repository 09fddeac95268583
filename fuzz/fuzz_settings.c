/* layer: study
 * Any bytes as the settings of a study: read, or one clear line. What was read is written
 * the same after reading it back. */
#include "study/study.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(const nas_study_settings *settings, nas_arena *arena)
{
    nas_err err = {0};
    nas_text first = {0}, second = {0};
    nas_study_settings again;
    if (nas_settings_write(settings, &first, &err) != NAS_OK)
        abort();
    if (nas_settings_read(nas_text_string(&first), arena, &again, &err) == NAS_OK &&
        (nas_settings_write(&again, &second, &err) != NAS_OK ||
         strcmp(nas_text_string(&first), nas_text_string(&second)) != 0))
        abort();
    nas_text_free(&first);
    nas_text_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nas_err err = {0};
    nas_study_settings settings;
    nas_arena *arena = nas_arena_new();
    char *text = nas_heap_alloc(size + 1, 1);
    memcpy(text, data, size);
    if (nas_settings_read(text, arena, &settings, &err) == NAS_OK)
        check_round_trip(&settings, arena);
    else if (err.text[0] == '\0' || strchr(err.text, '\n') != NULL)
        abort();
    nas_heap_free(text);
    nas_arena_free(arena);
    return 0;
}
