#include "nasmith/supernet.h"

#include "evaluate/shared.h"

typedef struct world {
    nas_arena *arena;
    nas_space *space;
    nas_bank *bank;
} world;

static void open_world(world *w, const char *text)
{
    *w = (world){.arena = nas_arena_new(),
                 .space = shared_space(text, (nas_shape){3, 16, 16}, 10),
                 .bank = nas_bank_new(0x2385)};
}

static void close_world(world *w)
{
    nas_bank_free(w->bank);
    nas_space_free(w->space);
    nas_arena_free(w->arena);
}

static nas_bank_view *bind(world *w, const nas_graph *graph)
{
    nas_err err = {0};
    nas_bank_view *view = NULL;
    check_ok(nas_bank_bind(w->bank, graph, w->arena, &view, &err), err);
    return view;
}

/* Weights a graph takes from the bank. */
static float *take(world *w, const nas_graph *graph)
{
    float *weights = NAS_NEW(w->arena, float, nas_graph_floats(graph));
    nas_bank_gather(w->bank, bind(w, graph), weights);
    return weights;
}

/* Floats of the tensor of the `k`-th node with a name and operator. */
static const float *kernel_of(const nas_graph *graph, const float *weights,
                              const char *name, int k, int64_t *count)
{
    for (int i = 0; i < nas_graph_count(graph); i++) {
        const nas_weight *weight = nas_graph_weight_of(graph, i, NAS_WEIGHT_KERNEL);
        if (weight == NULL || strcmp(nas_graph_node(graph, i)->name, name) != 0 ||
            k-- > 0)
            continue;
        *count = weight->count;
        return weights + weight->offset;
    }
    fail_msg("no node `%s`", name);
    return NULL;
}

/* Decisions of CELLS: the edges 0-1, 0-2, 1-2. Values: none, skip, conv1, conv3. */
static void the_same_operator_in_the_same_place_is_shared(void **state)
{
    (void)state;
    world w;
    open_world(&w, CELLS);
    nas_graph *a = shared_graph(w.space, (int[]){3, 1, 3}, 3, w.arena);
    nas_graph *b = shared_graph(w.space, (int[]){3, 3, 2}, 3, w.arena);
    const float *wa = take(&w, a), *wb = take(&w, b);
    static const char EDGE[] = "cell.node1.from0.conv3.conv1";
    int64_t n = 0;
    for (int cell = 0; cell < 2; cell++) {
        const float *in_a = kernel_of(a, wa, EDGE, cell, &n);
        assert_memory_equal(in_a, kernel_of(b, wb, EDGE, cell, &n),
                            (size_t)n * sizeof(float));
    }
    const float *first = kernel_of(a, wa, EDGE, 0, &n);
    assert_memory_not_equal(first, kernel_of(a, wa, EDGE, 1, &n),
                            (size_t)n * sizeof(float));
    assert_memory_not_equal(first,
                            kernel_of(b, wb, "cell.node2.from0.conv3.conv1", 0, &n),
                            (size_t)n * sizeof(float));
    nas_graph_free(a);
    nas_graph_free(b);
    close_world(&w);
}

/* In DARTS cells an operation belongs to the tensor it reads, whichever pick that is. */
static void picked_inputs_are_told_apart(void **state)
{
    (void)state;
    static const char PICKS[] = "network:\n"
                                "  - conv: {out: 8}\n"
                                "  - name: c\n"
                                "    cell:\n"
                                "      nodes: 2\n"
                                "      inputs: 2\n"
                                "      picks: 2\n"
                                "      output: concat\n"
                                "      channels: 8\n"
                                "      cells: 2\n"
                                "      ops:\n"
                                "        skip: identity\n"
                                "        conv3: {conv: {kernel: 3}}\n";
    world w;
    open_world(&w, PICKS);
    nas_err err = {0};
    nas_rng rng = nas_rng_new(4, 4);
    int from1 = 0;
    for (int i = 0; i < 40; i++) {
        nas_graph *graph = NULL;
        nas_candidate *c = nas_space_sample(w.space, &rng, w.arena);
        check_ok(nas_space_decode(w.space, c, &graph, &err), err);
        (void)bind(&w, graph);
        for (int n = 0; n < nas_graph_count(graph); n++) {
            const char *name = nas_graph_node(graph, n)->name;
            assert_null(strstr(name, ".op"));
            from1 += strcmp(name, "c.node3.from1.conv3") == 0;
        }
        nas_graph_free(graph);
    }
    assert_true(from1 > 0);
    /* Stem, head; of 2 cells 5 edges each; adaptions of the inputs; kernel and bias. */
    assert_true(nas_bank_tensors(w.bank) <= 2 + 2 + 10 + 4);
    close_world(&w);
}

