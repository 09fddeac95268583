#include "check.h"

#include "data/part_words.h"

#include <string.h>

static void words_name_parts(void **state)
{
    static const struct {
        const char *word;
        nas_part part;
    } cases[] = {
        {"train", NAS_PART_TRAIN},     {"TRAIN", NAS_PART_TRAIN},
        {"train50k", NAS_PART_TRAIN},  {"val", NAS_PART_VALIDATION},
        {"dev2", NAS_PART_VALIDATION}, {"Test", NAS_PART_TEST},
        {"t10k", NAS_PART_TEST},       {"test1500", NAS_PART_TEST},
        {"k", NAS_PART_ANY},           {"10k", NAS_PART_ANY},
        {"trains", NAS_PART_ANY},      {"", NAS_PART_ANY},
        {"testk2", NAS_PART_ANY},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(nas_part_of_word(cases[i].word, strlen(cases[i].word)),
                         cases[i].part);
    assert_int_equal(nas_part_of_word("train_x", 5), NAS_PART_TRAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(words_name_parts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
