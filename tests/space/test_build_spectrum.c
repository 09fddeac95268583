#include "space_check.h"

static const nas_space_context SOUND = {.input = {1, 1, 6000},
                                        .n_outputs = 10,
                                        .task = NAS_TASK_CLASSIFICATION,
                                        .sample_rate = 8000};

/* The graph of a space without decisions. */
static nas_graph *only_graph(const char *yaml, const nas_space_context *context)
{
    nas_err err = {0};
    nas_space *space;
    nas_graph *graph;
    nas_arena *arena = nas_arena_new();
    check_ok(nas_space_parse(yaml, strlen(yaml), "test.yaml", context, &space, &err),
             err);
    check_ok(nas_space_decode(space, nas_space_smallest(space, arena), &graph, &err),
             err);
    nas_arena_free(arena);
    nas_space_free(space);
    return graph;
}

static void check_front(const char *yaml, const nas_space_context *context,
                        int64_t window, int64_t hop, nas_shape shape)
{
    nas_graph *graph = only_graph(yaml, context);
    const nas_node *node = nas_graph_node(graph, 1);
    assert_int_equal(node->op, NAS_OP_SPECTRUM);
    assert_int_equal(node->attr[NAS_ATTR_SPECTRUM_WINDOW].i, window);
    assert_int_equal(node->attr[NAS_ATTR_SPECTRUM_HOP].i, hop);
    if (!nas_shape_equal(node->shape, shape))
        fail_msg("%s: found %lldx%lldx%lld", yaml, (long long)node->shape.c,
                 (long long)node->shape.h, (long long)node->shape.w);
    nas_graph_free(graph);
}

static void milliseconds_become_samples(void **state)
{
    (void)state;
    nas_space_context quick = SOUND;
    quick.sample_rate = 44100;
    quick.input.w = 22050;
    check_front("network: log_mel", &SOUND, 256, 128, (nas_shape){1, 40, 45});
    check_front("network: {log_mel: {window_ms: 25, hop_ms: 10, bands: 24}}", &SOUND, 200,
                80, (nas_shape){1, 24, 73});
    check_front("network: {mfcc: {as: series}}", &SOUND, 256, 128,
                (nas_shape){13, 1, 45});
    check_front("network: {mfcc: {window_ms: 10, hop_ms: 5}}", &quick, 441, 221,
                (nas_shape){1, 13, 98});
    check_front("network: spectrogram", &SOUND, 256, 128, (nas_shape){1, 129, 45});
}

static void samples_need_no_rate(void **state)
{
    (void)state;
    const nas_space_context motion = {
        .input = {6, 1, 128}, .n_outputs = 5, .task = NAS_TASK_CLASSIFICATION};
    check_front("network: {spectrogram: {window: 32, hop: 16}}", &motion, 32, 16,
                (nas_shape){6, 17, 7});
    check_front("network: {spectrogram: {window: 32, hop: 8, as: series}}", &motion, 32,
                8, (nas_shape){6 * 17, 1, 13});
}

static void words_become_attributes(void **state)
{
    (void)state;
    nas_graph *graph = only_graph(
        "network: {log_mel: {level: keep, low_hz: 100, high_hz: 9000}}", &SOUND);
    const nas_value *attr = nas_graph_node(graph, 1)->attr;
    assert_int_equal(attr[NAS_ATTR_SPECTRUM_RELATIVE].i, 0);
    assert_true(attr[NAS_ATTR_SPECTRUM_LOW_HZ].f == 100);
    assert_true(attr[NAS_ATTR_SPECTRUM_HIGH_HZ].f == 4000);
    assert_true(attr[NAS_ATTR_SPECTRUM_RATE].f == 8000);
    nas_graph_free(graph);
}

/* Behind another block, or over more steps than there are: no network, no error. */
static void misplaced_spectra_are_infeasible(void **state)
{
    (void)state;
    static const char *const yaml[] = {
        "network: [conv, log_mel]",
        "network: [log_mel, spectrogram]",
        "network: {log_mel: {window_ms: 800}}",
    };
    for (size_t i = 0; i < sizeof yaml / sizeof yaml[0]; i++) {
        nas_err err = {0};
        nas_space *space;
        nas_graph *graph = NULL;
        nas_arena *arena = nas_arena_new();
        check_ok(
            nas_space_parse(yaml[i], strlen(yaml[i]), "t.yaml", &SOUND, &space, &err),
            err);
        assert_int_equal(
            nas_space_decode(space, nas_space_smallest(space, arena), &graph, &err),
            NAS_E_GRAPH);
        nas_arena_free(arena);
        nas_space_free(space);
    }
}

/* Bands have a place in Hz: without a rate they are refused where they stand. */
static void bands_need_a_rate(void **state)
{
    (void)state;
    static const char yaml[] = "network:\n  - mfcc: {bands: 20}\n";
    nas_space_context context = SOUND;
    nas_err err = {0};
    nas_space *space;
    context.sample_rate = 0;
    assert_int_equal(
        nas_space_parse(yaml, strlen(yaml), "t.yaml", &context, &space, &err),
        NAS_E_CONFIG);
    assert_non_null(strstr(err.text, "t.yaml:2:"));
    assert_non_null(strstr(err.text, "`mfcc` needs the data's sampling rate"));
    assert_non_null(strstr(err.hint, "--sample-rate"));
}

static void sound_has_a_preset_and_a_reason(void **state)
{
    (void)state;
    const char *why = NULL;
    nas_space_context context = SOUND;
    assert_string_equal(nas_space_auto(&context, &why), "audio");
    assert_non_null(strstr(why, "sound"));
    context.sample_rate = 0;
    assert_string_equal(nas_space_auto(&context, &why), "conv1d");
    context = SOUND;
    context.input.w = 100;
    assert_string_equal(nas_space_auto(&context, &why), "conv1d");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(milliseconds_become_samples),
        cmocka_unit_test(samples_need_no_rate),
        cmocka_unit_test(words_become_attributes),
        cmocka_unit_test(misplaced_spectra_are_infeasible),
        cmocka_unit_test(bands_need_a_rate),
        cmocka_unit_test(sound_has_a_preset_and_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
