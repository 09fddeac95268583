#include "search/measure.h"

#include "search/price.h"

#include <stdlib.h>

enum { DRAWS = 64, SAMPLES = 9, STEPS = 12 };
static const uint64_t TYPICAL_STREAM = 0x7479706963616c;
static const double MAX_TIMING_S = 2.0;

/* A draw with its MACs. */
typedef struct drawn {
    nas_candidate *candidate;
    int64_t macs;
} drawn;

static int by_macs(const void *a, const void *b)
{
    const drawn *x = a;
    const drawn *y = b;
    return (x->macs > y->macs) - (x->macs < y->macs);
}

/* Feasible uniform draws. @return their number */
static nas_status draw(const nas_space *space, const nas_study_settings *settings,
                       nas_arena *arena, drawn *out, int *n, nas_err *err)
{
    pricer costs = nas_pricer_of(space, settings, 0);
    nas_rng rng = nas_rng_new(settings->seed, TYPICAL_STREAM);
    *n = 0;
    for (int i = 0; i < DRAWS && *n < SAMPLES; i++) {
        nas_candidate *candidate = nas_space_sample(space, &rng, arena);
        NAS_TRY_ALLOC(candidate, err);
        nas_cost cost;
        bool feasible = false;
        NAS_TRY(nas_price_candidate(&costs, candidate, &cost, &feasible, err));
        if (feasible)
            out[(*n)++] = (drawn){candidate, cost.macs};
    }
    return NAS_OK;
}

static nas_status typical(const nas_space *space, const nas_study_settings *settings,
                          nas_arena *arena, nas_graph **out, nas_err *err)
{
    drawn draws[SAMPLES];
    int n = 0;
    NAS_TRY(draw(space, settings, arena, draws, &n, err));
    nas_candidate *candidate = NULL;
    if (n > 0) {
        qsort(draws, (size_t)n, sizeof *draws, by_macs);
        candidate = draws[n / 2].candidate;
    } else {
        candidate = nas_space_smallest(space, arena);
        NAS_TRY_ALLOC(candidate, err);
    }
    return nas_space_decode(space, candidate, out, err);
}

/* A training of a few steps; the first run warms caches and pages. Which rows it takes
 * does not matter: neighbours, so that no more of the file is read than they need. */
static nas_status time_training(const nas_dataset *data, const nas_graph *graph,
                                const nas_study_settings *settings, nas_arena *arena,
                                double *seconds_per_row, nas_err *err)
{
    int64_t *rows = NAS_NEW(arena, int64_t, data->n_rows);
    NAS_TRY_ALLOC(rows, err);
    for (int64_t i = 0; i < data->n_rows; i++)
        rows[i] = i;
    nas_job job = {.graph = graph,
                   .data = data,
                   .train_rows = rows,
                   .fraction = 1.0,
                   .epochs = 1,
                   .seed = settings->seed,
                   .metric = nas_metric_find(settings->metric),
                   .max_seconds = MAX_TIMING_S};
    NAS_TRY(nas_recipe_of(settings, &job.recipe, err));
    nas_workspace *workspace = nas_workspace_new();
    NAS_TRY_ALLOC(workspace, err);
    nas_status status = NAS_OK;
    nas_job_result result = {0};
    for (int run = 0; run < 2 && status == NAS_OK; run++) {
        job.n_train = job.recipe.batch * (run == 0 ? 2 : STEPS);
        if (job.n_train > data->n_train)
            job.n_train = data->n_train;
        status = nas_job_run(&job, workspace, false, arena, &result, err);
    }
    nas_workspace_free(workspace);
    *seconds_per_row =
        result.rows_seen > 0 ? result.seconds / (double)result.rows_seen : 0.0;
    return status;
}

nas_status nas_measure_throughput(const nas_dataset *data, const nas_space *space,
                                  const nas_study_settings *settings, throughput *out,
                                  nas_err *err)
{
    nas_arena *arena = nas_arena_new();
    NAS_TRY_ALLOC(arena, err);
    nas_graph *graph = NULL;
    double seconds_per_row = 0.0;
    nas_status status = typical(space, settings, arena, &graph, err);
    if (status == NAS_OK)
        status = time_training(data, graph, settings, arena, &seconds_per_row, err);
    if (status == NAS_OK) {
        out->macs = nas_graph_macs(graph) > 0 ? nas_graph_macs(graph) : 1;
        out->seconds_per_mac_row = seconds_per_row / (double)out->macs;
    }
    nas_graph_free(graph);
    nas_arena_free(arena);
    return status;
}
