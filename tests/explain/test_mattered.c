/* covers: mattered.c, foresight.c, fanova.c, ped_anova.c, rules.c, forest.c */
#include "check.h"

#include "explain/anova.h"

#include <math.h>
#include <string.h>

enum { COLUMNS = 6, MOST = 1000 };

static const char *const NAMES[COLUMNS] = {"width", "kind",  "depth",
                                           "drop",  "noise", "kernel"};
static const int LEVELS[COLUMNS] = {4, 3, 3, 3, 5, 2};
static const char *const TEXTS[] = {"8", "16", "32", "64", "128"};
static const double EVEN[5][5] = {{1},
                                  {0.5, 0.5},
                                  {1 / 3.0, 1 / 3.0, 1 / 3.0},
                                  {0.25, 0.25, 0.25, 0.25},
                                  {0.2, 0.2, 0.2, 0.2, 0.2}};

typedef struct sample {
    nas_explain_column column[COLUMNS];
    uint8_t level[MOST][COLUMNS];
    double score[MOST];
    int64_t trial[MOST];
    nas_explain_table table;
    nas_arena *arena;
} sample;

/* n networks drawn uniformly, all scores 0. */
static sample *new_sample(int64_t n, uint64_t seed)
{
    sample *s = nas_heap_alloc(1, sizeof *s);
    assert_non_null(s);
    nas_rng rng = nas_rng_new(seed, 17);
    for (int c = 0; c < COLUMNS; c++)
        s->column[c] = (nas_explain_column){.name = NAMES[c],
                                            .n_levels = LEVELS[c],
                                            .levels = TEXTS,
                                            .ordered = c != 1,
                                            .share = EVEN[LEVELS[c] - 1]};
    for (int64_t i = 0; i < n; i++) {
        s->trial[i] = i + 1;
        for (int c = 0; c < COLUMNS; c++)
            s->level[i][c] = (uint8_t)nas_rng_below(&rng, (uint64_t)LEVELS[c]);
    }
    s->table = (nas_explain_table){.n = n,
                                   .columns = COLUMNS,
                                   .column = s->column,
                                   .level = &s->level[0][0],
                                   .score = s->score,
                                   .trial = s->trial,
                                   .larger_is_better = true};
    s->arena = nas_arena_new();
    return s;
}

static void free_sample(sample *s)
{
    nas_arena_free(s->arena);
    nas_heap_free(s);
}

static nas_explain_mattered explain(sample *s)
{
    nas_err err = {0};
    nas_explain_mattered out;
    check_ok(nas_explain_mattered_of(&s->table, nas_rng_new(3, 5), s->arena, &out, &err),
             err);
    return out;
}

static const nas_explain_decision *decision(const nas_explain_mattered *m, int column)
{
    for (int i = 0; i < m->n_decisions; i++)
        if (m->decision[i].column == column)
            return &m->decision[i];
    fail_msg("column %d is missing", column);
    return NULL;
}

/* A score whose parts have known variances: column 0 (four levels) explains 80 %, column
 * 2 (three levels) 15 %, and 5 % is noise of its own. */
static double part(double level, int n, double variance)
{
    double unit = sqrt(((double)n * n - 1) / 12); /* deviation of 0..n-1 */
    return (level - (n - 1) / 2.0) / unit * sqrt(variance);
}

static void one_decision_explains_eighty_per_cent(void **state)
{
    (void)state;
    sample *s = new_sample(600, 1);
    nas_rng rng = nas_rng_new(9, 9);
    for (int64_t i = 0; i < s->table.n; i++)
        s->score[i] =
            0.9 + 0.01 * (part(s->level[i][0], 4, 0.80) + part(s->level[i][2], 3, 0.15) +
                          sqrt(0.05) * nas_rng_normal(&rng));
    nas_explain_mattered m = explain(s);
    assert_int_equal(m.n_decisions, COLUMNS);
    assert_int_equal(m.decision[0].column, 0);
    assert_int_equal(m.decision[1].column, 2);
    if (fabs(m.decision[0].share - 0.80) > 0.05)
        fail_msg("share %.3f, expected 0.80 +- 0.05", m.decision[0].share);
    assert_true(fabs(m.decision[1].share - 0.15) < 0.04);
    assert_true(m.decision[0].deviation > 0 && m.decision[0].deviation < 0.05);
    assert_true(decision(&m, 4)->share < 0.02);
    assert_true(m.r2 > 0.85 && m.tau > 0.7);
    assert_int_equal(m.n_foresight, NAS_EXPLAIN_FORESIGHTS);
    assert_true(m.foresight[0].networks == 66 && m.foresight[0].next == 67);
    for (int i = 0; i < m.n_foresight; i++)
        assert_true(m.foresight[i].tau > 0.5);
    /* Effects: the step of one level of column 0 is 0.8 of its deviation. */
    const nas_explain_level *level = m.decision[0].level;
    double step = 0.01 * (part(1, 4, 0.8) - part(0, 4, 0.8));
    for (int k = 0; k < 3; k++)
        assert_true(fabs(level[k + 1].effect - level[k].effect - step) < 0.15 * step);
    free_sample(s);
}

