#include "check.h"

#include "nasmith/rng.h"

#include <math.h>
#include <string.h>

/* Known answers of philox4x32-10, from Random123's kat_vectors. */
static void test_philox_known_answers(void **state)
{
    (void)state;
    nas_rng zero = nas_rng_new(0, 0);
    static const uint32_t ZERO[] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
    for (int i = 0; i < 4; i++)
        assert_int_equal(nas_rng_u32(&zero), ZERO[i]);

    nas_rng pi = nas_rng_new(UINT64_C(0x299f31d0a4093822), UINT64_C(0x0370734413198a2e));
    pi.counter[0] = 0x243f6a88;
    pi.counter[1] = 0x85a308d3;
    static const uint32_t PI[] = {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1};
    for (int i = 0; i < 4; i++)
        assert_int_equal(nas_rng_u32(&pi), PI[i]);
    assert_int_equal(pi.counter[0], 0x243f6a89);
}

static void test_counter_carries(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(5, 6);
    rng.counter[0] = UINT32_MAX;
    (void)nas_rng_u32(&rng);
    assert_int_equal(rng.counter[0], 0);
    assert_int_equal(rng.counter[1], 1);
    assert_int_equal(rng.counter[2], 6);
}

static void test_split_names_streams(void **state)
{
    (void)state;
    nas_rng parent = nas_rng_new(2385, 17);
    nas_rng before = parent;
    nas_rng a = nas_rng_split(&parent, 1);
    nas_rng b = nas_rng_split(&parent, 2);
    assert_memory_equal(&parent, &before, sizeof parent);
    (void)nas_rng_u64(&parent);
    nas_rng a_again = nas_rng_split(&parent, 1);
    uint64_t drawn = nas_rng_u64(&a);
    assert_int_equal(drawn, nas_rng_u64(&a_again));
    assert_int_not_equal(drawn, nas_rng_u64(&b));
    nas_rng other_seed = nas_rng_new(2386, 17);
    nas_rng c = nas_rng_split(&other_seed, 1);
    assert_int_not_equal(drawn, nas_rng_u64(&c));
}

static void test_below_is_uniform(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(3, 9);
    int64_t counts[7] = {0};
    for (int i = 0; i < 70000; i++)
        counts[nas_rng_below(&rng, 7)]++;
    double chi_square = 0.0;
    for (int i = 0; i < 7; i++)
        chi_square += pow((double)counts[i] - 10000.0, 2) / 10000.0;
    assert_true(chi_square < 22.5); /* 99.9 % of 6 degrees of freedom */
    assert_int_equal(nas_rng_below(&rng, 1), 0);

    const uint64_t large = UINT64_C(3)
                           << 62; /* plain modulo would favour the low third */
    int low = 0;
    for (int i = 0; i < 3000; i++) {
        uint64_t draw = nas_rng_below(&rng, large);
        assert_true(draw < large);
        low += draw < large / 3;
    }
    assert_in_range(low, 850, 1150);
}

static void test_uniform_and_normal_moments(void **state)
{
    (void)state;
    enum { N = 200000 };
    nas_rng rng = nas_rng_new(11, 12);
    double sum = 0, square = 0, fourth = 0;
    for (int i = 0; i < N; i++) {
        double u = nas_rng_uniform(&rng);
        assert_true(u >= 0.0 && u < 1.0);
        sum += u;
    }
    assert_true(fabs(sum / N - 0.5) < 0.003);
    sum = 0;
    for (int i = 0; i < N; i++) {
        double z = nas_rng_normal(&rng);
        assert_true(isfinite(z));
        sum += z;
        square += z * z;
        fourth += z * z * z * z;
    }
    assert_true(fabs(sum / N) < 0.01);
    assert_true(fabs(square / N - 1.0) < 0.015);
    assert_true(fabs(fourth / N - 3.0) < 0.12);
}

/* The portable logarithm and cosine against libm's. */
static void test_normal_matches_libm(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(21, 22);
    for (int i = 0; i < 20000; i++) {
        nas_rng twin = rng;
        double u = 1.0 - nas_rng_uniform(&twin);
        double v = nas_rng_uniform(&twin);
        double expected = sqrt(-2.0 * log(u)) * cos(2.0 * acos(-1.0) * v);
        assert_true(fabs(nas_rng_normal(&rng) - expected) < 4e-15);
    }
}

static void test_golden_values_never_change(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 1);
    assert_int_equal(nas_rng_u64(&rng), UINT64_C(0x94ed21c4840c31d5));
    double z = nas_rng_normal(&rng);
    uint64_t bits;
    memcpy(&bits, &z, sizeof bits);
    assert_int_equal(bits, UINT64_C(0xbfe18579924b1568));
    nas_rng child = nas_rng_split(&rng, 42);
    assert_int_equal(nas_rng_u64(&child), UINT64_C(0x243ea369690c7e75));
    assert_int_equal(nas_hash64("nasmith", 7, 0), UINT64_C(0x40f19554ed310d04));
}

/* Long enough for all of the hash's ways; cut anywhere. */
static void test_hash_of_pieces(void **state)
{
    enum { N = 5000 };
    static unsigned char bytes[N];
    (void)state;
    for (int i = 0; i < N; i++)
        bytes[i] = (unsigned char)(i * 37 + i / 256);
    for (size_t n = 0; n <= N; n = n * 3 + 1) {
        for (size_t piece = 1; piece <= 4096; piece *= 13) {
            nas_hasher *hasher = nas_hasher_new(2385);
            assert_non_null(hasher);
            for (size_t at = 0; at < n; at += piece)
                nas_hasher_add(hasher, bytes + at, n - at < piece ? n - at : piece);
            assert_int_equal(nas_hasher_value(hasher), nas_hash64(bytes, n, 2385));
            nas_hasher_free(hasher);
        }
    }
    nas_hasher_free(NULL);
}

static void test_shuffle_permutes(void **state)
{
    (void)state;
    enum { N = 5, ROUNDS = 24000 };
    nas_rng rng = nas_rng_new(1, 2);
    int64_t first[N] = {0};
    for (int round = 0; round < ROUNDS; round++) {
        int64_t items[N] = {0, 1, 2, 3, 4};
        nas_rng_shuffle(&rng, items, N);
        int seen = 0;
        for (int i = 0; i < N; i++)
            seen |= 1 << items[i];
        assert_int_equal(seen, 31);
        first[items[0]]++;
    }
    for (int i = 0; i < N; i++)
        assert_in_range(first[i], 4500, 5100);
    nas_rng_shuffle(&rng, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_philox_known_answers),
        cmocka_unit_test(test_counter_carries),
        cmocka_unit_test(test_split_names_streams),
        cmocka_unit_test(test_below_is_uniform),
        cmocka_unit_test(test_uniform_and_normal_moments),
        cmocka_unit_test(test_normal_matches_libm),
        cmocka_unit_test(test_golden_values_never_change),
        cmocka_unit_test(test_hash_of_pieces),
        cmocka_unit_test(test_shuffle_permutes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
