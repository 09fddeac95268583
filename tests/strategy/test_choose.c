#include "fixture.h"

static const char *choice(const char *space, unsigned minimise)
{
    fixture f;
    const char *why = NULL;
    fixture_open(&f, space);
    const nas_strategy_ops *ops = nas_strategy_choose(f.space, minimise, &why);
    assert_non_null(ops);
    assert_true(why != NULL && why[0] != '\0');
    assert_int_equal(ops->needs & ~nas_space_abilities(f.space), 0);
    fixture_close(&f);
    return ops->name;
}

static void every_kind_of_search_has_its_strategy(void **state)
{
    (void)state;
    assert_string_equal(choice(TINY, 0), "grid");
    assert_string_equal(choice("nasbench201", 0), "gp");
    assert_string_equal(choice("nasbench201", 1U << NAS_LIMIT_RAM), "nsga2");
    assert_string_equal(choice(WIDE, 0), "evolution");
    assert_string_equal(choice(WIDE, 1U << NAS_LIMIT_MACS), "nsga2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_search_has_its_strategy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
