/* covers: path_learner.c */
#include "evaluate/learner.h"

#include "evaluate/shared.h"

/* ---- paths of a mixture -------------------------------------------------------------
 */

enum { BATCH = 32 };

/* A net and the weights it takes from a bank. */
static nas_net *compile(const nas_graph *graph, nas_bank *bank, const bool *gated,
                        nas_workspace *workspace, nas_arena *arena)
{
    nas_err err = {0};
    nas_net *net = NULL;
    nas_bank_view *view = NULL;
    nas_net_options options = nas_net_options_default();
    options.batch = BATCH;
    options.gated = gated;
    check_ok(nas_net_compile(graph, &options, workspace, &net, &err), err);
    check_ok(nas_bank_bind(bank, graph, arena, &view, &err), err);
    nas_bank_gather(bank, view, nas_net_weights(net));
    return net;
}

static void outputs_of(nas_net *net, const nas_dataset *data, float *out)
{
    nas_net_batch(net, data, data->train, BATCH, NULL, NULL);
    (void)nas_net_forward(net, true, NULL);
    nas_net_outputs(net, false, out);
}

/* Open the gates of one candidate. */
static void open_path(nas_net *net, const nas_space *space, const nas_mixed *mixed,
                      const nas_candidate *candidate)
{
    float gates[1024];
    int g = 0;
    for (int i = 0; i < mixed->n_mixtures; i++) {
        const nas_mixture *m = &mixed->mixtures[i];
        int pick = nas_space_choice(space, candidate, mixed->choices[m->choice].decision);
        for (int k = 0; k < m->n; k++)
            gates[g++] = m->values[k] == pick ? 1.0f : 0.0f;
    }
    assert_int_equal(g, nas_net_gate_count(net));
    nas_net_set_gates(net, gates);
}

/* Every path through a mixture has the bits of the network that stands alone with the
 * same weights: names of nodes mean the same in both, and gates change nothing. */
static void paths_of_a_mixture_are_networks(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_arena *arena = nas_arena_new();
    nas_dataset *data = shared_images(200);
    nas_space *space = shared_space(CELLS, data->shape, data->n_outputs);
    nas_bank *bank = nas_bank_new(5);
    nas_mixed mixed;
    check_ok(nas_space_mix(space, arena, &mixed, &err), err);
    bool gated[256] = {false};
    for (int i = 0; i < mixed.n_mixtures; i++)
        gated[mixed.mixtures[i].node] = true;
    nas_workspace *workspaces[2] = {nas_workspace_new(), nas_workspace_new()};
    nas_net *all = compile(mixed.graph, bank, gated, workspaces[0], arena);
    int64_t tensors = nas_bank_tensors(bank);
    int networks = 0;
    for (int64_t i = 0; i < 64; i++) {
        float a[BATCH * 4], b[BATCH * 4];
        nas_graph *graph = NULL;
        nas_candidate *candidate = nas_space_at(space, i, arena);
        if (nas_space_decode(space, candidate, &graph, NULL) != NAS_OK)
            continue;
        nas_net *one = compile(graph, bank, NULL, workspaces[1], arena);
        open_path(all, space, &mixed, candidate);
        outputs_of(all, data, a);
        outputs_of(one, data, b);
        for (int k = 0; k < BATCH * 4; k++)
            assert_true(a[k] == b[k]);
        networks++;
        nas_net_free(one);
        nas_graph_free(graph);
    }
    assert_in_range(networks, 50, 63);
    assert_int_equal(nas_bank_tensors(bank), tensors); /* the mixture holds all */
    nas_net_free(all);
    nas_graph_free(mixed.graph);
    nas_workspace_free(workspaces[0]);
    nas_workspace_free(workspaces[1]);
    nas_bank_free(bank);
    nas_space_free(space);
    toy_free(data);
    nas_arena_free(arena);
}

/* ---- weights of alternatives ---------------------------------------------------------
 */

/* An alternative is drawn as often as the softmax of the strengths says, at every
 * temperature; the relaxed weights tend to the drawn one as tau goes to 0. */