/* y = x0 * x2 centred: no main effects, everything is the pair. */
static void an_interaction_is_found_as_one(void **state)
{
    (void)state;
    sample *s = new_sample(900, 2);
    for (int64_t i = 0; i < s->table.n; i++)
        s->score[i] = (s->level[i][0] - 1.5) * (s->level[i][2] - 1.0);
    nas_explain_mattered m = explain(s);
    assert_true(m.n_pairs > 0);
    bool right =
        (m.pair[0].a == 0 && m.pair[0].b == 2) || (m.pair[0].a == 2 && m.pair[0].b == 0);
    assert_true(right);
    if (m.pair[0].share < 0.75)
        fail_msg("the pair explains %.3f", m.pair[0].share);
    assert_true(m.pair[1].share < 0.1);
    int wide = m.pair[0].a == 0 ? 3 : 4; /* levels of the pair's second column */
    double corner = m.pair[0].effect[0], opposite = m.pair[0].effect[wide - 1];
    assert_true(corner > 1.0 && opposite < -1.0);
    free_sample(s);
}

/* Among all networks `kind` hardly matters; among the best tenth all have kind 2. */
static void the_best_tenth_may_care_about_other_decisions(void **state)
{
    (void)state;
    sample *s = new_sample(500, 3);
    nas_rng rng = nas_rng_new(4, 4);
    for (int64_t i = 0; i < s->table.n; i++) {
        s->score[i] = 2.0 * (s->level[i][0] >= 2) + 0.1 * nas_rng_normal(&rng);
        s->score[i] += s->level[i][0] >= 2 && s->level[i][1] == 2 ? 0.5 : 0.0;
    }
    nas_explain_mattered m = explain(s);
    const nas_explain_decision *width = decision(&m, 0), *kind = decision(&m, 1);
    assert_true(width->share > 0.8 && kind->share < 0.1);
    assert_true(kind->top_share > 0.5);
    assert_true(kind->top_chance < 0.01 && decision(&m, 4)->top_chance > 0.01);
    assert_int_equal(m.n_best, 50);
    assert_true(kind->level[2].in_best > 0.99);
    assert_true(fabs(kind->level[2].in_all - 1 / 3.0) < 0.08);
    int64_t n = 0;
    for (int k = 0; k < 3; k++)
        n += kind->level[k].n;
    assert_int_equal(n, 500);
    free_sample(s);
}

static void rules_have_support_and_an_interval(void **state)
{
    (void)state;
    sample *s = new_sample(400, 5);
    nas_rng rng = nas_rng_new(6, 6);
    int64_t support = 0;
    for (int64_t i = 0; i < s->table.n; i++) {
        bool in = s->level[i][1] == 2 && s->level[i][0] >= 1;
        support += in;
        s->score[i] = 0.9 + (in ? 0.012 : 0.0) + 0.004 * nas_rng_normal(&rng);
    }
    nas_explain_mattered m = explain(s);
    assert_true(m.n_rules >= 1);
    const nas_explain_rule *r = &m.rule[0];
    assert_string_equal(
        r->n_terms == 2 && r->column[0] == 1 ? r->text : "kind is 32 and width ≥ 16",
        "kind is 32 and width ≥ 16");
    assert_int_equal(r->support, support);
    assert_true(r->low < 0.012 && r->high > 0.012 && r->low > 0.009);
    free_sample(s);
}

