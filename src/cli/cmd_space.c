/* nasmith space show|check|sample: look at a search space. */
#include "cli.h"

#include "nasmith/cost.h"
#include "nasmith/space.h"
#include "nasmith/supernet.h"
#include "nasmith/text.h"

#include <stdlib.h>
#include <string.h>

static const nas_param PARAMS[] = {
    {.name = "input",
     .type = NAS_PARAM_STRING,
     .default_text = "1x28x28",
     .doc = "shape of a sample, CHANNELSxHEIGHTxWIDTH; a series is Cx1xT, a table Cx1x1"},
    {.name = "outputs",
     .type = NAS_PARAM_INT,
     .default_text = "10",
     .min = 1,
     .max = 100000,
     .doc = "classes, or targets"},
    {.name = "sample_rate",
     .type = NAS_PARAM_INT,
     .unit = "Hz",
     .default_text = "0",
     .max = 1048576,
     .doc = "samples per second of a series; 0: not known"},
    {.name = "samples",
     .type = NAS_PARAM_INT,
     .default_text = "5",
     .max = 10000,
     .doc = "random networks to show"},
    {.name = "seed",
     .type = NAS_PARAM_INT,
     .default_text = "0",
     .max = 9007199254740992.0,
     .doc = "of the random networks"},
    {.name = "max_params", .type = NAS_PARAM_COUNT, .doc = "limit on trained parameters"},
    {.name = "max_macs", .type = NAS_PARAM_COUNT, .doc = "limit on multiply-accumulates"},
    {.name = "max_ram", .type = NAS_PARAM_BYTES, .doc = "limit on RAM: arena and stack"},
    {.name = "max_flash", .type = NAS_PARAM_BYTES, .doc = "limit on weights and code"},
    {.name = "dtype",
     .type = NAS_PARAM_CHOICE,
     .default_text = "float",
     .choices = nas_cli_dtypes,
     .doc = "numbers of the exported C, for RAM and flash: float, int8"},
    {.name = "max_latency",
     .type = NAS_PARAM_SECONDS,
     .doc = "limit on one inference on --target"},
    NAS_CLI_TARGET_PARAM,
    {.name = NULL},
};

/* What networks are held against. */
typedef struct pricing {
    nas_limits limits;
    nas_latency_table latency;
} pricing;

/* Cost of a candidate; *network = false when it has none. */
static nas_status price(const nas_space *space, const nas_candidate *candidate,
                        const pricing *how, nas_cost *cost, bool *network, nas_err *err)
{
    nas_graph *graph = NULL;
    *network = nas_space_decode(space, candidate, &graph, NULL) == NAS_OK;
    if (!*network)
        return NAS_OK;
    nas_status status =
        nas_cost_of(graph, how->limits.dtype, &how->latency, NULL, cost, err);
    nas_graph_free(graph);
    return status;
}

static void print_cost(const nas_cost *cost, const nas_limits *limits)
{
    nas_cost_words words = nas_cost_in_words(cost);
    nas_limit_kind over = nas_cost_violates(cost, limits);
    printf("%9s params %9s MACs %9s RAM %9s flash  ", words.params, words.macs, words.ram,
           words.flash);
    if (cost->latency_ms >= 0.0)
        printf("%9s  ", words.latency);
    printf("%s%s\n", over != NAS_LIMIT_NONE ? "over the limit on " : "",
           over != NAS_LIMIT_NONE ? nas_limit_name(over) : "");
}

static void print_candidate(const nas_space *space, const nas_candidate *candidate)
{
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_candidate_write_json(space, candidate, &json);
    printf("    %s\n", nas_text_string(&text));
    nas_text_free(&text);
}

static nas_status print_samples(const nas_cli *cli, const nas_space *space, nas_err *err)
{
    nas_target target;
    NAS_TRY(nas_cli_target(cli, &target, err));
    const pricing how = {nas_cli_limits(cli, &target), nas_cli_latency(&target)};
    nas_rng rng = nas_rng_new((uint64_t)nas_cli_int(cli, "seed"), 0);
    int64_t n = nas_cli_int(cli, "samples"), fits = 0, networks = 0;
    for (int64_t i = 0; i < n; i++) {
        nas_candidate *candidate = nas_space_sample(space, &rng, cli->arena);
        NAS_TRY_ALLOC(candidate, err);
        nas_cost cost = {0};
        bool network = false;
        NAS_TRY(price(space, candidate, &how, &cost, &network, err));
        networks += network;
        fits += network && nas_cost_violates(&cost, &how.limits) == NAS_LIMIT_NONE;
        if (network)
            print_cost(&cost, &how.limits);
        else
            printf("  no network (disconnected or too small)\n");
        print_candidate(space, candidate);
    }
    if (n > 0)
        printf("%lld of %lld sampled assignments are networks, %lld meet the limits\n",
               (long long)networks, (long long)n, (long long)fits);
    return NAS_OK;
}

