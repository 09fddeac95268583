/* covers: ablation.c, seeds.c, retrain.c */
/* A planted useless block shows no loss; a needed one does. */
#include "check.h"

#include "nasmith/explain.h"
#include "nasmith/file.h"
#include "search/record.h"

#include <math.h>
#include <string.h>

enum { ROWS = 1600 };

typedef struct planted {
    char folder[64], csv[128], db[128];
    nas_study *study;
    nas_arena *arena;
} planted;

/* Class = whether a*b > 0: no linear model can tell, one hidden layer can. */
static void write_data(planted *p)
{
    nas_err err = {0};
    nas_text csv = {0};
    nas_rng rng = nas_rng_new(3, 3);
    nas_text_puts(&csv, "a,b,class\n");
    for (int i = 0; i < ROWS; i++) {
        double a = nas_rng_normal(&rng), b = nas_rng_normal(&rng);
        nas_text_printf(&csv, "%.4f,%.4f,%s\n", a, b, a * b > 0 ? "same" : "other");
    }
    check_ok(nas_file_write(p->csv, csv.data, csv.length, &err), err);
    nas_text_free(&csv);
}

static nas_graph *network(void)
{
    nas_err err = {0};
    nas_graph *graph = NULL;
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){2, 1, 1});
    x = nas_graph_add_dense(b, x, 24, "needed");
    x = nas_graph_add_unary(b, NAS_OP_RELU, x, "needed");
    x = nas_graph_add_dense(b, x, 24, "useless"); /* nothing non-linear */
    x = nas_graph_add_dense(b, x, 2, "head");
    check_ok(nas_graph_finish(b, x, &graph, &err), err);
    nas_graph_builder_free(b);
    return graph;
}

static int64_t add_trial(const planted *p)
{
    nas_err err = {0};
    nas_text text = {0};
    nas_graph *graph = network();
    nas_json json = nas_json_writer(&text, 0);
    nas_graph_write_json(graph, &json);
    nas_trial_spec trial = {.decisions = "{}",
                            .graph = nas_text_string(&text),
                            .recipe = "{\"batch\":16}",
                            .key = 1,
                            .graph_hash = nas_graph_hash(graph)};
    nas_study_step step = {
        .owner = "me", .trial = &trial, .evaluation = {.fraction = 1, .epochs = 1}};
    bool got = false;
    int64_t id = 0;
    check_ok(nas_study_lease(p->study, "asker", "me", 30, &got, &err), err);
    check_ok(nas_study_step_commit(p->study, &step, &got, &id, &err), err);
    nas_graph_free(graph);
    nas_text_free(&text);
    return id;
}

/* @param seconds_per_mac_row  what the study believes of this machine */
static void plant(planted *p, double seconds_per_mac_row)
{
    nas_err err = {0};
    nas_data_options options = nas_data_options_default();
    nas_data_summary summary;
    options.label = "class";
    p->arena = nas_arena_new();
    nas_test_tmpdir(p->folder, sizeof p->folder);
    (void)snprintf(p->csv, sizeof p->csv, "%s/xor.csv", p->folder);
    (void)snprintf(p->db, sizeof p->db, "%s/xor.nas.db", p->folder);
    write_data(p);
    nas_study_settings s = {.data_path = p->csv,
                            .space_name = "s",
                            .space_text = "network: []\n",
                            .space_context = {.input = {2, 1, 1}, .n_outputs = 2},
                            .metric = "accuracy",
                            .strategy = "random",
                            .strategy_json = "{}",
                            .scheduler = "none",
                            .scheduler_json = "{}",
                            .recipe_json = "{}",
                            .ladder = {.rung = {{1, 1, 0}}, .n = 1},
                            .seconds_per_mac_row = seconds_per_mac_row,
                            .version = "0",
                            .cpu = "test"};
    check_ok(nas_study_create(p->db, &s, &p->study, &err), err);
    check_ok(nas_data_prepare(p->csv, &options,
                              nas_file_join(p->arena, nas_study_folder(p->study), "data"),
                              &summary, &err),
             err);
    nas_data_summary_free(&summary);
    nas_finalist finalist = {.trial = add_trial(p),
                             .role = "best",
                             .validation = nas_score_none(0),
                             .as_searched_test = nas_score_none(0),
                             .test = nas_score_none(0)};
    nas_search_result result = {.finalists = &finalist, .n_finalists = 1};
    check_ok(nas_record_write(p->study, &result, &err), err);
}

static void uproot(planted *p)
{
    nas_err err = {0};
    nas_study_close(p->study);
    check_ok(nas_file_remove(p->folder, &err), err);
    nas_arena_free(p->arena);
}

