/* covers: metric.c, metric_classes.c, metric_rank.c */
#include "evaluate/metric.h"

#include "check.h"

#include <math.h>
#include <string.h>

static const nas_rng RNG = {.key = {3, 0}, .counter = {0, 0, 9, 0}};

static void near(double found, double expected, double tolerance)
{
    if (!(fabs(found - expected) <= tolerance))
        fail_msg("found %.9g, expected %.9g", found, expected);
}

/* n rows of three classes, of which the first `right` are predicted right. */
static nas_predictions classes(int64_t n, int64_t right, float *outputs, int32_t *labels)
{
    for (int64_t i = 0; i < n; i++) {
        labels[i] = (int32_t)(i % 3);
        int64_t guess = i < right ? i % 3 : (i + 1) % 3;
        for (int64_t k = 0; k < 3; k++)
            outputs[3 * i + k] = k == guess ? 0.6F : 0.2F;
    }
    return (nas_predictions){.task = NAS_TASK_CLASSIFICATION,
                             .n = n,
                             .n_outputs = 3,
                             .outputs = outputs,
                             .labels = labels};
}

static void test_accuracy_wilson(void **state)
{
    (void)state;
    float outputs[300];
    int32_t labels[100];
    nas_predictions p = classes(100, 92, outputs, labels);
    nas_score s = nas_metric_find("accuracy")->score(&p, RNG);
    near(s.value, 0.92, 1e-12);
    near(s.low, 0.850019, 1e-6); /* roots of (p - x)^2 = z^2 x (1 - x) / n */
    near(s.high, 0.958907, 1e-6);
    near(s.error, sqrt(0.92 * 0.08 / 100.0), 1e-12);
    assert_int_equal(s.n, 100);
    p = classes(10, 10, outputs, labels);
    s = nas_metric_find("accuracy")->score(&p, RNG);
    near(s.low, 0.722467, 1e-5);
    near(s.high, 1.0, 1e-12);
}

static void test_log_loss(void **state)
{
    (void)state;
    float outputs[300];
    int32_t labels[100];
    nas_predictions p = classes(100, 75, outputs, labels);
    const nas_metric *metric = nas_metric_find("log_loss");
    nas_score s = metric->score(&p, RNG);
    double right = -log((double)0.6F);
    double wrong = -log((double)0.2F);
    near(s.value, 0.75 * right + 0.25 * wrong, 1e-9);
    /* the resampled mean is binomial: deviation (wrong - right) sqrt(pq/n) */
    double error = (wrong - right) * sqrt(0.75 * 0.25 / 100.0);
    near(s.error, error, 0.1 * error);
    near(s.low, s.value - 1.96 * error, 0.3 * error);
    near(s.high, s.value + 1.96 * error, 0.3 * error);
    near(metric->row_goodness(&p, 99), -wrong, 1e-9);
    outputs[0] = 0.0F; /* impossible but true: finite */
    assert_true(isfinite(metric->score(&p, RNG).value));
}

static const float TARGETS[] = {1e6F, 1e6F + 2, 1e6F + 4, 1e6F + 10};
static const float OUTPUTS[] = {1e6F + 1, 1e6F + 2, 1e6F + 1, 1e6F + 10};

static nas_predictions numbers(void)
{
    return (nas_predictions){.task = NAS_TASK_REGRESSION,
                             .n = 4,
                             .n_outputs = 1,
                             .outputs = OUTPUTS,
                             .targets = TARGETS};
}

static void test_regression(void **state)
{
    (void)state;
    nas_predictions p = numbers();
    near(nas_metric_find("rmse")->score(&p, RNG).value, sqrt(10.0 / 4.0), 1e-12);
    near(nas_metric_find("mae")->score(&p, RNG).value, 1.0, 1e-12);
    near(nas_metric_find("r2")->score(&p, RNG).value, 1.0 - 10.0 / 56.0, 1e-12);
    near(nas_metric_find("rmse")->row_goodness(&p, 2), -9.0, 1e-12);
    near(nas_metric_find("mae")->row_goodness(&p, 2), -3.0, 1e-12);
    nas_score s = nas_metric_find("rmse")->score(&p, RNG);
    assert_true(s.low < s.value && s.value < s.high && s.low >= 0.0);
    nas_score again = nas_metric_find("rmse")->score(&p, RNG);
    assert_memory_equal(&s, &again, sizeof s);
}

