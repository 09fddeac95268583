#include "search/supernet.h"

#include "nasmith/stats.h"
#include "nasmith/strategy.h"
#include "search/state.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    MAX_VALUES = 32,
    MOST_EPOCHS = 100,     /* with a clock, which ends it earlier */
    EPOCHS_PER_NETWORK = 5 /* as many as a decision has values, in the usual spaces */
};
/* Fewer say nothing. */
enum { LEAST_NETWORKS = 6 };
static const double MISLEADING = 0.2;

static const char *const PHASES[] = {"none", "training", "ready", "failed"};

/* ---- the plan ------------------------------------------------------------ */

static nas_value value_of(const nas_strategy_ops *ops, const nas_value *values,
                          const char *name)
{
    int index = nas_param_find(ops->params, name);
    return index >= 0 ? values[index] : (nas_value){0};
}

nas_status nas_supernet_plan_of(const nas_study_settings *settings, bool clock,
                                supernet_plan *out, nas_err *err)
{
    nas_value values[MAX_VALUES];
    json_t *object = NULL;
    const nas_strategy_ops *ops = nas_strategy_find(settings->strategy);
    const char *json = settings->strategy_json;
    nas_param_defaults(ops->params, values);
    NAS_TRY(nas_json_parse(json, strlen(json), ops->name, &object, err));
    nas_status status = nas_param_from_json(ops->params, object, ops->name, values, err);
    json_decref(object);
    NAS_TRY(status);
    out->kind = ops->supernet;
    int64_t top = settings->ladder.rung[settings->ladder.n - 1].epochs;
    out->epochs = value_of(ops, values, NAS_SUPERNET_EPOCHS).i;
    if (out->epochs == 0)
        out->epochs = clock ? MOST_EPOCHS : EPOCHS_PER_NETWORK * top;
    out->share = clock ? value_of(ops, values, NAS_SUPERNET_SHARE).f : 0.0;
    out->early_stop = value_of(ops, values, NAS_SUPERNET_EARLY_STOP).i != 0;
    out->second_order = value_of(ops, values, NAS_SUPERNET_SECOND_ORDER).i != 0;
    out->paths.fair = value_of(ops, values, NAS_SUPERNET_FAIR).i != 0;
    return NAS_OK;
}

/* ---- strengths ----------------------------------------------------------- */

static const char STRENGTHS_MAGIC[8] = "nasmixt1";

typedef struct strengths_head {
    char magic[8];
    int64_t n_choices, stride;
} strengths_head;

nas_status nas_supernet_save_strengths(const nas_mixed *mixed,
                                       const nas_strengths *strengths, nas_text *out,
                                       nas_err *err)
{
    strengths_head head = {.n_choices = mixed->n_choices, .stride = strengths->stride};
    memcpy(head.magic, STRENGTHS_MAGIC, sizeof head.magic);
    nas_text_append(out, (const char *)&head, sizeof head);
    nas_text_append(out, (const char *)strengths->value,
                    (size_t)(head.n_choices * head.stride) * sizeof(double));
    return nas_text_status(out, err);
}

/* Choices of the space, of which the strengths must be. */
static nas_status mix_again(const nas_space *space, nas_arena *arena, nas_mixed **out,
                            int *widest, nas_err *err)
{
    nas_mixed *mixed = NAS_NEW(arena, nas_mixed, 1);
    NAS_TRY_ALLOC(mixed, err);
    NAS_TRY(nas_space_mix(space, arena, mixed, err));
    nas_graph_free(mixed->graph);
    mixed->graph = NULL;
    *widest = 0;
    for (int c = 0; c < mixed->n_choices; c++)
        *widest = mixed->choices[c].n > *widest ? mixed->choices[c].n : *widest;
    *out = mixed;
    return NAS_OK;
}

