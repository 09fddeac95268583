/* Scoring a network that inherits its weights. */
#include "evaluate/sample.h"
#include "evaluate/trained.h"
#include "nasmith/clock.h"
#include "nasmith/supernet.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

enum { STREAM_ROWS, STREAM_SCORE };

/* A network being scored. */
typedef struct scoring {
    nas_bank *bank;
    const nas_job *job;
    nas_arena *arena;
    nas_job_result *result;
    nas_fitted fitted;
    nas_graph *graph; /* with fitted front section */
    nas_net *net;
} scoring;

/* The same rows for all networks of a study: scores differ by the networks only. */
static nas_rng stream_of(const scoring *s, uint64_t purpose)
{
    nas_rng rng = nas_rng_new(s->job->seed, s->job->data->fingerprint);
    return nas_rng_split(&rng, purpose);
}

static nas_status compile(scoring *s, nas_workspace *workspace, nas_err *err)
{
    const nas_job *job = s->job;
    nas_bank_view *view = NULL;
    const nas_fit_task task = {job->data,    job->graph,   job->train_rows,
                               job->n_train, &job->recipe, job->int8};
    NAS_TRY(nas_fit(&task, s->arena, &s->fitted, err));
    NAS_TRY(nas_graph_with_front(job->graph, &s->fitted.front, &s->graph, err));
    nas_net_options options = nas_fitted_options(&s->fitted, &job->recipe);
    NAS_TRY(nas_net_compile(s->graph, &options, workspace, &s->net, err));
    if (s->fitted.target_mean != NULL)
        nas_net_set_targets(s->net, s->fitted.target_mean, s->fitted.target_deviation);
    NAS_TRY(nas_bank_bind(s->bank, s->graph, s->arena, &view, err));
    nas_bank_gather(s->bank, view, nas_net_weights(s->net));
    return NAS_OK;
}

/* Statistics of norms: their mean over some batches of training rows. Those the supernet
 * trained with belong to other paths. */
static nas_status measure_norms(const scoring *s, nas_err *err)
{
    const nas_job *job = s->job;
    const int64_t batch = s->fitted.batch;
    int64_t *order = NULL;
    int64_t *rows = NAS_NEW(s->arena, int64_t, batch);
    NAS_TRY_ALLOC(rows, err);
    NAS_TRY(nas_sample_permutation(job->data, job->train_rows, job->n_train,
                                   stream_of(s, STREAM_ROWS), s->arena, &order, err));
    int64_t batches = (job->n_train + batch - 1) / batch;
    if (batches > NAS_SUPERNET_BATCHES)
        batches = NAS_SUPERNET_BATCHES;
    for (int64_t b = 0; b < batches; b++) {
        for (int64_t i = 0; i < batch; i++)
            rows[i] = order[(b * batch + i) % job->n_train];
        nas_rng rng = stream_of(s, STREAM_ROWS);
        nas_net_batch(s->net, job->data, rows, (int)batch, NULL, NULL);
        nas_net_set_norm_momentum(s->net, 1.0f / (float)(b + 1));
        (void)nas_net_forward(s->net, true, &rng);
        s->result->rows_seen += batch;
    }
    nas_net_set_norm_momentum(s->net, -1.0f);
    return NAS_OK;
}

static nas_status score(scoring *s, bool keep_model, nas_err *err)
{
    nas_predictions predictions = {0};
    bool finite = true;
    nas_trained trained = {s->job, s->job->data, s->graph,
                           s->net, &s->fitted,   stream_of(s, STREAM_SCORE)};
    NAS_TRY(nas_trained_score(&trained, s->arena, &predictions, &s->result->validation,
                              &finite, err));
    if (!finite) {
        s->result->outcome = NAS_OUTCOME_DIVERGED;
        (void)snprintf(s->result->reason, sizeof s->result->reason,
                       "an output is NaN or infinite with inherited weights");
        return NAS_OK;
    }
    return keep_model ? nas_trained_keep(&trained, &predictions, s->arena, s->result, err)
                      : NAS_OK;
}

static nas_status run(scoring *s, nas_workspace *workspace, bool keep_model, nas_err *err)
{
    if (!nas_job_matches(s->job, s->result))
        return NAS_OK;
    NAS_TRY(compile(s, workspace, err));
    NAS_TRY(measure_norms(s, err));
    return score(s, keep_model, err);
}

nas_status nas_supernet_score(nas_bank *bank, const nas_job *job,
                              nas_workspace *workspace, bool keep_model, nas_arena *arena,
                              nas_job_result *result, nas_err *err)
{
    assert(job->epochs == 0 && job->n_train >= 1 && job->n_validation >= 1);
    *result = (nas_job_result){.outcome = NAS_OUTCOME_DONE,
                               .validation = nas_score_none(0),
                               .train_loss = (double)NAN};
    double start_s = nas_clock_monotonic_s(), start_cpu_s = nas_clock_cpu_s();
    scoring s = {.bank = bank, .job = job, .arena = arena, .result = result};
    nas_status status = run(&s, workspace, keep_model, err);
    if (status == NAS_E_NOMEM) {
        result->outcome = NAS_OUTCOME_MEMORY;
        (void)snprintf(result->reason, sizeof result->reason, "out of memory");
        status = NAS_OK;
    }
    result->seconds = nas_clock_monotonic_s() - start_s;
    result->cpu_seconds = nas_clock_cpu_s() - start_cpu_s;
    nas_net_free(s.net);
    nas_graph_free(s.graph);
    return status;
}
