/* A table of made-up trainings over nasbench201's space, for the tests of the bench. */
#ifndef NASMITH_TESTS_SEARCH_BENCH_TABLE_H
#define NASMITH_TESTS_SEARCH_BENCH_TABLE_H

#include "check.h"

#include "nasmith/bench.h"
#include "nasmith/file.h"

#include <string.h>

/* 6^4 = 1,296 networks; two rungs, seconds, parameters, a second objective. */
static const char BENCH_SPACE[] = "network:\n"
                                  "  - repeat:\n"
                                  "      times: 4\n"
                                  "      of:\n"
                                  "        - conv: {out: [4, 8, 12], kernel: [1, 3]}\n"
                                  "  - global_avg_pool\n";

__attribute__((unused)) static void bench_rows(nas_text *text)
{
    static const int OUT[] = {4, 8, 12};
    nas_rng rng = nas_rng_new(11, 4);
    for (int i = 0; i < 1296; i++) {
        int size = 0, digit = i;
        for (int layer = 0; layer < 4; layer++, digit /= 6) {
            nas_text_printf(text, "%d,%d,", OUT[digit % 6 % 3], digit % 6 / 3 * 2 + 1);
            size += digit % 6 % 3 + 2 * (digit % 6 / 3);
        }
        double quality = 50 + 3 * size + 4 * nas_rng_uniform(&rng);
        nas_text_printf(text, "%.3f,%.3f,%.3f,%d,%d,%d\n",
                        quality - 8 + 4 * nas_rng_uniform(&rng), quality,
                        quality + nas_rng_uniform(&rng) - 0.5, 10 + size, 100 + size,
                        size + i % 3);
    }
}

/* Ownership of the table: caller. */
__attribute__((unused)) static nas_table *bench_table(bool rungs)
{
    char folder[64], space[128], path[128];
    nas_err err = {0};
    nas_text text = {0};
    nas_table *table = NULL;
    nas_test_tmpdir(folder, sizeof folder);
    (void)snprintf(space, sizeof space, "%s/space.yaml", folder);
    (void)snprintf(path, sizeof path, "%s/table.csv", folder);
    check_ok(nas_file_write(space, BENCH_SPACE, strlen(BENCH_SPACE), &err), err);
    nas_table_options options = {.space = space,
                                 .validation = rungs ? "low,high" : "high",
                                 .epochs = rungs ? "3,9" : "9",
                                 .test = "test",
                                 .seconds = "time",
                                 .seconds_epochs = 9,
                                 .proxies = "params,watts",
                                 .objective = "watts"};
    nas_space *names = NULL;
    nas_space_context context = {.input = {3, 32, 32}, .n_outputs = 10};
    check_ok(nas_space_load(space, &context, &names, &err), err);
    for (int d = 0; d < nas_space_decision_count(names); d++)
        nas_text_printf(&text, "%s,", nas_space_decision(names, d).name);
    nas_space_free(names);
    nas_text_puts(&text, "low,high,test,time,params,watts\n");
    bench_rows(&text);
    check_ok(nas_file_write(path, text.data, text.length, &err), err);
    check_ok(nas_table_load(path, &options, &table, &err), err);
    nas_text_free(&text);
    check_ok(nas_file_remove(folder, &err), err);
    return table;
}

#endif
