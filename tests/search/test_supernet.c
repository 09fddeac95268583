/* covers: supernet.c, supernet_job.c
 * Searches with a supernet, with worker processes. */
#include "world.h"

#include "fake.h"

#include <math.h>

static void open_spos(world *w)
{
    world_open(w);
    w->options.strategy = "spos";
    w->options.strategy_options = "population=12,supernet_epochs=6";
    w->options.trials = 40;
}

static supernet_state state_of(const world *w, supernet_check *check)
{
    nas_err err = {0};
    nas_study *study = NULL;
    nas_arena *arena = nas_arena_new();
    supernet_state state;
    check_ok(nas_study_open(w->study, &study, &err), err);
    check_ok(nas_supernet_state_read(study, arena, &state, &err), err);
    if (check != NULL)
        check_ok(nas_supernet_check(study, arena, check, &err), err);
    nas_study_close(study);
    nas_arena_free(arena);
    return state;
}

static json_t *result_json(const world *w, const nas_search_result *result)
{
    nas_err err = {0};
    nas_study *study = NULL;
    nas_text text = {0};
    json_t *document = NULL;
    check_ok(nas_study_open(w->study, &study, &err), err);
    nas_json json = nas_json_writer(&text, 0);
    check_ok(nas_search_write_json(result, study, &json, &err), err);
    nas_study_close(study);
    check_ok(nas_json_parse(text.data, text.length, "result", &document, &err), err);
    nas_text_free(&text);
    return document;
}

/* Trials with a training of their own, and with inherited scores. */
static void count_rungs(const world *w, int *inherited, int *trained)
{
    nas_err err = {0};
    nas_study *study = NULL;
    nas_arena *arena = nas_arena_new();
    nas_trial_row *rows = NULL;
    int64_t n = 0;
    *inherited = *trained = 0;
    check_ok(nas_study_open(w->study, &study, &err), err);
    check_ok(nas_study_trials(study, arena, &rows, &n, &err), err);
    for (int64_t t = 0; t < n; t++)
        for (int i = 0; i < rows[t].n_evaluations; i++) {
            const nas_evaluation_row *e = &rows[t].evaluations[i];
            bool done =
                e->spec.purpose == NAS_PURPOSE_SEARCH && e->state == NAS_EVALUATION_DONE;
            assert_true((e->spec.epochs == 0) == (e->spec.rung == 0));
            *inherited += done && e->spec.rung == 0;
            *trained += done && e->spec.rung == 1;
        }
    nas_study_close(study);
    nas_arena_free(arena);
}

/* One command: a supernet is trained, networks are scored in it, the best and some for
 * comparison are trained on their own, finalists are refitted and tested. */
static void a_search_with_a_supernet(void **state)
{
    (void)state;
    world w;
    int inherited = 0;
    int trained = 0;
    supernet_check check;
    open_spos(&w);
    nas_search_result r = world_run(&w);
    assert_string_equal(r.stop_reason, "40 trials");
    assert_int_equal(r.counts.scored, 40);
    assert_true(r.n_finalists >= 1 && r.finalists[0].refit_epochs > 0);
    assert_true(r.finalists[0].test.value > 0.7);
    count_rungs(&w, &inherited, &trained);
    assert_int_equal(inherited, 40);
    assert_in_range(trained, 5, 12); /* one in eight, and up to five for comparison */
    supernet_state s = state_of(&w, &check);
    assert_int_equal(s.phase, SUPERNET_READY);
    assert_true(s.epoch == 6.0 && s.weights > 100 && s.tensors > 4 && s.paths == s.steps);
    assert_in_range(check.networks, 5, 12);
    assert_true(check.tau >= -1.0 && check.tau <= 1.0);
    assert_true(world_has(&w, "flowers.nas/" SUPERNET_BLOB));
    assert_false(world_has(&w, "flowers.nas/" SUPERNET_CHECKPOINT));
    assert_non_null(strstr(w.lines.data, "trained 6 epochs in"));
    json_t *document = result_json(&w, &r);
    const json_t *supernet = json_object_get(document, "supernet");
    assert_string_equal(json_string_value(json_object_get(supernet, "phase")), "ready");
    assert_int_equal(json_integer_value(json_object_get(supernet, "compared")),
                     check.networks);
    json_decref(document);
    nas_search_result_free(&r);
    world_close(&w);
}

