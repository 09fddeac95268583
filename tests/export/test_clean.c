/* covers: clean.c, constant.c, channels.c */
#include "fixture.h"

#include "nasmith/clean.h"

/* ---- planting ---------------------------------------------------------------------- */

static int node_named(const nas_graph *graph, const char *name)
{
    for (int i = 0; i < nas_graph_count(graph); i++)
        if (strcmp(nas_graph_node(graph, i)->name, name) == 0)
            return i;
    return -1;
}

static float *weights_of(const nas_model *model, const char *name, nas_weight_role role)
{
    const int node = node_named(model->graph, name);
    assert_true(node >= 0);
    const nas_weight *w = nas_graph_weight_of(model->graph, node, role);
    assert_non_null(w);
    return model->weights + w->offset;
}

static int64_t channels_of(const nas_model *model, const char *name)
{
    const int node = node_named(model->graph, name);
    return node < 0 ? 0 : nas_graph_node(model->graph, node)->shape.c;
}

/* A norm's channel becomes a constant. */
static void plant(const nas_model *model, const char *norm, int64_t channel, double value)
{
    weights_of(model, norm, NAS_WEIGHT_SCALE)[channel] = 0;
    weights_of(model, norm, NAS_WEIGHT_SHIFT)[channel] = (float)value;
}

/* Outputs before and after. @param again  what a second clean-up may still find */
static nas_clean_saved clean(nas_model *model)
{
    enum { ROWS = 6 };
    nas_err err = {0};
    nas_clean_saved saved, again;
    float *rows = fixture_drawn(model, ROWS, 1);
    float *before = fixture_expected(model, rows, ROWS);
    check_ok(nas_model_clean(model, &saved, &err), err);
    float *after = fixture_expected(model, rows, ROWS);
    fixture_equal(after, before, ROWS * model->n_outputs, "cleaned");
    check_ok(nas_model_clean(model, &again, &err), err);
    assert_int_equal(again.channels + again.nodes, 0);
    nas_heap_free(rows);
    nas_heap_free(before);
    nas_heap_free(after);
    return saved;
}

/* ---- networks -----------------------------------------------------------------------
 */

/* conv, norm, ReLU named "a", "a.norm", "a.relu" */
static int add_block(nas_graph_builder *b, int input, int64_t out, int64_t kernel,
                     const char *name)
{
    char norm[32], relu[32];
    (void)snprintf(norm, sizeof norm, "%s.norm", name);
    (void)snprintf(relu, sizeof relu, "%s.relu", name);
    int x = nas_graph_add_conv(b, input, out, kernel, 1, name);
    x = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, x, norm);
    return nas_graph_add_unary(b, NAS_OP_RELU, x, relu);
}

static nas_model *finish(nas_graph_builder *b, int x)
{
    nas_err err = {0};
    nas_graph *graph = NULL;
    x = nas_graph_add_unary(b, NAS_OP_GLOBAL_AVG_POOL, x, "pool");
    x = nas_graph_add_dense(b, x, 3, "head");
    check_ok(nas_graph_finish(b, x, &graph, &err), err);
    nas_graph_builder_free(b);
    return fixture_model(graph, NAS_TASK_CLASSIFICATION, 7);
}

/* Two blocks, the second with this kernel. */
static nas_model *make_chain(int64_t kernel)
{
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){3, 8, 8});
    x = add_block(b, x, 8, 3, "a");
    x = add_block(b, x, 10, kernel, "b");
    return finish(b, x);
}

/* op(block a, block b) of the same stem, then block c. */
static nas_model *make_join(nas_op_kind op)
{
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){3, 8, 8});
    x = add_block(b, x, 4, 3, "stem");
    const int both[2] = {add_block(b, x, 6, 3, "a"), add_block(b, x, 6, 1, "b")};
    x = nas_graph_add(b, op, NULL, both, 2, "join");
    return finish(b, add_block(b, x, 5, 3, "c"));
}

/* ---- tests --------------------------------------------------------------------------
 */

