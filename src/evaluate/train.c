/* One training from scratch.
 *
 * All randomness is Philox of what the result depends on (see identity_of): never of the
 * trial, the worker or a clock. Streams are split by purpose and by epoch or step, so a
 * resumed training draws what the uninterrupted one would. */
#include "evaluate/pace.h"
#include "evaluate/sample.h"
#include "evaluate/trained.h"
#include "nasmith/clock.h"
#include "nasmith/evaluate.h"
#include "nasmith/spectrum.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { STREAM_INIT, STREAM_ORDER, STREAM_AUGMENT, STREAM_DROPOUT, STREAM_SCORE };

static const double TICK_S = 0.25;
/* Share of the last tick in what a step takes lately: a second or so. */
static const double NEWS = 0.2;
static const char CHECKPOINT_MAGIC[8] = "nasckpt2";

/* A training in progress. */
typedef struct training {
    const nas_job *job;
    const nas_dataset *data; /* the job's, behind the computed front section if kept */
    nas_dataset *behind;     /* what of it is ours to close, or NULL */
    nas_arena *arena;
    nas_job_result *result;
    nas_graph *graph; /* with fitted front section */
    nas_net *net;
    uint64_t identity;
    nas_rng rng;
    int64_t *rows; /* [n_rows] those of this fraction, in their fixed order */
    int64_t n_rows;
    int64_t *order; /* [max(n_rows, batch)] of the current epoch */
    nas_fitted fitted;
    int64_t batch, steps_per_epoch;
    nas_pace pace;     /* of the steps */
    double step_s;     /* seconds of one, lately; 0: not yet known */
    int64_t tick_step; /* steps done at the last tick */
    int threads;
    nas_optimizer optimizer;
    nas_augment augment;
    bool augmented;
    nas_curve_point *curve; /* [epochs] */
    int64_t epochs_done, rows_seen;
    char *checkpoint; /* room for one; NULL when nobody asks */
    size_t checkpoint_bytes;
    double start_s, start_cpu_s, tick_s;
    double past_s, past_cpu_s; /* spent before the resumption */
} training;

/* Head of a checkpoint; the curve and the net's state follow. */
typedef struct checkpoint_head {
    char magic[8];
    uint64_t identity, seed;
    int64_t epochs_done, rows_seen;
    double seconds, cpu_seconds;
    nas_pace pace;
    uint64_t state_bytes;
} checkpoint_head;

static void put_word(unsigned char *out, uint64_t word)
{
    for (int k = 0; k < 8; k++)
        out[k] = (unsigned char)(word >> (8 * k));
}

/* Hash of what the result depends on, beside the seed. */
static uint64_t identity_of(const nas_job *job)
{
    uint64_t fraction;
    memcpy(&fraction, &job->fraction, sizeof fraction);
    const uint64_t words[] = {nas_graph_hash(job->graph), nas_recipe_hash(&job->recipe),
                              job->data->fingerprint,     (uint64_t)job->fold,
                              (uint64_t)job->repeat,      fraction,
                              (uint64_t)job->epochs};
    enum { N = sizeof words / sizeof words[0] };
    unsigned char bytes[8 * N];
    for (int i = 0; i < N; i++)
        put_word(bytes + 8 * i, words[i]);
    return nas_hash64(bytes, sizeof bytes, 0);
}

/* The same subset for every network of a study: scores of a rung differ by the networks,
 * not by the luck of the rows. */
static nas_rng subset_stream(const nas_job *job)
{
    unsigned char bytes[16];
    put_word(bytes, (uint64_t)job->fold);
    put_word(bytes + 8, (uint64_t)job->repeat);
    return nas_rng_new(job->seed, nas_hash64(bytes, sizeof bytes, 1));
}

static nas_rng stream_of(const training *t, uint64_t purpose, int64_t index)
{
    nas_rng purpose_rng = nas_rng_split(&t->rng, purpose);
    return nas_rng_split(&purpose_rng, (uint64_t)index);
}

static void end_with(training *t, nas_outcome outcome, const char *reason)
{
    t->result->outcome = outcome;
    (void)snprintf(t->result->reason, sizeof t->result->reason, "%s", reason);
}

