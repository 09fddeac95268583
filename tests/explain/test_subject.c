/* covers: subject.c, occlusion.c, gradients.c, frozen.c, columns.c, corruption.c, leak.c
 */
#include "fixture.h"

#include "explain/attribution.h"
#include "explain/corruption.h"
#include "explain/leak.h"

#include <math.h>

static void answers_are_those_of_the_network(void **state)
{
    (void)state;
    planted p;
    planted_begin(&p, NAS_TASK_REGRESSION, (nas_shape){2, 1, 1}, 70, 1);
    planted_linear(&p);
    *planted_weight(&p, 0, 0) = 2;
    *planted_weight(&p, 0, 1) = -0.5f;
    p.model.target_mean[0] = 10;
    p.model.target_deviation[0] = 3;
    planted_open(&p);
    assert_int_equal(p.subject.kind, NAS_INPUT_TABLE);
    for (int64_t i = 0; i < 70; i++) {
        double want =
            10 + 3 * (2 * (double)p.inputs[2 * i] - 0.5 * (double)p.inputs[2 * i + 1]);
        assert_true(fabs((double)p.subject.truth.outputs[i] - want) < 1e-4);
    }
    assert_true(fabs((double)p.subject.mean[0]) < 0.4);
    assert_true(fabs((double)p.subject.deviation[1] - 1) < 0.3);
    planted_end(&p);
}

/* The label hangs on a patch of 3x3 pixels in a corner of 12x12. */
static void occlusion_finds_the_planted_patch(void **state)
{
    (void)state;
    nas_err err = {0};
    planted p;
    nas_occlusion o;
    planted_begin(&p, NAS_TASK_CLASSIFICATION, (nas_shape){1, 12, 12}, 60, 2);
    planted_linear(&p);
    for (int64_t y = 8; y < 11; y++)
        for (int64_t x = 1; x < 4; x++) {
            *planted_weight(&p, 0, y * 12 + x) = 1;
            *planted_weight(&p, 1, y * 12 + x) = -1;
        }
    planted_open(&p);
    check_ok(nas_occlusion_of(&p.subject, &o, &err), err);
    assert_int_equal(o.height, 12);
    double inside = 0, outside = 0;
    int64_t best = 0;
    for (int64_t i = 0; i < 144; i++) {
        bool in = i / 12 >= 8 && i / 12 < 11 && i % 12 >= 1 && i % 12 < 4;
        inside += in ? o.map[i] : 0;
        outside += in ? 0 : fabs(o.map[i]);
        best = o.map[i] > o.map[best] ? i : best;
    }
    assert_true(best / 12 >= 8 && best / 12 < 11 && best % 12 >= 1 && best % 12 < 4);
    assert_true(inside / 9 > 5 * outside / 135);
    assert_int_equal(o.n_examples, NAS_ATTRIBUTION_EXAMPLES);
    assert_null(o.channel);
    planted_end(&p);
}

/* Channel 1, steps 20 to 29 of 64. */
static void occlusion_finds_the_planted_stretch_and_channel(void **state)
{
    (void)state;
    nas_err err = {0};
    planted p;
    nas_occlusion o;
    planted_begin(&p, NAS_TASK_CLASSIFICATION, (nas_shape){3, 1, 64}, 50, 2);
    planted_linear(&p);
    for (int64_t t = 20; t < 30; t++)
        *planted_weight(&p, 1, 64 + t) = 1;
    planted_open(&p);
    check_ok(nas_occlusion_of(&p.subject, &o, &err), err);
    int64_t best = 0;
    for (int64_t i = 0; i < 64; i++)
        best = o.map[i] > o.map[best] ? i : best;
    assert_true(best >= 20 && best < 30);
    assert_non_null(o.channel);
    assert_true(o.channel[1] > 0.1);
    assert_true(fabs(o.channel[0]) < 1e-6 && fabs(o.channel[2]) < 1e-6);
    planted_end(&p);
}

/* A linear network's attributions are weight * difference, and add up exactly. */
static void gradients_of_a_line_are_its_weights(void **state)
{
    (void)state;
    nas_err err = {0};
    planted p;
    nas_gradients g;
    planted_begin(&p, NAS_TASK_REGRESSION, (nas_shape){1, 6, 5}, 40, 1);
    planted_linear(&p);
    *planted_weight(&p, 0, 7) = 2;
    *planted_weight(&p, 0, 22) = -0.75f;
    p.model.target_deviation[0] = 4;
    planted_open(&p);
    check_ok(nas_gradients_of(&p.subject, &g, &err), err);
    assert_int_equal(g.rows, 40);
    assert_true(g.gap < 1e-4);
    double want = 0;
    for (int64_t i = 0; i < 40; i++)
        want += 4 * 2 * ((double)p.inputs[30 * i + 7] - (double)p.subject.mean[0]) / 40;
    assert_true(fabs(g.map[7] - want) < 1e-4);
    assert_true(fabs(g.map[8]) < 1e-6 && g.map[22] != 0);
    planted_end(&p);
}

