#include "nasmith/evaluate.h"

#include "evaluate/toy.h"

#include <math.h>
#include <string.h>

static nas_graph *mlp(int64_t features, int64_t hidden, int64_t outputs)
{
    nas_err err = {0};
    nas_graph_builder *b = nas_graph_builder_new();
    int node = nas_graph_add_input(b, (nas_shape){features, 1, 1});
    node = nas_graph_add_dense(b, node, hidden, "hidden");
    node = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, node, "norm");
    node = nas_graph_add_unary(b, NAS_OP_RELU, node, "relu");
    node = nas_graph_add_dense(b, node, outputs, "head");
    nas_graph *graph = NULL;
    check_ok(nas_graph_finish(b, node, &graph, &err), err);
    nas_graph_builder_free(b);
    return graph;
}

static nas_job job_of(const nas_graph *graph, const nas_dataset *data, int64_t epochs)
{
    nas_job job = toy_job(graph, data, epochs);
    job.seed = 17;
    return job;
}

static nas_job_result run(const nas_job *job, bool keep, nas_arena *arena)
{
    nas_err err = {0};
    nas_workspace *workspace = nas_workspace_new();
    assert_non_null(workspace);
    nas_job_result result;
    check_ok(nas_job_run(job, workspace, keep, arena, &result, &err), err);
    nas_workspace_free(workspace);
    return result;
}

static void test_learns_classes(void **state)
{
    (void)state;
    nas_dataset *data = toy_blobs(800, 6, 3);
    nas_graph *graph = mlp(6, 12, 3);
    nas_job job = job_of(graph, data, 6);
    nas_job_result r = run(&job, true, data->arena);
    assert_int_equal(r.outcome, NAS_OUTCOME_DONE);
    assert_true(r.validation.value > 0.95);
    assert_int_equal(r.validation.n, 200);
    assert_int_equal(r.n_curve, 6);
    assert_true(r.curve[5].train_loss < r.curve[0].train_loss);
    assert_true(isnan(r.curve[0].validation));
    assert_true(r.curve[5].validation == r.validation.value);
    assert_int_equal(r.rows_seen, 6 * (600 / 64) * 64);
    double right = 0.0;
    for (int64_t i = 0; i < 200; i++)
        right += r.row_goodness[i];
    assert_true(fabs(right / 200.0 - r.validation.value) < 1e-12);
    nas_model_free(r.model);
    nas_graph_free(graph);
    toy_free(data);
}

static void test_learns_numbers(void **state)
{
    (void)state;
    nas_dataset *data = toy_line(1200, 4);
    nas_graph *graph = mlp(4, 24, 2);
    nas_job job = job_of(graph, data, 12);
    job.metric = nas_metric_find("r2");
    nas_job_result r = run(&job, true, data->arena);
    assert_int_equal(r.outcome, NAS_OUTCOME_DONE);
    assert_true(r.validation.value > 0.95);
    assert_true(r.validation.low < r.validation.value);
    assert_true(fabs((double)r.model->target_mean[0] - 1000.0) < 40.0);
    nas_model_free(r.model);
    nas_graph_free(graph);
    toy_free(data);
}

/* Everything but times. */
static void same(const nas_job_result *a, const nas_job_result *b)
{
    assert_int_equal(a->outcome, b->outcome);
    assert_memory_equal(&a->validation, &b->validation, sizeof a->validation);
    assert_int_equal(a->n_curve, b->n_curve);
    for (int64_t i = 0; i < a->n_curve; i++)
        assert_true(a->curve[i].train_loss == b->curve[i].train_loss);
    assert_int_equal(a->rows_seen, b->rows_seen);
    int64_t floats = nas_graph_floats(a->model->graph);
    assert_memory_equal(a->model->weights, b->model->weights,
                        (size_t)floats * sizeof *a->model->weights);
}