static void other_strategies_have_none(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    nas_search_result r = world_run(&w);
    json_t *document = result_json(&w, &r);
    assert_true(json_is_null(json_object_get(document, "supernet")));
    json_decref(document);
    assert_int_equal(state_of(&w, NULL).phase, SUPERNET_NONE);
    nas_search_result_free(&r);
    world_close(&w);
}

/* Best of a search, with everything that follows from the seed. */
static double best_of(void)
{
    world w;
    open_spos(&w);
    nas_search_result r = world_run(&w);
    double value = r.finalists[0].test.value + 1000.0 * (double)r.finalists[0].trial;
    nas_search_result_free(&r);
    world_close(&w);
    return value;
}

static void the_same_seed_gives_the_same_result(void **state)
{
    (void)state;
    assert_true(best_of() == best_of());
}

/* With a clock and two workers: one trains the supernet, the other networks on their own;
 * both are in time. */
static void it_keeps_its_time(void **state)
{
    (void)state;
    world w;
    open_spos(&w);
    w.options.strategy_options = NULL;
    w.options.trials = 0;
    w.options.epochs = 0;
    w.options.time_s = 12.0;
    w.options.workers = 2;
    nas_search_result r = world_run(&w);
    assert_true(r.seconds < 13.0);
    supernet_state s = state_of(&w, NULL);
    assert_int_equal(s.phase, SUPERNET_READY);
    assert_true(s.seconds > 0.5 && s.seconds < 6.0);
    nas_search_result_free(&r);
    world_close(&w);
}

/* Choices among blocks of one shape, for rows of four features. */
static const char CHOICES[] = "network:\n"
                              "  - dense: {out: 8}\n"
                              "  - name: a\n    choose:\n"
                              "      skip: identity\n"
                              "      dense: {dense: {out: 8}}\n"
                              "      tanh: {dense: {out: 8, act: tanh}}\n"
                              "  - name: b\n    choose:\n"
                              "      skip: identity\n"
                              "      dense: {dense: {out: 8}}\n"
                              "      wide: [dense: {out: 16}, dense: {out: 8}]\n";

static void open_mixture(world *w, const char *strategy)
{
    nas_err err = {0};
    static char path[128];
    world_open(w);
    (void)snprintf(path, sizeof path, "%s/choices.yaml", w->folder);
    check_ok(nas_file_write(path, CHOICES, strlen(CHOICES), &err), err);
    w->options.space = path;
    w->options.strategy = strategy;
    w->options.strategy_options = "supernet_epochs=6";
}

/* A mixture is trained, the network of its strengths is the first trial. */
static void gradient_searches(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"darts", "gdas"};
    for (int i = 0; i < 2; i++) {
        world w;
        open_mixture(&w, NAMES[i]);
        nas_search_result r = world_run(&w);
        assert_int_equal(r.counts.scored, 4);
        assert_true(r.finalists[0].test.value > 0.34); /* better than chance */
        supernet_state s = state_of(&w, NULL);
        assert_int_equal(s.phase, SUPERNET_READY);
        assert_true(s.epoch == 6.0 && s.weights == 0 && s.paths == 2 * s.steps);
        assert_in_range(s.collapse.epoch, 1, 6);
        json_t *document = result_json(&w, &r);
        const json_t *supernet = json_object_get(document, "supernet");
        assert_int_equal(
            json_integer_value(json_object_get(supernet, "strengths_of_epoch")),
            s.collapse.epoch);
        json_decref(document);
        nas_search_result_free(&r);
        world_close(&w);
    }
}

static void spaces_that_cannot_be_mixed_are_refused(void **state)
{
    (void)state;
    world w;
    open_mixture(&w, "darts");
    w.options.space = "table-mlp";
    world_fail(&w, NAS_E_USAGE, "strategy `darts` cannot mix space `table-mlp`: `",
               "--strategy spos");
    world_close(&w);
}

static void it_goes_with_asha_only(void **state)
{
    (void)state;
    world w;
    open_spos(&w);
    w.options.scheduler = "hyperband";
    world_fail(&w, NAS_E_USAGE, "`spos` does not go with scheduler `hyperband`",
               "--scheduler asha");
    world_close(&w);
}

/* ---- without workers ----------------------------------------------------- */