static json_t *ablate(planted *p, double seconds)
{
    nas_err err = {0};
    const char *text = NULL;
    check_ok(nas_explain_ablation(p->study, seconds, &err), err);
    check_ok(nas_study_get(p->study, NAS_ABLATION_ENTRY, p->arena, &text, &err), err);
    assert_non_null(text);
    json_t *out = json_loads(text, 0, NULL);
    assert_non_null(out);
    return out;
}

static double real(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static void a_useless_block_shows_no_loss(void **state)
{
    (void)state;
    planted p = {0};
    plant(&p, 1e-12);
    json_t *a = ablate(&p, 12);
    const json_t *parts = json_object_get(a, "parts");
    assert_int_equal(json_array_size(parts), 2);
    assert_true(real(a, "epochs") == 8 && real(a, "fraction") == 1);
    const json_t *needed = json_array_get(parts, 0), *useless = json_array_get(parts, 1);
    assert_string_equal(json_string_value(json_object_get(useless, "what")), "useless");
    if (real(needed, "low") < 0.2)
        fail_msg("without the needed block it loses %g", real(needed, "loss"));
    if (real(useless, "low") > 0 || real(useless, "loss") > 0.03)
        fail_msg("without the useless block it loses %g", real(useless, "loss"));
    assert_true(real(useless, "params") < real(needed, "params") + 600);
    assert_true(real(useless, "ram_bytes") > 0 && real(useless, "flash_bytes") > 0);
    assert_int_equal(json_array_size(json_object_get(a, "whole")),
                     (int)real(a, "rounds"));
    json_decref(a);
    uproot(&p);
}

/* A machine believed to be too slow trains nothing, and says nothing. */
static void what_does_not_fit_is_left_out(void **state)
{
    (void)state;
    planted p = {0};
    plant(&p, 1.0);
    json_t *a = ablate(&p, 1);
    assert_int_equal(json_array_size(json_object_get(a, "parts")), 0);
    assert_int_equal(json_array_size(json_object_get(a, "learning")), 0);
    json_decref(a);
    uproot(&p);
}

/* ---- other seeds --------------------------------------------------------- */

/* The search's own training of the planted network, as done. */
static void finish_search(planted *p, double score, double seconds)
{
    nas_err err = {0};
    nas_claim claim = {0};
    bool found = false, accepted = false;
    check_ok(nas_study_claim(p->study, "w", 30, p->arena, &claim, &found, &err), err);
    assert_true(found);
    nas_job_result result = {.outcome = NAS_OUTCOME_DONE,
                             .validation = {score, score - 0.02, score + 0.02, 0.01, 240},
                             .seconds = seconds};
    check_ok(nas_study_finish(p->study, "w", &claim, &result, &accepted, &err), err);
    assert_true(accepted);
}

static json_t *spread(planted *p, double seconds)
{
    nas_err err = {0};
    const char *text = NULL;
    check_ok(nas_explain_seeds(p->study, seconds, &err), err);
    check_ok(nas_study_get(p->study, NAS_SEEDS_ENTRY, p->arena, &text, &err), err);
    return text != NULL ? json_loads(text, 0, NULL) : NULL;
}

static void other_seeds_give_a_spread(void **state)
{
    (void)state;
    planted p = {0};
    plant(&p, 1e-12);
    finish_search(&p, 0.9, 0.01);
    json_t *s = spread(&p, 20);
    assert_non_null(s);
    assert_true(json_is_true(json_object_get(s, "as_searched")));
    assert_true(real(s, "searched") == 0.9 && real(s, "epochs") == 1);
    const json_t *scores = json_object_get(s, "scores");
    double first = json_number_value(json_array_get(scores, 0));
    int other = 0;
    assert_int_equal(json_array_size(scores), 8);
    for (size_t i = 0; i < 8; i++) {
        double score = json_number_value(json_array_get(scores, i));
        assert_true(score > 0.3 && score <= 1);
        other += score != first;
    }
    assert_true(other > 0);
    json_decref(s);
    uproot(&p);
}

/* Trainings that would not fit are shorter, and say so; the time is kept. */
static void seeds_keep_their_time(void **state)
{
    (void)state;
    planted p = {0};
    plant(&p, 1e-12);
    finish_search(&p, 0.9, 1000);
    json_t *s = spread(&p, 1.5);
    assert_non_null(s);
    assert_true(json_is_true(json_object_get(s, "as_searched"))); /* one epoch is least */
    assert_true(real(s, "seconds") < 4);
    json_decref(s);
    uproot(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_useless_block_shows_no_loss),
        cmocka_unit_test(what_does_not_fit_is_left_out),
        cmocka_unit_test(other_seeds_give_a_spread),
        cmocka_unit_test(seeds_keep_their_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
