#include "check.h"

#include "nasmith/plan.h"

#include "random_graph.h"

#include <string.h>

static nas_program *build(const nas_graph *graph, const nas_program_options *options,
                          nas_arena *arena)
{
    nas_program *program = NULL;
    nas_err err = {0};
    check_ok(nas_program_build(graph, options, arena, &program, &err), err);
    return program;
}

/* Step that computes what readers of a graph node see; -1 = the input. */
static int resolve(const nas_program *p, int node)
{
    for (int s = 0; s < p->n_steps; s++)
        if (p->steps[s].node == node)
            return s;
    const nas_node *n = nas_graph_node(p->graph, node);
    return n->op == NAS_OP_INPUT ? -1 : resolve(p, n->inputs[0]);
}

static int64_t bytes_of(const nas_program *p, int step)
{
    int64_t count = nas_shape_count(nas_graph_input_shape(p->graph));
    if (step >= 0)
        count = nas_shape_count(p->steps[step].out) +
                nas_step_scratch(p->graph, &p->steps[step]);
    return count * (p->dtype == NAS_INT8 ? 1 : 4);
}

static void stamp(const nas_program *p, unsigned char *memory, int buffer, int step)
{
    assert_true(p->buffers[buffer].bytes >=
                bytes_of(p, step)); /* one that it overwrites */
    memset(memory + p->buffers[buffer].offset, step + 2, (size_t)bytes_of(p, step));
}

/* The buffer must hold what `step` wrote, byte for byte; its scratch may be gone. */
static void expect(const nas_program *p, const unsigned char *memory, int buffer,
                   int step)
{
    const unsigned char *at = memory + p->buffers[buffer].offset;
    const int64_t scratch = step < 0 ? 0 : nas_step_scratch(p->graph, &p->steps[step]);
    const int64_t bytes = bytes_of(p, step) - scratch * (p->dtype == NAS_INT8 ? 1 : 4);
    for (int64_t i = 0; i < bytes; i++)
        assert_int_equal(at[i], step + 2);
}

/* Every step stamps its output; every read must find the stamp of the right writer. */
static void simulate(const nas_program *p)
{
    unsigned char *memory = calloc(1, (size_t)p->arena_bytes);
    assert_non_null(memory);
    stamp(p, memory, p->input_buffer, -1);
    for (int s = 0; s < p->n_steps; s++) {
        const nas_step *step = &p->steps[s];
        const nas_node *node = nas_graph_node(p->graph, step->node);
        for (int k = 0; k < step->n_inputs; k++)
            expect(p, memory, step->inputs[k], resolve(p, node->inputs[k]));
        stamp(p, memory, step->output, s);
    }
    expect(p, memory, p->output_buffer, resolve(p, nas_graph_output(p->graph)));
    free(memory);
}

static void test_no_live_buffer_is_overwritten(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 41);
    int at_bound = 0;
    for (int round = 0; round < 300; round++) {
        nas_test_graph_options graph_options = {.steps = round % 3 == 0 ? 40 : 0};
        nas_graph *graph = nas_test_random_graph(&rng, &graph_options);
        nas_arena *arena = nas_arena_new();
        nas_program_options options = nas_program_options_default();
        options.dtype = round % 2 == 0 ? NAS_FLOAT32 : NAS_INT8;
        nas_program *p = build(graph, &options, arena);
        simulate(p);
        assert_true(p->arena_bytes >= p->live_bound_bytes);
        at_bound += p->arena_bytes == p->live_bound_bytes;
        nas_arena_free(arena);
        nas_graph_free(graph);
    }
    assert_true(at_bound > 250);
}

/* MLPerf's visual wake words network up to its fifth layer. */
static nas_graph *wake_words(void)
{
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){3, 96, 96});
    x = nas_graph_add_conv(b, x, 8, 3, 2, "");
    x = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, x, "");
    x = nas_graph_add_unary(b, NAS_OP_RELU, x, "");
    x = nas_graph_add_depthwise(b, x, 3, 1, "");
    x = nas_graph_add_conv(b, x, 16, 1, 1, "");
    x = nas_graph_add_depthwise(b, x, 3, 2, "");
    x = nas_graph_add_conv(b, x, 32, 1, 1, "");
    nas_graph *graph = NULL;
    nas_err err = {0};
    check_ok(nas_graph_finish(b, x, &graph, &err), err);
    nas_graph_builder_free(b);
    return graph;
}

static void test_visual_wake_words_arena(void **state)
{
    (void)state;
    nas_graph *graph = wake_words();
    nas_arena *arena = nas_arena_new();
    nas_program_options options = nas_program_options_default();
    /* Whole tensors would need 55,296. The largest pair is 18,432 and 36,864: 1x1 to
     * twice the channels, backward, needs one pixel of 8 and the larger of both; the
     * first depthwise layer before it needs a row and two pixels beside 18,432. */
    assert_int_equal(build(graph, &options, arena)->arena_bytes, 4 * 36880);
    options.dtype = NAS_INT8;
    assert_int_equal(build(graph, &options, arena)->arena_bytes, 36880);
    nas_arena_free(arena);
    nas_graph_free(graph);
}

