/* covers: space.c, encode.c, blocks.c */
#include "space_check.h"

#include "space/space.h"

static const char YAML[] =
    "network:\n"
    "  - conv: {out: 1..12}\n"
    "  - choose: {flat: identity, deep: {conv: {kernel: [3, 5]}}}\n";
static const nas_shape IMAGE = {3, 8, 8};

static void test_encoding_is_one_hot(void **state)
{
    (void)state;
    nas_space *space = space_of(YAML, IMAGE, 10);
    nas_arena *arena = nas_arena_new();
    assert_int_equal(nas_space_encoding_size(space), 12 + 2 + 2);
    float code[16];
    nas_space_encode(space, nas_space_at(space, 3 * 2, arena), code);
    for (int i = 0; i < 16; i++)
        assert_true(code[i] == (i == 2 || i == 12 ? 1.0F : 0.0F));
    nas_space_encode(space, nas_space_at(space, 3 * 2 + 2, arena), code);
    for (int i = 0; i < 16; i++)
        assert_true(code[i] == (i == 2 || i == 13 || i == 15 ? 1.0F : 0.0F));
    nas_arena_free(arena);
    nas_space_free(space);
}

static void test_hash_follows_text_and_data(void **state)
{
    (void)state;
    nas_space *a = space_of(YAML, IMAGE, 10);
    nas_space *same = space_of(YAML, IMAGE, 10);
    nas_space *classes = space_of(YAML, IMAGE, 9);
    nas_space *shape = space_of(YAML, (nas_shape){3, 8, 9}, 10);
    nas_space *text = space_of("network: [relu]", IMAGE, 10);
    assert_true(nas_space_hash(a) == nas_space_hash(same));
    assert_true(nas_space_hash(a) != nas_space_hash(classes));
    assert_true(nas_space_hash(a) != nas_space_hash(shape));
    assert_true(nas_space_hash(a) != nas_space_hash(text));
    assert_string_equal(nas_space_text(a), YAML);
    assert_string_equal(nas_space_name(a), "test.yaml");
    nas_space_free(a);
    nas_space_free(same);
    nas_space_free(classes);
    nas_space_free(shape);
    nas_space_free(text);
    nas_space_free(NULL);
}

/* The tables agree with the settings that the code reads. */
static void test_block_tables(void **state)
{
    (void)state;
    for (int kind = 0; kind < NAS_BLOCK_CHAIN; kind++) {
        const nas_block_info *info = nas_block_get((nas_block_kind)kind);
        assert_int_equal(nas_block_find(info->name), kind);
        assert_true(nas_param_count(info->options) <= SPACE_MAX_SETTINGS);
        if (info->stride >= 0)
            assert_string_equal(info->options[info->stride].name, "stride");
        else
            assert_int_equal(nas_param_find(info->options, "stride"), -1);
    }
    assert_int_equal(nas_block_find("chain"), NAS_BLOCK_COUNT);
    assert_string_equal(nas_block_get(NAS_BLOCK_CONV)->options[CONV_BIAS].name, "bias");
    assert_string_equal(nas_block_get(NAS_BLOCK_CELL)->options[CELL_CELLS].name, "cells");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encoding_is_one_hot),
        cmocka_unit_test(test_hash_follows_text_and_data),
        cmocka_unit_test(test_block_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
