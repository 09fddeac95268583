#include "check.h"

#include "nasmith/plan.h"
#include "plan/lower.h"

#include "random_graph.h"

#include <string.h>

/* Executes steps, counting live bytes. */
typedef struct walk {
    const nas_lowered *low;
    int left[256];
    bool done[256]; /* per value */
    int64_t best;
    int64_t visits;
} walk;

static int64_t execute(walk *w, int s, int64_t *bytes)
{
    const nas_step *step = &w->low->steps[s];
    int64_t during = *bytes + nas_step_growth(w->low, s, w->left);
    *bytes += w->low->bytes[step->output];
    for (int k = 0; k < step->n_inputs; k++)
        if (--w->left[step->inputs[k]] == 0)
            *bytes -= w->low->bytes[step->inputs[k]];
    w->done[step->output] = true;
    return during;
}

/* Try all orders of the steps not done. */
static void search(walk *w, int n_done, int64_t bytes, int64_t peak)
{
    if (peak >= w->best || w->visits++ > 300000)
        return;
    if (n_done == w->low->n_steps) {
        w->best = peak;
        return;
    }
    for (int s = 0; s < w->low->n_steps; s++) {
        const nas_step *step = &w->low->steps[s];
        bool ready = !w->done[step->output];
        for (int k = 0; k < step->n_inputs; k++)
            ready = ready && w->done[step->inputs[k]];
        if (!ready)
            continue;
        walk saved = *w;
        int64_t after = bytes;
        int64_t during = execute(w, s, &after);
        search(w, n_done + 1, after, during > peak ? during : peak);
        memcpy(w->left, saved.left, sizeof w->left);
        memcpy(w->done, saved.done, sizeof w->done);
    }
}

static void begin(walk *w, const nas_lowered *low)
{
    memset(w, 0, sizeof *w);
    w->low = low;
    w->done[0] = true;
    w->best = INT64_MAX;
    memcpy(w->left, low->uses, (size_t)(low->n_steps + 1) * sizeof(int));
}

/* Peak of the steps as they stand; fails when one reads what is not there yet. */
static int64_t peak_of(const nas_lowered *low)
{
    walk w;
    begin(&w, low);
    int64_t bytes = low->bytes[0];
    int64_t peak = bytes;
    for (int s = 0; s < low->n_steps; s++) {
        for (int k = 0; k < low->steps[s].n_inputs; k++)
            assert_true(w.done[low->steps[s].inputs[k]]);
        int64_t during = execute(&w, s, &bytes);
        peak = during > peak ? during : peak;
    }
    return peak;
}

static void test_best_order_is_found(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 31);
    int better = 0;
    int complete = 0;
    for (int round = 0; round < 150; round++) {
        nas_test_graph_options options = {.steps = 12, .input = NAS_TEST_INPUT_IMAGE};
        nas_graph *graph = nas_test_random_graph(&rng, &options);
        nas_arena *arena = nas_arena_new();
        nas_lowered low;
        nas_err err = {0};
        check_ok(nas_plan_lower(graph, NAS_FLOAT32, arena, &low, &err), err);
        int64_t given = peak_of(&low);
        walk w;
        begin(&w, &low);
        search(&w, 0, low.bytes[0], low.bytes[0]);
        check_ok(nas_order_steps(&low, 20000, arena, &err), err);
        int64_t found = peak_of(&low);
        assert_true(found <= given);
        if (w.visits <= 300000) {
            assert_int_equal(found, w.best);
            complete++;
        }
        better += found < given;
        nas_arena_free(arena);
        nas_graph_free(graph);
    }
    assert_true(better > 5 && complete > 100);
}

/* Without a search budget the greedy order still holds: never worse than as given. */
static void test_no_budget_falls_back(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 32);
    for (int round = 0; round < 60; round++) {
        nas_test_graph_options options = {.steps = 40};
        nas_graph *graph = nas_test_random_graph(&rng, &options);
        nas_arena *arena = nas_arena_new();
        nas_lowered low;
        nas_err err = {0};
        check_ok(nas_plan_lower(graph, NAS_INT8, arena, &low, &err), err);
        int64_t given = peak_of(&low);
        check_ok(nas_order_steps(&low, round % 2 == 0 ? 0 : 30, arena, &err), err);
        assert_true(peak_of(&low) <= given);
        nas_arena_free(arena);
        nas_graph_free(graph);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_best_order_is_found),
        cmocka_unit_test(test_no_budget_falls_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