nas_status nas_supernet_load_strengths(const void *bytes, size_t n,
                                       const nas_space *space, nas_arena *arena,
                                       nas_strengths *out, nas_err *err)
{
    strengths_head head = {0};
    nas_mixed *mixed = NULL;
    int widest = 0;
    NAS_TRY(mix_again(space, arena, &mixed, &widest, err));
    if (n >= sizeof head)
        memcpy(&head, bytes, sizeof head);
    size_t count = (size_t)mixed->n_choices * (size_t)widest * sizeof(double);
    if (memcmp(head.magic, STRENGTHS_MAGIC, sizeof head.magic) != 0 ||
        head.n_choices != mixed->n_choices || head.stride != widest ||
        n != sizeof head + count)
        return nas_fail(err, NAS_E_STUDY,
                        "the stored strengths are not those of space `%s`",
                        nas_space_name(space));
    double *value = nas_arena_copy(arena, (const char *)bytes + sizeof head, count);
    NAS_TRY_ALLOC(value, err);
    *out = (nas_strengths){.mixed = mixed, .value = value, .stride = widest};
    return NAS_OK;
}

/* ---- the state ----------------------------------------------------------- */

static void write_state(nas_json *json, const supernet_state *state)
{
    nas_json_key_string(json, "phase", PHASES[state->phase]);
    nas_json_key_real(json, "epochs", state->epoch);
    nas_json_key_int(json, "steps", state->steps);
    nas_json_key_int(json, "paths", state->paths);
    nas_json_key_int(json, "tensors", state->tensors);
    nas_json_key_int(json, "weights", state->weights);
    nas_json_key_real(json, "train_loss", state->train_loss);
    nas_json_key_real(json, "seconds", state->seconds);
    if (state->collapse.epoch > 0) {
        nas_json_key_real(json, "skip_share", state->collapse.skip_share);
        nas_json_key_int(json, "alarm_epoch", state->collapse.alarm_epoch);
        nas_json_key_int(json, "stopped_epoch", state->collapse.stopped_epoch);
        nas_json_key_int(json, "strengths_of_epoch", state->collapse.epoch);
    }
    nas_json_key_string(json, "reason", state->reason[0] != '\0' ? state->reason : NULL);
}

nas_status nas_supernet_state_write(nas_study *study, const supernet_state *state,
                                    nas_err *err)
{
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_json_object_begin(&json);
    write_state(&json, state);
    nas_json_object_end(&json);
    nas_status status = nas_text_status(&text, err);
    if (status == NAS_OK)
        status = nas_study_put(study, STATE_SUPERNET, nas_text_string(&text), err);
    nas_text_free(&text);
    return status;
}

