/* covers: onnx_write.c, onnx_build.c, onnx_window.c, onnx_pointwise.c */
/* covers: onnx_recurrent.c, onnx_series.c */
#include "fixture.h"

#include "export/onnx.h"
#include "export/onnx_tensor.h"

static void same_model_same_bytes(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        nas_err err = {0};
        void *a = NULL, *b = NULL;
        size_t a_bytes = 0, b_bytes = 0;
        nas_arena *arena = nas_arena_new();
        nas_model *model = fixture_random(seed);
        check_ok(nas_onnx_serialise(model, arena, &a, &a_bytes, &err), err);
        check_ok(nas_onnx_serialise(model, arena, &b, &b_bytes, &err), err);
        assert_int_equal(a_bytes, b_bytes);
        assert_memory_equal(a, b, a_bytes);
        nas_model_free(model);
        nas_arena_free(arena);
    }
}

static void declares_versions_and_metadata(void **state)
{
    (void)state;
    nas_err err = {0};
    void *data = NULL;
    size_t bytes = 0;
    Onnx__ModelProto *proto = NULL;
    nas_arena *arena = nas_arena_new();
    nas_model *model = fixture_random(1);
    check_ok(nas_onnx_serialise(model, arena, &data, &bytes, &err), err);
    check_ok(nas_onnx_unpack(data, bytes, "x", &proto, &err), err);
    assert_int_equal(proto->ir_version, 8);
    assert_int_equal(proto->opset_import[0]->version, 17);
    assert_string_equal(nas_onnx_property(proto, "nasmith.task"), "classification");
    assert_string_equal(nas_onnx_property(proto, "nasmith.data_fingerprint"),
                        "0123456789abcdef");
    const Onnx__TensorShapeProto *in = proto->graph->input[0]->type->tensor_type->shape;
    assert_int_equal(in->n_dim, 4);
    assert_string_equal(in->dim[0]->dim_param, "batch");
    assert_int_equal(in->dim[1]->dim_value, nas_graph_input_shape(model->graph).c);
    onnx__model_proto__free_unpacked(proto, NULL);
    nas_model_free(model);
    nas_arena_free(arena);
}

static void out_of_memory_is_an_error(void **state)
{
    (void)state;
    nas_model *model = fixture_random(4);
    nas_status status = NAS_E_NOMEM;
    for (int64_t nth = 1; nth < 2000 && status != NAS_OK; nth++) {
        nas_err err = {0};
        void *data = NULL;
        size_t bytes = 0;
        nas_arena *arena = nas_arena_new();
        nas_alloc_fail_nth(nth);
        status = nas_onnx_serialise(model, arena, &data, &bytes, &err);
        nas_alloc_fail_nth(0);
        if (status != NAS_OK)
            assert_int_equal(status, NAS_E_NOMEM);
        nas_arena_free(arena);
    }
    assert_int_equal(status, NAS_OK);
    nas_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_model_same_bytes),
        cmocka_unit_test(declares_versions_and_metadata),
        cmocka_unit_test(out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