static void what_is_drawn_does_not_depend_on_the_order(void **state)
{
    (void)state;
    world w, v;
    open_world(&w, CELLS);
    open_world(&v, CELLS);
    nas_graph *a = shared_graph(w.space, (int[]){3, 1, 3}, 3, w.arena);
    nas_graph *b = shared_graph(w.space, (int[]){2, 3, 2}, 3, w.arena);
    (void)take(&w, a);
    const float *last = take(&w, b), *first = take(&v, b);
    assert_memory_equal(last, first, (size_t)nas_graph_floats(b) * sizeof(float));
    nas_graph_free(a);
    nas_graph_free(b);
    close_world(&w);
    close_world(&v);
}

/* First values are those of a training of its own: an LSTM's forget gates begin open. */
static void first_values_are_the_engines(void **state)
{
    (void)state;
    world w = {.arena = nas_arena_new(), .bank = nas_bank_new(3)};
    w.space = shared_space("network:\n  - lstm: {out: 4}\n  - name: a\n"
                           "    dense: {out: [2, 3]}\n",
                           (nas_shape){3, 1, 8}, 2);
    nas_graph *graph = shared_graph(w.space, (int[]){1}, 1, w.arena);
    const float *weights = take(&w, graph);
    int ones = 0;
    for (int i = 0; i < nas_graph_weight_count(graph); i++) {
        const nas_weight *weight = nas_graph_weight(graph, i);
        for (int64_t k = 0; k < weight->count && weight->role == NAS_WEIGHT_BIAS; k++)
            ones += weights[weight->offset + k] == 1.0f;
    }
    assert_int_equal(ones, 4);
    nas_graph_free(graph);
    close_world(&w);
}

static void norms_are_plain(void **state)
{
    (void)state;
    world w;
    open_world(&w, CELLS);
    nas_graph *graph = shared_graph(w.space, (int[]){3, 1, 3}, 3, w.arena);
    const float *weights = take(&w, graph);
    int seen = 0;
    for (int i = 0; i < nas_graph_weight_count(graph); i++) {
        const nas_weight *weight = nas_graph_weight(graph, i);
        bool one =
            weight->role == NAS_WEIGHT_SCALE || weight->role == NAS_WEIGHT_VARIANCE;
        bool zero = weight->role == NAS_WEIGHT_SHIFT || weight->role == NAS_WEIGHT_MEAN;
        for (int64_t k = 0; k < weight->count && (one || zero); k++, seen++)
            assert_true(weights[weight->offset + k] == (one ? 1.0f : 0.0f));
    }
    assert_true(seen > 0);
    nas_graph_free(graph);
    close_world(&w);
}

/* ---- steps against the engine's optimizer --------------------------------------------
 */

enum { STEPS = 3 };

