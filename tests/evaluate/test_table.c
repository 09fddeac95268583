/* covers: table_columns.c table_architecture.c */
#include "check.h"

#include "evaluate/table_sealed.h"

#include "nasmith/file.h"

#include <math.h>
#include <string.h>

/* 6 assignments */
static const char SPACE[] = "network:\n"
                            "  - name: first\n"
                            "    conv: {out: [4, 8, 12], kernel: [1, 3]}\n"
                            "  - global_avg_pool\n";

static const char COLUMNS[] =
    "first.out,first.kernel,valid_9,valid_3,test,seconds_3,flops,watts\n"
    "4,1,81,61,80.5,1.5,100,7\n"
    "8,1,82,62,81.5,2.5,200,8\n"
    "12,1,83,63,82.5,3.5,300,\n"
    "4,3,84,64,83.5,4.5,900,9\n"
    "8,3,,65,84.5,5.5,500,10\n";

typedef struct folder {
    char path[64], space[128], table[128], side[128];
} folder;

static void write_file(char *out, const folder *f, const char *name, const char *text)
{
    nas_err err = {0};
    (void)snprintf(out, 128, "%s/%s", f->path, name);
    check_ok(nas_file_write(out, text, strlen(text), &err), err);
}

static folder folder_new(const char *table)
{
    folder f = {.path = ""};
    nas_test_tmpdir(f.path, sizeof f.path);
    write_file(f.space, &f, "space.yaml", SPACE);
    write_file(f.table, &f, "table.csv", table);
    return f;
}

static void folder_free(const folder *f)
{
    nas_err err = {0};
    check_ok(nas_file_remove(f->path, &err), err);
}

static nas_candidate *candidate_of(const nas_table *table, const char *out,
                                   const char *kernel, nas_arena *arena)
{
    nas_err err = {0};
    nas_candidate *candidate = NULL;
    json_t *object = json_pack("{s:s,s:s}", "first.out", out, "first.kernel", kernel);
    assert_non_null(object);
    check_ok(
        nas_candidate_read_json(nas_table_space(table), object, arena, &candidate, &err),
        err);
    json_decref(object);
    return candidate;
}

static void named_columns_need_no_options(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_table *table = NULL;
    nas_arena *arena = nas_arena_new();
    folder f = folder_new(COLUMNS);
    nas_table_options options = {.space = f.space};
    check_ok(nas_table_load(f.table, &options, &table, &err), err);
    assert_int_equal(nas_table_rows_read(table), 5);
    assert_int_equal(nas_table_networks(table), 4); /* one lacks a value */
    const nas_ladder *ladder = nas_table_ladder(table);
    assert_int_equal(ladder->n, 2);
    assert_int_equal(ladder->rung[0].epochs, 3);
    assert_int_equal(ladder->rung[1].epochs, 9);
    int64_t network = nas_table_find(table, candidate_of(table, "12", "1", arena));
    assert_true(network >= 0);
    assert_true(fabs(nas_table_score(table, network, 0) - 0.63) < 1e-12);
    assert_true(nas_table_validation(table, network, 1) == 83);
    assert_true(nas_table_test(table, network) == 82.5);
    assert_true(nas_table_seconds(table, network, -1, 0) == 3.5);
    assert_true(nas_table_seconds(table, network, 0, 1) == 10.5);
    assert_int_equal(nas_table_cost(table, network).macs, 300);
    assert_int_equal(nas_table_cost(table, network).params, 1);
    assert_true(isnan(nas_table_objective(table, network)));
    assert_true(nas_table_find(table, candidate_of(table, "8", "3", arena)) < 0);
    assert_true(nas_table_find(table, candidate_of(table, "12", "3", arena)) < 0);
    nas_table_free(table);
    nas_arena_free(arena);
    folder_free(&f);
}

