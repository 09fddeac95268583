#include "search/price.h"

#include "fake.h"

static void test_limits_decide(void **state)
{
    (void)state;
    fake f;
    nas_err err = {0};
    fake_open(&f);
    nas_study_settings settings = *f.run.settings;
    nas_candidate *candidate = nas_space_smallest(f.space, f.arena);
    nas_cost cost;
    bool feasible = false;
    pricer free_pricer = nas_pricer_of(f.space, &settings, 0);
    check_ok(nas_price_candidate(&free_pricer, candidate, &cost, &feasible, &err), err);
    assert_true(feasible);
    assert_true(cost.params > 0 && cost.macs > 0 && cost.latency_ms < 0.0);
    settings.limits.params = cost.params - 1;
    pricer tight = nas_pricer_of(f.space, &settings, 0);
    check_ok(nas_price_candidate(&tight, candidate, &cost, &feasible, &err), err);
    assert_false(feasible);
    settings.limits = (nas_limits){.macs = cost.macs};
    pricer affordable = nas_pricer_of(f.space, &settings, cost.macs - 1);
    assert_int_equal(affordable.limits.macs, cost.macs - 1);
    affordable = nas_pricer_of(f.space, &settings, cost.macs + 1);
    assert_int_equal(affordable.limits.macs, cost.macs);
    fake_close(&f);
}

static void test_trials(void **state)
{
    (void)state;
    fake f;
    nas_err err = {0};
    fake_open(&f);
    nas_rng rng = nas_rng_new(1, 1);
    nas_proposal proposal = {.candidate = nas_space_sample(f.space, &rng, f.arena),
                             .cost = fake_cost(77),
                             .parents = {4, 0},
                             .uniform = true};
    nas_trial_spec trial;
    check_ok(
        nas_trial_of_proposal(f.space, f.run.settings, &proposal, f.arena, &trial, &err),
        err);
    assert_int_equal(trial.origin, NAS_TRIAL_SEARCH);
    assert_true(trial.key == nas_space_key(f.space, proposal.candidate));
    assert_true(trial.uniform);
    assert_int_equal(trial.parents[0], 4);
    assert_int_equal(trial.cost.macs, 77);
    nas_graph *graph = NULL;
    check_ok(nas_graph_read_json(trial.graph, strlen(trial.graph), "g", &graph, &err),
             err);
    assert_true(nas_graph_hash(graph) == trial.graph_hash);
    assert_non_null(strstr(trial.recipe, "\"batch\":32")); /* the study's */
    check_ok(nas_trial_of_graph(graph, "linear", f.run.settings, f.arena, &trial, &err),
             err);
    assert_int_equal(trial.origin, NAS_TRIAL_BASELINE);
    assert_string_equal(trial.name, "linear");
    assert_null(trial.decisions);
    assert_int_equal(trial.cost.macs, nas_graph_macs(graph));
    nas_graph_free(graph);
    fake_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits_decide),
        cmocka_unit_test(test_trials),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