static void drawn_by_strength(void **state)
{
    (void)state;
    enum { N = 100000, K = 5 };
    static const double ALPHA[K] = {0.3, -0.7, 1.1, 0.0, -0.2};
    double expected[K];
    nas_softmax(ALPHA, K, 1.0, expected);
    static const double TAU[] = {10.0, 1.0, 0.01};
    for (int t = 0; t < 3; t++) {
        double count[K] = {0}, relaxed[K] = {0}, apart = 0;
        nas_rng rng = nas_rng_new(6, (uint64_t)t);
        for (int i = 0; i < N; i++) {
            double p[K], weight[K], sum = 0;
            nas_gumbel_one_hot(ALPHA, K, TAU[t], &rng, p, weight);
            for (int v = 0; v < K; v++) {
                count[v] += weight[v];
                relaxed[v] += p[v] / N;
                sum += p[v];
                apart += fabs(p[v] - weight[v]) / N;
            }
            assert_true(fabs(sum - 1.0) < 1e-12);
        }
        for (int v = 0; v < K; v++) {
            double sigma = sqrt(N * expected[v] * (1.0 - expected[v]));
            assert_true(fabs(count[v] - N * expected[v]) <= 4.0 * sigma);
            if (TAU[t] < 0.1) /* then the expectation is the softmax mixture */
                assert_true(fabs(relaxed[v] - expected[v]) < 0.01);
        }
        assert_true(TAU[t] < 0.1 ? apart < 0.05 : apart > 0.2);
    }
}

/* ---- trainings -----------------------------------------------------------------------
 */

/* The class is seen by a 3x3 convolution only: pixels alone say nothing of their order.
 */
static const char CHOICE[] = "network:\n"
                             "  - name: a\n"
                             "    choose:\n"
                             "      pool: [avg_pool: {kernel: 3, stride: 1, pad: same},"
                             " conv: {out: 8, kernel: 1}]\n"
                             "      conv3: {conv: {out: 8, kernel: 3}}\n"
                             "  - name: b\n"
                             "    choose:\n"
                             "      skip: identity\n"
                             "      conv3: {conv: {out: 8, kernel: 3}}\n"
                             "  - max_pool: {kernel: 4}\n"
                             "  - flatten\n";

typedef struct world {
    nas_arena *arena;
    nas_space *space;
    nas_dataset *data;
    nas_workspace *workspace;
    nas_supernet_job job;
    nas_text checkpoint;
    int64_t keep_epoch; /* keep that one and stop */
} world;

static bool on_epoch(void *context, const nas_supernet_job *job,
                     const nas_curve_point *point, int64_t epochs_done,
                     const nas_text *checkpoint)
{
    (void)job;
    (void)point;
    world *w = context;
    if (epochs_done != w->keep_epoch)
        return true;
    nas_text_clear(&w->checkpoint);
    nas_text_append(&w->checkpoint, checkpoint->data, checkpoint->length);
    return false;
}

static void open_world(world *w, const char *text, nas_supernet_kind kind)
{
    *w = (world){.arena = nas_arena_new(),
                 .data = shared_images(256),
                 .workspace = nas_workspace_new()};
    w->space = shared_space(text, w->data->shape, w->data->n_outputs);
    nas_recipe recipe = nas_recipe_default(w->data->task);
    recipe.batch = 32;
    w->job = (nas_supernet_job){.space = w->space,
                                .data = w->data,
                                .rows = w->data->train,
                                .n_rows = w->data->n_train,
                                .recipe = nas_supernet_recipe(&recipe),
                                .kind = kind,
                                .epochs = 3,
                                .seed = 11,
                                .on_epoch = on_epoch,
                                .context = w};
}

static void close_world(world *w)
{
    nas_text_free(&w->checkpoint);
    nas_space_free(w->space);
    nas_workspace_free(w->workspace);
    toy_free(w->data);
    nas_arena_free(w->arena);
}

static nas_supernet_result train(world *w)
{
    nas_err err = {0};
    nas_supernet_result result;
    check_ok(nas_supernet_train(&w->job, w->workspace, w->arena, &result, &err), err);
    return result;
}

