/* Every fusion rule, seen in the units a graph becomes. */
#include "check.h"

#include "engine/unit.h"

#include <math.h>

typedef struct fixture {
    nas_graph_builder *builder;
    nas_graph *graph;
    nas_workspace *workspace;
    nas_net *net;
} fixture;

static int begin(fixture *f)
{
    *f = (fixture){.builder = nas_graph_builder_new(), .workspace = nas_workspace_new()};
    return nas_graph_add_input(f->builder, (nas_shape){3, 8, 6});
}

static void finish(fixture *f, int output)
{
    nas_err err = {0};
    nas_net_options options = nas_net_options_default();
    options.batch = 32;
    check_ok(nas_graph_finish(f->builder, output, &f->graph, &err), err);
    check_ok(nas_net_compile(f->graph, &options, f->workspace, &f->net, &err), err);
}

static void end(fixture *f)
{
    nas_net_free(f->net);
    nas_workspace_free(f->workspace);
    nas_graph_free(f->graph);
    nas_graph_builder_free(f->builder);
}

/* The unit that computes a node. */
static const nas_unit *unit_of(const fixture *f, int node)
{
    return &f->net->units[f->net->node_unit[node]];
}

static int unary(fixture *f, nas_op_kind op, int input)
{
    return nas_graph_add_unary(f->builder, op, input, "");
}

static int conv(fixture *f, int input)
{
    return nas_graph_add_conv(f->builder, input, 3, 3, 1, "");
}

static int head(fixture *f, int input)
{
    return nas_graph_add_dense(f->builder, input, 4, "");
}

static void test_norm_activation_and_tail_join_their_convolution(void **state)
{
    (void)state;
    const nas_op_kind pools[] = {NAS_OP_MAX_POOL, NAS_OP_GLOBAL_AVG_POOL};
    for (int i = 0; i < 2; i++) {
        fixture f;
        int first = conv(&f, begin(&f));
        int at = unary(&f, NAS_OP_RELU6, unary(&f, NAS_OP_BATCH_NORM, first));
        at = pools[i] == NAS_OP_MAX_POOL
                 ? nas_graph_add_pool(f.builder, pools[i], at, 2, 2, NAS_PAD_VALID, "")
                 : unary(&f, pools[i], at);
        finish(&f, head(&f, at));
        assert_int_equal(f.net->n_units, 3);
        const nas_unit *unit = unit_of(&f, first);
        assert_ptr_equal(unit, unit_of(&f, at));
        assert_true(unit->norm.present && unit->activated && unit->high == 6.0f);
        assert_int_equal(unit->tail, i == 0 ? NAS_TAIL_MAX : NAS_TAIL_MEAN);
        assert_false(unit->staged);
        end(&f);
    }
}

static void test_overlapping_pool_stands_alone(void **state)
{
    (void)state;
    fixture f;
    int first = conv(&f, begin(&f));
    int pool =
        nas_graph_add_pool(f.builder, NAS_OP_MAX_POOL, first, 3, 2, NAS_PAD_SAME, "");
    finish(&f, head(&f, pool));
    assert_int_equal(unit_of(&f, pool)->core, NAS_CORE_MAX_POOL);
    assert_int_equal(unit_of(&f, first)->tail, NAS_TAIL_NONE);
    end(&f);
}

/* A value that two operators read is not changed in place by one of them. */
static void test_second_reader_prevents_fusion(void **state)
{
    (void)state;
    fixture f;
    int first = conv(&f, begin(&f));
    int relu = unary(&f, NAS_OP_RELU, first);
    int both[2] = {first, relu};
    finish(&f, head(&f, nas_graph_add(f.builder, NAS_OP_ADD, NULL, both, 2, "")));
    assert_int_equal(unit_of(&f, relu)->core, NAS_CORE_VIEW);
    assert_ptr_equal(unit_of(&f, relu)->y.view.data, unit_of(&f, first)->z.view.data);
    assert_false(unit_of(&f, first)->activated);
    assert_int_equal(unit_of(&f, first)->consumers, 2);
    end(&f);
}

