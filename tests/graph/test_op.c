#include "one_op.h"

#include "graph/op.h"

static void test_counts_saturate(void **state)
{
    (void)state;
    assert_int_equal(nas_count_mul(INT64_C(3037000500), INT64_C(3037000500)), INT64_MAX);
    assert_int_equal(nas_count_mul(46341, 46341), INT64_C(2147488281));
    assert_int_equal(nas_count_add(INT64_MAX - 1, 2), INT64_MAX);
    assert_int_equal(nas_count_add(2385, 12), 2397);
}

/* Number of positions at which a window has room, found by walking. */
static int64_t walk(int64_t in, int64_t kernel, int64_t stride, int64_t dilation, int pad)
{
    int64_t total = pad == NAS_PAD_SAME ? (kernel - 1) * dilation : 0;
    int64_t before = nas_window_pad_before(kernel, dilation, pad);
    int64_t n = 0;
    for (int64_t at = -before; at + (kernel - 1) * dilation < in + total - before;
         at += stride)
        n++;
    return n;
}

static void test_window_extents(void **state)
{
    (void)state;
    for (int64_t in = 1; in < 12; in++)
        for (int64_t kernel = 1; kernel < 6; kernel++)
            for (int64_t stride = 1; stride < 5; stride++)
                for (int64_t dilation = 1; dilation < 4; dilation++)
                    for (int pad = NAS_PAD_SAME; pad <= NAS_PAD_VALID; pad++)
                        assert_int_equal(
                            nas_window_extent(in, kernel, stride, dilation, pad),
                            walk(in, kernel, stride, dilation, pad));
    assert_int_equal(nas_window_pad_before(4, 1, NAS_PAD_SAME), 1);
    assert_int_equal(nas_window_pad_before(3, 2, NAS_PAD_SAME), 2);
    assert_int_equal(nas_window_pad_before(3, 2, NAS_PAD_VALID), 0);
}

static void test_weight_fill(void **state)
{
    (void)state;
    nas_weight w;
    nas_weight_fill(&w, NAS_WEIGHT_KERNEL, 3, (int64_t[]){5, 3, 7}, 21);
    assert_int_equal(w.count, 105);
    assert_int_equal(w.dim[3], 1);
    assert_int_equal(w.fan_in, 21);
    assert_true(w.trained);
    nas_weight_fill(&w, NAS_WEIGHT_VARIANCE, 1, (int64_t[]){5}, 0);
    assert_false(w.trained);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_saturate),
        cmocka_unit_test(test_window_extents),
        cmocka_unit_test(test_weight_fill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