static void the_useful_alternative_gains(void **state)
{
    (void)state;
    for (int way = 0; way < 3; way++) {
        world w;
        open_world(&w, CHOICE, way == 1 ? NAS_SUPERNET_GUMBEL : NAS_SUPERNET_SOFTMAX);
        w.job.epochs = 14;
        w.job.second_order = way == 2;
        nas_supernet_result r = train(&w);
        assert_int_equal(r.outcome, NAS_OUTCOME_DONE);
        assert_null(r.bank);
        assert_int_equal(r.mixed.n_choices, 2);
        assert_int_equal(r.strengths.stride, 2);
        const double *a = r.strengths.value;
        assert_true(a[1] > a[0] + 0.004);
        assert_true(r.paths == (way == 2 ? 5 : 2) * r.steps);
        close_world(&w);
    }
}

static void check_equal(const nas_supernet_result *a, const nas_supernet_result *b)
{
    size_t bytes = (size_t)(a->mixed.n_choices * a->strengths.stride) * sizeof(double);
    assert_int_equal(a->outcome, NAS_OUTCOME_DONE);
    assert_int_equal(a->strengths.stride, b->strengths.stride);
    assert_memory_equal(a->strengths.value, b->strengths.value, bytes);
    assert_true(a->train_loss == b->train_loss && a->steps == b->steps);
}

static void resumed_training_equals_uninterrupted(void **state)
{
    (void)state;
    for (int way = 0; way < 3; way++) {
        world w;
        open_world(&w, CELLS, way == 1 ? NAS_SUPERNET_GUMBEL : NAS_SUPERNET_SOFTMAX);
        w.job.second_order = way == 2;
        w.job.early_stop = way == 0;
        nas_supernet_result whole = train(&w), again = train(&w);
        check_equal(&whole, &again);
        w.keep_epoch = 2;
        nas_supernet_result half = train(&w);
        assert_int_equal(half.outcome, NAS_OUTCOME_STOPPED);
        w.keep_epoch = 0;
        w.job.resume = w.checkpoint.data;
        w.job.resume_bytes = w.checkpoint.length;
        nas_supernet_result rest = train(&w);
        check_equal(&whole, &rest);
        w.job.resume_bytes--; /* cut off: from scratch, with the same result */
        nas_supernet_result scratch = train(&w);
        check_equal(&whole, &scratch);
        close_world(&w);
    }
}

static void divergence_is_an_outcome(void **state)
{
    (void)state;
    world w;
    open_world(&w, CELLS, NAS_SUPERNET_SOFTMAX);
    w.job.recipe.learning_rate = 1e30;
    nas_supernet_result r = train(&w);
    assert_int_equal(r.outcome, NAS_OUTCOME_DIVERGED);
    assert_null(r.strengths.value);
    close_world(&w);
}

/* ---- the alarm ------------------------------------------------------------------------
 */

static void the_alarm_fires_on_a_planted_collapse(void **state)
{
    (void)state;
    static const double HEALTHY[] = {0.2, 0.3, 0.5, 0.4, 0.5};
    static const double COLLAPSE[] = {0.2, 0.3, 0.5, 0.7, 0.9, 1.0};
    static const double CHANCE[] = {0.8, 0.6, 0.3, 0.2};
    static const double ALWAYS[] = {0.8, 0.9, 1.0};
    nas_collapse c = nas_collapse_of(HEALTHY, 5);
    assert_int_equal(c.alarm_epoch, 0);
    assert_int_equal(c.epoch, 5);
    assert_true(c.skip_share == 0.5);
    c = nas_collapse_of(COLLAPSE, 6);
    assert_int_equal(c.alarm_epoch, 4);
    assert_int_equal(c.epoch, 3);
    assert_true(c.skip_share == 1.0);
    c = nas_collapse_of(CHANCE, 4); /* untrained strengths favour anything */
    assert_int_equal(c.alarm_epoch, 0);
    assert_int_equal(c.epoch, 4);
    c = nas_collapse_of(ALWAYS, 3);
    assert_int_equal(c.alarm_epoch, 3);
    assert_int_equal(c.epoch, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_of_a_mixture_are_networks),
        cmocka_unit_test(drawn_by_strength),
        cmocka_unit_test(the_useful_alternative_gains),
        cmocka_unit_test(resumed_training_equals_uninterrupted),
        cmocka_unit_test(divergence_is_an_outcome),
        cmocka_unit_test(the_alarm_fires_on_a_planted_collapse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