/* ---- preparing --------------------------------------------------------- */

/* Steps are full batches: what is left of an epoch's order waits for another epoch's. */
static void plan_steps(training *t)
{
    t->batch = t->fitted.batch;
    t->steps_per_epoch = t->n_rows / t->batch;
    if (t->steps_per_epoch < 1)
        t->steps_per_epoch = 1;
    t->pace = nas_pace_new(t->steps_per_epoch * t->job->epochs);
}

static nas_status choose_rows(training *t, nas_err *err)
{
    const nas_job *job = t->job;
    NAS_TRY(nas_sample_permutation(job->data, job->train_rows, job->n_train,
                                   subset_stream(job), t->arena, &t->rows, err));
    t->n_rows = nas_sample_size(job->n_train, job->fraction);
    const nas_fit_task task = {t->data,   job->graph,   t->rows,
                               t->n_rows, &job->recipe, job->int8};
    NAS_TRY(nas_fit(&task, t->arena, &t->fitted, err));
    plan_steps(t);
    int64_t room = t->n_rows > t->batch ? t->n_rows : t->batch;
    t->order = NAS_NEW(t->arena, int64_t, room);
    t->curve = NAS_NEW(t->arena, nas_curve_point, job->epochs);
    if (t->order == NULL || t->curve == NULL)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    t->result->curve = t->curve;
    return NAS_OK;
}

/* Rows behind the computed front section are made once for all trainings, so making them
 * is not part of this one's time. */
static nas_status compute_front(training *t, nas_err *err)
{
    t->data = t->job->data;
    NAS_TRY(nas_dataset_front(t->data, t->job->graph, &t->behind, err));
    if (t->behind == NULL)
        return NAS_OK;
    t->data = t->behind;
    t->start_s = t->tick_s = nas_clock_monotonic_s();
    t->start_cpu_s = nas_clock_cpu_s();
    return NAS_OK;
}

/* Weights, gradients, optimizer slots, averages and a checkpoint of them, beside the
 * activations. */
static bool fits_memory(training *t, const nas_net_options *options)
{
    int64_t limit = t->job->max_memory_bytes;
    if (limit == 0)
        return true;
    int64_t flat = nas_graph_floats(t->graph) * (int64_t)sizeof(float);
    int64_t need = nas_net_memory_bytes(t->graph, options) + 10 * flat;
    if (need <= limit)
        return true;
    char needs[32];
    char has[32];
    nas_text_bytes(needs, sizeof needs, need);
    nas_text_bytes(has, sizeof has, limit);
    char reason[128];
    (void)snprintf(reason, sizeof reason, "training needs %s, the limit of a trial is %s",
                   needs, has);
    end_with(t, NAS_OUTCOME_MEMORY, reason);
    return false;
}

static size_t curve_bytes(const training *t)
{
    return (size_t)t->job->epochs * sizeof *t->curve;
}

static nas_status compile(training *t, nas_workspace *workspace,
                          const nas_net_options *options, nas_err *err)
{
    nas_status status = nas_net_compile(t->graph, options, workspace, &t->net, err);
    if (status == NAS_E_NOMEM) {
        end_with(t, NAS_OUTCOME_MEMORY, "no memory for the network's activations");
        return NAS_OK;
    }
    NAS_TRY(status);
    nas_net_init(t->net, stream_of(t, STREAM_INIT, 0));
    if (t->fitted.target_mean != NULL)
        nas_net_set_targets(t->net, t->fitted.target_mean, t->fitted.target_deviation);
    if (t->job->on_epoch == NULL && !t->job->validate_every_epoch)
        return NAS_OK;
    t->checkpoint_bytes =
        sizeof(checkpoint_head) + curve_bytes(t) + nas_net_state_bytes(t->net);
    t->checkpoint = NAS_NEW(t->arena, char, t->checkpoint_bytes);
    NAS_TRY_ALLOC(t->checkpoint, err);
    return NAS_OK;
}

