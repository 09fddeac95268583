#include "search/measure.h"

#include "evaluate/toy.h"
#include "fake.h"

static void test_speed_is_plausible(void **state)
{
    (void)state;
    fake f;
    nas_err err = {0};
    fake_open(&f);
    nas_dataset *data = toy_blobs(900, 6, 3);
    throughput speed[2];
    for (int i = 0; i < 2; i++)
        check_ok(nas_measure_throughput(data, f.space, f.run.settings, &speed[i], &err),
                 err);
    assert_true(speed[0].macs > 10 && speed[0].macs == speed[1].macs);
    double row = speed[0].seconds_per_mac_row * (double)speed[0].macs;
    assert_true(row > 1e-8 && row < 0.01);
    toy_free(data);
    fake_close(&f);
}

/* Where nothing fits a limit, the smallest network of the space is timed. */
static void test_limits_that_nothing_meets(void **state)
{
    (void)state;
    fake f;
    nas_err err = {0};
    fake_open(&f);
    nas_dataset *data = toy_blobs(100, 6, 3);
    nas_study_settings settings = *f.run.settings;
    settings.limits.params = 1;
    throughput speed;
    check_ok(nas_measure_throughput(data, f.space, &settings, &speed, &err), err);
    nas_graph *graph = NULL;
    check_ok(
        nas_space_decode(f.space, nas_space_smallest(f.space, f.arena), &graph, &err),
        err);
    assert_int_equal(speed.macs, nas_graph_macs(graph));
    nas_graph_free(graph);
    toy_free(data);
    fake_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_speed_is_plausible),
        cmocka_unit_test(test_limits_that_nothing_meets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