static void test_reject_stops_early(void **state)
{
    (void)state;
    nas_graph *graph = wake_words();
    nas_arena *arena = nas_arena_new();
    nas_program_options options = nas_program_options_default();
    options.dtype = NAS_INT8;
    options.reject_above_bytes = 36800;
    nas_program *p = build(graph, &options, arena);
    assert_true(p->arena_bytes > 36800 && p->arena_bytes <= 36880);
    assert_int_equal(p->live_bound_bytes, p->arena_bytes);
    assert_int_equal(p->n_steps, 5);
    assert_int_equal(p->steps[0].norm_node, 2);
    options.reject_above_bytes = 36880;
    p = build(graph, &options, arena);
    assert_int_equal(p->arena_bytes, 36880);
    assert_int_equal(p->n_steps, 5);
    nas_arena_free(arena);
    nas_graph_free(graph);
}

/* Standardise, norm, sum of two and softmax work in place: one buffer for each value that
 * must coexist. */
static void test_work_in_place(void **state)
{
    (void)state;
    nas_graph_builder *b = nas_graph_builder_new();
    float mean[3] = {0.25f, 2.385f, -1.0f};
    int x = nas_graph_add_input(b, (nas_shape){3, 4, 4});
    x = nas_graph_add_standardise(b, x, mean, mean, 3);
    x = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, x, "");
    int conv = nas_graph_add_conv(b, x, 3, 3, 1, "");
    x = nas_graph_add(b, NAS_OP_ADD, NULL, (int[]){conv, x}, 2, "");
    x = nas_graph_add_dense(b, x, 4, "");
    x = nas_graph_add_unary(b, NAS_OP_SOFTMAX, x, "");
    nas_graph *graph = NULL;
    nas_err err = {0};
    check_ok(nas_graph_finish(b, x, &graph, &err), err);
    nas_graph_builder_free(b);
    nas_arena *arena = nas_arena_new();
    nas_program_options options = nas_program_options_default();
    nas_program *p = build(graph, &options, arena);
    assert_int_equal(p->n_steps, 6);
    assert_int_equal(p->n_buffers, 3);
    assert_int_equal(p->arena_bytes, 2 * 192);
    simulate(p);
    nas_arena_free(arena);
    nas_graph_free(graph);
}

/* What step `s` reads as its input `k` lies apart from what it writes. */
static bool apart(const nas_program *p, int s, int k)
{
    const nas_step *step = &p->steps[s];
    const int source = resolve(p, nas_graph_node(p->graph, step->node)->inputs[k]);
    const int64_t in = p->buffers[step->inputs[k]].offset;
    const int64_t out = p->buffers[step->output].offset;
    return in + bytes_of(p, source) <= out || out + bytes_of(p, s) <= in;
}

/* Results do not overlap what they are computed from, except where they overwrite it. */
static void test_results_kept_apart(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 17);
    for (int i = 0; i < 200; i++) {
        nas_graph *graph = nas_test_random_graph(&rng, NULL);
        nas_arena *arena = nas_arena_new();
        nas_program_options options = nas_program_options_default();
        options.apart = true;
        nas_program *p = build(graph, &options, arena);
        for (int s = 0; s < p->n_steps; s++)
            for (int k = 0; k < p->steps[s].n_inputs; k++)
                assert_true(p->steps[s].inputs[k] == p->steps[s].output ||
                            apart(p, s, k));
        simulate(p);
        nas_arena_free(arena);
        nas_graph_free(graph);
    }
}

static void test_network_without_steps(void **state)
{
    (void)state;
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){3, 5, 7});
    x = nas_graph_add_unary(b, NAS_OP_FLATTEN, x, "");
    nas_graph *graph = NULL;
    nas_err err = {0};
    check_ok(nas_graph_finish(b, x, &graph, &err), err);
    nas_graph_builder_free(b);
    nas_arena *arena = nas_arena_new();
    nas_program_options options = nas_program_options_default();
    nas_program *p = build(graph, &options, arena);
    assert_int_equal(p->n_steps, 0);
    assert_int_equal(p->input_buffer, p->output_buffer);
    assert_int_equal(p->arena_bytes, 420);
    nas_arena_free(arena);
    nas_graph_free(graph);
}

static void test_every_failed_allocation_is_reported(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 42);
    nas_test_graph_options graph_options = {.steps = 30};
    nas_graph *graph = nas_test_random_graph(&rng, &graph_options);
    nas_program_options options = nas_program_options_default();
    int failures = 0;
    for (int nth = 1;; nth++) {
        nas_arena *arena = nas_arena_new();
        nas_program *program = NULL;
        nas_err err = {0};
        nas_alloc_fail_nth(nth);
        nas_status status = nas_program_build(graph, &options, arena, &program, &err);
        nas_alloc_fail_nth(0);
        nas_arena_free(arena);
        if (status == NAS_OK)
            break;
        assert_int_equal(status, NAS_E_NOMEM);
        failures++;
    }
    assert_true(failures > 0);
    nas_graph_free(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_live_buffer_is_overwritten),
        cmocka_unit_test(test_visual_wake_words_arena),
        cmocka_unit_test(test_reject_stops_early),
        cmocka_unit_test(test_work_in_place),
        cmocka_unit_test(test_results_kept_apart),
        cmocka_unit_test(test_network_without_steps),
        cmocka_unit_test(test_every_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
