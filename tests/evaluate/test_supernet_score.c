/* covers: trained.c fitted.c */
#include "nasmith/supernet.h"

#include "evaluate/shared.h"

typedef struct world {
    nas_arena *arena;
    nas_dataset *data;
    nas_space *space;
    nas_workspace *workspace;
    nas_bank *bank;
} world;

static void open_world(world *w)
{
    *w = (world){.arena = nas_arena_new(),
                 .data = shared_images(400),
                 .workspace = nas_workspace_new(),
                 .bank = nas_bank_new(3)};
    w->space = shared_space(CELLS, w->data->shape, w->data->n_outputs);
}

static void close_world(world *w)
{
    nas_bank_free(w->bank);
    nas_space_free(w->space);
    nas_workspace_free(w->workspace);
    toy_free(w->data);
    nas_arena_free(w->arena);
}

static nas_job_result score(world *w, const nas_job *job, bool keep)
{
    nas_err err = {0};
    nas_job_result result;
    check_ok(
        nas_supernet_score(w->bank, job, w->workspace, keep, w->arena, &result, &err),
        err);
    return result;
}

/* The delivered model is the stand-alone network with the bank's weights and the measured
 * statistics: run through the engine by itself it gives the same score and the same bits.
 */
static void a_path_is_the_network_that_stands_alone(void **state)
{
    (void)state;
    world w;
    open_world(&w);
    nas_err err = {0};
    nas_graph *graph = shared_graph(w.space, (int[]){3, 2, 3}, 3, w.arena);
    nas_job job = shared_job(w.data, graph);
    nas_job_result r = score(&w, &job, true);
    assert_int_equal(r.outcome, NAS_OUTCOME_DONE);
    assert_int_equal(r.validation.n, 100);
    assert_int_equal(r.n_curve, 0);
    nas_score alone;
    check_ok(nas_evaluate_model(r.model, w.data, w.data->validation, w.data->n_validation,
                                job.metric, w.workspace, &alone, &err),
             err);
    assert_true(alone.value == r.validation.value);
    nas_bank_view *view = NULL;
    check_ok(nas_bank_bind(w.bank, graph, w.arena, &view, &err), err);
    float *shared = NAS_NEW(w.arena, float, nas_graph_floats(graph));
    nas_bank_gather(w.bank, view, shared);
    assert_memory_equal(shared, r.model->weights,
                        (size_t)nas_graph_params(graph) * sizeof *shared);
    nas_model_free(r.model);
    nas_graph_free(graph);
    close_world(&w);
}

/* Training passes of the stand-alone network with the bank's weights and of the path give
 * the same bits: loss and all gradients. */
static void training_passes_agree_too(void **state)
{
    (void)state;
    world w;
    open_world(&w);
    nas_err err = {0};
    nas_graph *graph = shared_graph(w.space, (int[]){3, 1, 3}, 3, w.arena);
    nas_net_options options = nas_net_options_default();
    options.batch = 32;
    float *gradients[2];
    double loss[2];
    for (int i = 0; i < 2; i++) {
        nas_net *net = NULL;
        nas_bank_view *view = NULL;
        /* Another path in between must leave no trace. */
        nas_graph *other = shared_graph(w.space, (int[]){2, 3, 2}, 3, w.arena);
        check_ok(nas_net_compile(other, &options, w.workspace, &net, &err), err);
        check_ok(nas_bank_bind(w.bank, other, w.arena, &view, &err), err);
        nas_bank_gather(w.bank, view, nas_net_weights(net));
        nas_net_batch(net, w.data, w.data->train, 32, NULL, NULL);
        (void)nas_net_forward(net, true, NULL);
        nas_net_backward(net);
        nas_net_free(net);
        nas_graph_free(other);
        check_ok(nas_net_compile(graph, &options, w.workspace, &net, &err), err);
        check_ok(nas_bank_bind(w.bank, graph, w.arena, &view, &err), err);
        nas_bank_gather(w.bank, view, nas_net_weights(net));
        nas_net_batch(net, w.data, w.data->train, 32, NULL, NULL);
        loss[i] = nas_net_forward(net, true, NULL);
        nas_net_backward(net);
        gradients[i] = nas_arena_copy(w.arena, nas_net_gradients(net),
                                      (size_t)nas_net_params(net) * sizeof(float));
        nas_net_free(net);
    }
    assert_true(loss[0] == loss[1]);
    assert_memory_equal(gradients[0], gradients[1],
                        (size_t)nas_graph_params(graph) * sizeof(float));
    nas_graph_free(graph);
    close_world(&w);
}