static void dead_channels_go(void **state)
{
    (void)state;
    nas_model *model = make_chain(3);
    plant(model, "a.norm", 2, -0.5);
    plant(model, "a.norm", 7, 0);
    plant(model, "b.norm", 0, -1.25);
    const int64_t params = nas_graph_params(model->graph);
    const nas_clean_saved saved = clean(model);
    assert_int_equal(saved.channels, 3);
    assert_int_equal(saved.nodes, 0);
    assert_int_equal(channels_of(model, "a"), 6);
    assert_int_equal(channels_of(model, "b.relu"), 9);
    assert_int_equal(saved.params, params - nas_graph_params(model->graph));
    /* a: 2 rows of 27 and 2 norms; b: a row of 72, 9 rows of 18 less, a norm; head: 3 */
    assert_int_equal(saved.params, 2 * (27 + 2) + 72 + 9 * 18 + 2 + 3);
    nas_model_free(model);
}

static void constants_go_only_where_there_is_no_padding(void **state)
{
    (void)state;
    nas_model *padded = make_chain(3), *bare = make_chain(1);
    plant(padded, "a.norm", 2, 0.5);
    plant(bare, "a.norm", 2, 0.5);
    assert_int_equal(clean(padded).channels, 0);
    assert_int_equal(channels_of(padded, "a"), 8);
    assert_int_equal(clean(bare).channels, 1);
    assert_int_equal(channels_of(bare, "a"), 7);
    nas_model_free(padded);
    nas_model_free(bare);
}

static void channels_nobody_reads_go(void **state)
{
    (void)state;
    nas_model *model = make_chain(3);
    float *kernel = weights_of(model, "b", NAS_WEIGHT_KERNEL);
    for (int64_t o = 0; o < 10; o++)
        for (int64_t t = 0; t < 9; t++)
            kernel[(o * 8 + 3) * 9 + t] = 0;
    assert_int_equal(clean(model).channels, 1);
    assert_int_equal(channels_of(model, "a"), 7);
    nas_model_free(model);
}

/* Nothing reads what a channel that goes is computed from. */
static void death_spreads_backwards(void **state)
{
    (void)state;
    nas_model *model = make_chain(3);
    float *kernel = weights_of(model, "b", NAS_WEIGHT_KERNEL);
    for (int64_t o = 1; o < 10; o++)
        for (int64_t t = 0; t < 9; t++)
            kernel[(o * 8 + 3) * 9 + t] = 0;
    float *head = weights_of(model, "head", NAS_WEIGHT_KERNEL);
    for (int64_t o = 0; o < 3; o++)
        head[o * 10] = 0;
    assert_int_equal(clean(model).channels, 2);
    nas_model_free(model);
}

static void what_cannot_be_positive_is_dead_behind_relu(void **state)
{
    (void)state;
    nas_model *model = make_chain(3);
    float *kernel = weights_of(model, "b", NAS_WEIGHT_KERNEL);
    for (int64_t i = 0; i < 72; i++)
        kernel[4 * 72 + i] = -fabsf(kernel[4 * 72 + i]);
    weights_of(model, "b.norm", NAS_WEIGHT_SHIFT)[4] = -0.1F;
    weights_of(model, "b.norm", NAS_WEIGHT_MEAN)[4] = 0.2F;
    assert_int_equal(clean(model).channels, 1);
    assert_int_equal(channels_of(model, "b"), 9);
    nas_model_free(model);
}

static void additions_need_both_channels_dead(void **state)
{
    (void)state;
    nas_model *model = make_join(NAS_OP_ADD);
    plant(model, "a.norm", 1, -1);
    plant(model, "a.norm", 3, -1);
    plant(model, "b.norm", 3, 0);
    assert_int_equal(clean(model).channels, 2);
    assert_int_equal(channels_of(model, "a"), 5);
    assert_int_equal(channels_of(model, "b"), 5);
    nas_model_free(model);
}

static void products_need_one_channel_dead(void **state)
{
    (void)state;
    nas_model *model = make_join(NAS_OP_MUL);
    plant(model, "a.norm", 1, -1);
    assert_int_equal(clean(model).channels, 2);
    assert_int_equal(channels_of(model, "join"), 5);
    nas_model_free(model);
}

