#include "check.h"

#include "nasmith/space.h"

#include <math.h>
#include <string.h>

static const nas_space_context IMAGE = {
    .input = {1, 28, 28}, .n_outputs = 10, .task = NAS_TASK_CLASSIFICATION};
static const nas_space_context COLOUR = {
    .input = {3, 32, 32}, .n_outputs = 10, .task = NAS_TASK_CLASSIFICATION};
static const nas_space_context SERIES = {
    .input = {6, 1, 100}, .n_outputs = 4, .task = NAS_TASK_CLASSIFICATION};
static const nas_space_context SOUND = {.input = {1, 1, 8000},
                                        .n_outputs = 10,
                                        .task = NAS_TASK_CLASSIFICATION,
                                        .sample_rate = 8000};
static const nas_space_context ROW = {
    .input = {11, 1, 1}, .n_outputs = 1, .task = NAS_TASK_REGRESSION};

static const nas_space_context *context_of(const char *preset)
{
    if (strcmp(preset, "conv1d") == 0 || strcmp(preset, "tcn") == 0 ||
        strcmp(preset, "rnn") == 0 || strcmp(preset, "cnn-rnn") == 0 ||
        strcmp(preset, "transformer") == 0)
        return &SERIES;
    if (strcmp(preset, "audio") == 0)
        return &SOUND;
    if (strncmp(preset, "table", 5) == 0)
        return &ROW;
    if (strncmp(preset, "nasbench", 8) == 0 || strcmp(preset, "darts") == 0)
        return &COLOUR;
    return &IMAGE;
}

static nas_space *load(const char *preset)
{
    nas_err err = {0};
    nas_space *space;
    check_ok(nas_space_load(preset, context_of(preset), &space, &err), err);
    return space;
}

static bool equal(const nas_space *space, const nas_candidate *a, const nas_candidate *b)
{
    for (int d = 0; d < nas_space_decision_count(space); d++)
        if (nas_space_choice(space, a, d) != nas_space_choice(space, b, d))
            return false;
    return true;
}

/* Decisions active in both that differ. */
static int distance(const nas_space *space, const nas_candidate *a,
                    const nas_candidate *b)
{
    int n = 0;
    for (int d = 0; d < nas_space_decision_count(space); d++) {
        int x = nas_space_choice(space, a, d);
        int y = nas_space_choice(space, b, d);
        n += x >= 0 && y >= 0 && x != y;
    }
    return n;
}

static void check_network(const nas_space *space, const nas_candidate *candidate,
                          const nas_space_context *context)
{
    nas_err err = {0};
    nas_graph *graph;
    nas_status status = nas_space_decode(space, candidate, &graph, &err);
    if (status == NAS_E_GRAPH && strcmp(nas_space_name(space), "nasbench201") == 0)
        return; /* cells without a path exist there */
    check_ok(status, err);
    assert_true(nas_shape_equal(nas_graph_input_shape(graph), context->input));
    assert_int_equal(nas_graph_output_shape(graph).c, context->n_outputs);
    nas_graph_free(graph);
}

static void check_round_trip(const nas_space *space, const nas_candidate *candidate,
                             nas_arena *arena)
{
    nas_err err = {0};
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_candidate_write_json(space, candidate, &json);
    json_t *document;
    check_ok(nas_json_parse(text.data, text.length, "candidate", &document, &err), err);
    nas_candidate *back;
    check_ok(nas_candidate_read_json(space, document, arena, &back, &err), err);
    assert_true(equal(space, candidate, back));
    json_decref(document);
    nas_text_free(&text);
}

static void check_moves(const nas_space *space, const nas_candidate *candidate,
                        nas_rng *rng, nas_arena *arena)
{
    nas_err err = {0};
    nas_candidate **neighbours;
    int64_t n;
    nas_candidate *mutant = nas_space_mutate(space, candidate, rng, arena);
    assert_int_equal(distance(space, candidate, mutant), 1);
    check_round_trip(space, mutant, arena);
    check_ok(nas_space_neighbours(space, candidate, arena, &neighbours, &n, &err), err);
    assert_true(n > 0);
    for (int64_t i = 0; i < n; i++)
        assert_int_equal(distance(space, candidate, neighbours[i]), 1);
    check_round_trip(space, neighbours[n / 2], arena);
    nas_candidate *child = nas_space_crossover(space, candidate, mutant, rng, arena);
    check_round_trip(space, child, arena);
    assert_true(equal(space, candidate, nas_candidate_copy(candidate, arena)));
}

static void test_samples_decode_and_move(void **state)
{
    (void)state;
    for (int p = 0; p < nas_space_preset_count(); p++) {
        const char *name = nas_space_preset_name(p);
        nas_space *space = load(name);
        nas_arena *arena = nas_arena_new();
        nas_rng rng = nas_rng_new(7, (uint64_t)p);
        for (int i = 0; i < 200; i++) {
            nas_candidate *candidate = nas_space_sample(space, &rng, arena);
            check_network(space, candidate, context_of(name));
            check_round_trip(space, candidate, arena);
            check_moves(space, candidate, &rng, arena);
            nas_arena_reset(arena);
        }
        check_network(space, nas_space_smallest(space, arena), context_of(name));
        nas_arena_free(arena);
        nas_space_free(space);
    }
}