/* Three steps of a net and of the bank, from the same weights with the same gradients. */
static void check_steps(nas_optimizer_kind kind)
{
    world w;
    nas_err err = {0};
    open_world(&w, CELLS);
    nas_graph *graph = shared_graph(w.space, (int[]){3, 1, 2}, 3, w.arena);
    nas_workspace *workspace = nas_workspace_new();
    nas_net *net = NULL;
    nas_net_options options = nas_net_options_default();
    options.batch = 16;
    check_ok(nas_net_compile(graph, &options, workspace, &net, &err), err);
    nas_bank_view *view = bind(&w, graph);
    nas_bank_gather(w.bank, view, nas_net_weights(net));
    nas_optimizer optimizer = nas_optimizer_default(kind);
    int64_t params = nas_net_params(net);
    nas_rng rng = nas_rng_new(5, 6);
    for (int step = 0; step < STEPS; step++) {
        float *g = nas_net_gradients(net);
        for (int64_t i = 0; i < params; i++)
            g[i] = (float)(0.1 * nas_rng_normal(&rng));
        nas_bank_add_gradients(w.bank, view, g);
        assert_true(nas_bank_step(w.bank, &optimizer, 0.013f));
        assert_true(nas_net_update(net, &optimizer, 0.013f, step));
    }
    float *mine = NAS_NEW(w.arena, float, nas_graph_floats(graph));
    nas_bank_gather(w.bank, view, mine);
    for (int i = 0; i < nas_graph_weight_count(graph); i++) {
        const nas_weight *weight = nas_graph_weight(graph, i);
        for (int64_t k = weight->offset; k < weight->offset + weight->count; k++)
            if (weight->role == NAS_WEIGHT_KERNEL || weight->role == NAS_WEIGHT_BIAS)
                assert_true(fabsf(mine[k] - nas_net_weights(net)[k]) <=
                            2e-6f * (1.0f + fabsf(mine[k])));
    }
    nas_net_free(net);
    nas_workspace_free(workspace);
    nas_graph_free(graph);
    close_world(&w);
}

static void steps_are_those_of_the_engine(void **state)
{
    (void)state;
    check_steps(NAS_OPTIMIZER_ADAMW);
    check_steps(NAS_OPTIMIZER_SGD);
}

static float *gradients_of(world *w, const nas_graph *graph, float value)
{
    float *g = NAS_NEW(w->arena, float, nas_graph_params(graph));
    for (int64_t i = 0; i < nas_graph_params(graph); i++)
        g[i] = value;
    return g;
}

/* A step moves what was in a path, and nothing else. */
static void other_tensors_do_not_move(void **state)
{
    (void)state;
    world w;
    open_world(&w, CELLS);
    nas_graph *a = shared_graph(w.space, (int[]){3, 1, 3}, 3, w.arena);
    nas_graph *b = shared_graph(w.space, (int[]){2, 2, 2}, 3, w.arena);
    const float *before = take(&w, b);
    nas_optimizer optimizer = nas_optimizer_default(NAS_OPTIMIZER_SGD);
    nas_bank_add_gradients(w.bank, bind(&w, a), gradients_of(&w, a, 0.25f));
    assert_true(nas_bank_step(w.bank, &optimizer, 0.1f));
    const float *after = take(&w, b);
    int64_t n = 0;
    const float *edge = kernel_of(b, before, "cell.node2.from1.conv1.conv1", 0, &n);
    assert_memory_equal(edge, kernel_of(b, after, "cell.node2.from1.conv1.conv1", 0, &n),
                        (size_t)n * sizeof(float));
    const float *stem = kernel_of(b, before, "stem", 0, &n);
    assert_memory_not_equal(stem, kernel_of(b, after, "stem", 0, &n),
                            (size_t)n * sizeof(float));
    nas_graph_free(a);
    nas_graph_free(b);
    close_world(&w);
}

/* Gradients of the paths of a step add up: plain SGD without momentum and decay. */
static void gradients_add_up(void **state)
{
    (void)state;
    world w;
    open_world(&w, CELLS);
    nas_graph *a = shared_graph(w.space, (int[]){3, 1, 3}, 3, w.arena);
    nas_graph *b = shared_graph(w.space, (int[]){2, 2, 2}, 3, w.arena);
    const float *before = take(&w, a);
    nas_optimizer plain = {.kind = NAS_OPTIMIZER_SGD};
    nas_bank_add_gradients(w.bank, bind(&w, a), gradients_of(&w, a, 0.25f));
    nas_bank_add_gradients(w.bank, bind(&w, b), gradients_of(&w, b, 0.5f));
    assert_true(nas_bank_step(w.bank, &plain, 1.0f));
    const float *after = take(&w, a);
    int64_t n = 0;
    const float *s0 = kernel_of(a, before, "stem", 0, &n);
    const float *s1 = kernel_of(a, after, "stem", 0, &n);
    const float *e0 = kernel_of(a, before, "cell.node1.from0.conv3.conv1", 0, &n);
    const float *e1 = kernel_of(a, after, "cell.node1.from0.conv3.conv1", 0, &n);
    assert_true(fabsf(s0[0] - s1[0] - 0.75f) < 1e-6f);
    assert_true(fabsf(e0[0] - e1[0] - 0.25f) < 1e-6f);
    nas_graph_free(a);
    nas_graph_free(b);
    close_world(&w);
}