static void test_several_outputs(void **state)
{
    (void)state;
    nas_predictions p = numbers();
    p.n = 2;
    p.n_outputs = 2;
    near(nas_metric_find("rmse")->score(&p, RNG).value, sqrt(10.0 / 4.0), 1e-12);
    near(nas_metric_find("r2")->score(&p, RNG).value, 1.0 - 10.0 / (8.0 + 32.0), 1e-12);
}

/* Seven rows of class 0, two of class 1, one of class 2: 6, 1 and 0 are right. */
static nas_predictions unequal(void)
{
    static const int32_t labels[10] = {0, 0, 0, 0, 0, 0, 0, 1, 1, 2};
    static const int32_t guess[10] = {0, 0, 0, 0, 0, 0, 1, 1, 0, 1};
    static float outputs[30];
    for (int i = 0; i < 30; i++)
        outputs[i] = i % 3 == guess[i / 3] ? 0.6F : 0.2F;
    return (nas_predictions){.task = NAS_TASK_CLASSIFICATION,
                             .n = 10,
                             .n_outputs = 3,
                             .outputs = outputs,
                             .labels = labels};
}

static double mean_goodness(const nas_metric *metric, const nas_predictions *p)
{
    double sum = 0.0;
    for (int64_t i = 0; i < p->n; i++)
        sum += metric->row_goodness(p, i);
    return sum / (double)p->n;
}

static void test_classes_count_the_same(void **state)
{
    (void)state;
    nas_predictions p = unequal();
    const nas_metric *balanced = nas_metric_find("balanced_accuracy");
    nas_score s = balanced->score(&p, RNG);
    near(s.value, (6.0 / 7.0 + 0.5) / 3.0, 1e-12);
    near(mean_goodness(balanced, &p), s.value, 1e-12);
    assert_true(s.low < s.value && s.value < s.high && s.low >= 0.0 && s.high <= 1.0);
    /* F1: 12/14 of class 0 (7 true, 7 predicted), 2/5 of class 1, 0 of class 2 */
    near(nas_metric_find("macro_f1")->score(&p, RNG).value, (12.0 / 14.0 + 0.4) / 3.0,
         1e-12);
    p.n = 9; /* a class that nobody has and nobody predicts does not count */
    near(balanced->score(&p, RNG).value, (6.0 / 7.0 + 0.5) / 2.0, 1e-12);
    near(nas_metric_find("macro_f1")->score(&p, RNG).value, (12.0 / 14.0 + 0.5) / 2.0,
         1e-12);
}

static void test_auc_of_two_classes(void **state)
{
    (void)state;
    static const float positive[6] = {0.9F, 0.4F, 0.6F, 0.4F, 0.3F, 0.1F};
    static const int32_t labels[6] = {1, 1, 1, 0, 0, 0};
    float outputs[12];
    for (int i = 0; i < 6; i++) {
        outputs[2 * i] = 1.0F - positive[i];
        outputs[2 * i + 1] = positive[i];
    }
    nas_predictions p = {.task = NAS_TASK_CLASSIFICATION,
                         .n = 6,
                         .n_outputs = 2,
                         .outputs = outputs,
                         .labels = labels};
    const nas_metric *auc = nas_metric_find("auc");
    nas_score s = auc->score(&p, RNG);
    near(s.value, 8.5 / 9.0, 1e-12); /* one tie among nine pairs */
    near(mean_goodness(auc, &p), s.value, 1e-12);
    assert_true(s.low < s.value && s.high <= 1.0);
    p.n = 3; /* one class only: no order to be judged */
    near(auc->score(&p, RNG).value, 0.5, 1e-12);
}

