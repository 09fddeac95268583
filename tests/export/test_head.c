#include "fixture.h"

#include "export/head.h"

static void head_follows_task_and_last_node(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 12; seed++) {
        nas_model *model = fixture_random(seed);
        const nas_op_kind last =
            nas_graph_node(model->graph, nas_graph_output(model->graph))->op;
        const bool classes = model->task == NAS_TASK_CLASSIFICATION;
        assert_int_equal(nas_head_has_softmax(model), classes && last != NAS_OP_SOFTMAX);
        assert_int_equal(nas_head_has_scale(model), !classes);
        nas_model_free(model);
    }
}

static void refuses_what_cannot_be_exported(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_model *model = fixture_random(1);
    check_ok(nas_head_check(model, &err), err);
    const float good = model->weights[0];
    model->weights[0] = NAN;
    assert_int_equal(nas_head_check(model, &err), NAS_E_GRAPH);
    assert_non_null(strstr(err.text, "finite"));
    model->weights[0] = good;
    model->n_outputs++;
    assert_int_equal(nas_head_check(model, &err), NAS_E_GRAPH);
    model->n_outputs--;
    nas_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(head_follows_task_and_last_node),
        cmocka_unit_test(refuses_what_cannot_be_exported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
