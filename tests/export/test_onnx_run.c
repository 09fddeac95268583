/* covers: onnx_step.c, onnx_run_series.c */
#include "fixture.h"

#include "export/onnx.h"
#include "export/onnx_run.h"
#include "export/onnx_tensor.h"

static Onnx__ModelProto *unpacked(const nas_model *model, nas_arena *arena)
{
    nas_err err = {0};
    void *data = NULL;
    size_t bytes = 0;
    Onnx__ModelProto *proto = NULL;
    check_ok(nas_onnx_serialise(model, arena, &data, &bytes, &err), err);
    check_ok(nas_onnx_unpack(data, bytes, "x.onnx", &proto, &err), err);
    return proto;
}

static void equals_the_reference(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        char what[32];
        (void)snprintf(what, sizeof what, "network %d", (int)seed);
        nas_err err = {0};
        nas_arena *arena = nas_arena_new();
        nas_onnx_program *program = NULL;
        nas_model *model = fixture_random(seed);
        float *row = fixture_rows(model, 1, seed);
        float *expected = fixture_expected(model, row, 1);
        Onnx__ModelProto *proto = unpacked(model, arena);
        check_ok(nas_onnx_prepare(proto, arena, &program, &err), err);
        assert_int_equal(nas_onnx_outputs(program), model->n_outputs);
        float *found = nas_heap_alloc((size_t)model->n_outputs, sizeof *found);
        nas_onnx_run(program, row, found);
        fixture_equal(found, expected, model->n_outputs, what);
        onnx__model_proto__free_unpacked(proto, NULL);
        nas_heap_free(found);
        nas_heap_free(expected);
        nas_heap_free(row);
        nas_model_free(model);
        nas_arena_free(arena);
    }
}

static void refuses_what_it_does_not_know(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_onnx_program *program = NULL;
    nas_arena *arena = nas_arena_new();
    nas_model *model = fixture_random(0);
    Onnx__ModelProto *proto = unpacked(model, arena);
    Onnx__NodeProto *node = proto->graph->node[0];
    char strange[] = "Loop", *op = node->op_type, *input = node->input[0];
    node->op_type = strange;
    assert_int_equal(nas_onnx_prepare(proto, arena, &program, &err), NAS_E_CONFIG);
    assert_non_null(strstr(err.text, "Loop"));
    node->op_type = op;
    node->input[0] = strange;
    assert_int_equal(nas_onnx_prepare(proto, arena, &program, &err), NAS_E_CONFIG);
    node->input[0] = input;
    onnx__model_proto__free_unpacked(proto, NULL);
    nas_model_free(model);
    nas_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_reference),
        cmocka_unit_test(refuses_what_it_does_not_know),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
