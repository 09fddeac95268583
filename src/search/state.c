#include "search/state.h"

#include "nasmith/clock.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const PHASES[] = {"search", "refit", "stop", "done"};

nas_status nas_run_state_write(nas_study *study, const run_state *state, nas_err *err)
{
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_json_object_begin(&json);
    nas_json_key_string(&json, "phase", PHASES[state->phase]);
    nas_json_key_int(&json, "search_end_ms", state->search_end_ms);
    nas_json_key_int(&json, "refit_end_ms", state->refit_end_ms);
    nas_json_key_int(&json, "trials", state->trials);
    nas_json_key_int(&json, "memory_bytes", state->memory_bytes);
    nas_json_key_int(&json, "max_macs", state->max_macs);
    nas_json_key_int(&json, "workers", state->workers);
    nas_json_object_end(&json);
    nas_status status = nas_text_status(&text, err);
    if (status == NAS_OK)
        status = nas_study_put(study, STATE_RUN, nas_text_string(&text), err);
    nas_text_free(&text);
    return status;
}

static int64_t member(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static run_phase phase_of(const json_t *object)
{
    const char *name = json_string_value(json_object_get(object, "phase"));
    for (int i = RUN_SEARCH; i <= RUN_DONE; i++)
        if (name != NULL && strcmp(name, PHASES[i]) == 0)
            return (run_phase)i;
    return RUN_DONE;
}

nas_status nas_run_state_read(nas_study *study, nas_arena *arena, run_state *out,
                              nas_err *err)
{
    const char *text = NULL;
    *out = (run_state){.phase = RUN_DONE};
    NAS_TRY(nas_study_get(study, STATE_RUN, arena, &text, err));
    if (text == NULL)
        return NAS_OK;
    json_t *object = NULL;
    NAS_TRY(nas_json_parse(text, strlen(text), "run state", &object, err));
    *out = (run_state){.phase = phase_of(object),
                       .search_end_ms = member(object, "search_end_ms"),
                       .refit_end_ms = member(object, "refit_end_ms"),
                       .trials = member(object, "trials"),
                       .memory_bytes = member(object, "memory_bytes"),
                       .max_macs = member(object, "max_macs"),
                       .workers = (int)member(object, "workers")};
    json_decref(object);
    return NAS_OK;
}

double nas_run_state_remaining_core_s(const run_state *state)
{
    if (state->search_end_ms == 0)
        return (double)INFINITY;
    double left = (double)(state->search_end_ms - nas_clock_unix_ms()) / 1000.0;
    int cores = state->workers > 0 ? state->workers : 1;
    return left > 0.0 ? left * cores : 0.0;
}

nas_status nas_state_int(nas_study *study, const char *key, nas_arena *arena,
                         int64_t *out, nas_err *err)
{
    const char *text = NULL;
    *out = 0;
    NAS_TRY(nas_study_get(study, key, arena, &text, err));
    if (text == NULL)
        return NAS_OK;
    return nas_parse_int(text, out, err);
}

nas_status nas_state_put_int(nas_study *study, const char *key, int64_t value,
                             nas_err *err)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%" PRId64, value);
    return nas_study_put(study, key, text, err);
}