static int64_t member(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static double real(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

nas_status nas_supernet_state_read(nas_study *study, nas_arena *arena,
                                   supernet_state *out, nas_err *err)
{
    const char *text = NULL;
    json_t *object = NULL;
    *out = (supernet_state){.phase = SUPERNET_NONE};
    NAS_TRY(nas_study_get(study, STATE_SUPERNET, arena, &text, err));
    if (text == NULL)
        return NAS_OK;
    NAS_TRY(nas_json_parse(text, strlen(text), "supernet", &object, err));
    const char *phase = json_string_value(json_object_get(object, "phase"));
    const char *reason = json_string_value(json_object_get(object, "reason"));
    for (int i = SUPERNET_NONE; i <= SUPERNET_FAILED; i++)
        if (phase != NULL && strcmp(phase, PHASES[i]) == 0)
            out->phase = (supernet_phase)i;
    out->epoch = real(object, "epochs");
    out->steps = member(object, "steps");
    out->paths = member(object, "paths");
    out->tensors = member(object, "tensors");
    out->weights = member(object, "weights");
    out->train_loss = real(object, "train_loss");
    out->seconds = real(object, "seconds");
    out->collapse.epoch = member(object, "strengths_of_epoch");
    if (out->collapse.epoch > 0) {
        out->collapse.skip_share = real(object, "skip_share");
        out->collapse.stopped_epoch = member(object, "stopped_epoch");
        out->collapse.alarm_epoch = member(object, "alarm_epoch");
    }
    (void)snprintf(out->reason, sizeof out->reason, "%s", reason != NULL ? reason : "");
    json_decref(object);
    return NAS_OK;
}

/* ---- the check ----------------------------------------------------------- */

/* Score of a trial at a rung of the search, NaN where it has none. */
static double score_at(const nas_trial_row *row, int rung)
{
    for (int i = 0; i < row->n_evaluations; i++) {
        const nas_evaluation_row *e = &row->evaluations[i];
        if (e->spec.purpose == NAS_PURPOSE_SEARCH && e->spec.rung == rung &&
            e->state == NAS_EVALUATION_DONE)
            return e->validation.value;
    }
    return (double)NAN;
}

/* Mixtures have no scores to compare; they have the alarm of their training. */
static nas_status check_collapse(nas_study *study, nas_arena *arena, supernet_check *out,
                                 nas_err *err)
{
    supernet_state state;
    NAS_TRY(nas_supernet_state_read(study, arena, &state, err));
    if (state.collapse.alarm_epoch > 0)
        out->alarm = nas_arena_printf(
            arena,
            "alternatives that do nothing won most choices from epoch %lld on: strengths "
            "of epoch %lld are used",
            (long long)state.collapse.alarm_epoch, (long long)state.collapse.epoch);
    return NAS_OK;
}

nas_status nas_supernet_check(nas_study *study, nas_arena *arena, supernet_check *out,
                              nas_err *err)
{
    nas_trial_row *rows = NULL;
    int64_t n = 0;
    *out = (supernet_check){.tau = (double)NAN};
    if (nas_strategy_find(nas_study_settings_of(study)->strategy)->supernet !=
        NAS_SUPERNET_PATHS)
        return check_collapse(study, arena, out, err);
    NAS_TRY(nas_study_trials(study, arena, &rows, &n, err));
    double *inherited = NAS_NEW(arena, double, n);
    double *trained = NAS_NEW(arena, double, n);
    NAS_TRY_ALLOC(inherited, err);
    NAS_TRY_ALLOC(trained, err);
    for (int64_t i = 0; i < n; i++) {
        double a = score_at(&rows[i], 0);
        double b = score_at(&rows[i], 1);
        if (!rows[i].uniform || isnan(a) || isnan(b))
            continue;
        inherited[out->networks] = a;
        trained[out->networks++] = b;
    }
    if (out->networks >= 3)
        out->tau = nas_stats_kendall(inherited, trained, out->networks);
    if (out->networks >= LEAST_NETWORKS && !(out->tau >= MISLEADING))
        out->alarm = "the supernet does not rank the networks of this space; what was "
                     "chosen was chosen by trainings of its own";
    return NAS_OK;
}

static nas_status write_known(nas_study *study, nas_json *json, nas_arena *arena,
                              nas_err *err)
{
    supernet_state state;
    supernet_check check;
    NAS_TRY(nas_supernet_state_read(study, arena, &state, err));
    if (state.phase == SUPERNET_NONE) {
        nas_json_null(json);
        return NAS_OK;
    }
    NAS_TRY(nas_supernet_check(study, arena, &check, err));
    nas_json_object_begin(json);
    write_state(json, &state);
    nas_json_key_int(json, "compared", check.networks);
    nas_json_key_real(json, "kendall_tau", check.tau);
    nas_json_key_string(json, "alarm", check.alarm);
    nas_json_object_end(json);
    return NAS_OK;
}

nas_status nas_supernet_write_json(nas_study *study, nas_json *json, nas_err *err)
{
    nas_arena *arena = nas_arena_new();
    NAS_TRY_ALLOC(arena, err);
    nas_status status = write_known(study, json, arena, err);
    nas_arena_free(arena);
    return status;
}