/* Statistics of norms are measured, on the same rows each time. */
static void statistics_are_measured_on_training_rows(void **state)
{
    (void)state;
    world w;
    open_world(&w);
    nas_graph *graph = shared_graph(w.space, (int[]){3, 2, 3}, 3, w.arena);
    nas_job job = shared_job(w.data, graph);
    job.recipe.batch = 64;
    nas_job_result r = score(&w, &job, true);
    assert_int_equal(r.rows_seen, 5 * 64); /* 300 rows, the last batch begins anew */
    nas_job_result again = score(&w, &job, true);
    assert_memory_equal(r.model->weights, again.model->weights,
                        (size_t)nas_graph_floats(graph) * sizeof(float));
    int64_t moved = 0;
    for (int i = 0; i < nas_graph_weight_count(graph); i++) {
        const nas_weight *weight = nas_graph_weight(graph, i);
        for (int64_t k = 0; k < weight->count && weight->role == NAS_WEIGHT_MEAN; k++)
            moved += r.model->weights[weight->offset + k] != 0.0f;
    }
    assert_true(moved > 20);
    nas_model_free(r.model);
    nas_model_free(again.model);
    nas_graph_free(graph);
    close_world(&w);
}

static void bad_combinations_are_outcomes(void **state)
{
    (void)state;
    world w;
    open_world(&w);
    nas_graph *graph = shared_graph(w.space, (int[]){3, 2, 3}, 3, w.arena);
    nas_job job = shared_job(w.data, graph);
    nas_dataset *other = toy_blobs(100, 6, 4);
    job.data = other;
    job.train_rows = other->train;
    job.n_train = other->n_train;
    nas_job_result r = score(&w, &job, true);
    assert_int_equal(r.outcome, NAS_OUTCOME_INFEASIBLE);
    assert_non_null(strstr(r.reason, "the network takes 2x8x8, the data has 6x1x1"));
    toy_free(other);
    nas_graph_free(graph);
    close_world(&w);
}

/* Weights that overflow: no score, and said so. */
static void divergence_is_an_outcome(void **state)
{
    (void)state;
    world w;
    open_world(&w);
    nas_err err = {0};
    nas_graph *graph = shared_graph(w.space, (int[]){3, 2, 3}, 3, w.arena);
    nas_bank_view *view = NULL;
    check_ok(nas_bank_bind(w.bank, graph, w.arena, &view, &err), err);
    float *g = NAS_NEW(w.arena, float, nas_graph_params(graph));
    for (int64_t i = 0; i < nas_graph_params(graph); i++)
        g[i] = i % 2 == 0 ? 1e18f : -1e18f;
    nas_optimizer plain = {.kind = NAS_OPTIMIZER_SGD};
    nas_bank_add_gradients(w.bank, view, g);
    assert_true(nas_bank_step(w.bank, &plain, 1e20f));
    nas_job job = shared_job(w.data, graph);
    nas_job_result r = score(&w, &job, true);
    assert_int_equal(r.outcome, NAS_OUTCOME_DIVERGED);
    assert_non_null(strstr(r.reason, "inherited weights"));
    assert_null(r.model);
    nas_graph_free(graph);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_the_network_that_stands_alone),
        cmocka_unit_test(training_passes_agree_too),
        cmocka_unit_test(statistics_are_measured_on_training_rows),
        cmocka_unit_test(bad_combinations_are_outcomes),
        cmocka_unit_test(divergence_is_an_outcome),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
