/* Training a supernet: epochs, time and checkpoints; what a step does is a learner's.
 *
 * As in train.c all randomness is Philox of what the result depends on, split by purpose
 * and by epoch or step, so a resumed training draws what the uninterrupted one would. */
#include "evaluate/learner.h"
#include "evaluate/pace.h"
#include "nasmith/clock.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { STREAM_ORDER, STREAM_AUGMENT, STREAM_ANY };

static const double TICK_S = 0.25;
static const char CHECKPOINT_MAGIC[8] = "nassupr1";

/* A training and its time. */
typedef struct training {
    nas_learning l;
    int64_t *order; /* [max(n_rows, batch)] of the current epoch */
    int64_t steps_per_epoch;
    nas_pace pace;
    int64_t first_step; /* of this process */
    double start_s, start_cpu_s, tick_s;
    double past_s, past_cpu_s; /* spent before the resumption */
} training;

/* Head of a checkpoint; the learner's state follows. */
typedef struct checkpoint_head {
    char magic[8];
    uint64_t identity, seed;
    int64_t epochs_done, steps, paths;
    double seconds, cpu_seconds, train_loss;
    nas_pace pace;
} checkpoint_head;

nas_recipe nas_supernet_recipe(const nas_recipe *of_networks)
{
    nas_recipe recipe = *of_networks;
    recipe.ema = 0.0;
    return recipe;
}

static const nas_learner *learner_of(nas_supernet_kind kind)
{
    return kind == NAS_SUPERNET_PATHS ? &nas_path_learner : &nas_mixture_learner;
}

/* Hash of what the weights depend on, beside the seed. */
static uint64_t identity_of(const nas_supernet_job *job)
{
    const uint64_t words[] = {nas_space_hash(job->space), nas_recipe_hash(&job->recipe),
                              job->data->fingerprint,     (uint64_t)job->n_rows,
                              (uint64_t)job->epochs,      (uint64_t)job->kind,
                              (uint64_t)job->paths.fair,  (uint64_t)job->second_order,
                              (uint64_t)job->early_stop};
    return nas_hash64(words, sizeof words, 0);
}

static void end_with(training *t, nas_outcome outcome, const char *reason)
{
    nas_supernet_result *result = t->l.result;
    result->outcome = outcome;
    (void)snprintf(result->reason, sizeof result->reason, "%.*s",
                   (int)sizeof result->reason - 1, reason);
}

static double spent_s(const training *t)
{
    return t->past_s + nas_clock_monotonic_s() - t->start_s;
}

static double spent_cpu_s(const training *t)
{
    return t->past_cpu_s + nas_clock_cpu_s() - t->start_cpu_s;
}

/* ---- for learners ------------------------------------------------------ */

nas_rng nas_learning_stream(const nas_learning *learning, uint64_t purpose, int64_t index)
{
    nas_rng purpose_rng = nas_rng_split(&learning->rng, purpose);
    return nas_rng_split(&purpose_rng, (uint64_t)index);
}

void nas_learning_batch(const nas_learning *learning, nas_net *net, const int64_t *rows,
                        int64_t step)
{
    bool augmented = learning->augment.shift > 0 || learning->augment.flip;
    nas_rng rng = nas_learning_stream(learning, STREAM_AUGMENT, step);
    nas_net_batch(net, learning->job->data, rows, (int)learning->fitted.batch,
                  augmented ? &learning->augment : NULL, &rng);
}

void nas_learning_order(const nas_learning *learning, const int64_t *rows, int64_t n,
                        uint64_t purpose, int64_t epoch, int64_t *order)
{
    memcpy(order, rows, (size_t)n * sizeof *order);
    nas_rng rng = nas_learning_stream(learning, purpose, epoch);
    nas_rng_shuffle(&rng, order, n);
    for (int64_t i = n; i < learning->fitted.batch; i++)
        order[i] = order[i - n];
}

/* ---- preparing --------------------------------------------------------- */

enum { DRAWS = 100 };

/* Some network of the space, for what it computes in front; NULL where none was found. */
static nas_status any_network(const nas_learning *l, nas_graph **out, nas_err *err)
{
    nas_rng rng = nas_learning_stream(l, STREAM_ANY, 0);
    *out = NULL;
    for (int i = 0; i < DRAWS && *out == NULL; i++) {
        nas_err why = {0};
        nas_arena_reset(l->scratch);
        const nas_candidate *candidate =
            nas_space_sample(l->job->space, &rng, l->scratch);
        NAS_TRY_ALLOC(candidate, err);
        nas_status status = nas_space_decode(l->job->space, candidate, out, &why);
        if (status != NAS_OK && status != NAS_E_GRAPH)
            return nas_fail(err, status, "%s", why.text);
    }
    return NAS_OK;
}