static void options_choose_columns(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_table *table = NULL, *other = NULL;
    nas_arena *arena = nas_arena_new();
    folder f = folder_new(COLUMNS);
    nas_table_options options = {.space = f.space,
                                 .validation = "flops,test",
                                 .epochs = "2,5",
                                 .seconds = "watts",
                                 .seconds_epochs = 2,
                                 .objective = "watts",
                                 .curve = true,
                                 .lower_is_better = true};
    check_ok(nas_table_load(f.table, &options, &table, &err), err);
    assert_int_equal(nas_table_networks(table), 4); /* one lacks the objective */
    int64_t network = nas_table_find(table, candidate_of(table, "8", "3", arena));
    assert_true(nas_table_score(table, network, 1) == -84.5);
    assert_true(nas_table_objective(table, network) == 10);
    assert_true(nas_table_cost(table, network).latency_ms == 10);
    assert_true(nas_table_epochs(table, -1, 1) == 5);
    assert_true(nas_table_epochs(table, 0, 1) == 3); /* of one training */
    assert_true(nas_table_seconds(table, network, 0, 1) == 15);
    check_ok(nas_table_load(f.table, &options, &other, &err), err);
    assert_true(nas_table_hash(table) == nas_table_hash(other));
    nas_table_free(other);
    options.lower_is_better = false;
    check_ok(nas_table_load(f.table, &options, &other, &err), err);
    assert_true(nas_table_hash(table) != nas_table_hash(other));
    nas_table_free(other);
    nas_table_free(table);
    nas_arena_free(arena);
    folder_free(&f);
}

static void a_side_file_is_matched_by_index(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_table *table = NULL;
    nas_arena *arena = nas_arena_new();
    folder f =
        folder_new("index,arch,valid_1,test\n"
                   "0,\"{\"\"first.out\"\":\"\"4\"\",\"\"first.kernel\"\":1}\",1,2\n"
                   "7,01,3,4\n"
                   "3,\"{\"\"first.out\"\":8,\"\"first.kernel\"\":\"\"1\"\"}\",5,6\n");
    write_file(f.side, &f, "side.csv", "ms,index\n1.5,3\n2.5,0\n3.5,7\n4.5,9\n");
    nas_table_options options = {.space = f.space,
                                 .side = f.side,
                                 .objective = "ms",
                                 .proxies = "ms,params,ms",
                                 .proxies_file = f.side};
    check_ok(nas_table_load(f.table, &options, &table, &err), err);
    assert_int_equal(nas_table_proxy_count(table), 3);
    const char *const outs[] = {"4", "4", "8"}, *const kernels[] = {"1", "3", "1"};
    const double expected[] = {2.5, 3.5, 1.5};
    for (int i = 0; i < 3; i++) {
        nas_candidate *candidate = candidate_of(table, outs[i], kernels[i], arena);
        int64_t network = nas_table_find(table, candidate);
        assert_true(network >= 0);
        assert_true(nas_table_objective(table, network) == expected[i]);
        assert_true(nas_table_proxy(table, network, 0) == expected[i]);
        assert_true(isnan(nas_table_proxy(table, network, 1))); /* no such column */
        assert_true(nas_table_proxy(table, network, 2) == expected[i]);
    }
    nas_table_free(table);
    nas_arena_free(arena);
    folder_free(&f);
}

/* Without a space, or when the file knows no architecture, the row is the decision. */
static void rows_may_be_the_space(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_table *table = NULL;
    folder f = folder_new("name,valid_5\nx,0.25\ny,0.75\nz,0.5\n");
    check_ok(nas_table_load(f.table, NULL, &table, &err), err);
    assert_int_equal(nas_table_networks(table), 3);
    assert_true(nas_space_size(nas_table_space(table)) == 3);
    assert_true(isnan(nas_table_test(table, 0)));
    nas_arena *arena = nas_arena_new();
    nas_candidate *second = nas_space_at(nas_table_space(table), 1, arena);
    assert_true(nas_table_score(table, nas_table_find(table, second), 0) == 0.75);
    nas_table_free(table);
    nas_arena_free(arena);
    folder_free(&f);
}

