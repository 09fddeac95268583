/* A crew does every part once, sees what was written before, and wakes up again. */
#include "engine/crew.h"

#include "check.h"
#include "nasmith/clock.h"

#include <stdatomic.h>

enum { MOST = 5, RUNS = 20000 };

typedef struct sheet {
    int base;
    int written[MOST];
    atomic_int parts;
} sheet;

static void add_index(const void *work, int index, int of)
{
    sheet *s = *(sheet *const *)work;
    s->written[index] = s->base + index * of;
    (void)atomic_fetch_add(&s->parts, 1);
}

static void test_every_part_once(void **state)
{
    (void)state;
    nas_err err = {0};
    for (int size = 1; size <= MOST; size += 2) {
        nas_crew *crew = NULL;
        check_ok(nas_crew_new(size, &crew, &err), err);
        assert_int_equal(nas_crew_size(crew), size);
        sheet s = {0};
        sheet *work = &s;
        for (int run = 0; run < RUNS / size; run++) {
            s.base = run;
            nas_crew_run(crew, add_index, &work);
            for (int i = 0; i < size; i++)
                assert_int_equal(s.written[i], run + i * size);
            assert_int_equal(atomic_load(&s.parts), (run + 1) * size);
        }
        nas_crew_free(crew);
    }
}

/* Long enough pauses for members to go to sleep, and none at all. */
static void test_wakes_up(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_crew *crew = NULL;
    check_ok(nas_crew_new(3, &crew, &err), err);
    sheet s = {0};
    sheet *work = &s;
    for (int run = 0; run < 40; run++) {
        if (run % 2 == 0)
            nas_clock_sleep_s(0.004);
        nas_crew_run(crew, add_index, &work);
        assert_int_equal(atomic_load(&s.parts), 3 * (run + 1));
    }
    nas_crew_free(crew);
    nas_crew_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_part_once),
        cmocka_unit_test(test_wakes_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