/* Nothing matters: no rule is invented, no decision is called decisive. */
static void noise_gives_no_findings(void **state)
{
    (void)state;
    int rules = 0;
    double foresight = 0;
    for (uint64_t seed = 0; seed < 12; seed++) {
        sample *s = new_sample(200, 100 + seed);
        nas_rng rng = nas_rng_new(seed, 8);
        for (int64_t i = 0; i < s->table.n; i++)
            s->score[i] = nas_rng_normal(&rng);
        nas_explain_mattered m = explain(s);
        assert_true(m.r2 < 0.1);
        for (int i = 0; i < m.n_foresight; i++)
            foresight += m.foresight[i].tau / m.n_foresight / 12;
        rules += m.n_rules;
        free_sample(s);
    }
    assert_true(fabs(foresight) < 0.1);
    if (rules > 2) /* 60 are looked at; 1 % of them may hold by chance */
        fail_msg("%d rules where nothing matters", rules);
}

static void errors_are_explained_in_their_own_direction(void **state)
{
    (void)state;
    sample *s = new_sample(300, 7);
    for (int64_t i = 0; i < s->table.n; i++)
        s->score[i] = -(10.0 - s->level[i][0]); /* an error of 10 - level */
    s->table.larger_is_better = false;
    nas_explain_mattered m = explain(s);
    assert_true(m.decision[0].level[0].effect > 9.5);
    assert_true(m.decision[0].level[3].effect < 7.5);
    assert_true(m.n_rules > 0 && m.rule[0].low <= m.rule[0].effect);
    free_sample(s);
}

static void too_little_is_said_so(void **state)
{
    (void)state;
    sample *s = new_sample(11, 1);
    s->score[3] = 1;
    assert_int_equal(explain(s).n_decisions, 0);
    s->table.n = 0;
    assert_int_equal(explain(s).n_decisions, 0);
    free_sample(s);
    s = new_sample(50, 1); /* all equal */
    assert_int_equal(explain(s).n_decisions, 0);
    free_sample(s);
}

static void equal_input_gives_equal_json(void **state)
{
    (void)state;
    char *first = NULL;
    for (int round = 0; round < 2; round++) {
        sample *s = new_sample(80, 12);
        for (int64_t i = 0; i < s->table.n; i++)
            s->score[i] = s->level[i][0] + 0.1 * s->level[i][5];
        nas_explain_mattered m = explain(s);
        nas_text text = {0};
        nas_json json = nas_json_writer(&text, 0);
        nas_explain_mattered_write_json(&s->table, &m, &json);
        if (round == 0)
            first = strdup(nas_text_string(&text));
        else
            assert_string_equal(first, nas_text_string(&text));
        assert_non_null(strstr(nas_text_string(&text), "\"name\":\"width\""));
        nas_text_free(&text);
        free_sample(s);
    }
    free(first);
}

static void runs_out_of_memory_cleanly(void **state)
{
    (void)state;
    sample *s = new_sample(40, 1);
    for (int64_t i = 0; i < s->table.n; i++)
        s->score[i] = s->level[i][0];
    bool succeeded = false;
    for (int n = 1; !succeeded && n < 5000; n += 1 + n / 16) {
        nas_err err = {0};
        nas_explain_mattered m;
        nas_arena *arena = nas_arena_new();
        nas_alloc_fail_nth(n);
        nas_status status =
            nas_explain_mattered_of(&s->table, nas_rng_new(1, 1), arena, &m, &err);
        nas_alloc_fail_nth(0);
        succeeded = status == NAS_OK;
        assert_true(succeeded || status == NAS_E_NOMEM);
        nas_arena_free(arena);
    }
    assert_true(succeeded);
    free_sample(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_decision_explains_eighty_per_cent),
        cmocka_unit_test(an_interaction_is_found_as_one),
        cmocka_unit_test(the_best_tenth_may_care_about_other_decisions),
        cmocka_unit_test(rules_have_support_and_an_interval),
        cmocka_unit_test(noise_gives_no_findings),
        cmocka_unit_test(errors_are_explained_in_their_own_direction),
        cmocka_unit_test(too_little_is_said_so),
        cmocka_unit_test(equal_input_gives_equal_json),
        cmocka_unit_test(runs_out_of_memory_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