static void concats_lose_parts(void **state)
{
    (void)state;
    nas_model *model = make_join(NAS_OP_CONCAT);
    plant(model, "a.norm", 1, -1);
    plant(model, "b.norm", 5, -1);
    assert_int_equal(clean(model).channels, 2);
    assert_int_equal(channels_of(model, "join"), 10);
    for (int64_t c = 0; c < 5; c++)
        plant(model, "b.norm", c, -1);
    assert_int_equal(clean(model).nodes, 4); /* block b and the concat */
    assert_int_equal(node_named(model->graph, "join"), -1);
    assert_int_equal(channels_of(model, "c"), 5);
    nas_model_free(model);
}

/* Channels 2 to 5 of 8, of which one is dead. */
static void slices_shrink_and_go(void **state)
{
    (void)state;
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){3, 8, 8});
    int wide = add_block(b, x, 8, 3, "a");
    nas_value attr[NAS_ATTR_MAX] = {{0}};
    attr[NAS_ATTR_SLICE_FROM].i = 2;
    attr[NAS_ATTR_SLICE_COUNT].i = 4;
    x = nas_graph_add(b, NAS_OP_SLICE, attr, &wide, 1, "part");
    nas_model *model = finish(b, add_block(b, x, 5, 3, "b"));
    plant(model, "a.norm", 3, -1);
    const nas_clean_saved saved = clean(model);
    assert_int_equal(saved.channels, 5);
    assert_int_equal(saved.nodes, 1);
    assert_int_equal(channels_of(model, "a"), 3);
    nas_model_free(model);
}

static void slices_keep_what_others_read(void **state)
{
    (void)state;
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){3, 8, 8});
    int wide = add_block(b, x, 8, 3, "a");
    nas_value attr[NAS_ATTR_MAX] = {{0}};
    attr[NAS_ATTR_SLICE_FROM].i = 2;
    attr[NAS_ATTR_SLICE_COUNT].i = 4;
    x = nas_graph_add(b, NAS_OP_SLICE, attr, &wide, 1, "part");
    const int both[2] = {add_block(b, x, 5, 3, "b"), wide};
    nas_model *model = finish(b, nas_graph_add(b, NAS_OP_CONCAT, NULL, both, 2, "join"));
    plant(model, "a.norm", 1, -1);
    plant(model, "a.norm", 4, -1);
    assert_int_equal(clean(model).channels, 2);
    const nas_node *part = nas_graph_node(model->graph, node_named(model->graph, "part"));
    assert_int_equal(part->attr[NAS_ATTR_SLICE_FROM].i, 1);
    assert_int_equal(part->shape.c, 3);
    nas_model_free(model);
}

static void sums_with_nothing_go(void **state)
{
    (void)state;
    nas_model *model = make_join(NAS_OP_ADD);
    for (int64_t c = 0; c < 6; c++)
        plant(model, "b.norm", c, c == 2 ? 0 : -0.3);
    assert_int_equal(clean(model).nodes, 4);
    assert_int_equal(node_named(model->graph, "join"), -1);
    assert_int_equal(node_named(model->graph, "b"), -1);
    nas_model_free(model);
}

/* A network whose answer does not depend on its input still has layers to give it. */
static void a_constant_network_stays_one(void **state)
{
    (void)state;
    nas_model *model = make_chain(3);
    for (int64_t c = 0; c < 10; c++)
        plant(model, "b.norm", c, 0.1 * (double)c);
    assert_true(clean(model).channels >= 9);
    assert_int_equal(channels_of(model, "head"), 3);
    assert_true(channels_of(model, "b") >= 1);
    nas_model_free(model);
}

static void nothing_changes_where_nothing_is_dead(void **state)
{
    (void)state;
    nas_model *model = make_join(NAS_OP_ADD);
    const nas_graph *graph = model->graph;
    const nas_clean_saved saved = clean(model);
    char text[128];
    nas_clean_text(&saved, text, sizeof text);
    assert_string_equal(text, "");
    assert_ptr_equal(model->graph, graph);
    nas_model_free(model);
}

static void text_counts(void **state)
{
    (void)state;
    const nas_clean_saved saved = {.channels = 12, .nodes = 1, .params = 93, .macs = 7};
    char text[128];
    nas_clean_text(&saved, text, sizeof text);
    assert_string_equal(text,
                        "12 dead channels and 1 operator; 93 parameters and 7 MACs less");
}