static nas_status prepare(training *t, nas_workspace *workspace, nas_err *err)
{
    NAS_TRY(compute_front(t, err));
    NAS_TRY(choose_rows(t, err));
    NAS_TRY(nas_graph_with_front(t->job->graph, &t->fitted.front, &t->graph, err));
    const nas_recipe *recipe = &t->job->recipe;
    nas_net_options options = nas_fitted_options(&t->fitted, recipe);
    options.threads = t->threads = t->job->threads > 1 ? t->job->threads : 1;
    t->optimizer = nas_recipe_optimizer(recipe);
    t->augment = nas_recipe_augment(recipe, t->job->data->shape);
    t->augmented = nas_augment_any(&t->augment);
    if (!fits_memory(t, &options))
        return NAS_OK;
    return compile(t, workspace, &options, err);
}

/* ---- checkpoints ------------------------------------------------------- */

static double spent_s(const training *t)
{
    return t->past_s + nas_clock_monotonic_s() - t->start_s;
}

static double spent_cpu_s(const training *t)
{
    return t->past_cpu_s + nas_clock_cpu_s() - t->start_cpu_s;
}

static void save_checkpoint(training *t)
{
    checkpoint_head head = {.identity = t->identity,
                            .seed = t->job->seed,
                            .epochs_done = t->epochs_done,
                            .rows_seen = t->rows_seen,
                            .seconds = spent_s(t),
                            .cpu_seconds = spent_cpu_s(t),
                            .pace = t->pace,
                            .state_bytes = nas_net_state_bytes(t->net)};
    memcpy(head.magic, CHECKPOINT_MAGIC, sizeof head.magic);
    memcpy(t->checkpoint, &head, sizeof head);
    memcpy(t->checkpoint + sizeof head, t->curve, curve_bytes(t));
    nas_net_state_save(t->net, t->checkpoint + sizeof head + curve_bytes(t));
}

/* A checkpoint of another training or version is not an error: start from scratch. */
static void resume(training *t)
{
    const char *bytes = t->job->resume;
    checkpoint_head head;
    if (bytes == NULL || t->job->resume_bytes < sizeof head)
        return;
    memcpy(&head, bytes, sizeof head);
    bool ours = memcmp(head.magic, CHECKPOINT_MAGIC, sizeof head.magic) == 0 &&
                head.identity == t->identity && head.seed == t->job->seed &&
                head.state_bytes == nas_net_state_bytes(t->net) &&
                head.epochs_done >= 0 && head.epochs_done <= t->job->epochs &&
                t->job->resume_bytes == sizeof head + curve_bytes(t) + head.state_bytes;
    if (!ours)
        return;
    memcpy(t->curve, bytes + sizeof head, curve_bytes(t));
    nas_net_state_load(t->net, bytes + sizeof head + curve_bytes(t));
    t->epochs_done = head.epochs_done;
    t->tick_step = head.epochs_done * t->steps_per_epoch;
    t->pace = head.pace;
    t->rows_seen = head.rows_seen;
    t->past_s = head.seconds;
    t->past_cpu_s = head.cpu_seconds;
}

/* ---- training ------------------------------------------------------------ */

static void order_epoch(training *t)
{
    memcpy(t->order, t->rows, (size_t)t->n_rows * sizeof *t->order);
    nas_rng rng = stream_of(t, STREAM_ORDER, t->epochs_done);
    nas_rng_shuffle(&rng, t->order, t->n_rows);
    for (int64_t i = t->n_rows; i < t->batch; i++)
        t->order[i] = t->order[i - t->n_rows];
}

/* Fewer steps when the time they took lately shows that all do not fit. */
static void keep_pace(training *t, int64_t step, double now)
{
    double step_s = (now - t->tick_s) / (double)(step - t->tick_step);
    t->step_s = t->step_s > 0.0 ? t->step_s + NEWS * (step_s - t->step_s) : step_s;
    t->tick_step = step;
    if (t->job->finish_by_s > 0.0)
        nas_pace_fit(&t->pace, step, t->step_s, t->job->finish_by_s - (now - t->start_s));
}