static void print_decisions(const nas_space *space)
{
    int n = nas_space_decision_count(space);
    printf("%d decisions\n", n);
    for (int i = 0; i < n; i++) {
        nas_decision_info info = nas_space_decision(space, i);
        printf("  %-32s", info.name);
        for (int v = 0; v < info.n_values; v++)
            printf("%s%s", v > 0 ? ", " : "", info.values[v]);
        printf("%s\n", info.training ? "   (training)" : "");
    }
}

/* What a supernet of the space (--strategy spos) would share. */
static nas_status print_sharing(const nas_cli *cli, const nas_space *space, nas_err *err)
{
    nas_sharing sharing;
    char all[32], one[32];
    NAS_TRY(nas_supernet_sharing(space, cli->arena, &sharing, err));
    nas_text_count(all, sizeof all, (double)sharing.floats);
    nas_text_count(one, sizeof one, (double)sharing.largest);
    printf(
        "supernet (--strategy spos): %s weights for all networks, %s in the largest of "
        "%lld looked at\n",
        all, one, (long long)sharing.networks);
    if (sharing.in_more_shapes == 0)
        printf("  alternatives agree in shape: all weights are shared\n");
    else
        printf(
            "  alternatives differ in shape at `%s`%s: only networks with equal shapes "
            "there share those weights\n",
            sharing.example, sharing.in_more_shapes > 1 ? " and elsewhere" : "");
    return NAS_OK;
}

/* Whether gradient-based strategies can mix it. */
static nas_status print_mixture(const nas_cli *cli, const nas_space *space, nas_err *err)
{
    nas_mixed mixed;
    nas_err why = {0};
    nas_status status = nas_space_mix(space, cli->arena, &mixed, &why);
    if (status == NAS_OK) {
        char params[32];
        nas_text_count(params, sizeof params, (double)nas_graph_params(mixed.graph));
        printf("mixture (--strategy darts, gdas): %d choices, %s parameters\n",
               mixed.n_choices, params);
        nas_graph_free(mixed.graph);
        return NAS_OK;
    }
    if (status != NAS_E_UNSUPPORTED)
        return nas_fail(err, status, "%s", why.text);
    printf("mixture (--strategy darts, gdas): no, %s\n", why.text);
    return NAS_OK;
}

static void list_presets(void)
{
    for (int i = 0; i < nas_space_preset_count(); i++)
        printf("  %-18s %s\n", nas_space_preset_name(i), nas_space_preset_summary(i));
}

static nas_status look(nas_cli *cli, const nas_space *space, nas_err *err)
{
    const char *action = cli->args[0];
    if (strcmp(action, "sample") != 0) {
        double size = nas_space_size(space);
        printf("%s: %.*g assignments\n", nas_space_name(space), size < 1e6 ? 7 : 3, size);
        print_decisions(space);
    }
    if (strcmp(action, "show") == 0)
        return NAS_OK;
    if (strcmp(action, "check") == 0) {
        NAS_TRY(print_sharing(cli, space, err));
        NAS_TRY(print_mixture(cli, space, err));
    }
    return print_samples(cli, space, err);
}

static nas_status run(nas_cli *cli, nas_err *err)
{
    const char *action = cli->args[0];
    if (strcmp(action, "show") != 0 && strcmp(action, "check") != 0 &&
        strcmp(action, "sample") != 0) {
        nas_fail(err, NAS_E_USAGE, "unknown action `%s` of `nasmith space`", action);
        nas_err_hint(err, "show, check or sample");
        return NAS_E_USAGE;
    }
    if (cli->n_args == 1) {
        list_presets();
        return NAS_OK;
    }
    nas_space_context context = {.n_outputs = nas_cli_int(cli, "outputs"),
                                 .task = NAS_TASK_CLASSIFICATION,
                                 .sample_rate = nas_cli_int(cli, "sample_rate")};
    NAS_TRY(nas_cli_shape(nas_cli_string(cli, "input"), &context.input, err));
    nas_space *space = NULL;
    NAS_TRY(nas_space_load(cli->args[1], &context, &space, err));
    nas_status status = look(cli, space, err);
    nas_space_free(space);
    return status;
}

const nas_command nas_cmd_space = {
    .name = "space",
    .summary = "show, check or sample a search space",
    .arguments = "show|check|sample [PRESET|FILE]",
    .details =
        "Without a space, lists the presets. `check` validates a YAML file, prints "
        "its decisions and\nsize, what a supernet of it would share, and samples "
        "networks with their costs.",
    .examples = "  nasmith space show image-cnn\n"
                "  nasmith space check my.yaml --input 3x32x32 --max-ram 64KiB",
    .min_args = 1,
    .max_args = 2,
    .params = PARAMS,
    .run = run,
};
