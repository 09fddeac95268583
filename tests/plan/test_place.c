#include "check.h"

#include "nasmith/plan.h"
#include "nasmith/rng.h"

#include <string.h>

static const nas_plan_method methods[] = {NAS_PLAN_BEST, NAS_PLAN_TWO_ENDED,
                                          NAS_PLAN_BY_SIZE, NAS_PLAN_EXACT};

static int64_t place(nas_plan_buffer *buffers, int n, int64_t align,
                     nas_plan_method method, int64_t node_cap)
{
    int64_t peak = 0;
    nas_err err = {0};
    check_ok(nas_plan_place(buffers, n, align, method, node_cap, &peak, &err), err);
    return peak;
}

static void check_placement(const nas_plan_buffer *b, int n, int64_t align, int64_t peak)
{
    int64_t top = 0;
    for (int i = 0; i < n; i++) {
        assert_true(b[i].offset >= 0 && b[i].offset % align == 0);
        assert_true(b[i].offset + b[i].bytes <= peak);
        if (b[i].offset + b[i].bytes > top)
            top = b[i].offset + b[i].bytes;
        for (int k = 0; k < i; k++) {
            bool together = b[i].first <= b[k].last && b[k].first <= b[i].last;
            bool apart = b[i].offset + b[i].bytes <= b[k].offset ||
                         b[k].offset + b[k].bytes <= b[i].offset;
            assert_true(apart || !together || b[i].bytes == 0 || b[k].bytes == 0);
        }
    }
    assert_true(peak - top < align);
    assert_true(peak >= nas_plan_live_bound(b, n, align));
}

static void test_random_buffers_never_overlap(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 11);
    for (int round = 0; round < 200; round++) {
        nas_plan_buffer b[40];
        int n = 1 + (int)nas_rng_below(&rng, 40);
        for (int i = 0; i < n; i++) {
            int first = (int)nas_rng_below(&rng, 30);
            b[i] = (nas_plan_buffer){.bytes = (int64_t)nas_rng_below(&rng, 3000),
                                     .first = first,
                                     .last = first + (int)nas_rng_below(&rng, 8)};
        }
        int64_t peak[4];
        for (int m = 0; m < 4; m++) {
            peak[m] = place(b, n, 16, methods[m], 500);
            check_placement(b, n, 16, peak[m]);
        }
        assert_true(peak[0] <= peak[1] && peak[0] <= peak[2] && peak[0] <= peak[3]);
    }
}

static void test_two_ended_is_exact_on_chains(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 12);
    for (int round = 0; round < 300; round++) {
        nas_plan_buffer b[30];
        int n = 2 + (int)nas_rng_below(&rng, 28);
        int64_t most = 0;
        for (int i = 0; i < n; i++) {
            b[i] = (nas_plan_buffer){.bytes = 16 * (int64_t)nas_rng_below(&rng, 200),
                                     .first = i == 0 ? 0 : i - 1,
                                     .last = i + 1 < n ? i : i - 1};
            if (i > 0 && b[i].bytes + b[i - 1].bytes > most)
                most = b[i].bytes + b[i - 1].bytes;
        }
        assert_int_equal(place(b, n, 16, NAS_PLAN_TWO_ENDED, 0), most);
    }
}

/* The start of MLPerf's visual wake words network, int8: greedy by size wastes 17 %. */
static void test_visual_wake_words_example(void **state)
{
    (void)state;
    static const int64_t bytes[] = {27648, 18432, 18432, 36864, 9216, 18432};
    nas_plan_buffer b[6];
    for (int i = 0; i < 6; i++)
        b[i] = (nas_plan_buffer){
            .bytes = bytes[i], .first = i == 0 ? 0 : i - 1, .last = i < 5 ? i : 4};
    assert_int_equal(nas_plan_live_bound(b, 6, 16), 55296);
    assert_int_equal(place(b, 6, 16, NAS_PLAN_BY_SIZE, 0), 64512);
    assert_int_equal(place(b, 6, 16, NAS_PLAN_TWO_ENDED, 0), 55296);
    assert_int_equal(place(b, 6, 16, NAS_PLAN_BEST, 0), 55296);
}

/* Smallest peak over all offsets below `limit`, tried one by one. */
static int64_t brute_force(nas_plan_buffer *b, int n, int at, int64_t peak, int64_t limit)
{
    if (at == n)
        return peak;
    for (int64_t offset = 0; offset + b[at].bytes < limit; offset++) {
        bool free = true;
        for (int k = 0; k < at && free; k++)
            free = b[at].first > b[k].last || b[k].first > b[at].last ||
                   offset + b[at].bytes <= b[k].offset ||
                   b[k].offset + b[k].bytes <= offset;
        if (!free)
            continue;
        b[at].offset = offset;
        int64_t top = offset + b[at].bytes > peak ? offset + b[at].bytes : peak;
        int64_t found = brute_force(b, n, at + 1, top, limit);
        limit = found < limit ? found : limit;
    }
    return limit;
}

static void test_exact_agrees_with_brute_force(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 13);
    int gaps = 0;
    for (int round = 0; round < 150; round++) {
        nas_plan_buffer b[7];
        int n = 4 + (int)nas_rng_below(&rng, 4);
        for (int i = 0; i < n; i++) {
            int first = (int)nas_rng_below(&rng, 6);
            b[i] = (nas_plan_buffer){.bytes = 1 + (int64_t)nas_rng_below(&rng, 5),
                                     .first = first,
                                     .last = first + (int)nas_rng_below(&rng, 4)};
        }
        int64_t greedy = place(b, n, 1, NAS_PLAN_BY_SIZE, 0);
        int64_t exact = place(b, n, 1, NAS_PLAN_EXACT, 1000000);
        check_placement(b, n, 1, exact);
        assert_int_equal(brute_force(b, n, 0, 0, 36), exact);
        gaps += exact < greedy;
    }
    assert_true(gaps > 0);
}

static void test_nothing_needs_nothing(void **state)
{
    (void)state;
    nas_plan_buffer b = {.bytes = 0, .first = 0, .last = 3};
    assert_int_equal(place(NULL, 0, 16, NAS_PLAN_BEST, 100), 0);
    assert_int_equal(place(&b, 1, 16, NAS_PLAN_BEST, 100), 0);
    b.bytes = 17;
    assert_int_equal(place(&b, 1, 16, NAS_PLAN_BEST, 100), 32);
}

static void test_out_of_memory_is_reported(void **state)
{
    (void)state;
    nas_plan_buffer b = {.bytes = 5};
    int64_t peak = 0;
    nas_err err = {0};
    nas_alloc_fail_nth(1);
    assert_int_equal(nas_plan_place(&b, 1, 16, NAS_PLAN_BEST, 0, &peak, &err),
                     NAS_E_NOMEM);
    nas_alloc_fail_nth(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_buffers_never_overlap),
        cmocka_unit_test(test_two_ended_is_exact_on_chains),
        cmocka_unit_test(test_visual_wake_words_example),
        cmocka_unit_test(test_exact_agrees_with_brute_force),
        cmocka_unit_test(test_nothing_needs_nothing),
        cmocka_unit_test(test_out_of_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