/* Cores come and go; without a thread that the system refuses it goes on alone. */
static void set_threads(training *t, int threads)
{
    nas_err ignored = {0};
    if (threads == t->threads)
        return;
    t->threads = threads;
    (void)nas_net_set_threads(t->net, threads, &ignored);
    t->step_s = 0.0;
}

/* @return whether training goes on */
static bool check_clock(training *t, int64_t step)
{
    double now = nas_clock_monotonic_s();
    if (now - t->tick_s < TICK_S)
        return true;
    keep_pace(t, step, now);
    t->tick_s = now;
    double epoch = (double)step / (double)t->steps_per_epoch;
    const nas_job *job = t->job;
    if (job->max_seconds > 0.0 && spent_s(t) > job->max_seconds) {
        char reason[128];
        (void)snprintf(reason, sizeof reason, "over %.4g s after %.1f of %lld epochs",
                       job->max_seconds, epoch, (long long)job->epochs);
        end_with(t, NAS_OUTCOME_TIMEOUT, reason);
        return false;
    }
    int threads = t->threads;
    if (job->on_tick != NULL && !job->on_tick(job->context, job, epoch, &threads)) {
        end_with(t, NAS_OUTCOME_STOPPED, "stopped");
        return false;
    }
    set_threads(t, threads);
    return true;
}

static void diverge(training *t, const char *what, int64_t step)
{
    char reason[128];
    (void)snprintf(reason, sizeof reason, "%s became NaN or infinite in epoch %lld", what,
                   (long long)(step / t->steps_per_epoch) + 1);
    end_with(t, NAS_OUTCOME_DIVERGED, reason);
}

/* @param loss  out
 * @return whether training goes on */
static bool train_step(training *t, int64_t step, const int64_t *rows, double *loss)
{
    nas_rng augment_rng = stream_of(t, STREAM_AUGMENT, step);
    nas_rng dropout_rng = stream_of(t, STREAM_DROPOUT, step);
    nas_net_batch(t->net, t->data, rows, (int)t->batch, t->augmented ? &t->augment : NULL,
                  &augment_rng);
    *loss = nas_net_forward(t->net, true, &dropout_rng);
    if (!isfinite(*loss)) {
        diverge(t, "the loss", step);
        return false;
    }
    nas_net_backward(t->net);
    double rate = nas_recipe_learning_rate(
        &t->job->recipe, nas_pace_scheduled(&t->pace, step), t->pace.full);
    if (!nas_net_update(t->net, &t->optimizer, (float)rate, step)) {
        diverge(t, "a weight", step);
        return false;
    }
    t->rows_seen += t->batch;
    return check_clock(t, step + 1);
}

static nas_trained trained_of(const training *t)
{
    return (nas_trained){t->job, t->data,    t->graph,
                         t->net, &t->fitted, stream_of(t, STREAM_SCORE, 0)};
}

/* Score the validation rows with the weights as they are (averaged at the end).
 * @param predictions  out, in the arena */
static nas_status validate(training *t, nas_arena *arena, nas_predictions *predictions,
                           nas_score *score, nas_err *err)
{
    bool finite = true;
    nas_trained trained = trained_of(t);
    NAS_TRY(nas_trained_score(&trained, arena, predictions, score, &finite, err));
    if (!finite)
        diverge(t, "an output", t->steps_per_epoch * t->epochs_done - 1);
    return NAS_OK;
}

/* For curves only: scores a copy of the averaged weights and goes back. */
static nas_status validate_epoch(training *t, double *value, nas_err *err)
{
    nas_arena *arena = nas_arena_new();
    NAS_TRY_ALLOC(arena, err);
    char *state = t->checkpoint + sizeof(checkpoint_head) + curve_bytes(t);
    nas_net_state_save(t->net, state);
    if (t->optimizer.ema > 0.0F)
        nas_net_use_average(t->net);
    nas_predictions predictions;
    nas_score score = nas_score_none(0);
    nas_status status = validate(t, arena, &predictions, &score, err);
    nas_net_state_load(t->net, state);
    nas_arena_free(arena);
    *value = score.value;
    return status;
}

