/* covers: explanation.c, verdict.c, network.c, table.c, neighbours.c */
/* A whole search on a small table, explained. */
#include "search/world.h"

#include "nasmith/explain.h"

#include <math.h>

/* One study for all tests here: 3 classes, columns a, b, c informative, d less so. */
static world shared;

static int open_world(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_search_result result;
    world_open(&shared);
    shared.options.trials = 40;
    shared.options.epochs = 3;
    if (nas_search_run(&shared.options, &shared.sink, &result, &err) != NAS_OK) {
        print_message("%s\n", err.text);
        return 1;
    }
    nas_search_result_free(&result);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    world_close(&shared);
    return 0;
}

typedef struct opened {
    nas_study *study;
    nas_search_result result;
    nas_explanation explanation;
} opened;

static void open_study(opened *o)
{
    nas_err err = {0};
    *o = (opened){0};
    check_ok(nas_study_open(shared.study, &o->study, &err), err);
    check_ok(nas_search_read_result(o->study, &o->result, &err), err);
    check_ok(nas_explanation_read(o->study, &o->result, &o->explanation, &err), err);
}

static void close_study(opened *o)
{
    nas_explanation_free(&o->explanation);
    nas_search_result_free(&o->result);
    nas_study_close(o->study);
}

static void the_table_holds_what_was_trained(void **state)
{
    (void)state;
    opened o;
    open_study(&o);
    const nas_explain_table *t = &o.explanation.table;
    assert_true(t->n >= 40 && t->columns >= 4);
    assert_true(t->larger_is_better);
    for (int c = 0; c < t->columns; c++) {
        const nas_explain_column *column = &t->column[c];
        double share = 0;
        for (int k = 0; k < column->n_levels; k++) {
            assert_non_null(column->levels[k]);
            share += column->share[k];
        }
        assert_true(fabs(share - 1) < 1e-9);
        assert_true(!column->optional || strcmp(column->levels[0], "absent") == 0);
        for (int64_t i = 0; i < t->n; i++)
            assert_true(t->level[i * t->columns + c] < column->n_levels);
    }
    for (int64_t i = 0; i < t->n; i++)
        assert_true(t->score[i] >= 0 && t->score[i] <= 1);
    /* A level says what the trial's decisions say. */
    nas_err err = {0};
    nas_trial_row *row = NULL;
    check_ok(nas_study_trial(o.study, t->trial[5], o.explanation.arena, &row, &err), err);
    json_t *decisions = json_loads(row->decisions, 0, NULL);
    for (int c = 0; c < t->columns; c++) {
        const char *said =
            json_string_value(json_object_get(decisions, t->column[c].name));
        const char *level = t->column[c].levels[t->level[5 * t->columns + c]];
        assert_string_equal(level, said != NULL ? said : "absent");
    }
    json_decref(decisions);
    close_study(&o);
}

static void the_network_is_looked_at(void **state)
{
    (void)state;
    nas_err err = {0};
    opened o;
    open_study(&o);
    assert_null(o.explanation.network);
    nas_explain_options options = nas_explain_options_default();
    check_ok(nas_explain_network(o.study, &options, &err), err);
    close_study(&o);
    open_study(&o);
    const json_t *n = o.explanation.network;
    assert_non_null(n);
    assert_true(json_is_true(json_object_get(n, "as_searched")));
    int64_t rows = json_integer_value(json_object_get(n, "rows"));
    assert_int_equal(rows, 36); /* 15 % of 240 */
    const json_t *validation = json_object_get(n, "validation");
    int64_t sum = 0, right = 0;
    for (size_t i = 0; i < 9; i++) {
        const json_t *row =
            json_array_get(json_object_get(validation, "confusion"), i / 3);
        int64_t count = json_integer_value(json_array_get(row, i % 3));
        sum += count;
        right += i / 3 == i % 3 ? count : 0;
    }
    assert_int_equal(sum, rows);
    double score = o.result.finalists[0].validation.value;
    assert_true(fabs((double)right / (double)sum - score) < 1e-9);
    const int64_t wrong = sum - right;
    assert_int_equal(json_array_size(json_object_get(n, "hardest")),
                     wrong < 12 ? wrong : 12);
    /* What the finisher kept of the test rows agrees with its score. */
    const json_t *test = json_object_get(n, "test");
    assert_non_null(test);
    right = 0;
    for (size_t i = 0; i < 3; i++)
        right += json_integer_value(
            json_array_get(json_array_get(json_object_get(test, "confusion"), i), i));
    assert_true(fabs((double)right / (double)o.result.finalists[0].test.n -
                     o.result.finalists[0].test.value) < 1e-9);
    assert_int_equal(json_array_size(json_object_get(n, "columns")), 4);
    assert_null(json_object_get(n, "occlusion"));
    assert_true(json_array_size(json_object_get(n, "corruptions")) == 2);
    close_study(&o);
}

static void neighbours_differ_in_one_decision(void **state)
{
    (void)state;
    nas_err err = {0};
    opened o;
    nas_explain_neighbourhood near;
    open_study(&o);
    int64_t trial = o.result.finalists[0].trial;
    check_ok(nas_explain_neighbours_of(o.study, &o.explanation.table, trial,
                                       o.explanation.arena, &near, &err),
             err);
    assert_true(near.n > 3);
    assert_true(near.predicted > 0 && near.predicted <= 1);
    for (int i = 0; i < near.n; i++) {
        const nas_explain_neighbour *n = &near.neighbour[i];
        assert_string_not_equal(n->from, n->to);
        assert_true(n->cost.params > 0 && n->predicted > 0 && n->predicted <= 1);
        assert_true(i == 0 || n->predicted <= n[-1].predicted || !n->feasible);
        assert_true(isnan(n->measured) || n->trial > 0);
    }
    close_study(&o);
}