/* Against the definition, by counting pairs; and many rows, of which a sample is used. */
static void test_auc_of_several_classes(void **state)
{
    (void)state;
    enum { N = 3000, K = 3 };
    static float outputs[N * K];
    static int32_t labels[N];
    nas_rng rng = RNG;
    double expected = 0.0;
    for (int i = 0; i < N; i++) {
        labels[i] = (int32_t)nas_rng_below(&rng, K);
        for (int k = 0; k < K; k++)
            outputs[i * K + k] =
                (float)nas_rng_below(&rng, 20) + (k == labels[i] ? 2.385F : 0.385F);
    }
    for (int k = 0; k < K; k++) {
        double pairs = 0.0, right = 0.0;
        for (int i = 0; i < N; i++)
            for (int j = 0; labels[i] == k && j < N; j++) {
                float a = outputs[i * K + k], b = outputs[j * K + k];
                pairs += labels[j] != k;
                right += labels[j] != k ? (a > b ? 1.0 : a == b ? 0.5 : 0.0) : 0.0;
            }
        expected += right / pairs / K;
    }
    nas_predictions p = {.task = NAS_TASK_CLASSIFICATION,
                         .n = N,
                         .n_outputs = K,
                         .outputs = outputs,
                         .labels = labels};
    const nas_metric *auc = nas_metric_find("auc");
    nas_score s = auc->score(&p, RNG);
    near(s.value, expected, 1e-12);
    near(mean_goodness(auc, &p), expected, 0.01);
    assert_true(s.error > 0.004 && s.error < 0.012 && s.low < expected);
}

static void test_spearman(void **state)
{
    (void)state;
    static const float targets[5] = {1, 2, 3, 4, 5};
    static const float outputs[5] = {10, 1000, 20, 30, 30};
    static const float alike[5] = {7, 7, 7, 7, 7};
    nas_predictions p = {.task = NAS_TASK_REGRESSION,
                         .n = 5,
                         .n_outputs = 1,
                         .outputs = outputs,
                         .targets = targets};
    const nas_metric *spearman = nas_metric_find("spearman");
    /* ranks 1 5 2 3.5 3.5 against 1 2 3 4 5: products 3.5, squares 9.5 and 10 */
    near(spearman->score(&p, RNG).value, 3.5 / sqrt(9.5 * 10.0), 1e-12);
    assert_true(spearman->squared_rows);
    p.outputs = targets;
    near(spearman->score(&p, RNG).value, 1.0, 1e-12);
    p.outputs = alike;
    near(spearman->score(&p, RNG).value, 0.0, 1e-12);
}

/* Four rows, two labels. Label 0: true 1 1 0 0, given .9 .4 .6 .1; label 1: true 1 0 0 0,
 * given .8 .7 .2 .3. */
static void test_several_labels(void **state)
{
    (void)state;
    static const float outputs[8] = {.9F, .8F, .4F, .7F, .6F, .2F, .1F, .3F};
    static const float targets[8] = {1, 1, 1, 0, 0, 0, 0, 0};
    nas_predictions p = {.task = NAS_TASK_MULTILABEL,
                         .n = 4,
                         .n_outputs = 2,
                         .outputs = outputs,
                         .targets = targets};
    const nas_metric *accuracy = nas_metric_find("accuracy");
    near(accuracy->score(&p, RNG).value, 5.0 / 8.0, 1e-12);
    near(accuracy->row_goodness(&p, 1), 0.0, 1e-12);
    near(accuracy->row_goodness(&p, 2), 0.5, 1e-12);
    /* label 0: one of two found, one of two said; label 1: one of one, one of two */
    nas_score f1 = nas_metric_find("macro_f1")->score(&p, RNG);
    near(f1.value, (0.5 + 2.0 / 3.0) / 2.0, 1e-12);
    assert_true(f1.low <= f1.value && f1.value <= f1.high);
    /* label 0: three of four pairs in order; label 1: all three */
    near(nas_metric_find("auc")->score(&p, RNG).value, (0.75 + 1.0) / 2.0, 1e-12);
    double loss = 0.0;
    for (int i = 0; i < 8; i++)
        loss -= log(targets[i] > 0 ? (double)outputs[i] : 1.0 - (double)outputs[i]) / 8.0;
    near(nas_metric_find("log_loss")->score(&p, RNG).value, loss, 1e-6);
    for (int i = 0; nas_metric_at(i) != NULL; i++) {
        const nas_metric *m = nas_metric_at(i);
        bool fits = nas_metric_fits(m, NAS_TASK_MULTILABEL);
        assert_true(!fits || isfinite(m->row_goodness(&p, 0)));
        assert_true(nas_metric_fits(m, m->task));
    }
    assert_false(nas_metric_fits(nas_metric_find("rmse"), NAS_TASK_MULTILABEL));
    assert_string_equal(nas_metric_default(NAS_TASK_MULTILABEL)->name, "macro_f1");
}