static void test_norm_behind_activation_is_its_own_unit(void **state)
{
    (void)state;
    fixture f;
    int relu = unary(&f, NAS_OP_RELU, conv(&f, begin(&f)));
    int norm = unary(&f, NAS_OP_BATCH_NORM, relu);
    finish(&f, head(&f, norm));
    assert_int_equal(unit_of(&f, norm)->core, NAS_CORE_VIEW);
    assert_true(unit_of(&f, norm)->norm.present);
    end(&f);
}

/* z between two convolutions is staged and masked; before an add it is stored. */
static void test_staging_needs_one_convolution_as_reader(void **state)
{
    (void)state;
    fixture f;
    int first = unary(&f, NAS_OP_BATCH_NORM, conv(&f, begin(&f)));
    int second = unary(&f, NAS_OP_BATCH_NORM, conv(&f, first));
    int third = unary(&f, NAS_OP_BATCH_NORM, conv(&f, second));
    int both[2] = {second, third};
    finish(&f, head(&f, nas_graph_add(f.builder, NAS_OP_ADD, NULL, both, 2, "")));
    assert_true(unit_of(&f, first)->staged && unit_of(&f, first)->masked);
    assert_null(unit_of(&f, first)->z.view.data);
    assert_false(unit_of(&f, second)->staged || unit_of(&f, second)->masked);
    assert_false(unit_of(&f, third)->staged || unit_of(&f, third)->masked);
    end(&f);
}

static void test_dense_chain_needs_no_copy_of_gradients(void **state)
{
    (void)state;
    fixture f;
    int flat = unary(&f, NAS_OP_FLATTEN, begin(&f));
    int hidden = unary(&f, NAS_OP_RELU, head(&f, flat));
    int output = head(&f, hidden);
    finish(&f, output);
    assert_int_equal(f.net->n_units, 3); /* flatten is read by the dense core itself */
    assert_true(unit_of(&f, hidden)->masked && unit_of(&f, hidden)->direct);
    assert_false(unit_of(&f, hidden)->separate);
    assert_true(unit_of(&f, output)->direct);
    end(&f);
}

static void test_softmax_at_the_output_is_left_to_the_loss(void **state)
{
    (void)state;
    fixture f;
    int logits = head(&f, begin(&f));
    int output = unary(&f, NAS_OP_SOFTMAX, logits);
    finish(&f, output);
    assert_ptr_equal(unit_of(&f, output), unit_of(&f, logits));
    end(&f);
}

/* Backward runs from the last unit: that one stores, the others add. */
static void test_first_writer_of_a_gradient_stores(void **state)
{
    (void)state;
    fixture f;
    int first = conv(&f, begin(&f));
    int second = conv(&f, first);
    int all[3] = {first, second, first};
    int sum = nas_graph_add(f.builder, NAS_OP_ADD, NULL, all, 3, "");
    finish(&f, head(&f, sum));
    const nas_unit *unit = unit_of(&f, sum);
    assert_true(unit->first[0] != unit->first[2]);
    assert_true(unit->first[1]);
    assert_false(unit_of(&f, second)->first[0]);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_norm_activation_and_tail_join_their_convolution),
        cmocka_unit_test(test_overlapping_pool_stands_alone),
        cmocka_unit_test(test_second_reader_prevents_fusion),
        cmocka_unit_test(test_norm_behind_activation_is_its_own_unit),
        cmocka_unit_test(test_staging_needs_one_convolution_as_reader),
        cmocka_unit_test(test_dense_chain_needs_no_copy_of_gradients),
        cmocka_unit_test(test_softmax_at_the_output_is_left_to_the_loss),
        cmocka_unit_test(test_first_writer_of_a_gradient_stores),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
