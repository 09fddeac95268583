#include "space_check.h"

static const nas_shape IMAGE = {3, 16, 16};

static int compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static uint64_t hash_choices(const nas_space *space, const nas_candidate *candidate)
{
    int32_t picks[64] = {0};
    int n = nas_space_decision_count(space);
    assert_true(n <= 64);
    for (int d = 0; d < n; d++)
        picks[d] = nas_space_choice(space, candidate, d);
    return nas_hash64(picks, (size_t)n * sizeof picks[0], 0);
}

/* Numbers 0 .. size-1 give all assignments once: as many different ones as there are, and
 * every sample is among them. */
static void check_space(const char *yaml, int64_t size)
{
    nas_space *space = space_of(yaml, IMAGE, 10);
    assert_true(nas_space_size(space) == (double)size);
    nas_arena *arena = nas_arena_new();
    uint64_t *all = calloc((size_t)size, sizeof *all);
    for (int64_t i = 0; i < size; i++) {
        nas_candidate *candidate = nas_space_at(space, i, arena);
        assert_non_null(candidate);
        all[i] = hash_choices(space, candidate);
        nas_arena_reset(arena);
    }
    qsort(all, (size_t)size, sizeof *all, compare_u64);
    for (int64_t i = 1; i < size; i++)
        assert_true(all[i] != all[i - 1]);
    nas_rng rng = nas_rng_new(3, 3);
    for (int i = 0; i < 500; i++) {
        uint64_t key = hash_choices(space, nas_space_sample(space, &rng, arena));
        assert_non_null(bsearch(&key, all, (size_t)size, sizeof *all, compare_u64));
    }
    assert_null(nas_space_at(space, size, arena));
    free(all);
    nas_arena_free(arena);
    nas_space_free(space);
}

static void test_chains_and_alternatives(void **state)
{
    (void)state;
    check_space("network: [conv: {out: [8, 16, 24], kernel: [3, 5]}, dropout: {rate: [0, "
                "0.5]}]",
                12);
    check_space("network: {choose: [conv: {out: [8, 16, 24]}, max_pool, separable: {out: "
                "[8, 16], kernel: [3, 5]}]}",
                3 + 1 + 4);
    check_space("network: {repeat: {times: 0..3, of: {conv: {kernel: [1, 3, 5]}}}}",
                1 + 3 + 9 + 27);
    check_space(
        "network: {repeat: {times: [0, 1, 4], tied: true, of: {conv: {kernel: [1, "
        "3]}}}}",
        1 + 2 + 2);
    check_space("network: {residual: {act: [none, relu], of: {branches: {join: [add, "
                "concat], of: [conv: {kernel: [1, 3]}, conv: {kernel: [1, 3]}]}}}}",
                16);
}

static void test_cells(void **state)
{
    (void)state;
    check_space(
        "network: {cell: {nodes: 2, ops: [none, relu, {conv: {kernel: [1, 3]}}]}}", 64);
    check_space(
        "network: {cell: {nodes: 2, stages: 1..3, cells: [1, 2], reduction: cell, "
        "ops: [none, relu]}}",
        2 * (8 + 64 + 64));
    check_space("network: {cell: {nodes: 3, picks: 2, stages: [1, 2], ops: [none, relu], "
                "reduction: {conv: {out: [x1, x2], stride: 2}}}}",
                2 * 4 * 4 * 3 * (1 + 2));
}

static void test_shared_values_count_once(void **state)
{
    (void)state;
    check_space("network:\n"
                "  - conv: {out: {share: w, values: [8, 16, 24]}}\n"
                "  - conv: {out: {share: w}}\n",
                3);
    /* active in one alternative and behind it */
    check_space("network:\n"
                "  - choose: [relu, conv: {out: {share: w, values: [8, 16, 24]}}]\n"
                "  - choose: [relu, conv: {out: {share: w}}]\n",
                1 + 3 + 3 + 3);
}

/* A shared pick decides in both places what else is active. */
static void test_shared_picks(void **state)
{
    (void)state;
    check_space("network:\n"
                "  - {share: op, choose: &ops [conv: {kernel: [1, 3, 5]}, relu]}\n"
                "  - {share: op, choose: *ops}\n",
                4);
    check_space("network:\n"
                "  - choose:\n"
                "      without: identity\n"
                "      with: {share: op, choose: &ops [conv: {kernel: [1, 3]}, relu]}\n"
                "  - {share: op, choose: *ops}\n"
                "  - repeat:\n"
                "      times: {share: n, values: [0, 1, 2]}\n"
                "      of: {conv: {kernel: [1, 3]}}\n"
                "  - repeat: {times: {share: n}, of: {conv: {kernel: [1, 3]}}}\n",
                2 * 3 * (1 + 4 + 16));
}

static void test_recipes_multiply(void **state)
{
    (void)state;
    check_space("network: [conv: {out: [8, 16]}]\n"
                "train: {batch: [32, 64, 128], flip: [false, true]}\n",
                12);
}

static void test_order_is_that_of_the_values(void **state)
{
    (void)state;
    nas_space *space =
        space_of("network: [conv: {out: [8, 16]}, conv: {kernel: [1, 3, 5]}]", IMAGE, 10);
    nas_arena *arena = nas_arena_new();
    assert_string_equal(value_of(space, nas_space_at(space, 2, arena), "conv1.out"), "8");
    assert_string_equal(value_of(space, nas_space_at(space, 2, arena), "conv2.kernel"),
                        "5");
    assert_string_equal(value_of(space, nas_space_at(space, 3, arena), "conv1.out"),
                        "16");
    nas_arena_free(arena);
    nas_space_free(space);
}

static void test_huge_spaces_are_counted_but_not_numbered(void **state)
{
    (void)state;
    nas_space *space = space_of(
        "network: {repeat: {times: 40, of: {conv: {kernel: [1, 3, 5, 7]}}}}", IMAGE, 10);
    nas_arena *arena = nas_arena_new();
    assert_true(nas_space_size(space) == 0x1p80);
    assert_false(nas_space_abilities(space) & NAS_SPACE_ENUMERABLE);
    assert_null(nas_space_at(space, 0, arena));
    nas_arena_free(arena);
    nas_space_free(space);
}

/* Thirteen shared widths that are each active or not: 2^13 combinations. */
static void test_entangled_shares_are_refused(void **state)
{
    (void)state;
    nas_text yaml = {0};
    nas_text_puts(&yaml, "network:\n");
    for (int half = 0; half < 2; half++)
        for (int i = 0; i < 13; i++)
            nas_text_printf(&yaml,
                            "  - choose: [relu, conv: {out: {share: w%d, values: [8, "
                            "16]}}]\n",
                            i);
    nas_err err = {0};
    nas_space *space;
    nas_space_context context = {.input = IMAGE, .n_outputs = 10};
    assert_int_equal(
        nas_space_parse(yaml.data, yaml.length, "x.yaml", &context, &space, &err),
        NAS_E_CONFIG);
    assert_non_null(strstr(err.text, "share"));
    nas_text_free(&yaml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chains_and_alternatives),
        cmocka_unit_test(test_cells),
        cmocka_unit_test(test_shared_values_count_once),
        cmocka_unit_test(test_shared_picks),
        cmocka_unit_test(test_recipes_multiply),
        cmocka_unit_test(test_order_is_that_of_the_values),
        cmocka_unit_test(test_huge_spaces_are_counted_but_not_numbered),
        cmocka_unit_test(test_entangled_shares_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