/* @param steps  done in all; an epoch whose training ends within it is cut */
static nas_status end_epoch(training *t, int64_t steps, double loss, nas_err *err)
{
    const nas_job *job = t->job;
    nas_curve_point *point = &t->curve[t->epochs_done++];
    *point = (nas_curve_point){.epoch = (double)steps / (double)t->steps_per_epoch,
                               .train_loss = loss,
                               .validation = (double)NAN};
    bool last = steps >= t->pace.total;
    if (job->validate_every_epoch && !last && job->n_validation > 0)
        NAS_TRY(validate_epoch(t, &point->validation, err));
    if (job->on_epoch == NULL)
        return NAS_OK;
    save_checkpoint(t);
    if (!job->on_epoch(job->context, job, point, t->epochs_done, t->checkpoint,
                       t->checkpoint_bytes) &&
        !last)
        end_with(t, NAS_OUTCOME_STOPPED, "stopped");
    return NAS_OK;
}

static nas_status train(training *t, nas_err *err)
{
    int64_t step = t->epochs_done * t->steps_per_epoch;
    while (step < t->pace.total && t->result->outcome == NAS_OUTCOME_DONE) {
        order_epoch(t);
        double sum = 0.0;
        int64_t i = 0;
        for (; i < t->steps_per_epoch && step < t->pace.total; i++, step++) {
            double loss;
            if (!train_step(t, step, t->order + i * t->batch, &loss))
                return NAS_OK;
            sum += loss;
        }
        NAS_TRY(end_epoch(t, step, sum / (double)i, err));
    }
    return NAS_OK;
}

/* ---- the result ---------------------------------------------------------- */

static nas_status finish(training *t, bool keep_model, nas_err *err)
{
    nas_job_result *result = t->result;
    if (t->optimizer.ema > 0.0F)
        nas_net_use_average(t->net);
    nas_predictions predictions = {0};
    if (t->job->n_validation > 0)
        NAS_TRY(validate(t, t->arena, &predictions, &result->validation, err));
    if (result->outcome != NAS_OUTCOME_DONE)
        return NAS_OK;
    t->curve[t->epochs_done - 1].validation = result->validation.value;
    result->train_loss = t->curve[t->epochs_done - 1].train_loss;
    if (!keep_model)
        return NAS_OK;
    nas_trained trained = trained_of(t);
    return nas_trained_keep(&trained, &predictions, t->arena, result, err);
}

static nas_status run(training *t, nas_workspace *workspace, bool keep_model,
                      nas_err *err)
{
    if (!nas_job_matches(t->job, t->result))
        return NAS_OK;
    NAS_TRY(prepare(t, workspace, err));
    if (t->net == NULL)
        return NAS_OK;
    resume(t);
    NAS_TRY(train(t, err));
    if (t->result->outcome == NAS_OUTCOME_DONE)
        NAS_TRY(finish(t, keep_model, err));
    t->result->n_curve = t->epochs_done;
    t->result->rows_seen = t->rows_seen;
    return NAS_OK;
}

nas_status nas_job_run(const nas_job *job, nas_workspace *workspace, bool keep_model,
                       nas_arena *arena, nas_job_result *result, nas_err *err)
{
    assert(job->epochs >= 1 && job->n_train >= 1);
    assert(job->fraction > 0.0 && job->fraction <= 1.0);
    *result = (nas_job_result){.outcome = NAS_OUTCOME_DONE,
                               .validation = nas_score_none(0),
                               .train_loss = (double)NAN};
    training t = {.job = job,
                  .arena = arena,
                  .result = result,
                  .identity = identity_of(job),
                  .start_s = nas_clock_monotonic_s(),
                  .start_cpu_s = nas_clock_cpu_s()};
    t.rng = nas_rng_new(job->seed, t.identity);
    t.tick_s = t.start_s;
    nas_status status = run(&t, workspace, keep_model, err);
    if (status == NAS_E_NOMEM) {
        end_with(&t, NAS_OUTCOME_MEMORY, "out of memory");
        status = NAS_OK;
    }
    result->seconds = spent_s(&t);
    result->cpu_seconds = spent_cpu_s(&t);
    nas_net_free(t.net);
    nas_graph_free(t.graph);
    nas_dataset_close(t.behind);
    return status;
}
