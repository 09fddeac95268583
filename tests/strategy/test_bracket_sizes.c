#include "check.h"

#include "strategy/bracket_sizes.h"

/* R = 81, eta = 3: the example of the paper. */
static void the_example_of_the_paper(void **state)
{
    (void)state;
    const int64_t expected[] = {5, 6, 9, 27, 81}, widest[] = {81, 27, 9, 6, 5};
    for (int s = 0; s <= 4; s++) {
        assert_int_equal(nas_bracket_networks(s, 4, 3), expected[s]);
        assert_int_equal(nas_bracket_widest(s, 4, 3), widest[s]);
    }
    assert_int_equal(nas_bracket_rung_networks(4, 2, 4, 3), 9);
    assert_int_equal(nas_bracket_rung_networks(1, 1, 4, 3), 2);
    assert_int_equal(nas_bracket_rung_networks(1, 9, 4, 3), 1);
    assert_int_equal(nas_bracket_networks(40, 40, 64), INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_example_of_the_paper)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