static void test_depends_on_identity_only(void **state)
{
    (void)state;
    nas_dataset *data = toy_blobs(400, 5, 4);
    nas_graph *graph = mlp(5, 9, 4);
    nas_job job = job_of(graph, data, 2);
    job.recipe.ema = 0.9;
    nas_job_result a = run(&job, true, data->arena);
    job.validate_every_epoch = true; /* looking changes nothing */
    nas_job_result b = run(&job, true, data->arena);
    same(&a, &b);
    assert_true(!isnan(b.curve[0].validation));
    job.seed = 18;
    nas_job_result c = run(&job, true, data->arena);
    assert_true(c.curve[0].train_loss != a.curve[0].train_loss);
    job.seed = 17;
    job.repeat = 1;
    nas_job_result d = run(&job, true, data->arena);
    assert_true(d.curve[0].train_loss != a.curve[0].train_loss);
    nas_model_free(a.model);
    nas_model_free(b.model);
    nas_model_free(c.model);
    nas_model_free(d.model);
    nas_graph_free(graph);
    toy_free(data);
}

/* A training that must end earlier has fewer steps and still all of the schedule. */
static void test_ends_in_time(void **state)
{
    (void)state;
    nas_dataset *data = toy_blobs(4000, 5, 4);
    nas_graph *graph = mlp(5, 9, 4);
    nas_job job = job_of(graph, data, 20000);
    job.finish_by_s = 0.7;
    nas_job_result r = run(&job, true, data->arena);
    assert_int_equal(r.outcome, NAS_OUTCOME_DONE);
    assert_true(r.n_curve > 0 && r.n_curve < 20000);
    assert_true(r.curve[r.n_curve - 1].epoch <= (double)r.n_curve);
    double epochs = r.curve[r.n_curve - 1].epoch;
    assert_true(fabs((double)r.rows_seen / (double)job.n_train - epochs) < 0.02 * epochs);
    assert_true(r.validation.value > 0.7);
    nas_model_free(r.model);
    nas_graph_free(graph);
    toy_free(data);
}

/* What a callback keeps of a training. */
typedef struct witness {
    int calls, stop_after;
    char *checkpoint;
    size_t bytes;
    int ticks;
} witness;

static bool watch(void *context, const nas_job *job, const nas_curve_point *point,
                  int64_t epochs_done, const void *checkpoint, size_t bytes)
{
    (void)job;
    witness *w = context;
    w->calls++;
    assert_int_equal(epochs_done, (int64_t)point->epoch);
    if (w->calls == w->stop_after) {
        w->checkpoint = malloc(bytes);
        memcpy(w->checkpoint, checkpoint, bytes);
        w->bytes = bytes;
        return false;
    }
    return true;
}

static void test_resume_equals_uninterrupted(void **state)
{
    (void)state;
    nas_dataset *data = toy_blobs(500, 5, 3);
    nas_graph *graph = mlp(5, 10, 3);
    nas_job job = job_of(graph, data, 5);
    job.recipe.ema = 0.95;
    nas_job_result whole = run(&job, true, data->arena);
    witness w = {.stop_after = 2};
    job.on_epoch = watch;
    job.context = &w;
    nas_job_result first = run(&job, true, data->arena);
    assert_int_equal(first.outcome, NAS_OUTCOME_STOPPED);
    assert_int_equal(first.n_curve, 2);
    assert_null(first.model);
    job.resume = w.checkpoint;
    job.resume_bytes = w.bytes;
    nas_job_result rest = run(&job, true, data->arena);
    assert_int_equal(w.calls, 5);
    same(&whole, &rest);
    nas_model_free(rest.model);

    w.checkpoint[9] ^= 1; /* of another training: from scratch, same result */
    nas_job_result again = run(&job, true, data->arena);
    assert_int_equal(w.calls, 10);
    same(&whole, &again);
    job.resume_bytes = 5;
    nas_job_result truncated = run(&job, true, data->arena);
    same(&whole, &truncated);
    nas_model_free(truncated.model);
    nas_model_free(again.model);
    nas_model_free(whole.model);
    free(w.checkpoint);
    nas_graph_free(graph);
    toy_free(data);
}