static void every_sentence_has_its_number(void **state)
{
    (void)state;
    nas_err err = {0};
    opened o;
    nas_explain_sentence *s = NULL;
    int n = 0;
    char trial[32], found = 0;
    open_study(&o);
    check_ok(nas_explain_verdict(&o.explanation, &s, &n, &err), err);
    (void)snprintf(trial, sizeof trial, "#%lld", (long long)o.result.finalists[0].trial);
    assert_non_null(strstr(s[0].text, trial));
    for (int i = 0; i < n; i++) {
        assert_non_null(strpbrk(s[i].text, "0123456789"));
        assert_null(strstr(s[i].text, "nan"));
        found |= strstr(s[i].text, "most frequent class") != NULL;
    }
    assert_true(found);

    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    check_ok(nas_explanation_write_json(&o.explanation, &json, &err), err);
    json_t *document = json_loads(nas_text_string(&text), 0, NULL);
    assert_non_null(document);
    assert_int_equal(json_array_size(json_object_get(document, "verdict")), (size_t)n);
    json_decref(document);
    nas_text_free(&text);
    close_study(&o);
}

/* A gap between validation and test raises a warning; agreement does not. */
static void a_gap_is_a_warning(void **state)
{
    (void)state;
    nas_err err = {0};
    opened o;
    open_study(&o);
    nas_finalist *f = &o.result.finalists[0];
    for (int gap = 0; gap < 2; gap++) {
        nas_explain_sentence *s = NULL;
        int n = 0, warnings = 0;
        f->test = (nas_score){.value = 0.8, .low = 0.7, .high = 0.88, .n = 36};
        f->validation.value = gap != 0 ? 0.95 : 0.85;
        check_ok(nas_explain_verdict(&o.explanation, &s, &n, &err), err);
        for (int i = 0; i < n; i++)
            warnings += s[i].mood == NAS_MOOD_WARNING &&
                        strstr(s[i].text, "believe the test") != NULL;
        assert_int_equal(warnings, gap);
    }
    close_study(&o);
}

/* A score that other seeds do not reach was luck; one among theirs was not. */
static void a_lucky_seed_is_a_warning(void **state)
{
    (void)state;
    nas_err err = {0};
    static const double SEARCHED[] = {0.9, 0.95};
    for (int lucky = 0; lucky < 2; lucky++) {
        opened o;
        char entry[256];
        nas_explain_sentence *s = NULL;
        int n = 0, warnings = 0, said = 0;
        open_study(&o);
        (void)snprintf(entry, sizeof entry,
                       "{\"schema\":1,\"trial\":%lld,\"fraction\":1,\"epochs\":3,"
                       "\"as_searched\":true,\"searched\":%g,"
                       "\"scores\":[0.91,0.89,0.9,0.9]}",
                       (long long)o.result.finalists[0].trial, SEARCHED[lucky]);
        check_ok(nas_study_put(o.study, NAS_SEEDS_ENTRY, entry, &err), err);
        close_study(&o);
        open_study(&o);
        nas_explain_spread spread = nas_explain_spread_of(&o.explanation);
        assert_int_equal(spread.n, 4);
        assert_true(fabs(spread.mean - 0.9) < 1e-12 && spread.low == 0.89);
        assert_true(fabs(spread.deviation - sqrt(2e-4 / 3)) < 1e-12);
        check_ok(nas_explain_verdict(&o.explanation, &s, &n, &err), err);
        for (int i = 0; i < n; i++) {
            bool about = strstr(s[i].text, "other seeds") != NULL;
            said += about;
            warnings += about && s[i].mood == NAS_MOOD_WARNING;
        }
        assert_int_equal(said, 1);
        assert_int_equal(warnings, lucky);
        close_study(&o);
    }
}

static void ablation_keeps_its_time(void **state)
{
    (void)state;
    nas_err err = {0};
    opened o;
    open_study(&o);
    check_ok(nas_explain_ablation(o.study, 2.0, &err), err);
    close_study(&o);
    open_study(&o);
    const json_t *a = o.explanation.ablation;
    assert_non_null(a);
    assert_true(json_number_value(json_object_get(a, "seconds")) < 4.0);
    const json_t *parts = json_object_get(a, "parts");
    assert_true(json_array_size(parts) > 0);
    for (size_t i = 0; i < json_array_size(parts); i++) {
        const json_t *p = json_array_get(parts, i);
        double loss = json_number_value(json_object_get(p, "loss"));
        assert_true(json_number_value(json_object_get(p, "low")) <= loss);
        assert_true(json_number_value(json_object_get(p, "high")) >= loss);
    }
    const json_t *learning = json_object_get(a, "learning");
    for (size_t i = 1; i < json_array_size(learning); i++)
        assert_true(
            json_integer_value(json_object_get(json_array_get(learning, i), "rows")) >
            json_integer_value(json_object_get(json_array_get(learning, i - 1), "rows")));
    close_study(&o);
}

int main(int argc, char **argv)
{
    int code = 0;
    if (world_is_worker(argc, argv, &code))
        return code;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_holds_what_was_trained),
        cmocka_unit_test(the_network_is_looked_at),
        cmocka_unit_test(neighbours_differ_in_one_decision),
        cmocka_unit_test(every_sentence_has_its_number),
        cmocka_unit_test(a_gap_is_a_warning),
        cmocka_unit_test(a_lucky_seed_is_a_warning),
        cmocka_unit_test(ablation_keeps_its_time),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