static void mistakes_are_one_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
        nas_table_options options;
    } cases[] = {
        {"", "empty", {0}},
        {"a,b\n1,2\n", "no validation column", {0}},
        {"a,b\n1,2\n", "has no metric `c10`", {.metric = "c10"}},
        {"valid_1,test\n1,2\n", "1 networks, at least 2", {0}},
        {"valid_1,test\n1,2\n2,x\n", ":3:3: `x`, expected a number", {0}},
        {"valid_1,test\n1,2\n2\n", ":3:1: 1 fields, the header has 2", {0}},
        {"valid_1\n1\n2\n", "has no column `tset`", {.test = "tset"}},
        {"valid_1\n1\n2\n",
         "epochs are `1,2`",
         {.validation = "valid_1", .epochs = "1,2"}},
        {"a,b\n1,1\n2,2\n", "must grow", {.validation = "a,b", .epochs = "4,4"}},
        {"valid_1\n1\n2\n", "--objective", {.side = "other.csv"}},
        {"valid_1\n1\n2\n", "--proxies", {.proxies_file = "other.csv"}},
        {"valid_1\n1\n2\n", "has no column `nwot`", {.proxies = "nwot"}},
        {"valid_1\n1\n2\n", "more than 8", {.proxies = "a,b,c,d,e,f,g,h,i"}},
        {"arch,valid_1\n|a~0|,1\n",
         ":2:1: architecture `|a~0|`",
         {.space = "nasbench201"}},
        {"arch,valid_1\n0000000,1\n",
         "architecture `0000000`",
         {.space = "nasbench-macro"}},
        {"arch,valid_1\n00000003,1\n",
         "architecture `00000003`",
         {.space = "nasbench-macro"}},
        {"valid_1\n1\n", "has no column `layer1`", {.space = "nasbench-macro"}},
        {"arch,valid_1\n{x,1\n", ":2:1: ", {.space = "nasbench-macro"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nas_err err = {0};
        nas_table *table = NULL;
        folder f = folder_new(cases[i].text);
        nas_status status = nas_table_load(f.table, &cases[i].options, &table, &err);
        assert_true(status == NAS_E_DATA || status == NAS_E_USAGE);
        if (strstr(err.text, cases[i].message) == NULL || strchr(err.text, '\n') != NULL)
            fail_msg("case %zu: %s", i, err.text);
        folder_free(&f);
    }
}

static void nasbench201_as_published(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_table *table = NULL;
    check_ok(nas_table_load(nas_test_data("nb201/nb201.csv.gz"), NULL, &table, &err),
             err);
    assert_int_equal(nas_table_rows_read(table), 15625);
    assert_int_equal(nas_table_networks(table), 9445);
    double best = 0;
    for (int64_t i = 0; i < nas_table_networks(table); i++)
        best = fmax(best, nas_table_test(table, i));
    assert_true(fabs(best - 94.3733) < 1e-4);
    nas_arena *arena = nas_arena_new();
    /* All assignments have a network, equal keys the same one. */
    const nas_space *space = nas_table_space(table);
    for (int64_t i = 0; i < 15625; i++) {
        nas_candidate *candidate = nas_space_at(space, i, arena);
        assert_true(nas_table_find(table, candidate) >= 0);
    }
    nas_table_free(table);
    /* Only the cells without dead edges have values: they stand for the others. */
    nas_table_options in16 = {.metric = "in16"};
    check_ok(nas_table_load(nas_test_data("nb201/nb201.csv.gz"), &in16, &table, &err),
             err);
    assert_int_equal(nas_table_networks(table), 9445);
    nas_table_free(table);
    nas_arena_free(arena);
}

static void other_published_tables(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_table *table = NULL;
    const char *path = nas_test_data("nasbench-macro/nasbench-macro.csv.gz");
    check_ok(nas_table_load(path, NULL, &table, &err), err);
    assert_int_equal(nas_table_rows_read(table), 6561);
    assert_int_equal(nas_table_networks(table), 3969);
    nas_table_free(table);
    path = nas_test_data("darts-214/darts-214-curves.csv.gz");
    check_ok(nas_table_load(path, NULL, &table, &err), err);
    assert_int_equal(nas_table_networks(table), 214);
    assert_int_equal(nas_table_ladder(table)->n, 4);
    assert_true(nas_table_epochs(table, 1, 3) == 600 - 67);
    nas_table_free(table);
}

static void shuffling_moves_test_values_alone(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_table *table = NULL;
    folder f = folder_new("valid_1,test\n1,10\n2,20\n3,30\n4,40\n5,50\n");
    check_ok(nas_table_load(f.table, NULL, &table, &err), err);
    nas_table_shuffle_test(table, 3);
    double sum = 0;
    int moved = 0;
    for (int64_t i = 0; i < 5; i++) {
        sum += nas_table_test(table, i);
        moved += nas_table_test(table, i) != 10 * nas_table_validation(table, i, 0);
    }
    assert_true(sum == 150);
    assert_true(moved > 0);
    nas_table_free(table);
    folder_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(named_columns_need_no_options),
        cmocka_unit_test(options_choose_columns),
        cmocka_unit_test(a_side_file_is_matched_by_index),
        cmocka_unit_test(rows_may_be_the_space),
        cmocka_unit_test(mistakes_are_one_line),
        cmocka_unit_test(nasbench201_as_published),
        cmocka_unit_test(other_published_tables),
        cmocka_unit_test(shuffling_moves_test_values_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
