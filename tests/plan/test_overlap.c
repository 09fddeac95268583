#include "check.h"

#include "plan/overlap.h"

#include "nasmith/rng.h"

/* A window operator on an input, as a graph and its one step. */
static nas_graph *window_graph(nas_rng *rng, nas_op_kind op, nas_shape in)
{
    nas_err err = {0};
    nas_graph *graph = NULL;
    nas_value attr[NAS_ATTR_MAX];
    nas_param_defaults(nas_op_get(op)->params, attr);
    attr[NAS_ATTR_KERNEL_H].i = 1 + (int64_t)nas_rng_below(rng, (uint64_t)in.h);
    attr[NAS_ATTR_KERNEL_W].i = 1 + (int64_t)nas_rng_below(rng, (uint64_t)in.w);
    attr[NAS_ATTR_STRIDE_H].i = 1 + (int64_t)nas_rng_below(rng, 3);
    attr[NAS_ATTR_STRIDE_W].i = 1 + (int64_t)nas_rng_below(rng, 3);
    attr[NAS_ATTR_PAD].i = nas_rng_below(rng, 2) ? NAS_PAD_VALID : NAS_PAD_SAME;
    if (op == NAS_OP_CONV)
        attr[NAS_ATTR_CONV_OUT].i = 1 + (int64_t)nas_rng_below(rng, 9);
    if (op != NAS_OP_MAX_POOL && attr[NAS_ATTR_PAD].i == NAS_PAD_SAME) {
        attr[NAS_ATTR_DILATION_H].i = 1 + (int64_t)nas_rng_below(rng, 2);
        attr[NAS_ATTR_DILATION_W].i = 1 + (int64_t)nas_rng_below(rng, 3);
    }
    nas_graph_builder *b = nas_graph_builder_new();
    const int input = nas_graph_add_input(b, in);
    const int node = nas_graph_add(b, op, attr, &input, 1, "");
    check_ok(nas_graph_finish(b, node, &graph, &err), err);
    nas_graph_builder_free(b);
    return graph;
}

/* Input elements that one output pixel reads, by plain enumeration of the taps.
 * @return false when it reads none (a dilated window may miss everything) */
static bool reads(const nas_graph *graph, const nas_step *step, int64_t pixel,
                  int64_t *low, int64_t *end)
{
    const nas_value *a = nas_graph_node(graph, 1)->attr;
    const bool pool = step->kind == NAS_STEP_MAX_POOL;
    const int64_t dh = pool ? 1 : a[NAS_ATTR_DILATION_H].i;
    const int64_t dw = pool ? 1 : a[NAS_ATTR_DILATION_W].i;
    const int64_t kh = a[NAS_ATTR_KERNEL_H].i, kw = a[NAS_ATTR_KERNEL_W].i;
    const int pad = (int)a[NAS_ATTR_PAD].i;
    *low = INT64_MAX;
    *end = -1;
    for (int64_t t = 0; t < kh * kw; t++) {
        const int64_t y = pixel / step->out.w * a[NAS_ATTR_STRIDE_H].i -
                          nas_window_pad_before(kh, dh, pad) + t / kw * dh;
        const int64_t x = pixel % step->out.w * a[NAS_ATTR_STRIDE_W].i -
                          nas_window_pad_before(kw, dw, pad) + t % kw * dw;
        if (y < 0 || y >= step->in.h || x < 0 || x >= step->in.w)
            continue;
        const int64_t at = (y * step->in.w + x) * step->in.c;
        *low = at < *low ? at : *low;
        *end = at + step->in.c > *end ? at + step->in.c : *end;
    }
    return *end >= 0;
}

/* The smallest distances at which no pixel is overwritten before it is read. */
static nas_overlap exact(const nas_graph *graph, const nas_step *step)
{
    const int64_t pixels = step->out.h * step->out.w, c = step->out.c;
    nas_overlap out = {0, 0};
    int64_t low, end, lowest = INT64_MAX, highest = 0;
    for (int64_t p = pixels - 1; p >= 0; p--) { /* forward: this pixel and later ones */
        if (reads(graph, step, p, &low, &end) && low < lowest)
            lowest = low;
        if (lowest < INT64_MAX && (p + 1) * c - lowest > out.below)
            out.below = (p + 1) * c - lowest;
    }
    for (int64_t p = 0; p < pixels; p++) {
        if (reads(graph, step, p, &low, &end) && end > highest)
            highest = end;
        if (highest - p * c > out.above)
            out.above = highest - p * c;
    }
    return out;
}

/* Never less than what is needed, and mostly exactly that. */
static void frontiers_equal_enumeration(void **state)
{
    (void)state;
    static const nas_op_kind ops[] = {NAS_OP_CONV, NAS_OP_DEPTHWISE, NAS_OP_MAX_POOL};
    static const nas_step_kind kinds[] = {NAS_STEP_CONV, NAS_STEP_DEPTHWISE,
                                          NAS_STEP_MAX_POOL};
    nas_rng rng = nas_rng_new(2385, 51);
    int tight = 0;
    enum { ROUNDS = 3000 };
    for (int round = 0; round < ROUNDS; round++) {
        const nas_shape in = {1 + (int64_t)nas_rng_below(&rng, 6),
                              1 + (int64_t)nas_rng_below(&rng, 8),
                              1 + (int64_t)nas_rng_below(&rng, 8)};
        nas_graph *graph = window_graph(&rng, ops[round % 3], in);
        const nas_step step = {.kind = kinds[round % 3],
                               .node = 1,
                               .in = in,
                               .out = nas_graph_node(graph, 1)->shape};
        const nas_overlap found = nas_step_overlap(graph, &step, 4);
        nas_overlap need = exact(graph, &step);
        const int64_t in_count = nas_shape_count(in);
        const int64_t out_count = nas_shape_count(step.out);
        need.below = need.below < out_count ? need.below : out_count;
        need.above = need.above < in_count ? need.above : in_count;
        assert_true(found.below >= 4 * need.below && found.above >= 4 * need.above);
        tight += found.below == 4 * need.below && found.above == 4 * need.above;
        nas_graph_free(graph);
    }
    assert_true(tight > ROUNDS * 8 / 10);
}

static void extent_is_the_least_of_three(void **state)
{
    (void)state;
    assert_int_equal(nas_overlap_extent((nas_overlap){5, 100}, 100, 80), 105);
    assert_int_equal(nas_overlap_extent((nas_overlap){80, 7}, 100, 80), 100);
    assert_int_equal(nas_overlap_extent((nas_overlap){80, 30}, 100, 80), 110);
    assert_int_equal(nas_overlap_extent((nas_overlap){80, 100}, 100, 80), 180);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frontiers_equal_enumeration),
        cmocka_unit_test(extent_is_the_least_of_three),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