static int compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static int64_t count_classes(const char *preset, int64_t size)
{
    nas_space *space = load(preset);
    assert_true(nas_space_size(space) == (double)size);
    assert_true(nas_space_abilities(space) & NAS_SPACE_ENUMERABLE);
    uint64_t *keys = calloc((size_t)size, sizeof *keys);
    nas_arena *arena = nas_arena_new();
    for (int64_t i = 0; i < size; i++) {
        keys[i] = nas_space_key(space, nas_space_at(space, i, arena));
        nas_arena_reset(arena);
    }
    assert_null(nas_space_at(space, size, arena));
    assert_null(nas_space_at(space, -1, arena));
    qsort(keys, (size_t)size, sizeof *keys, compare_u64);
    int64_t classes = 1;
    for (int64_t i = 1; i < size; i++)
        classes += keys[i] != keys[i - 1];
    free(keys);
    nas_arena_free(arena);
    nas_space_free(space);
    return classes;
}

static void test_nasbench201_has_9445_classes(void **state)
{
    (void)state;
    assert_int_equal(count_classes("nasbench201", 15625), 9445);
}

/* Per stage: the first layer is always told apart; of the others only what is no identity
 * and in which order: (3 * 3) * (3 * 7) * (3 * 7). */
static void test_nasbench_macro_has_3969_classes(void **state)
{
    (void)state;
    assert_int_equal(count_classes("nasbench-macro", 6561), 3969);
}

/* Liu et al. count 7^8 operations and 1*3*6*10 pairs of inputs for each of two cells. */
static void test_darts_has_its_published_size(void **state)
{
    (void)state;
    nas_space *space = load("darts");
    double cell = 5764801.0 * 180.0;
    assert_true(fabs(nas_space_size(space) / (cell * cell) - 1) < 1e-12);
    assert_false(nas_space_abilities(space) & NAS_SPACE_ENUMERABLE);
    nas_space_free(space);
}

typedef struct keyed {
    uint64_t key;
    nas_candidate *candidate;
} keyed;

static void check_same_network(const nas_space *space, const nas_candidate *a,
                               const nas_candidate *b)
{
    nas_err err = {0};
    nas_graph *first, *second;
    nas_status status = nas_space_decode(space, a, &first, &err);
    assert_int_equal(nas_space_decode(space, b, &second, &err), status);
    if (status == NAS_OK)
        assert_true(nas_graph_hash(first) == nas_graph_hash(second));
    nas_graph_free(first);
    nas_graph_free(second);
}

/* Pairs of different assignments with the same key, among 4,000 samples. */
static void check_equal_keys(const char *preset, int wanted)
{
    enum { SAMPLES = 4000 };
    nas_space *space = load(preset);
    nas_arena *arena = nas_arena_new();
    nas_rng rng = nas_rng_new(11, 3);
    keyed *all = calloc(SAMPLES, sizeof *all);
    for (int i = 0; i < SAMPLES; i++) {
        all[i].candidate = nas_space_sample(space, &rng, arena);
        all[i].key = nas_space_key(space, all[i].candidate);
    }
    qsort(all, SAMPLES, sizeof *all, compare_u64); /* the key comes first */
    int met = 0;
    for (int i = 1; i < SAMPLES && met < wanted; i++) {
        if (all[i].key != all[i - 1].key ||
            equal(space, all[i].candidate, all[i - 1].candidate))
            continue;
        check_same_network(space, all[i].candidate, all[i - 1].candidate);
        met++;
    }
    assert_int_equal(met, wanted);
    free(all);
    nas_arena_free(arena);
    nas_space_free(space);
}

static void test_equal_keys_mean_equal_networks(void **state)
{
    (void)state;
    check_equal_keys("nasbench201", 60);
    check_equal_keys("nasbench-macro", 60);
}

static void test_auto_follows_the_input(void **state)
{
    (void)state;
    const char *why;
    assert_string_equal(nas_space_auto(&IMAGE, &why), "image-cnn");
    assert_non_null(strstr(why, "image"));
    assert_string_equal(nas_space_auto(&SERIES, &why), "conv1d");
    assert_string_equal(nas_space_auto(&ROW, &why), "table-mlp");
    nas_space_context anomaly = SERIES;
    anomaly.task = NAS_TASK_ANOMALY;
    assert_string_equal(nas_space_auto(&anomaly, &why), "autoencoder");
    nas_err err = {0};
    nas_space *space;
    check_ok(nas_space_load("auto", &ROW, &space, &err), err);
    assert_string_equal(nas_space_name(space), "table-mlp");
    nas_space_free(space);
}

static void test_unknown_space(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_space *space;
    assert_int_equal(nas_space_load("image-cn", &IMAGE, &space, &err), NAS_E_CONFIG);
    assert_null(space);
    assert_string_equal(err.hint, "did you mean `image-cnn`?");
}

static void test_every_preset_has_a_text(void **state)
{
    (void)state;
    for (int p = 0; p < nas_space_preset_count(); p++) {
        assert_non_null(strstr(nas_space_preset_text(p), "network:"));
        assert_true(strlen(nas_space_preset_summary(p)) > 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples_decode_and_move),
        cmocka_unit_test(test_nasbench201_has_9445_classes),
        cmocka_unit_test(test_nasbench_macro_has_3969_classes),
        cmocka_unit_test(test_darts_has_its_published_size),
        cmocka_unit_test(test_equal_keys_mean_equal_networks),
        cmocka_unit_test(test_auto_follows_the_input),
        cmocka_unit_test(test_unknown_space),
        cmocka_unit_test(test_every_preset_has_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
