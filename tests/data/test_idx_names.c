#include "check.h"

#include <string.h>

#include "data/idx_names.h"

static void names_are_taken_apart(void **state)
{
    static const struct {
        const char *name, *set, *prefix;
        nas_part part;
        nas_idx_role role;
        nas_idx_axes axes;
    } cases[] = {
        {"train-images-idx3-ubyte", "", "train", NAS_PART_TRAIN, NAS_IDX_INPUTS,
         NAS_IDX_IMAGE},
        {"train-images.idx3-ubyte", "", "train", NAS_PART_TRAIN, NAS_IDX_INPUTS,
         NAS_IDX_IMAGE},
        {"t10k-labels-idx1-ubyte.gz", "", "t10k", NAS_PART_TEST, NAS_IDX_LABELS,
         NAS_IDX_IMAGE},
        {"train50k-labels-idx1-ubyte.gz", "", "train50k", NAS_PART_TRAIN, NAS_IDX_LABELS,
         NAS_IDX_IMAGE},
        {"valid10k-images-idx3-ubyte.gz", "", "valid10k", NAS_PART_VALIDATION,
         NAS_IDX_INPUTS, NAS_IDX_IMAGE},
        {"GunPoint-train-series-idx3-float.gz", "GunPoint", "GunPoint-train",
         NAS_PART_TRAIN, NAS_IDX_INPUTS, NAS_IDX_SERIES},
        {"ECG5000-test1500-series-idx3-float.gz", "ECG5000", "ECG5000-test1500",
         NAS_PART_TEST, NAS_IDX_INPUTS, NAS_IDX_SERIES},
        {"kws01-mfcc-idx3-byte.gz", "kws01", "kws01", NAS_PART_ANY, NAS_IDX_INPUTS,
         NAS_IDX_PLANE},
        {"train-subjects-idx1-ubyte.gz", "", "train", NAS_PART_TRAIN, NAS_IDX_GROUPS,
         NAS_IDX_IMAGE},
        {"test-lengths-idx1-ubyte.gz", "", "test", NAS_PART_TEST, NAS_IDX_OTHER,
         NAS_IDX_IMAGE},
        {"images", "", "", NAS_PART_ANY, NAS_IDX_INPUTS, NAS_IDX_IMAGE},
        {"testimony-images-idx3-ubyte", "testimony", "testimony", NAS_PART_ANY,
         NAS_IDX_INPUTS, NAS_IDX_IMAGE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nas_idx_name name;
        assert_true(nas_idx_name_parse(cases[i].name, &name));
        assert_string_equal(name.set, cases[i].set);
        assert_string_equal(name.prefix, cases[i].prefix);
        assert_int_equal(name.part, cases[i].part);
        assert_int_equal(name.role, cases[i].role);
        assert_int_equal(name.axes, cases[i].axes);
    }
}

static void other_names_say_nothing(void **state)
{
    static const char *const names[] = {
        "", "README.md", "weights-idx3-ubyte", "train", "imagesque-idx3-ubyte", "-._"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        nas_idx_name name;
        assert_false(nas_idx_name_parse(names[i], &name));
    }
}

static void long_names_are_cut(void **state)
{
    char text[600];
    nas_idx_name name;
    (void)state;
    memset(text, 'x', sizeof text);
    (void)snprintf(text + 500, sizeof text - 500, "-images-idx3-ubyte");
    assert_true(nas_idx_name_parse(text, &name));
    assert_int_equal(strlen(name.set), sizeof name.set - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_taken_apart),
        cmocka_unit_test(other_names_say_nothing),
        cmocka_unit_test(long_names_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
