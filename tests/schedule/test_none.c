#include "check.h"

#include "nasmith/schedule.h"

static void everything_at_the_top(void **state)
{
    (void)state;
    nas_ladder ladder = nas_ladder_plan(50000, 0, 0, 0);
    nas_history *history = nas_history_new(NULL);
    nas_schedule_view view = {.history = history, .ladder = &ladder};
    nas_next next = nas_scheduler_find("none")->next(NULL, &view);
    assert_int_equal(next.kind, NAS_NEXT_ASK);
    assert_int_equal(next.rung, 2);
    nas_history_trial trial = {.id = 1, .queued_rung = 2};
    assert_int_equal(nas_history_add(history, &trial), 0);
    assert_true(nas_history_score(history, 0, 2, 0.385, 0));
    next = nas_scheduler_find("none")->next(NULL, &view);
    assert_int_equal(next.kind, NAS_NEXT_ASK);
    view.drain = true;
    assert_int_equal(nas_scheduler_find("none")->next(NULL, &view).kind, NAS_NEXT_WAIT);
    nas_history_free(history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(everything_at_the_top)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
