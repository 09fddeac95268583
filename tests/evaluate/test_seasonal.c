#include "toy.h"

#include <math.h>

/* Channel 1 repeats every 5 steps, channel 0 is noise; the next 7 of channel 1 are asked.
 */
static nas_dataset *seasonal_data(double drift)
{
    enum { STEPS = 20, HORIZON = 7, N = 60 };
    static const int64_t channels[1] = {1};
    nas_dataset *data =
        toy_new((nas_shape){2, 1, STEPS}, N, HORIZON, NAS_TASK_REGRESSION);
    nas_rng rng = nas_rng_new(3, 8);
    data->horizon = HORIZON;
    data->target_channels = channels;
    for (int64_t i = 0; i < N; i++)
        for (int64_t t = 0; t < STEPS + HORIZON; t++) {
            float value =
                (float)((double)((i + t) % 5 * ((i + t) % 5)) + drift * (double)(i + t));
            if (t < STEPS) {
                toy_inputs(data)[i * 2 * STEPS + t] = (float)nas_rng_normal(&rng);
                toy_inputs(data)[i * 2 * STEPS + STEPS + t] = value;
            } else {
                toy_targets(data)[i * HORIZON + t - STEPS] = value;
            }
        }
    return data;
}

static void test_the_season_is_found(void **state)
{
    (void)state;
    nas_dataset *data = seasonal_data(0.0);
    const nas_metric *metric = nas_metric_find("rmse");
    int64_t period = nas_baseline_season(data, data->train, data->n_train);
    assert_int_equal(period, 5); /* the shortest of 5, 10, 15, 20 */
    nas_score s =
        nas_baseline_seasonal(data, data->validation, data->n_validation, period, metric);
    assert_true(s.value == 0.0);
    assert_int_equal(s.n, data->n_validation);
    s = nas_baseline_seasonal(data, data->validation, data->n_validation, 4, metric);
    assert_true(s.value > 1.0);
    toy_free(data);
}

static void test_the_last_value(void **state)
{
    (void)state;
    nas_dataset *data = seasonal_data(1000.0); /* the season is nothing beside it */
    nas_score s = nas_baseline_seasonal(data, data->validation, data->n_validation, 1,
                                        nas_metric_find("mae"));
    /* step h of 7 is h * 1000 away: 4000 in the mean */
    assert_true(fabs(s.value - 4000.0) < 20.0);
    toy_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_season_is_found),
        cmocka_unit_test(test_the_last_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
