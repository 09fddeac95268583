#include "space_check.h"

#include <math.h>
#include <stdlib.h>

/* Where the features stand (features.c): 15 counts, then paths of cells. */
enum { POINTWISE = 0, SMALL = 1, AVG_POOL = 8, RESIDUAL = 11, EDGES = 13, SKIPS = 14 };
enum { CELL = 15, DEGREES = 26, AROUND = 30, WEIGHTS = 43, WORK = 44 };
enum { PATHS, POOLED, BARE, MEAN_CONV, MAX_CONV, MIN_CONV, MEAN_WINDOW, MAX_WINDOW };

static const nas_space_context CIFAR = {
    .input = {3, 32, 32}, .n_outputs = 10, .task = NAS_TASK_CLASSIFICATION};

static void features_of(const nas_space *space, int64_t index, float *out)
{
    nas_arena *arena = nas_arena_new();
    nas_candidate *candidate = nas_space_at(space, index, arena);
    assert_non_null(candidate);
    assert_int_equal(nas_space_features(space, candidate, out),
                     nas_space_key(space, candidate));
    nas_arena_free(arena);
}

static bool is(float value, double expected)
{
    return fabs((double)value - expected) < 1e-5 * (1 + fabs(expected));
}

/* Number of a cell by its operations: none, skip, 1x1, 3x3, pool; the first edge is the
 * first digit. */
static int64_t cell(const char *digits)
{
    return strtol(digits, NULL, 5);
}

/* Edges 0>1; 0>2, 1>2; 0>3, 1>3, 2>3. 17 convolutions lie around 15 cells. */
static void cells_of_nas_bench_201(void **state)
{
    (void)state;
    float f[NAS_SPACE_FEATURES], base[NAS_SPACE_FEATURES];
    nas_space *space = preset("nasbench201", &CIFAR);
    features_of(space, cell("000100"), base); /* a skip alone */
    assert_true(is(base[EDGES], 15) && is(base[SKIPS], 15));
    assert_true(is(base[CELL + PATHS], log(2)) && is(base[CELL + BARE], log(2)));
    assert_true(is(base[CELL + MAX_CONV], 0));
    features_of(space, cell("333333"), f);
    assert_true(is(f[SMALL] - base[SMALL], 90));
    assert_true(is(f[CELL + PATHS], log(5))); /* 4 paths */
    assert_true(is(f[CELL + BARE], 0) && is(f[CELL + POOLED], 0));
    assert_true(is(f[CELL + MAX_CONV], 3) && is(f[CELL + MIN_CONV], 1));
    assert_true(is(f[CELL + MEAN_CONV], 2) && is(f[CELL + MAX_WINDOW], 3));
    assert_true(is(f[DEGREES], 3) && is(f[DEGREES + 1], 3) && is(f[DEGREES + 2], 3));
    features_of(space, cell("214432"), f);
    /* 0-1: 1x1; 0-2: skip, 1-2: pool; 0-3: pool, 1-3: 3x3, 2-3: 1x1. Paths: pool; 1x1
     * 3x3; skip 1x1; 1x1 pool 1x1 */
    assert_true(is(f[CELL + PATHS], log(5)) && is(f[CELL + POOLED], log(3)));
    assert_true(is(f[CELL + MEAN_CONV], (0 + 2 + 1 + 2) / 4.0));
    assert_true(is(f[CELL + MAX_CONV], 2) && is(f[CELL + MIN_CONV], 0));
    assert_true(is(f[CELL + MAX_WINDOW], 1) && is(f[CELL + MEAN_WINDOW], 3 / 4.0));
    assert_true(is(f[POINTWISE] - base[POINTWISE], 30) && is(f[SKIPS], 15));
    assert_true(is(f[DEGREES + 1], 2) && is(f[DEGREES + 3], 1));
    features_of(space, cell("000000"), f);
    for (int i = 0; i < NAS_SPACE_FEATURES; i++)
        assert_true(f[i] == 0);
    nas_space_free(space);
}

