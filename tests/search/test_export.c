#include "search/export.h"

#include "evaluate/toy.h"
#include "fake.h"

/* A trained model of blobs, and the run that is to export it. */
static nas_model *train(fake *f, nas_dataset *data, nas_workspace *workspace)
{
    nas_err err = {0};
    nas_graph *graph = NULL;
    check_ok(nas_baseline_standard(data->shape, data->n_outputs, &graph, &err), err);
    nas_job job = toy_job(graph, data, 1);
    job.metric = f->run.metric;
    nas_job_result result;
    check_ok(nas_job_run(&job, workspace, true, f->arena, &result, &err), err);
    assert_non_null(result.model);
    nas_graph_free(graph);
    return result.model;
}

static void test_files_are_run_again(void **state)
{
    (void)state;
    fake f;
    nas_err err = {0};
    fake_open(&f);
    nas_dataset *data = toy_blobs(200, 6, 3);
    nas_workspace *workspace = nas_workspace_new();
    nas_model *model = train(&f, data, workspace);
    f.run.data = data;
    f.run.output_folder = nas_arena_printf(f.arena, "%s/deep/out", f.folder);
    nas_finalist finalist = {
        .trial = 3, .role = "knee", .test = nas_score_none(0), .measured_latency_ms = -1};
    check_ok(nas_export_finalist(&f.run, model, workspace, &finalist, &err), err);
    assert_true(nas_file_exists(finalist.model_path));
    assert_true(nas_file_exists(finalist.onnx_path));
    assert_non_null(strstr(finalist.onnx_path, "knee.onnx"));
    assert_true(nas_file_is_directory(finalist.c_path));
    assert_int_equal(finalist.onnx_check.n, data->n_validation);
    assert_true(finalist.onnx_check.max_error < 1e-4);
    assert_true(finalist.measured_latency_ms > 0.0);
    f.options.export_onnx = false;
    f.options.export_c = false;
    nas_finalist plain = {.trial = 3, .role = "plain", .test = nas_score_none(0)};
    check_ok(nas_export_finalist(&f.run, model, workspace, &plain, &err), err);
    assert_non_null(plain.model_path);
    assert_null(plain.onnx_path);
    assert_null(plain.c_path);
    f.run.output_folder = "/proc/no/such/folder";
    assert_int_equal(nas_export_finalist(&f.run, model, workspace, &plain, &err),
                     NAS_E_IO);
    nas_model_free(model);
    nas_workspace_free(workspace);
    toy_free(data);
    fake_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_files_are_run_again)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