/* Distances of four rows, in units of the deviation: .01, 4, 1, 4.6; the second and the
 * fourth are anomalies. In user units the first column hides the others. */
static void test_anomalies(void **state)
{
    (void)state;
    static const float outputs[8] = {0};
    static const float targets[8] = {14.1F, 0, 0, 2.83F, 0, 1.41F, 42.4F, 3};
    static const float deviation[2] = {100, 1};
    static const uint8_t anomalies[4] = {0, 1, 0, 1};
    nas_predictions p = {.task = NAS_TASK_ANOMALY,
                         .n = 4,
                         .n_outputs = 2,
                         .outputs = outputs,
                         .targets = targets,
                         .anomalies = anomalies,
                         .deviation = deviation};
    const nas_metric *auc = nas_metric_default(NAS_TASK_ANOMALY);
    assert_string_equal(auc->name, "auc");
    near(auc->score(&p, RNG).value, 1.0, 1e-12);
    assert_true(auc->row_goodness(&p, 3) > auc->row_goodness(&p, 1));
    assert_true(auc->row_goodness(&p, 0) > auc->row_goodness(&p, 2));
    p.deviation = NULL;
    near(auc->score(&p, RNG).value, 0.75,
         1e-12); /* the first looks worse than the second */
    assert_false(nas_metric_fits(nas_metric_find("accuracy"), NAS_TASK_ANOMALY));
}

static void test_empty(void **state)
{
    (void)state;
    nas_predictions p = {.task = NAS_TASK_REGRESSION, .n_outputs = 1};
    for (int i = 0; nas_metric_at(i) != NULL; i++) {
        nas_score s = nas_metric_at(i)->score(&p, RNG);
        assert_true(isnan(s.value));
        assert_int_equal(s.n, 0);
    }
}

static void test_registry(void **state)
{
    (void)state;
    assert_string_equal(nas_metric_default(NAS_TASK_CLASSIFICATION)->name, "accuracy");
    assert_string_equal(nas_metric_default(NAS_TASK_REGRESSION)->name, "rmse");
    assert_null(nas_metric_find("f2"));
    assert_null(nas_metric_at(-1));
    int n = 0;
    for (; nas_metric_at(n) != NULL; n++)
        assert_ptr_equal(nas_metric_find(nas_metric_at(n)->name), nas_metric_at(n));
    assert_int_equal(n, 9);
}

static void test_tied(void **state)
{
    (void)state;
    enum { N = 400 };
    double a[N];
    double b[N];
    for (int i = 0; i < N; i++) {
        a[i] = i % 10 != 0; /* 90 % */
        b[i] = i % 10 != 5; /* 90 %, other rows */
    }
    assert_true(nas_metric_tied(a, b, N, RNG));
    assert_true(nas_metric_tied(a, a, N, RNG));
    for (int i = 0; i < N; i++)
        b[i] = i % 4 != 0; /* 75 % */
    assert_false(nas_metric_tied(a, b, N, RNG));
    assert_false(nas_metric_tied(b, a, N, RNG));
    assert_true(nas_metric_tied(a, b, 0, RNG));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accuracy_wilson),
        cmocka_unit_test(test_log_loss),
        cmocka_unit_test(test_regression),
        cmocka_unit_test(test_several_outputs),
        cmocka_unit_test(test_classes_count_the_same),
        cmocka_unit_test(test_auc_of_two_classes),
        cmocka_unit_test(test_auc_of_several_classes),
        cmocka_unit_test(test_spearman),
        cmocka_unit_test(test_several_labels),
        cmocka_unit_test(test_anomalies),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_registry),
        cmocka_unit_test(test_tied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