/* ---- random networks -----------------------------------------------------------------
 */

/* Some rows of a tensor [rows][run] become 0; of a shift, constants of either sign. */
static void plant_rows(nas_model *model, const nas_weight *w, nas_rng *rng)
{
    const int64_t rows = w->dim[0], run = w->count / rows;
    for (int64_t r = 0; r < rows; r++)
        if (nas_rng_below(rng, 3) == 0)
            memset(model->weights + w->offset + r * run, 0, (size_t)run * sizeof(float));
}

/* Weights of some inputs become 0. */
static void plant_columns(nas_model *model, const nas_weight *w, nas_rng *rng)
{
    const int64_t run = w->count / w->dim[0] / w->dim[1];
    for (int64_t i = 0; i < w->dim[1]; i++)
        for (int64_t o = 0; o < w->dim[0] && nas_rng_below(rng, 4) == 0; o++)
            memset(model->weights + w->offset + (o * w->dim[1] + i) * run, 0,
                   (size_t)run * sizeof(float));
}

static void plant_random(nas_model *model, uint64_t seed)
{
    nas_rng rng = nas_rng_new(2385, 7000 + seed);
    for (int i = 0; i < nas_graph_weight_count(model->graph); i++) {
        const nas_weight *w = nas_graph_weight(model->graph, i);
        const nas_op_kind op = nas_graph_node(model->graph, w->node)->op;
        const bool kernel = w->role == NAS_WEIGHT_KERNEL;
        if (w->role == NAS_WEIGHT_SCALE || (kernel && nas_rng_below(&rng, 2) == 0))
            plant_rows(model, w, &rng);
        if (kernel && (op == NAS_OP_CONV || op == NAS_OP_DENSE))
            plant_columns(model, w, &rng);
    }
}

static void random_networks_compute_the_same(void **state)
{
    (void)state;
    int64_t channels = 0, nodes = 0;
    for (uint64_t seed = 0; seed < 400; seed++) {
        nas_model *model = seed % 5 == 4 ? fixture_table(seed) : fixture_random(seed);
        plant_random(model, seed);
        const nas_clean_saved saved = clean(model);
        channels += saved.channels;
        nodes += saved.nodes;
        assert_true(saved.params >= -model->n_outputs * 40);
        nas_model_free(model);
    }
    assert_true(channels > 200);
    assert_true(nodes > 100);
}

static void out_of_memory_is_an_error(void **state)
{
    (void)state;
    nas_status status = NAS_E_NOMEM;
    for (int64_t nth = 1; nth < 2000 && status != NAS_OK; nth++) {
        nas_err err = {0};
        nas_clean_saved saved;
        nas_model *model = make_chain(3);
        plant(model, "a.norm", 2, -0.5);
        nas_alloc_fail_nth(nth);
        status = nas_model_clean(model, &saved, &err);
        nas_alloc_fail_nth(0);
        assert_true(status == NAS_OK || status == NAS_E_NOMEM);
        assert_int_equal(channels_of(model, "a"), 8 - saved.channels);
        nas_model_free(model);
    }
    assert_int_equal(status, NAS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dead_channels_go),
        cmocka_unit_test(constants_go_only_where_there_is_no_padding),
        cmocka_unit_test(channels_nobody_reads_go),
        cmocka_unit_test(death_spreads_backwards),
        cmocka_unit_test(what_cannot_be_positive_is_dead_behind_relu),
        cmocka_unit_test(additions_need_both_channels_dead),
        cmocka_unit_test(products_need_one_channel_dead),
        cmocka_unit_test(concats_lose_parts),
        cmocka_unit_test(slices_shrink_and_go),
        cmocka_unit_test(slices_keep_what_others_read),
        cmocka_unit_test(sums_with_nothing_go),
        cmocka_unit_test(a_constant_network_stays_one),
        cmocka_unit_test(nothing_changes_where_nothing_is_dead),
        cmocka_unit_test(text_counts),
        cmocka_unit_test(random_networks_compute_the_same),
        cmocka_unit_test(out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
