#include "check.h"

#include "explain/answers.h"

#include <math.h>
#include <string.h>

enum { N = 2000 };

typedef struct sample {
    float outputs[N][2];
    int32_t labels[N];
    nas_predictions p;
} sample;

/* Probability q for class 1, which is right with probability `truth`. */
static void fill(sample *s, double q, double truth)
{
    nas_rng rng = nas_rng_new(1, 2);
    for (int i = 0; i < N; i++) {
        s->outputs[i][0] = (float)(1 - q);
        s->outputs[i][1] = (float)q;
        s->labels[i] = nas_rng_uniform(&rng) < truth;
    }
    s->p = (nas_predictions){
        .n = N, .n_outputs = 2, .outputs = &s->outputs[0][0], .labels = s->labels};
}

static void calibration_error_is_the_gap(void **state)
{
    (void)state;
    static sample s;
    fill(&s, 0.9, 0.9);
    assert_true(nas_calibration_of(&s.p, 1, 2).ece < 0.02);
    fill(&s, 0.95, 0.75);
    nas_calibration c = nas_calibration_of(&s.p, 1, 2);
    assert_true(fabs(c.ece - 0.2) < 0.02);
    assert_int_equal(c.bin[9].n, N);
    assert_true(fabs(c.bin[9].confidence - 0.95) < 1e-6);
    assert_true(isnan(c.bin[3].accuracy));
}

/* logit(0.95)/T = logit(0.75) at T = 2.68. */
static void temperature_undoes_overconfidence(void **state)
{
    (void)state;
    static sample s;
    fill(&s, 0.95, 0.75);
    double t = nas_temperature_of(&s.p, 2);
    if (fabs(t - 2.68) > 0.2)
        fail_msg("temperature %.3f, expected 2.68", t);
    assert_true(nas_calibration_of(&s.p, t, 2).ece < 0.01);
    assert_true(nas_calibration_scaled(&s.p) < 0.03);
    fill(&s, 0.8, 0.8);
    assert_true(fabs(nas_temperature_of(&s.p, 2) - 1) < 0.1);
}

static void hard_and_unsure_rows_are_found(void **state)
{
    (void)state;
    static sample s;
    int64_t rows[NAS_HARDEST];
    fill(&s, 0.9, 1.0);
    s.labels[77] = 0; /* given 0.1 */
    s.outputs[500][0] = 0.49f;
    s.outputs[500][1] = 0.51f;
    s.labels[500] = 0;
    assert_int_equal(nas_hardest_rows(&s.p, rows), 2); /* others are right */
    assert_int_equal(rows[0], 77);
    assert_int_equal(rows[1], 500);
    assert_int_equal(nas_unsure_rows(&s.p, rows), NAS_HARDEST);
    assert_int_equal(rows[0], 500);

    float y[] = {1, 2, 3}, t[] = {1.5f, 2, -4};
    nas_predictions r = {
        .task = NAS_TASK_REGRESSION, .n = 3, .n_outputs = 1, .outputs = y, .targets = t};
    assert_int_equal(nas_hardest_rows(&r, rows), 3);
    assert_int_equal(rows[0], 2);
    assert_int_equal(rows[2], 1);
    assert_int_equal(nas_unsure_rows(&r, rows), 0);
}

static void json_counts_every_row_once(void **state)
{
    (void)state;
    float y[] = {0.9f, 0.1f, 0.2f, 0.8f, 0.7f, 0.3f};
    int32_t labels[] = {0, 1, 1};
    nas_predictions p = {.n = 3, .n_outputs = 2, .outputs = y, .labels = labels};
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_answers_write_confusion(&p, &json);
    assert_string_equal(nas_text_string(&text), "[[1,0],[1,1]]");
    nas_text_clear(&text);
    json = nas_json_writer(&text, 0);
    nas_answers_write_calibration(&p, 1, &json);
    assert_non_null(strstr(nas_text_string(&text), "\"ece\":"));
    nas_text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calibration_error_is_the_gap),
        cmocka_unit_test(temperature_undoes_overconfidence),
        cmocka_unit_test(hard_and_unsure_rows_are_found),
        cmocka_unit_test(json_counts_every_row_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