static void test_fraction_and_few_rows(void **state)
{
    (void)state;
    nas_dataset *data = toy_blobs(400, 5, 3);
    nas_graph *graph = mlp(5, 8, 3);
    nas_job job = job_of(graph, data, 3);
    job.fraction = 0.5; /* 150 rows: 2 steps of 64 */
    nas_job_result r = run(&job, false, data->arena);
    assert_int_equal(r.rows_seen, 3 * 128);
    assert_null(r.model);
    assert_null(r.row_goodness);
    job.fraction = 0.15; /* 45 rows: batch 32 */
    r = run(&job, false, data->arena);
    assert_int_equal(r.rows_seen, 3 * 32);
    job.n_train = 5; /* repeated to 16 */
    job.fraction = 1.0;
    r = run(&job, false, data->arena);
    assert_int_equal(r.outcome, NAS_OUTCOME_DONE);
    assert_int_equal(r.rows_seen, 3 * 16);
    job.n_validation = 0; /* a refit */
    r = run(&job, false, data->arena);
    assert_int_equal(r.outcome, NAS_OUTCOME_DONE);
    assert_true(isnan(r.validation.value));
    assert_int_equal(r.validation.n, 0);
    nas_graph_free(graph);
    toy_free(data);
}

static void test_class_weights_help_rare(void **state)
{
    (void)state;
    nas_dataset *data = toy_new((nas_shape){2, 1, 1}, 2000, 2, NAS_TASK_CLASSIFICATION);
    nas_rng rng = nas_rng_new(1, 1);
    for (int64_t i = 0; i < 2000; i++) {
        toy_labels(data)[i] = i % 20 == 3;
        for (int64_t k = 0; k < 2; k++)
            toy_inputs(data)[2 * i + k] =
                (float)(nas_rng_normal(&rng) + (i % 20 == 3 ? 1.5 : 0.0));
    }
    nas_graph *graph = mlp(2, 8, 2);
    nas_job job = job_of(graph, data, 4);
    double found[2];
    for (int w = 0; w < 2; w++) {
        job.recipe.class_weights = w == 1;
        nas_job_result r = run(&job, true, data->arena);
        found[w] = 0.0;
        for (int64_t i = 0; i < data->n_validation; i++)
            if (data->labels[data->validation[i]] == 1)
                found[w] += r.row_goodness[i];
        nas_model_free(r.model);
    }
    assert_true(found[1] > found[0] + 2.0);
    nas_graph_free(graph);
    toy_free(data);
}

static void expect_outcome(const nas_job *job, nas_outcome outcome, const char *part)
{
    nas_arena *arena = nas_arena_new();
    nas_job_result r = run(job, true, arena);
    assert_int_equal(r.outcome, outcome);
    if (strstr(r.reason, part) == NULL)
        fail_msg("`%s` lacks `%s`", r.reason, part);
    assert_null(r.model);
    assert_true(isnan(r.validation.value));
    nas_arena_free(arena);
}

static bool no_tick(void *context, const nas_job *job, double epoch, int *threads)
{
    (void)job;
    assert_int_equal(*threads, 1);
    assert_true(epoch > 0.0);
    ((witness *)context)->ticks++;
    return false;
}

/* Label k is on where feature k is large. */
static void test_learns_labels(void **state)
{
    (void)state;
    nas_dataset *data = toy_new((nas_shape){4, 1, 1}, 400, 3, NAS_TASK_MULTILABEL);
    nas_rng rng = nas_rng_new(3, 17);
    for (int64_t i = 0; i < 400; i++)
        for (int64_t k = 0; k < 4; k++) {
            double x = nas_rng_normal(&rng);
            toy_inputs(data)[i * 4 + k] = (float)(25.0 + 5.0 * x);
            if (k < 3)
                toy_targets(data)[i * 3 + k] = x > 0.3 * (double)k ? 1.0F : 0.0F;
        }
    nas_graph *graph = mlp(4, 16, 3);
    nas_job job = job_of(graph, data, 60);
    nas_arena *arena = nas_arena_new();
    nas_workspace *workspace = nas_workspace_new();
    nas_job_result r;
    nas_err err = {0};
    job.recipe = nas_recipe_default(NAS_TASK_MULTILABEL);
    job.metric = nas_metric_default(NAS_TASK_MULTILABEL);
    check_ok(nas_job_run(&job, workspace, true, arena, &r, &err), err);
    assert_int_equal(r.outcome, NAS_OUTCOME_DONE);
    assert_true(r.validation.value > 0.9);
    const nas_graph *made = r.model->graph;
    assert_int_equal(nas_graph_node(made, nas_graph_output(made))->op, NAS_OP_SIGMOID);
    assert_null(r.model->target_mean);
    float outputs[100 * 3];
    check_ok(nas_predict(r.model, data, data->validation, 100, workspace, outputs, &err),
             err);
    for (int i = 0; i < 300; i++)
        assert_true(outputs[i] > 0.0F && outputs[i] < 1.0F);
    nas_score again;
    check_ok(nas_evaluate_model(r.model, data, data->validation, data->n_validation,
                                job.metric, workspace, &again, &err),
             err);
    assert_true(again.value == r.validation.value);
    job.recipe.loss = NAS_LOSS_CROSS_ENTROPY;
    expect_outcome(&job, NAS_OUTCOME_INFEASIBLE, "loss does not fit a multilabel task");
    nas_model_free(r.model);
    nas_workspace_free(workspace);
    nas_arena_free(arena);
    nas_graph_free(graph);
    toy_free(data);
}

