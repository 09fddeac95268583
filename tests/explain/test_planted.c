/* Known answers from end to end: what was planted into the data is what trained networks
 * and whole searches are explained by. */
#include "search/world.h"

#include "explain/attribution.h"
#include "fixture.h"

#include <math.h>

/* ---- a patch that carries the label ------------------------------------- */

enum { SIDE = 12, TOP = 7, LEFT = 2, PATCH = 3, ROWS = 500, TRAIN = 400 };

static bool in_patch(int64_t place)
{
    int64_t y = place / SIDE - TOP, x = place % SIDE - LEFT;
    return y >= 0 && y < PATCH && x >= 0 && x < PATCH;
}

/* The patch is bright in rows of class 1, dark in those of class 0; the rest is noise. */
static void paint(planted *p)
{
    for (int64_t i = 0; i < ROWS; i++) {
        p->labels[i] = (int32_t)(i % 2);
        for (int64_t k = 0; k < SIDE * SIDE; k++)
            if (in_patch(k))
                p->inputs[i * SIDE * SIDE + k] += i % 2 != 0 ? 1.2f : -1.2f;
    }
    p->data.n_train = TRAIN;
    p->data.validation = p->rows + TRAIN;
    p->data.n_validation = ROWS - TRAIN;
}

static nas_graph *small_network(void)
{
    nas_err err = {0};
    nas_graph *graph = NULL;
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){1, SIDE, SIDE});
    x = nas_graph_add_conv(b, x, 8, 3, 1, "conv");
    x = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, x, "conv");
    x = nas_graph_add_unary(b, NAS_OP_RELU, x, "conv");
    x = nas_graph_add_unary(b, NAS_OP_FLATTEN, x, NULL);
    x = nas_graph_add_dense(b, x, 2, "head");
    check_ok(nas_graph_finish(b, x, &graph, &err), err);
    nas_graph_builder_free(b);
    return graph;
}

/* @param graph  released here */
static void train_on(planted *p, nas_graph *graph, nas_job_result *out)
{
    nas_err err = {0};
    nas_job job = {.graph = graph,
                   .recipe = nas_recipe_default(NAS_TASK_CLASSIFICATION),
                   .data = &p->data,
                   .train_rows = p->data.train,
                   .n_train = TRAIN,
                   .validation_rows = p->data.validation,
                   .n_validation = p->data.n_validation,
                   .fraction = 1,
                   .epochs = 12,
                   .seed = 5,
                   .metric = nas_metric_find("accuracy")};
    check_ok(nas_job_run(&job, p->workspace, true, p->arena, out, &err), err);
    assert_int_equal(out->outcome, NAS_OUTCOME_DONE);
    assert_true(out->validation.value > 0.95);
    nas_graph_free(graph);
}

/* The best place lies in the patch, and the patch has most of what speaks for answers. */
static void finds_patch(const double *map, const char *how)
{
    double inside = 0, all = 0;
    int64_t best = 0;
    for (int64_t k = 0; k < SIDE * SIDE; k++) {
        inside += in_patch(k) ? fmax(0, map[k]) : 0;
        all += fmax(0, map[k]);
        best = map[k] > map[best] ? k : best;
    }
    if (!in_patch(best))
        fail_msg("by %s it looks at %d, %d", how, (int)(best / SIDE), (int)(best % SIDE));
    if (inside / PATCH / PATCH < 5 * (all - inside) / (SIDE * SIDE - PATCH * PATCH))
        fail_msg("by %s the patch has only %.2f of %.2f", how, inside, all);
}

static void attribution_of_a_trained_network_finds_the_patch(void **state)
{
    (void)state;
    nas_err err = {0};
    planted p;
    nas_job_result trained;
    nas_occlusion o;
    nas_gradients g;
    planted_begin(&p, NAS_TASK_CLASSIFICATION, (nas_shape){1, SIDE, SIDE}, ROWS, 2);
    paint(&p);
    train_on(&p, small_network(), &trained);
    check_ok(nas_subject_open(trained.model, &p.data, p.data.validation,
                              p.data.n_validation, p.workspace, p.arena, &p.subject,
                              &err),
             err);
    p.open = true;
    check_ok(nas_occlusion_of(&p.subject, &o, &err), err);
    finds_patch(o.map, "covering");
    check_ok(nas_gradients_of(&p.subject, &g, &err), err);
    finds_patch(g.map, "gradients");
    planted_end(&p);
    nas_model_free(trained.model);
}

/* ---- a tone that carries the label --------------------------------------- */

enum { STEPS = 512, WINDOW = 64, HOP = 32, BIN = 12, FROM = 256, UNTIL = 352 };

/* Rows of class 1 hold a tone in some of their steps; the rest is noise. */
static void sound(planted *p)
{
    for (int64_t i = 0; i < ROWS; i++) {
        p->labels[i] = (int32_t)(i % 2);
        for (int64_t t = FROM; t < UNTIL && i % 2 != 0; t++)
            p->inputs[i * STEPS + t] +=
                2.0f *
                (float)sin(2 * 3.14159265358979 * BIN * (double)t / WINDOW + (double)i);
    }
    p->data.n_train = TRAIN;
    p->data.validation = p->rows + TRAIN;
    p->data.n_validation = ROWS - TRAIN;
}

