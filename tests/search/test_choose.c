#include "fake.h"
#include "search/plan.h"

static void expect(fake *f, bool ties, const int64_t *ids, const char *const *roles,
                   int n)
{
    nas_err err = {0};
    plan_entry entries[BUDGET_FINALISTS];
    int found = 0;
    check_ok(nas_plan_choose(&f->run, ties, entries, &found, &err), err);
    assert_int_equal(found, n);
    for (int i = 0; i < n; i++) {
        assert_int_equal(entries[i].trial, ids[i]);
        assert_string_equal(entries[i].role, roles[i]);
    }
}

static void test_roles(void **state)
{
    (void)state;
    fake f;
    fake_open(&f);
    expect(&f, true, NULL, NULL, 0);
    (void)fake_full(&f, 1, 100, 0.50, 1.0);
    int64_t knee = fake_full(&f, 2, 200, 0.80, 1.0);
    int64_t within = fake_full(&f, 3, 5000, 0.895, 1.0);
    int64_t best = fake_full(&f, 4, 9000, 0.90, 1.0);
    (void)fake_full(&f, 5, 7000, 0.70, 1.0); /* dominated */
    expect(&f, true, (const int64_t[]){best, knee, within},
           (const char *const[]){"best", "knee", "smallest"}, 3);
    fake_close(&f);
}

static void test_each_once(void **state)
{
    (void)state;
    fake f;
    fake_open(&f);
    int64_t only = fake_full(&f, 1, 100, 0.7, 1.0);
    expect(&f, true, (const int64_t[]){only}, (const char *const[]){"best"}, 1);
    fake_close(&f);
}

/* Of those whose rows tie with the best's the one with fewest MACs is chosen. */
static void test_ties(void **state)
{
    (void)state;
    fake f;
    fake_open(&f);
    int64_t best = fake_full(&f, 1, 9000, 0.900, 1.0);
    int64_t tied = fake_full(&f, 2, 4000, 0.895, 1.0);
    int64_t worse = fake_full(&f, 3, 2000, 0.892, 1.0);
    int64_t unknown = fake_full(&f, 4, 1000, 0.891, 1.0); /* no rows kept */
    fake_rows(&f, best, 180, 0);
    fake_rows(&f, tied, 179, 3);
    fake_rows(&f, worse, 120, 0);
    expect(&f, false, (const int64_t[]){best, unknown},
           (const char *const[]){"best", "smallest"}, 2);
    expect(&f, true, (const int64_t[]){tied, unknown},
           (const char *const[]){"best", "smallest"}, 2);
    assert_true(worse > 0);
    fake_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_each_once),
        cmocka_unit_test(test_ties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