static void plans_follow_the_options(void **state)
{
    (void)state;
    nas_err err = {0};
    supernet_plan plan;
    nas_study_settings s = {.strategy = "spos",
                            .strategy_json = "{\"supernet_share\":0.3,\"fair\":true}",
                            .ladder = {.rung = {{1, 0, 0.1}, {1, 4, 0}}, .n = 2}};
    check_ok(nas_supernet_plan_of(&s, false, &plan, &err), err);
    assert_int_equal(plan.epochs, 20);
    assert_true(plan.share == 0.0 && plan.paths.fair);
    check_ok(nas_supernet_plan_of(&s, true, &plan, &err), err);
    assert_true(plan.share == 0.3 && plan.epochs == 100);
    s.strategy_json = "{\"supernet_epochs\":7}";
    check_ok(nas_supernet_plan_of(&s, true, &plan, &err), err);
    assert_true(plan.share == 0.4 && plan.epochs == 7 && !plan.paths.fair);
}

static void states_are_read_back(void **state)
{
    (void)state;
    fake f;
    nas_err err = {0};
    supernet_state out, in = {.phase = SUPERNET_FAILED,
                              .epoch = 2.5,
                              .steps = 17,
                              .paths = 85,
                              .tensors = 9,
                              .weights = 1234,
                              .train_loss = 0.75,
                              .seconds = 3.5,
                              .reason = "the loss became NaN"};
    fake_open(&f);
    check_ok(nas_supernet_state_read(f.run.study, f.arena, &out, &err), err);
    assert_int_equal(out.phase, SUPERNET_NONE);
    check_ok(nas_supernet_state_write(f.run.study, &in, &err), err);
    check_ok(nas_supernet_state_read(f.run.study, f.arena, &out, &err), err);
    assert_int_equal(out.phase, in.phase);
    assert_true(out.epoch == in.epoch && out.steps == in.steps && out.paths == in.paths);
    assert_true(out.tensors == in.tensors && out.weights == in.weights);
    assert_true(out.train_loss == in.train_loss && out.seconds == in.seconds);
    assert_string_equal(out.reason, in.reason);
    fake_close(&f);
}

static void strengths_are_read_back(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_arena *arena = nas_arena_new();
    nas_space_context context = {.input = {3, 32, 32}, .n_outputs = 10};
    nas_space *space = NULL, *other = NULL;
    nas_mixed mixed;
    nas_text bytes = {0};
    double value[6 * 5];
    for (int i = 0; i < 30; i++)
        value[i] = 0.25 * i;
    check_ok(nas_space_load("nasbench201", &context, &space, &err), err);
    check_ok(nas_space_load("darts", &context, &other, &err), err);
    check_ok(nas_space_mix(space, arena, &mixed, &err), err);
    nas_strengths out, in = {&mixed, value, 5};
    check_ok(nas_supernet_save_strengths(&mixed, &in, &bytes, &err), err);
    check_ok(
        nas_supernet_load_strengths(bytes.data, bytes.length, space, arena, &out, &err),
        err);
    assert_int_equal(out.stride, 5);
    assert_int_equal(out.mixed->n_choices, 6);
    assert_memory_equal(out.value, value, sizeof value);
    assert_int_equal(nas_supernet_load_strengths(bytes.data, bytes.length - 1, space,
                                                 arena, &out, &err),
                     NAS_E_STUDY);
    assert_int_equal(
        nas_supernet_load_strengths(bytes.data, bytes.length, other, arena, &out, &err),
        NAS_E_STUDY);
    nas_text_free(&bytes);
    nas_graph_free(mixed.graph);
    nas_space_free(space);
    nas_space_free(other);
    nas_arena_free(arena);
}

int main(int argc, char **argv)
{
    int code = 0;
    if (world_is_worker(argc, argv, &code))
        return code;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_search_with_a_supernet),
        cmocka_unit_test(other_strategies_have_none),
        cmocka_unit_test(the_same_seed_gives_the_same_result),
        cmocka_unit_test(it_keeps_its_time),
        cmocka_unit_test(gradient_searches),
        cmocka_unit_test(spaces_that_cannot_be_mixed_are_refused),
        cmocka_unit_test(it_goes_with_asha_only),
        cmocka_unit_test(strengths_are_read_back),
        cmocka_unit_test(plans_follow_the_options),
        cmocka_unit_test(states_are_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