static void infinite_gradients_change_nothing(void **state)
{
    (void)state;
    world w;
    open_world(&w, CELLS);
    nas_graph *graph = shared_graph(w.space, (int[]){3, 1, 3}, 3, w.arena);
    const float *before = take(&w, graph);
    nas_optimizer optimizer = nas_optimizer_default(NAS_OPTIMIZER_ADAMW);
    nas_bank_add_gradients(w.bank, bind(&w, graph), gradients_of(&w, graph, INFINITY));
    assert_false(nas_bank_step(w.bank, &optimizer, 0.1f));
    assert_memory_equal(before, take(&w, graph),
                        (size_t)nas_graph_floats(graph) * sizeof(float));
    nas_graph_free(graph);
    close_world(&w);
}

/* ---- bytes ----------------------------------------------------------------------------
 */

static void saved_banks_go_on(void **state)
{
    (void)state;
    world w;
    nas_err err = {0};
    nas_text bytes = {0}, again = {0};
    nas_bank *loaded = NULL;
    open_world(&w, CELLS);
    nas_graph *graph = shared_graph(w.space, (int[]){3, 1, 3}, 3, w.arena);
    nas_optimizer optimizer = nas_optimizer_default(NAS_OPTIMIZER_ADAMW);
    nas_bank_add_gradients(w.bank, bind(&w, graph), gradients_of(&w, graph, 0.2f));
    assert_true(nas_bank_step(w.bank, &optimizer, 0.01f));
    for (int training = 0; training < 2; training++) {
        nas_text_clear(&bytes);
        nas_text_clear(&again);
        check_ok(nas_bank_save(w.bank, training != 0, &bytes, &err), err);
        check_ok(nas_bank_load(bytes.data, bytes.length, &loaded, &err), err);
        check_ok(nas_bank_save(loaded, training != 0, &again, &err), err);
        assert_int_equal(bytes.length, again.length);
        assert_memory_equal(bytes.data, again.data, bytes.length);
        for (size_t cut = 0; cut < bytes.length; cut += 1 + cut / 3) {
            nas_bank *none = NULL;
            assert_int_equal(nas_bank_load(bytes.data, cut, &none, &err), NAS_E_STUDY);
            assert_null(none);
        }
        nas_bank_free(loaded);
    }
    nas_text_free(&bytes);
    nas_text_free(&again);
    nas_graph_free(graph);
    close_world(&w);
}

static void failed_allocations_are_reported(void **state)
{
    (void)state;
    world w;
    open_world(&w, CELLS);
    nas_graph *graph = shared_graph(w.space, (int[]){3, 1, 3}, 3, w.arena);
    int failures = 0;
    for (int nth = 1; nth < 200; nth++) {
        nas_err err = {0};
        nas_bank_view *view = NULL;
        nas_alloc_fail_nth(nth);
        nas_bank *bank = nas_bank_new(1);
        nas_status status =
            bank == NULL ? NAS_E_NOMEM : nas_bank_bind(bank, graph, w.arena, &view, &err);
        nas_alloc_fail_nth(0);
        nas_bank_free(bank);
        if (status == NAS_OK)
            break;
        assert_int_equal(status, NAS_E_NOMEM);
        failures++;
    }
    assert_in_range(failures, 5, 198);
    nas_graph_free(graph);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_operator_in_the_same_place_is_shared),
        cmocka_unit_test(picked_inputs_are_told_apart),
        cmocka_unit_test(what_is_drawn_does_not_depend_on_the_order),
        cmocka_unit_test(first_values_are_the_engines),
        cmocka_unit_test(norms_are_plain),
        cmocka_unit_test(steps_are_those_of_the_engine),
        cmocka_unit_test(other_tensors_do_not_move),
        cmocka_unit_test(gradients_add_up),
        cmocka_unit_test(infinite_gradients_change_nothing),
        cmocka_unit_test(saved_banks_go_on),
        cmocka_unit_test(failed_allocations_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