/* All networks must have the front section of this one. */
static nas_status fit(nas_learning *l, nas_err *err)
{
    const nas_supernet_job *job = l->job;
    nas_graph *graph = NULL;
    NAS_TRY(any_network(l, &graph, err));
    const nas_fit_task task = {job->data,   graph,        job->rows,
                               job->n_rows, &job->recipe, job->int8};
    nas_status status = nas_fit(&task, l->arena, &l->fitted, err);
    nas_graph_free(graph);
    return status;
}

static nas_status prepare(training *t, nas_err *err)
{
    nas_learning *l = &t->l;
    const nas_supernet_job *job = l->job;
    l->arena = nas_arena_new();
    NAS_TRY_ALLOC(l->arena, err);
    l->scratch = nas_arena_new();
    NAS_TRY_ALLOC(l->scratch, err);
    NAS_TRY(fit(l, err));
    l->optimizer = nas_recipe_optimizer(&job->recipe);
    l->augment = nas_recipe_augment(&job->recipe, job->data->shape);
    l->rows = job->rows;
    l->n_rows = job->n_rows;
    NAS_TRY(l->learner->prepare(l, err));
    int64_t batch = l->fitted.batch;
    t->order = NAS_NEW(l->arena, int64_t, l->n_rows > batch ? l->n_rows : batch);
    NAS_TRY_ALLOC(t->order, err);
    t->steps_per_epoch = l->n_rows / batch > 0 ? l->n_rows / batch : 1;
    t->pace = nas_pace_new(t->steps_per_epoch * job->epochs);
    return NAS_OK;
}

/* ---- checkpoints ------------------------------------------------------- */

static nas_status save_checkpoint(const training *t, nas_text *out, nas_err *err)
{
    const nas_supernet_result *result = t->l.result;
    checkpoint_head head;
    memset(&head, 0, sizeof head); /* equal states give equal bytes, padding too */
    memcpy(head.magic, CHECKPOINT_MAGIC, sizeof head.magic);
    head.identity = t->l.identity;
    head.seed = t->l.job->seed;
    head.epochs_done = t->l.epochs_done;
    head.steps = result->steps;
    head.paths = result->paths;
    head.seconds = spent_s(t);
    head.cpu_seconds = spent_cpu_s(t);
    head.train_loss = result->train_loss;
    head.pace = t->pace;
    nas_text_append(out, (const char *)&head, sizeof head);
    return t->l.learner->save(&t->l, out, err);
}

/* A checkpoint of another training or version is not an error: start from scratch. */
static nas_status resume(training *t, nas_err *err)
{
    nas_learning *l = &t->l;
    const nas_supernet_job *job = l->job;
    const char *bytes = job->resume;
    checkpoint_head head;
    bool ours = false;
    if (bytes == NULL || job->resume_bytes < sizeof head)
        return NAS_OK;
    memcpy(&head, bytes, sizeof head);
    if (memcmp(head.magic, CHECKPOINT_MAGIC, sizeof head.magic) != 0 ||
        head.identity != l->identity || head.seed != job->seed || head.epochs_done < 0 ||
        head.epochs_done > job->epochs)
        return NAS_OK;
    NAS_TRY(l->learner->load(l, bytes + sizeof head, job->resume_bytes - sizeof head,
                             &ours, err));
    if (!ours)
        return NAS_OK;
    l->epochs_done = head.epochs_done;
    t->first_step = head.epochs_done * t->steps_per_epoch;
    l->result->steps = head.steps;
    l->result->paths = head.paths;
    l->result->train_loss = head.train_loss;
    t->pace = head.pace;
    t->past_s = head.seconds;
    t->past_cpu_s = head.cpu_seconds;
    return NAS_OK;
}

/* ---- steps ------------------------------------------------------------- */

/* Fewer steps when the time they took so far shows that all do not fit. */
static void keep_pace(training *t, int64_t step, double now)
{
    const nas_supernet_job *job = t->l.job;
    if (job->share <= 0.0)
        return;
    double here = now - t->start_s;
    double allowed = job->share * (t->past_s + job->left_s);
    nas_pace_fit(&t->pace, step, here / (double)(step - t->first_step),
                 allowed - t->past_s - here);
}

/* @return whether training goes on */
static bool check_clock(training *t, int64_t step)
{
    double now = nas_clock_monotonic_s();
    if (now - t->tick_s < TICK_S)
        return true;
    t->tick_s = now;
    keep_pace(t, step, now);
    const nas_supernet_job *job = t->l.job;
    double epoch = (double)step / (double)t->steps_per_epoch;
    if (job->on_tick == NULL || job->on_tick(job->context, job, epoch))
        return true;
    end_with(t, NAS_OUTCOME_STOPPED, "stopped");
    return false;
}