/* conv, norm, relu, norm, dropout, dense: with running statistics off their defaults */
static nas_graph *normed(void)
{
    nas_err err = {0};
    nas_graph_builder *b = nas_graph_builder_new();
    const float mean[] = {0.5f, -1}, inverse[] = {2, 0.25f};
    int x = nas_graph_add_input(b, (nas_shape){2, 6, 6});
    x = nas_graph_add_standardise(b, x, mean, inverse, 2);
    x = nas_graph_add_conv(b, x, 5, 3, 1, "");
    x = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, x, "");
    x = nas_graph_add_unary(b, NAS_OP_RELU, x, "");
    x = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, x, "");
    x = nas_graph_add_unary(b, NAS_OP_DROPOUT, x, "");
    x = nas_graph_add_unary(b, NAS_OP_GLOBAL_AVG_POOL, x, "");
    x = nas_graph_add_dense(b, x, 3, "");
    nas_graph *graph = NULL;
    check_ok(nas_graph_finish(b, x, &graph, &err), err);
    nas_graph_builder_free(b);
    return graph;
}

static void a_frozen_network_answers_the_same(void **state)
{
    (void)state;
    nas_err err = {0};
    planted p, q;
    nas_rng rng = nas_rng_new(4, 4);
    planted_begin(&p, NAS_TASK_CLASSIFICATION, (nas_shape){2, 6, 6}, 30, 3);
    p.model.graph = normed();
    p.model.n_outputs = 3;
    (void)snprintf(p.model.metric, sizeof p.model.metric, "accuracy");
    int64_t n = nas_graph_floats(p.model.graph);
    p.model.weights = NAS_NEW(p.arena, float, n);
    for (int64_t i = 0; i < n; i++)
        p.model.weights[i] = (float)(0.2 + 0.7 * fabs(nas_rng_normal(&rng)));
    planted_open(&p);
    nas_graph *frozen = NULL;
    q = p;
    q.open = false;
    q.workspace = nas_workspace_new();
    check_ok(nas_graph_frozen(p.model.graph, p.model.weights, p.arena, &frozen,
                              &q.model.weights, &err),
             err);
    q.model.graph = frozen;
    check_ok(nas_subject_open(&q.model, &q.data, q.rows, 30, q.workspace, q.arena,
                              &q.subject, &err),
             err);
    for (int i = 0; i < 90; i++)
        assert_true(fabs((double)p.subject.truth.outputs[i] -
                         (double)q.subject.truth.outputs[i]) < 1e-5);
    nas_gradients g; /* the completeness axiom, through norms and a ReLU */
    check_ok(nas_gradients_of(&p.subject, &g, &err), err);
    if (g.gap > 0.05)
        fail_msg("attributions miss the change of the answer by %g", g.gap);
    nas_subject_close(&q.subject);
    nas_workspace_free(q.workspace);
    nas_graph_free(frozen);
    planted_end(&p);
}

static void the_informative_column_comes_first(void **state)
{
    (void)state;
    nas_err err = {0};
    planted p;
    nas_column_effect *e = NULL;
    planted_begin(&p, NAS_TASK_CLASSIFICATION, (nas_shape){6, 1, 1}, 400, 2);
    planted_linear(&p);
    *planted_weight(&p, 1, 4) = 5;
    planted_open(&p);
    check_ok(nas_column_effects_of(&p.subject, 1, nas_rng_new(2, 2), &e, &err), err);
    assert_int_equal(e[0].column, 4);
    assert_true(fabs(e[0].loss - 0.5) < 0.1); /* shuffled: right half of the time */
    for (int i = 1; i < 6; i++)
        assert_true(e[i].loss == 0);
    planted_end(&p);
}

/* y = 3*x0 - x1: the effects are lines of these slopes; shuffling x0 costs 3*sqrt(2). */
static void effects_of_a_line_are_lines(void **state)
{
    (void)state;
    nas_err err = {0};
    planted p;
    nas_column_effect *e = NULL;
    planted_begin(&p, NAS_TASK_REGRESSION, (nas_shape){3, 1, 1}, 500, 1);
    planted_linear(&p);
    *planted_weight(&p, 0, 0) = 3;
    *planted_weight(&p, 0, 1) = -1;
    planted_open(&p);
    check_ok(nas_column_effects_of(&p.subject, 0, nas_rng_new(2, 2), &e, &err), err);
    assert_int_equal(e[0].column, 0);
    assert_int_equal(e[1].column, 1);
    assert_true(fabs(e[0].loss - 3 * sqrt(2)) < 0.3);
    static const double SLOPE[] = {3, -1};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(e[i].points, 11);
        for (int k = 1; k < 11; k++) {
            double slope =
                (e[i].effect[k] - e[i].effect[k - 1]) / (e[i].at[k] - e[i].at[k - 1]);
            assert_true(fabs(slope - SLOPE[i]) < 1e-3);
        }
    }
    planted_end(&p);
}