/* Whatever has no effect changes no feature: equal keys, equal features. */
static void equal_keys_have_equal_features(void **state)
{
    (void)state;
    enum { N = 400 };
    static float f[N][NAS_SPACE_FEATURES];
    uint64_t keys[N];
    int pairs = 0;
    nas_rng rng = nas_rng_new(1, 1);
    nas_arena *arena = nas_arena_new();
    nas_space *space = preset("nasbench201", &CIFAR);
    for (int i = 0; i < N; i++) {
        /* few operations but `none`: many dead edges */
        int16_t values[6];
        for (int d = 0; d < 6; d++)
            values[d] = nas_rng_below(&rng, 2) == 0 ? 0 : (int16_t)nas_rng_below(&rng, 5);
        nas_candidate *candidate = nas_space_assign(space, values, &rng, arena);
        assert_non_null(candidate);
        keys[i] = nas_space_features(space, candidate, f[i]);
        for (int j = 0; j < i; j++)
            if (keys[j] == keys[i]) {
                assert_memory_equal(f[i], f[j], sizeof f[i]);
                pairs++;
            }
    }
    assert_true(pairs > 100);
    nas_arena_free(arena);
    nas_space_free(space);
}

static const char CHAIN[] = "network:\n"
                            "  - conv: {out: [8, 16], kernel: 3, stride: 2}\n"
                            "  - residual: {of: [conv: {kernel: 1}]}\n"
                            "  - branches:\n"
                            "      of:\n"
                            "        - conv: {out: 4, kernel: 5}\n"
                            "        - max_pool: {kernel: 2, stride: 1, pad: same}\n"
                            "      join: concat\n"
                            "  - dense: {out: 12}\n";

/* Weights and work against a count by hand: 3x3 from 3 channels at 16x16, 1x1, 5x5. */
static void a_chain_is_estimated(void **state)
{
    (void)state;
    float f[NAS_SPACE_FEATURES];
    nas_space *space = space_of(CHAIN, (nas_shape){3, 32, 32}, 10);
    features_of(space, 0, f);
    assert_true(is(f[RESIDUAL], 1) && is(f[SMALL], 1) && is(f[POINTWISE], 1));
    assert_true(is(f[AROUND + PATHS], log(5)) && is(f[AROUND + POOLED], log(3)));
    double convs = 8 * 3 * 9 + 8 * 8 + 8 * 4 * 25, dense = 12 * 12;
    assert_true(is(f[WEIGHTS], log2(1 + convs + dense)));
    assert_true(is(f[WORK], log2(1 + convs * 256 + dense)));
    float wide[NAS_SPACE_FEATURES];
    features_of(space, 1, wide);
    assert_true(wide[WEIGHTS] > f[WEIGHTS] && wide[WORK] > f[WORK]);
    nas_space_free(space);
}

/* Every preset gives finite numbers, and more than a few that differ. */
static void presets_have_features(void **state)
{
    (void)state;
    for (int p = 0; p < nas_space_preset_count(); p++) {
        float first[NAS_SPACE_FEATURES], f[NAS_SPACE_FEATURES];
        bool differs[NAS_SPACE_FEATURES] = {false};
        const char *name = nas_space_preset_name(p);
        nas_space_context context = CIFAR;
        if (strcmp(name, "conv1d") == 0)
            context.input = (nas_shape){6, 1, 128};
        if (strncmp(name, "table", 5) == 0)
            context.input = (nas_shape){13, 1, 1};
        if (strcmp(name, "audio") == 0) {
            context.input = (nas_shape){1, 1, 8000};
            context.sample_rate = 8000;
        }
        nas_space *space = preset(name, &context);
        nas_rng rng = nas_rng_new(2, (uint64_t)p);
        nas_arena *arena = nas_arena_new();
        int different = 0;
        for (int i = 0; i < 50; i++) {
            (void)nas_space_features(space, nas_space_sample(space, &rng, arena), f);
            for (int k = 0; k < NAS_SPACE_FEATURES; k++) {
                assert_true(isfinite(f[k]));
                first[k] = i == 0 ? f[k] : first[k];
                differs[k] = differs[k] || f[k] != first[k];
            }
        }
        for (int k = 0; k < NAS_SPACE_FEATURES; k++)
            different += differs[k];
        if (different < 5)
            fail_msg("%s: %d features differ", name, different);
        nas_arena_free(arena);
        nas_space_free(space);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_of_nas_bench_201),
        cmocka_unit_test(equal_keys_have_equal_features),
        cmocka_unit_test(a_chain_is_estimated),
        cmocka_unit_test(presets_have_features),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
