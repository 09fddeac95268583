#include "data/make.h"

#include <fcntl.h>
#include <sys/stat.h>

typedef struct prints {
    uint64_t quick, content;
} prints;

static prints of(const char *path, const nas_data_options *options)
{
    nas_err err = {0};
    prints out = {0};
    check_ok(nas_data_fingerprint(path, options, &out.quick, &out.content, &err), err);
    return out;
}

static void touch(const char *path, time_t seconds)
{
    struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void touching_changes_only_the_quick_one(void **state)
{
    nas_data_options options = nas_data_options_default();
    char path[1024];
    (void)snprintf(path, sizeof path, "%s", make_table(*state, "t.csv", 30, "class"));
    touch(path, 1000);
    prints a = of(path, &options);
    prints b = of(path, &options);
    assert_true(a.quick == b.quick && a.content == b.content);
    touch(path, 2385);
    b = of(path, &options);
    assert_true(a.quick != b.quick);
    assert_true(a.content == b.content);
}

static void one_byte_changes_the_content(void **state)
{
    nas_data_options options = nas_data_options_default();
    char path[1024];
    (void)snprintf(path, sizeof path, "%s",
                   make_text(*state, "t.csv", "x,y\n1,a\n2,b\n"));
    touch(path, 1000);
    prints a = of(path, &options);
    make_text(*state, "t.csv", "x,y\n1,a\n3,b\n");
    touch(path, 1000);
    prints b = of(path, &options);
    assert_true(a.quick == b.quick); /* same size and time: what quick means */
    assert_true(a.content != b.content);
}

static void each_option_changes_both(void **state)
{
    nas_data_options base = nas_data_options_default();
    nas_data_options changed[13];
    char path[1024];
    (void)snprintf(path, sizeof path, "%s", make_table(*state, "t.csv", 30, "class"));
    prints a = of(path, &base);
    for (int i = 0; i < 13; i++)
        changed[i] = base;
    changed[0].seed = 1;
    changed[1].validation = 0.2;
    changed[2].test = 0.2;
    changed[3].label = "x1";
    changed[4].task = "classification";
    changed[5].group = "x1";
    changed[6].time = "x1";
    changed[7].image_size = "8";
    changed[8].image_fit = "crop";
    changed[9].names = "class";
    changed[10].sample_rate = 8000;
    changed[11].length = 7;
    changed[12].window = 7; /* the table cannot be cut, but is not looked at here */
    for (int i = 0; i < 13; i++) {
        prints b = of(path, &changed[i]);
        assert_true(a.quick != b.quick && a.content != b.content);
    }
    changed[0] = base;
    changed[0].test_path = path;
    assert_true(of(path, &changed[0]).content != a.content);
}

/* Names inside a folder are classes and parts; the folder's own name is not. */
static void a_moved_folder_keeps_its_content(void **state)
{
    nas_data_options options = nas_data_options_default();
    char a[1024], b[1024];
    (void)snprintf(a, sizeof a, "%s", make_path(*state, "a"));
    (void)snprintf(b, sizeof b, "%s", make_path(*state, "b"));
    make_images(a, "", 20, 2);
    make_images(b, "", 20, 2);
    assert_true(of(a, &options).content == of(b, &options).content);
    make_images(b, "train-", 20, 2);
    assert_int_equal(remove(make_path(b, "images-idx3-ubyte")), 0);
    assert_int_equal(remove(make_path(b, "labels-idx1-ubyte")), 0);
    assert_true(of(a, &options).content != of(b, &options).content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        data_test(touching_changes_only_the_quick_one),
        data_test(one_byte_changes_the_content),
        data_test(each_option_changes_both),
        data_test(a_moved_folder_keeps_its_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
