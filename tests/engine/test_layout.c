/* Memory of random networks: what is alive together does not overlap, margins are as wide
 * as windows reach, and planes do not share cache sets. */
#include "check.h"
#include "random_graph.h"

#include "engine/layout.h"

static void check_tensor(const nas_tensor *t)
{
    const ptrdiff_t lines = t->view.plane / NAS_LANES;
    assert_true(lines == 1 || lines % 2 == 1);
    assert_true(t->view.row == (t->left + t->width + t->right) * NAS_LANES);
    assert_true(t->view.plane >= (t->top + t->height + t->bottom) * t->view.row);
}

/* A window's first and last taps stay inside the input and its margins. */
static void check_window(const nas_net *net, const nas_unit *unit)
{
    const nas_window *w = &unit->window;
    const nas_tensor *x = &net->units[unit->inputs[0]].z;
    const int last_h =
        (unit->y.height - 1) * w->stride_h + (w->kernel_h - 1) * w->dilation_h - w->pad_h;
    const int last_w =
        (unit->y.width - 1) * w->stride_w + (w->kernel_w - 1) * w->dilation_w - w->pad_w;
    assert_true(w->pad_h <= x->top && w->pad_w <= x->left);
    assert_true(last_h < x->height + x->bottom && last_w < x->width + x->right);
}

static void check_buffers(const nas_memory_map *map)
{
    for (int i = 0; i < map->n; i++) {
        const nas_plan_buffer *a = &map->buffers[i];
        assert_true(a->first <= a->last);
        assert_true(map->floats * 4 + a->offset + a->bytes <= map->bytes);
        for (int k = 0; k < i; k++) {
            const nas_plan_buffer *b = &map->buffers[k];
            const bool together = a->first <= b->last && b->first <= a->last;
            const bool apart =
                a->offset + a->bytes <= b->offset || b->offset + b->bytes <= a->offset;
            assert_true(!together || apart);
        }
    }
}

static void test_random_networks(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        nas_err err = {0};
        nas_rng rng = nas_rng_new(seed, 12);
        nas_graph *graph = nas_test_random_graph(&rng, NULL);
        nas_workspace *workspace = nas_workspace_new();
        nas_net_options options = nas_net_options_default();
        nas_net *net = NULL;
        nas_memory_map map;
        options.training = seed % 4 != 0;
        check_ok(nas_net_compile(graph, &options, workspace, &net, &err), err);
        check_ok(nas_layout_map(net, &map, &err), err);
        assert_int_equal(map.bytes, nas_net_memory_bytes(graph, &options));
        check_buffers(&map);
        for (int u = 0; u < net->n_units; u++) {
            const nas_unit *unit = &net->units[u];
            check_tensor(&unit->y);
            check_tensor(&unit->z);
            assert_in_range(unit->group, 1, net->blocks);
            if (unit->core == NAS_CORE_CONV || unit->core == NAS_CORE_DEPTHWISE)
                check_window(net, unit);
        }
        nas_net_free(net);
        nas_workspace_free(workspace);
        nas_graph_free(graph);
    }
}

static nas_graph *wide_network(void)
{
    nas_graph_builder *b = nas_graph_builder_new();
    nas_graph *graph = NULL;
    nas_err err = {0};
    int at = nas_graph_add_input(b, (nas_shape){3, 32, 32});
    for (int i = 0; i < 4; i++)
        at = nas_graph_add_unary(b, NAS_OP_BATCH_NORM,
                                 nas_graph_add_conv(b, at, 24, 3, 1, ""), "");
    at = nas_graph_add_unary(b, NAS_OP_GLOBAL_AVG_POOL, at, "");
    check_ok(nas_graph_finish(b, at, &graph, &err), err);
    nas_graph_builder_free(b);
    return graph;
}

/* Forward only, tensors die as soon as they are read. */
static void test_inference_needs_less_memory(void **state)
{
    (void)state;
    nas_graph *graph = wide_network();
    nas_net_options options = nas_net_options_default();
    const int64_t training = nas_net_memory_bytes(graph, &options);
    options.training = false;
    assert_true(nas_net_memory_bytes(graph, &options) * 2 < training);
    nas_graph_free(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_networks),
        cmocka_unit_test(test_inference_needs_less_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
