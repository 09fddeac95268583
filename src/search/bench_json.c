/* The document of `nasmith bench table --json` (docs/json.md). */
#include "nasmith/bench.h"

#include <math.h>
#include <stdio.h>

static void write_band(nas_json *json, const char *key, nas_band band)
{
    nas_json_key(json, key);
    nas_json_array_begin(json);
    nas_json_real(json, band.low);
    nas_json_real(json, band.high);
    nas_json_array_end(json);
}

static void write_table(const nas_bench_options *options, const nas_bench_result *result,
                        nas_json *json)
{
    const nas_table *table = options->table;
    const nas_table_options *o = nas_table_options_of(table);
    char hash[20];
    (void)snprintf(hash, sizeof hash, "%016llx",
                   (unsigned long long)nas_table_hash(table));
    nas_json_key(json, "table");
    nas_json_object_begin(json);
    nas_json_key_string(json, "hash", hash);
    nas_json_key_string(json, "space", nas_space_name(nas_table_space(table)));
    nas_json_key_string(json, "metric", o->metric);
    nas_json_key_string(json, "validation", o->validation);
    nas_json_key_string(json, "epochs", o->epochs);
    nas_json_key_string(json, "test", o->test);
    nas_json_key_string(json, "objective", o->objective);
    nas_json_key_int(json, "rows", nas_table_rows_read(table));
    nas_json_key_int(json, "networks", nas_table_networks(table));
    nas_json_key_real(json, "optimum_validation", result->optimum_validation);
    nas_json_key_real(json, "optimum_test", result->optimum_test);
    nas_json_key_real(json, "best_test", result->best_test);
    nas_json_key_real(json, "average_validation", result->average_validation);
    nas_json_key_real(json, "average_test", result->average_test);
    nas_json_key_int(json, "front", result->front);
    nas_json_object_end(json);
}

static void write_point(double at, const nas_bench_point *point, nas_json *json)
{
    nas_json_object_begin(json);
    nas_json_key_real(json, "at", at);
    nas_json_key_real(json, "test", point->test);
    nas_json_key_real(json, "deviation", point->deviation);
    nas_json_key_real(json, "interquartile_mean", point->interquartile);
    write_band(json, "band", point->band);
    nas_json_key_real(json, "regret", point->regret);
    write_band(json, "regret_band", point->regret_band);
    nas_json_key_real(json, "hypervolume_ratio", point->hypervolume);
    nas_json_object_end(json);
}

static void write_target(const nas_bench_target *target, int64_t runs, nas_json *json)
{
    nas_json_object_begin(json);
    nas_json_key_real(json, "regret", target->regret);
    nas_json_key_real(json, "success_rate",
                      runs > 0 ? (double)target->reached / (double)runs : (double)NAN);
    nas_json_key_real(json, "mean_when_reached", target->mean_when);
    nas_json_key_real(json, "expected_running", target->expected_when);
    nas_json_object_end(json);
}

static void write_series(const nas_bench_result *result, const nas_bench_series *series,
                         nas_json *json)
{
    char hash[20];
    (void)snprintf(hash, sizeof hash, "%016llx", (unsigned long long)series->query_hash);
    nas_json_object_begin(json);
    nas_json_key_string(json, "name", series->name);
    nas_json_key_bool(json, "reference", series->reference);
    nas_json_key_int(json, "runs", series->runs);
    nas_json_key_string(json, "queries", hash);
    nas_json_key(json, "curve");
    nas_json_array_begin(json);
    for (int i = 0; i < result->n_points; i++)
        write_point(result->at[i], &series->points[i], json);
    nas_json_array_end(json);
    nas_json_key(json, "targets");
    nas_json_array_begin(json);
    for (int i = 0; i < NAS_BENCH_TARGETS; i++)
        write_target(&series->targets[i], series->runs, json);
    nas_json_array_end(json);
    nas_json_key_real(json, "mean_regret", series->area);
    if (!series->reference) {
        nas_json_key_real(json, "p", series->p);
        nas_json_key_real(json, "superiority", series->superiority);
    }
    nas_json_object_end(json);
}

void nas_bench_write_json(const nas_bench_options *options,
                          const nas_bench_result *result, nas_json *json)
{
    nas_json_object_begin(json);
    nas_json_key_int(json, "schema", 1);
    write_table(options, result, json);
    nas_json_key_string(json, "axis", nas_bench_axis_name(result->axis));
    nas_json_key_int(json, "seed", (int64_t)options->seed);
    nas_json_key_int(json, "workers", options->workers);
    nas_json_key_string(json, "proxies", nas_table_options_of(options->table)->proxies);
    nas_json_key_int(json, "screen", options->screen);
    nas_json_key_real(json, "screen_seconds", options->screen_s);
    nas_json_key_bool(json, "interrupted", result->interrupted);
    nas_json_key(json, "methods");
    nas_json_array_begin(json);
    for (int i = 0; i < result->n_series; i++)
        write_series(result, &result->series[i], json);
    nas_json_array_end(json);
    nas_json_object_end(json);
}
