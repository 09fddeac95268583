#include "space/space.h"

#include <math.h>
#include <string.h>

void nas_candidate_write_json(const nas_space *space, const nas_candidate *candidate,
                              nas_json *json)
{
    nas_json_object_begin(json);
    for (int d = 0; d < space->n_decisions; d++) {
        const nas_decision *decision = &space->decisions[d];
        if (candidate->pick[d] >= 0)
            nas_json_key_string(json, decision->name,
                                decision->texts[candidate->pick[d]]);
    }
    nas_json_object_end(json);
}

static nas_status fail_name(const nas_space *space, const char *name, nas_arena *arena,
                            nas_err *err)
{
    nas_status status =
        nas_fail(err, NAS_E_CONFIG, "candidate: the space `%s` has no decision `%.80s`",
                 space->name, name);
    const char **names = NAS_NEW(arena, const char *, space->n_decisions);
    NAS_TRY_ALLOC(names, err);
    for (int d = 0; d < space->n_decisions; d++)
        names[d] = space->decisions[d].name;
    const char *nearest = nas_text_nearest(name, names, (size_t)space->n_decisions);
    if (nearest != NULL)
        nas_err_hint(err, "did you mean `%s`?", nearest);
    return status;
}

static int find_decision(const nas_space *space, const char *name)
{
    uint64_t hash = nas_hash64(name, strlen(name), 0);
    for (int d = 0; d < space->n_decisions; d++)
        if (space->decisions[d].name_hash == hash &&
            strcmp(space->decisions[d].name, name) == 0)
            return d;
    return -1;
}

/* A value is the text that write gives, or for numbers also the number. */
static int find_value(const nas_decision *decision, const json_t *value)
{
    for (int v = 0; v < decision->n_values; v++) {
        if (json_is_string(value) &&
            strcmp(json_string_value(value), decision->texts[v]) == 0)
            return v;
        if (json_is_number(value) && decision->ordered &&
            fabs(json_number_value(value) - decision->values[v]) < 1e-12)
            return v;
    }
    return -1;
}

static nas_status fail_value(const nas_decision *decision, const json_t *value,
                             nas_err *err)
{
    char *found = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    nas_text list = {0};
    for (int v = 0; v < decision->n_values && v < 12; v++)
        nas_text_printf(&list, "%s%s", v == 0 ? "" : ", ", decision->texts[v]);
    nas_status status =
        nas_fail(err, NAS_E_CONFIG, "candidate: `%s` is %.60s, expected one of %s%s",
                 decision->name, found == NULL ? "?" : found, nas_text_string(&list),
                 decision->n_values > 12 ? ", ..." : "");
    free(found);
    nas_text_free(&list);
    return status;
}

static nas_status read_choices(const nas_space *space, const json_t *object,
                               int16_t *proposal, nas_arena *arena, nas_err *err)
{
    const char *name;
    json_t *value;
    /* jansson's iterator wants a mutable object but changes nothing */
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        int d = find_decision(space, name);
        if (d < 0)
            return fail_name(space, name, arena, err);
        int v = find_value(&space->decisions[d], value);
        if (v < 0)
            return fail_value(&space->decisions[d], value, err);
        proposal[d] = (int16_t)v;
    }
    return NAS_OK;
}

nas_status nas_candidate_read_json(const nas_space *space, const json_t *object,
                                   nas_arena *arena, nas_candidate **out, nas_err *err)
{
    if (!json_is_object(object))
        return nas_fail(err, NAS_E_CONFIG,
                        "candidate: expected an object {\"decision\": \"value\"}");
    int16_t *proposal = NAS_NEW(arena, int16_t, space->n_decisions);
    NAS_TRY_ALLOC(proposal, err);
    for (int d = 0; d < space->n_decisions; d++)
        proposal[d] = -1;
    NAS_TRY(read_choices(space, object, proposal, arena, err));
    *out = nas_candidate_complete(space, proposal, NULL, arena);
    NAS_TRY_ALLOC(*out, err);
    for (int d = 0; d < space->n_decisions; d++) {
        bool active = (*out)->pick[d] >= 0;
        if (active == (proposal[d] >= 0))
            continue;
        return nas_fail(err, NAS_E_CONFIG,
                        active
                            ? "candidate: no value for `%s`"
                            : "candidate: `%s` has a value, but the other choices leave "
                              "it without meaning",
                        space->decisions[d].name);
    }
    return NAS_OK;
}