static const nas_corruption *find(const nas_corruption *list, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(list[i].name, name) == 0)
            return &list[i];
    return NULL;
}

static void corruptions_start_clean_and_get_worse(void **state)
{
    (void)state;
    nas_err err = {0};
    planted p;
    nas_corruption *list = NULL;
    int n = 0;
    planted_begin(&p, NAS_TASK_CLASSIFICATION, (nas_shape){2, 1, 40}, 300, 2);
    planted_linear(&p);
    for (int64_t i = 0; i < 80; i++)
        *planted_weight(&p, 1, i) = i % 2 == 0 ? 1 : -1;
    planted_open(&p);
    check_ok(nas_corruptions_of(&p.subject, nas_rng_new(1, 1), &list, &n, &err), err);
    assert_null(find(list, n, "blur"));
    assert_null(find(list, n, "contrast"));
    static const char *const WANTED[] = {"noise", "shift", "warp", "missing"};
    for (int i = 0; i < 4; i++) {
        const nas_corruption *c = find(list, n, WANTED[i]);
        assert_non_null(c);
        assert_true(c->level[0] == 0 && c->score[0].value == 1);
        assert_true(c->score[c->n - 1].value < 0.95);
        for (int l = 1; l < c->n; l++)
            assert_true(c->level[l] > c->level[l - 1]);
    }
    planted_end(&p);

    planted_begin(&p, NAS_TASK_CLASSIFICATION, (nas_shape){1, 9, 9}, 200, 2);
    planted_linear(&p);
    *planted_weight(&p, 1, 40) = 1; /* the middle pixel */
    planted_open(&p);
    check_ok(nas_corruptions_of(&p.subject, nas_rng_new(1, 1), &list, &n, &err), err);
    assert_null(find(list, n, "warp"));
    assert_null(find(list, n, "missing"));
    assert_true(find(list, n, "blur")->score[1].value < 0.9);
    /* A shift by one pixel asks another, independent pixel. */
    assert_true(fabs(find(list, n, "shift")->score[1].value - 0.5) < 0.15);
    planted_end(&p);
}

static void a_planted_leak_is_counted(void **state)
{
    (void)state;
    nas_err err = {0};
    planted p;
    nas_leak leak;
    int64_t train[20], validation[10];
    planted_begin(&p, NAS_TASK_CLASSIFICATION, (nas_shape){4, 1, 1}, 30, 2);
    for (int64_t i = 0; i < 30; i++)
        *(i < 20 ? &train[i] : &validation[i - 20]) = i;
    p.data.train = train;
    p.data.n_train = 20;
    p.data.validation = validation;
    p.data.n_validation = 10;
    check_ok(nas_leak_of(&p.data, p.arena, &leak, &err), err);
    assert_int_equal(leak.repeated, 0);
    memcpy(p.inputs + 4 * 23, p.inputs + 4 * 3, 4 * sizeof(float));
    memcpy(p.inputs + 4 * 29, p.inputs + 4 * 3, 4 * sizeof(float));
    check_ok(nas_leak_of(&p.data, p.arena, &leak, &err), err);
    assert_int_equal(leak.repeated, 2);
    planted_end(&p);
}

static void rows_follow_from_the_budget(void **state)
{
    (void)state;
    planted p;
    planted_begin(&p, NAS_TASK_CLASSIFICATION, (nas_shape){4, 1, 1}, 200, 2);
    planted_linear(&p);
    planted_open(&p);
    p.subject.macs = 1e9;
    assert_int_equal(nas_subject_rows_for(&p.subject, 1, 10), 200);
    p.subject.macs = 1e6; /* 20,008 a row */
    assert_int_equal(nas_subject_rows_for(&p.subject, 1, 10), 49);
    assert_int_equal(nas_subject_rows_for(&p.subject, 100, 10), 10);
    planted_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_those_of_the_network),
        cmocka_unit_test(occlusion_finds_the_planted_patch),
        cmocka_unit_test(occlusion_finds_the_planted_stretch_and_channel),
        cmocka_unit_test(gradients_of_a_line_are_its_weights),
        cmocka_unit_test(a_frozen_network_answers_the_same),
        cmocka_unit_test(the_informative_column_comes_first),
        cmocka_unit_test(effects_of_a_line_are_lines),
        cmocka_unit_test(corruptions_start_clean_and_get_worse),
        cmocka_unit_test(a_planted_leak_is_counted),
        cmocka_unit_test(rows_follow_from_the_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