/* @param going  out: whether training goes on */
static nas_status train_step(training *t, int64_t step, const int64_t *rows, double *loss,
                             bool *going, nas_err *err)
{
    nas_learning *l = &t->l;
    const char *what = NULL;
    nas_arena_reset(l->scratch);
    int64_t scheduled = nas_pace_scheduled(&t->pace, step);
    l->position = (double)scheduled / (double)t->pace.full;
    double rate = nas_recipe_learning_rate(&l->job->recipe, scheduled, t->pace.full);
    NAS_TRY(l->learner->step(l, step, rows, (float)rate, loss, &what, err));
    *going = what == NULL;
    if (what != NULL) {
        char reason[128];
        (void)snprintf(reason, sizeof reason, "%s became NaN or infinite in epoch %lld",
                       what, (long long)(step / t->steps_per_epoch) + 1);
        end_with(t, NAS_OUTCOME_DIVERGED, reason);
        return NAS_OK;
    }
    l->result->steps++;
    *going = check_clock(t, step + 1);
    return NAS_OK;
}

static nas_status end_epoch(training *t, int64_t steps, double loss, nas_err *err)
{
    nas_learning *l = &t->l;
    const nas_supernet_job *job = l->job;
    l->epochs_done++;
    l->result->train_loss = loss;
    NAS_TRY(l->learner->end_epoch(l, err));
    bool last = l->over || steps >= t->pace.total;
    if (job->on_epoch == NULL)
        return NAS_OK;
    nas_curve_point point = {.epoch = (double)steps / (double)t->steps_per_epoch,
                             .train_loss = loss,
                             .validation = (double)NAN};
    nas_text checkpoint = {0};
    nas_status status = save_checkpoint(t, &checkpoint, err);
    if (status == NAS_OK &&
        !job->on_epoch(job->context, job, &point, l->epochs_done, &checkpoint) && !last)
        end_with(t, NAS_OUTCOME_STOPPED, "stopped");
    nas_text_free(&checkpoint);
    return status;
}

static nas_status train(training *t, nas_err *err)
{
    nas_learning *l = &t->l;
    int64_t step = l->epochs_done * t->steps_per_epoch;
    bool going = true;
    while (step < t->pace.total && going && !l->over &&
           l->result->outcome == NAS_OUTCOME_DONE) {
        nas_learning_order(l, l->rows, l->n_rows, STREAM_ORDER, l->epochs_done, t->order);
        double sum = 0.0;
        double loss = 0.0;
        int64_t i = 0;
        for (; i < t->steps_per_epoch && step < t->pace.total; i++, step++) {
            NAS_TRY(
                train_step(t, step, t->order + i * l->fitted.batch, &loss, &going, err));
            if (!going)
                return NAS_OK;
            sum += loss;
        }
        NAS_TRY(end_epoch(t, step, sum / (double)i, err));
    }
    l->result->epochs = (double)step / (double)t->steps_per_epoch;
    return l->result->outcome == NAS_OUTCOME_DONE ? l->learner->finish(l, err) : NAS_OK;
}

static nas_status run(training *t, nas_err *err)
{
    NAS_TRY(prepare(t, err));
    NAS_TRY(resume(t, err));
    return train(t, err);
}

nas_status nas_supernet_train(const nas_supernet_job *job, nas_workspace *workspace,
                              nas_arena *arena, nas_supernet_result *result, nas_err *err)
{
    assert(job->epochs >= 1 && job->n_rows >= 1);
    *result =
        (nas_supernet_result){.outcome = NAS_OUTCOME_DONE, .train_loss = (double)NAN};
    training t = {.l = {.job = job,
                        .learner = learner_of(job->kind),
                        .workspace = workspace,
                        .result_arena = arena,
                        .result = result,
                        .identity = identity_of(job)},
                  .start_s = nas_clock_monotonic_s(),
                  .start_cpu_s = nas_clock_cpu_s()};
    t.l.rng = nas_rng_new(job->seed, t.l.identity);
    t.tick_s = t.start_s;
    nas_err failure = {0};
    nas_status status = run(&t, &failure);
    if (status == NAS_E_GRAPH) { /* what stands in front of the networks differs */
        end_with(&t, NAS_OUTCOME_INFEASIBLE, failure.text);
        status = NAS_OK;
    } else if (status != NAS_OK && err != NULL) {
        *err = failure;
    }
    if (status == NAS_E_NOMEM) {
        end_with(&t, NAS_OUTCOME_MEMORY, "out of memory");
        status = NAS_OK;
    }
    result->seconds = spent_s(&t);
    result->cpu_seconds = spent_cpu_s(&t);
    t.l.learner->free(&t.l);
    nas_arena_free(t.l.scratch);
    nas_arena_free(t.l.arena);
    return status;
}