/* Focal loss trains as well as cross-entropy where classes are easy. */
static void test_focal_learns(void **state)
{
    (void)state;
    nas_dataset *data = toy_blobs(600, 6, 3);
    nas_graph *graph = mlp(6, 12, 3);
    nas_job job = job_of(graph, data, 20);
    nas_arena *arena = nas_arena_new();
    nas_workspace *workspace = nas_workspace_new();
    nas_job_result plain, focal;
    nas_err err = {0};
    check_ok(nas_job_run(&job, workspace, false, arena, &plain, &err), err);
    job.recipe.focal = 2.0;
    check_ok(nas_job_run(&job, workspace, false, arena, &focal, &err), err);
    assert_int_equal(focal.outcome, NAS_OUTCOME_DONE);
    assert_true(focal.validation.value > 0.95);
    assert_true(focal.train_loss < plain.train_loss);
    nas_workspace_free(workspace);
    nas_arena_free(arena);
    nas_graph_free(graph);
    toy_free(data);
}

static void test_outcomes(void **state)
{
    (void)state;
    nas_dataset *data = toy_blobs(600, 6, 3);
    nas_graph *graph = mlp(6, 12, 3);
    nas_job job = job_of(graph, data, 3);
    job.max_memory_bytes = 1000;
    expect_outcome(&job, NAS_OUTCOME_MEMORY, "limit of a trial is 1000 B");
    job = job_of(graph, data, 3);
    job.recipe.loss = NAS_LOSS_MSE;
    expect_outcome(&job, NAS_OUTCOME_INFEASIBLE, "loss does not fit");
    job = job_of(graph, data, 1000000);
    job.max_seconds = 0.01;
    expect_outcome(&job, NAS_OUTCOME_TIMEOUT, "over 0.01 s");
    job = job_of(graph, data, 1000000);
    witness w = {0};
    job.on_tick = no_tick;
    job.context = &w;
    expect_outcome(&job, NAS_OUTCOME_STOPPED, "stopped");
    assert_int_equal(w.ticks, 1);
    nas_graph_free(graph);
    graph = mlp(5, 12, 3);
    job = job_of(graph, data, 3);
    expect_outcome(&job, NAS_OUTCOME_INFEASIBLE, "takes 5x1x1, the data has 6x1x1");
    nas_graph_free(graph);
    graph = mlp(6, 12, 4);
    job = job_of(graph, data, 3);
    expect_outcome(&job, NAS_OUTCOME_INFEASIBLE, "4 outputs, the data has 3");
    nas_graph_free(graph);
    toy_free(data);
}

static void test_divergence(void **state)
{
    (void)state;
    nas_dataset *data = toy_line(600, 6);
    nas_graph *graph = NULL;
    nas_err err = {0};
    check_ok(nas_baseline_linear(data->shape, 2, &graph, &err), err);
    nas_job job = job_of(graph, data, 30);
    job.recipe.optimizer = NAS_OPTIMIZER_SGD;
    job.recipe.learning_rate = 10.0;
    job.recipe.warmup_frac = 0.0;
    expect_outcome(&job, NAS_OUTCOME_DIVERGED, "NaN or infinite");
    nas_graph_free(graph);
    toy_free(data);
}

