/* covers: onnx_read.c, onnx_tensor.c */
#include "fixture.h"

#include "export/onnx.h"

static void same_weights(const nas_model *a, const nas_model *b)
{
    const nas_graph *graph = a->graph;
    for (int i = 0; i < nas_graph_weight_count(graph); i++) {
        const nas_weight *w = nas_graph_weight(graph, i);
        assert_memory_equal(a->weights + w->offset, b->weights + w->offset,
                            (size_t)w->count * sizeof(float));
    }
}

static void reads_back_what_was_written(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++) {
        nas_err err = {0};
        void *data = NULL, *again = NULL;
        size_t bytes = 0, more = 0;
        nas_model *back = NULL;
        nas_arena *arena = nas_arena_new();
        nas_model *model = fixture_random(seed);
        check_ok(nas_onnx_serialise(model, arena, &data, &bytes, &err), err);
        check_ok(nas_onnx_parse(data, bytes, "x.onnx", &back, &err), err);
        same_weights(model, back);
        assert_string_equal(back->labels[0], model->labels[0]);
        assert_true(back->score == model->score);
        assert_true(back->data_fingerprint == model->data_fingerprint);
        check_ok(nas_onnx_serialise(back, arena, &again, &more, &err), err);
        assert_int_equal(bytes, more);
        assert_memory_equal(data, again, bytes);
        nas_model_free(back);
        nas_model_free(model);
        nas_arena_free(arena);
    }
}

static void refuses_damage(void **state)
{
    (void)state;
    nas_err err = {0};
    void *data = NULL;
    size_t bytes = 0;
    nas_model *back = NULL;
    nas_arena *arena = nas_arena_new();
    nas_model *model = fixture_random(2);
    check_ok(nas_onnx_serialise(model, arena, &data, &bytes, &err), err);
    for (size_t cut = 0; cut < bytes; cut += 1 + bytes / 97) {
        nas_status status = nas_onnx_parse(data, cut, "x.onnx", &back, &err);
        assert_int_not_equal(status, NAS_OK);
        assert_non_null(strstr(err.text, "x.onnx"));
    }
    assert_int_equal(nas_onnx_parse("no onnx", 7, "x.onnx", &back, &err), NAS_E_CONFIG);
    nas_model_free(model);
    nas_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_back_what_was_written),
        cmocka_unit_test(refuses_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
