#include "data/make.h"

#include "nasmith/graph.h"

/* A model that takes `shape`; only what loading looks at. */
static nas_model make_model(nas_shape shape, char **labels, int64_t n)
{
    nas_err err = {0};
    nas_model model = {.n_outputs = n, .labels = labels};
    nas_graph_builder *builder = nas_graph_builder_new();
    int input = nas_graph_add_input(builder, shape);
    int flat = nas_graph_add_unary(builder, NAS_OP_FLATTEN, input, NULL);
    int output = nas_graph_add_dense(builder, flat, n, NULL);
    check_ok(nas_graph_finish(builder, output, &model.graph, &err), err);
    nas_graph_builder_free(builder);
    return model;
}

static char c_[] = "c", b_[] = "b", a_[] = "a", d_[] = "d";

static void classes_and_columns_follow_the_model(void **state)
{
    static char x2[] = "x2", x1[] = "x1";
    static char *labels[3] = {c_, b_, a_};
    static char *features[2] = {x2, x1};
    nas_err err = {0};
    nas_dataset *data = NULL;
    nas_data_options options = nas_data_options_default();
    nas_model model = make_model((nas_shape){2, 1, 1}, labels, 3);
    model.n_features = 2;
    model.features = features;
    const char *path = make_table(*state, "t.csv", 30, "anything");
    check_ok(nas_data_load_for(path, &options, &model, &data, &err), err);
    assert_int_equal(data->n_rows, 30);
    for (int64_t i = 0; i < 30; i++) {
        float row[2];
        nas_dataset_row(data, i, row);
        assert_true(row[0] == (float)(i * 37 % 101));
        assert_int_equal(data->labels[i], 2 - i % 3);
    }
    assert_string_equal(data->label_names[0], "c");
    nas_dataset_close(data);
    nas_graph_free(model.graph);
}

static void a_part_may_be_asked_for(void **state)
{
    static char zero[] = "0", one[] = "1", two[] = "2";
    static char *labels[3] = {zero, one, two};
    static const struct {
        const char *part;
        int64_t n;
    } cases[] = {{NULL, 75}, {"train", 60}, {"test", 15}};
    nas_err err = {0};
    nas_dataset *data = NULL;
    nas_data_options options = nas_data_options_default();
    nas_model model = make_model((nas_shape){1, 3, 4}, labels, 3);
    make_images(*state, "train-", 60, 3);
    make_images(*state, "test-", 15, 3);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        options.part = cases[i].part;
        check_ok(nas_data_load_for(*state, &options, &model, &data, &err), err);
        assert_int_equal(data->n_rows, cases[i].n);
        for (int64_t r = 0; r < data->n_rows; r++) { /* both files begin alike */
            int64_t in_file = cases[i].part == NULL && r >= 60 ? r - 60 : r;
            assert_int_equal(data->labels[r], in_file % 3);
            assert_int_equal(((const uint8_t *)data->inputs)[r * 12 + 1],
                             (7 * in_file + 3 + in_file / 251) % 251);
        }
        nas_dataset_close(data);
    }
    options.part = "validation";
    assert_int_equal(nas_data_load_for(*state, &options, &model, &data, &err),
                     NAS_E_DATA);
    assert_non_null(strstr(err.text, "no rows of the part"));
    options.part = "tset";
    assert_int_equal(nas_data_load_for(*state, &options, &model, &data, &err),
                     NAS_E_USAGE);
    assert_null(data);
    nas_graph_free(model.graph);
}

static void what_does_not_fit_is_explained(void **state)
{
    static char *labels[3] = {a_, b_, d_};
    nas_err err = {0};
    nas_dataset *data = NULL;
    nas_data_options options = nas_data_options_default();
    nas_model model = make_model((nas_shape){2, 1, 1}, labels, 3);
    char path[1024];
    (void)snprintf(path, sizeof path, "%s", make_table(*state, "t.csv", 30, "class"));
    assert_int_equal(nas_data_load_for(path, &options, &model, &data, &err), NAS_E_DATA);
    assert_non_null(strstr(err.text, "class `c`, which the model does not have"));
    nas_graph_free(model.graph);
    model = make_model((nas_shape){3, 1, 1}, labels, 3);
    assert_int_equal(nas_data_load_for(path, &options, &model, &data, &err), NAS_E_DATA);
    assert_non_null(strstr(err.text, "2×1×1 (table, 2 numeric columns), the model takes "
                                     "3×1×1"));
    nas_graph_free(model.graph);
}

static void targets_need_the_same_number(void **state)
{
    static char y[] = "y", z[] = "z";
    static char *labels[2] = {y, z};
    nas_err err = {0};
    nas_dataset *data = NULL;
    nas_data_options options = nas_data_options_default();
    const char *path = make_text(*state, "t.csv", "x,y\n1,2.385\n2,3\n");
    nas_model model = make_model((nas_shape){1, 1, 1}, labels, 1);
    model.task = NAS_TASK_REGRESSION;
    check_ok(nas_data_load_for(path, &options, &model, &data, &err), err);
    assert_true(data->targets[0] == 2.385f && data->targets[1] == 3.0f);
    nas_dataset_close(data);
    model.n_outputs = 2;
    assert_int_equal(nas_data_load_for(path, &options, &model, &data, &err), NAS_E_DATA);
    assert_non_null(strstr(err.text, "has 1 targets, the model predicts 2"));
    nas_graph_free(model.graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        data_test(classes_and_columns_follow_the_model),
        data_test(a_part_may_be_asked_for),
        data_test(what_does_not_fit_is_explained),
        data_test(targets_need_the_same_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