enum { STEPS = 400 };

/* Tones of three pitches, of any loudness, at any time. */
static nas_dataset *toy_tones(int64_t n)
{
    nas_dataset *data = toy_new((nas_shape){1, 1, STEPS}, n, 3, NAS_TASK_CLASSIFICATION);
    nas_rng rng = nas_rng_new(7, 13);
    for (int64_t i = 0; i < n; i++) {
        const int32_t label = (int32_t)nas_rng_below(&rng, 3);
        const double loud = 1000 * exp(3 * nas_rng_uniform(&rng));
        const double phase = 6 * nas_rng_uniform(&rng);
        toy_labels(data)[i] = label;
        for (int64_t t = 0; t < STEPS; t++)
            toy_inputs(data)[i * STEPS + t] =
                (float)(loud * (sin(phase + (double)t * 0.3 * (1 + label)) +
                                0.5 * nas_rng_normal(&rng)));
    }
    return data;
}

static nas_graph *tone_network(void)
{
    nas_err err = {0};
    nas_value attr[NAS_ATTR_MAX];
    nas_graph_builder *b = nas_graph_builder_new();
    nas_param_defaults(nas_op_get(NAS_OP_SPECTRUM)->params, attr);
    attr[NAS_ATTR_SPECTRUM_WINDOW].i = 64;
    attr[NAS_ATTR_SPECTRUM_HOP].i = 32;
    attr[NAS_ATTR_SPECTRUM_BANDS].i = 12;
    attr[NAS_ATTR_SPECTRUM_RATE].f = 8000;
    int node = nas_graph_add_input(b, (nas_shape){1, 1, STEPS});
    node = nas_graph_add(b, NAS_OP_SPECTRUM, attr, &node, 1, "front");
    node = nas_graph_add_conv(b, node, 6, 3, 2, "conv");
    node = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, node, "norm");
    node = nas_graph_add_unary(b, NAS_OP_RELU, node, "relu");
    node = nas_graph_add_dense(b, node, 3, "head");
    nas_graph *graph = NULL;
    check_ok(nas_graph_finish(b, node, &graph, &err), err);
    nas_graph_builder_free(b);
    return graph;
}

/* Trained on rows that were computed once, the model answers rows as they come. */
static void test_learns_behind_a_spectrum(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_dataset *data = toy_tones(320);
    nas_graph *graph = tone_network();
    nas_job job = job_of(graph, data, 8);
    job.recipe.shift = 2;
    job.recipe.noise = 0.1;
    job.recipe.mask_bands = 2;
    nas_job_result r = run(&job, true, data->arena);
    assert_int_equal(r.outcome, NAS_OUTCOME_DONE);
    assert_true(r.validation.value > 0.95);
    assert_int_equal(nas_graph_node(r.model->graph, 1)->op, NAS_OP_SPECTRUM);
    assert_int_equal(nas_graph_node(r.model->graph, 2)->op, NAS_OP_STANDARDISE);
    nas_workspace *workspace = nas_workspace_new();
    nas_score score;
    check_ok(nas_evaluate_model(r.model, data, data->validation, data->n_validation,
                                job.metric, workspace, &score, &err),
             err);
    assert_true(score.value == r.validation.value);
    nas_workspace_free(workspace);
    nas_model_free(r.model);
    nas_graph_free(graph);
    toy_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_learns_classes),
        cmocka_unit_test(test_learns_numbers),
        cmocka_unit_test(test_depends_on_identity_only),
        cmocka_unit_test(test_ends_in_time),
        cmocka_unit_test(test_resume_equals_uninterrupted),
        cmocka_unit_test(test_fraction_and_few_rows),
        cmocka_unit_test(test_class_weights_help_rare),
        cmocka_unit_test(test_learns_labels),
        cmocka_unit_test(test_focal_learns),
        cmocka_unit_test(test_outcomes),
        cmocka_unit_test(test_divergence),
        cmocka_unit_test(test_learns_behind_a_spectrum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