static nas_graph *spectral_network(void)
{
    nas_err err = {0};
    nas_value attr[NAS_ATTR_MAX];
    nas_graph *graph = NULL;
    nas_graph_builder *b = nas_graph_builder_new();
    nas_param_defaults(nas_op_get(NAS_OP_SPECTRUM)->params, attr);
    attr[NAS_ATTR_SPECTRUM_WINDOW].i = WINDOW;
    attr[NAS_ATTR_SPECTRUM_HOP].i = HOP;
    attr[NAS_ATTR_SPECTRUM_RATE].f = 8000;
    int x = nas_graph_add_input(b, (nas_shape){1, 1, STEPS});
    x = nas_graph_add(b, NAS_OP_SPECTRUM, attr, &x, 1, "front");
    x = nas_graph_add_conv(b, x, 8, 3, 1, "body");
    x = nas_graph_add_unary(b, NAS_OP_RELU, x, NULL);
    x = nas_graph_add_unary(b, NAS_OP_GLOBAL_MAX_POOL, x, NULL);
    x = nas_graph_add_dense(b, x, 2, "head");
    check_ok(nas_graph_finish(b, x, &graph, &err), err);
    nas_graph_builder_free(b);
    return graph;
}

/* What speaks for the answers most lies where the tone is, in band and time, within the
 * side of what covers it. */
static void attribution_behind_a_spectrum_finds_the_tone(void **state)
{
    (void)state;
    nas_err err = {0};
    planted p;
    nas_job_result trained;
    nas_occlusion o;
    planted_begin(&p, NAS_TASK_CLASSIFICATION, (nas_shape){1, 1, STEPS}, ROWS, 2);
    sound(&p);
    train_on(&p, spectral_network(), &trained);
    check_ok(nas_subject_open(trained.model, &p.data, p.data.validation,
                              p.data.n_validation, p.workspace, p.arena, &p.subject,
                              &err),
             err);
    p.open = true;
    check_ok(nas_occlusion_of(&p.subject, &o, &err), err);
    assert_int_equal(o.height, WINDOW / 2 + 1);
    assert_int_equal(o.width, 1 + (STEPS - WINDOW) / HOP);
    int64_t best = 0;
    for (int64_t k = 0; k < o.height * o.width; k++)
        best = o.map[k] > o.map[best] ? k : best;
    const int64_t band = best / o.width, first = best % o.width * HOP;
    const int64_t near = (o.patch - 1) * HOP;
    if (llabs(band - BIN) > o.patch || first + WINDOW + near <= FROM ||
        first >= UNTIL + near)
        fail_msg("it looks at band %d, steps %d on", (int)band, (int)first);
    planted_end(&p);
    nas_model_free(trained.model);
}

/* ---- a leak between training and validation ------------------------------ */

/* Labels are drawn: nothing can be learned but the rows themselves. With copies of each
 * row in both parts a network that learns them by heart looks good on validation rows.
 * @param copies  of each row, all but equal */
static void write_rows(const char *path, int rows, int copies, uint64_t seed)
{
    nas_err err = {0};
    nas_text csv = {0};
    nas_rng rng = nas_rng_new(seed, 4);
    nas_text_puts(&csv, "a,b,c,d,class\n");
    for (int i = 0; i < rows; i++) {
        double value[4];
        const char *label = nas_rng_below(&rng, 2) != 0 ? "yes" : "no";
        for (int k = 0; k < 4; k++)
            value[k] = 2 * nas_rng_normal(&rng);
        for (int c = 0; c < copies; c++) {
            for (int k = 0; k < 4; k++)
                nas_text_printf(&csv, "%.4f,", value[k] + 0.001 * c);
            nas_text_printf(&csv, "%s\n", label);
        }
    }
    check_ok(nas_file_write(path, csv.data, csv.length, &err), err);
    nas_text_free(&csv);
}

static int gap_warnings(const world *w)
{
    nas_err err = {0};
    nas_study *study = NULL;
    nas_search_result result = {0};
    nas_explanation explanation;
    nas_explain_sentence *s = NULL;
    int n = 0, warnings = 0;
    check_ok(nas_study_open(w->study, &study, &err), err);
    check_ok(nas_search_read_result(study, &result, &err), err);
    check_ok(nas_explanation_read(study, &result, &explanation, &err), err);
    check_ok(nas_explain_verdict(&explanation, &s, &n, &err), err);
    for (int i = 0; i < n; i++)
        warnings += s[i].mood == NAS_MOOD_WARNING &&
                    strstr(s[i].text, "believe the test") != NULL;
    nas_explanation_free(&explanation);
    nas_search_result_free(&result);
    nas_study_close(study);
    return warnings;
}

static void a_leak_raises_the_gap_warning(void **state)
{
    (void)state;
    for (int copies = 1; copies <= 6; copies += 5) {
        world w;
        char test[160];
        world_open(&w);
        (void)snprintf(test, sizeof test, "%s/fresh.csv", w.folder);
        write_rows(w.data, 360 / copies, copies, 1);
        write_rows(test, 300, 1, 2);
        w.options.data.test_path = test;
        w.options.epochs = 40;
        nas_search_result result = world_run(&w);
        nas_search_result_free(&result);
        assert_int_equal(gap_warnings(&w), copies > 1);
        world_close(&w);
    }
}

int main(int argc, char **argv)
{
    int code = 0;
    if (world_is_worker(argc, argv, &code))
        return code;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attribution_of_a_trained_network_finds_the_patch),
        cmocka_unit_test(attribution_behind_a_spectrum_finds_the_tone),
        cmocka_unit_test(a_leak_raises_the_gap_warning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
