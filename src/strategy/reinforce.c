/* REINFORCE: a policy proposes networks and learns from their scores.
 *
 * R. J. Williams: Simple Statistical Gradient-Following Algorithms for Connectionist
 * Reinforcement Learning. Machine Learning 8 (1992) 229-256. doi:10.1007/BF00992696
 * X. Dong, Y. Yang: NAS-Bench-201. ICLR 2020. arXiv:2001.00326 (its baseline)
 *
 * Two policies: `factorised`, one softmax per decision, is in this file; `lstm`, which
 * knows what was chosen before, is model/controller.c.
 *
 * Deviations
 * 1. A network that is known is not trained again: the policy learns from the score it
 *    has, and draws once more.
 * 2. Asynchronous: scores are learnt from as they arrive, with the policy of that moment.
 * 3. Uniform proposals teach nothing: the policy did not draw them.
 * 4. The reward is the score as it is. Adam makes its scale immaterial, but the weight of
 *    the entropy is in its units.
 *
 * Notation
 *   paper      here          range        default  source
 *   alpha      rate          1e-5..1      0.01     run script of NATS-Bench
 *                                         0.0035   lstm: ENAS
 *   -          momentum      0..0.9999    0.9      of the baseline, NATS-Bench
 *   m          samples       1..1000      1        lstm: networks of one update; ENAS
 *                                                  has 10, which learns too late here
 *   theta      theta         -            1e-3 N   logits, one per value of a decision
 *   b          reward /      -            -        moving average, corrected for its
 *              weight                              start as in Adam; with the present R
 *   beta       FIRST, SECOND -            -        0.9, 0.999: Adam */
#include "strategy/model/controller.h"
#include "strategy/strategies.h"

#include <math.h>

enum {
    PARAM_RATE,
    PARAM_MOMENTUM,
    PARAM_CONTROLLER,
    PARAM_SAMPLES,
    PARAM_HIDDEN,
    PARAM_TEMPERATURE,
    PARAM_TANH_CONSTANT,
    PARAM_ENTROPY
};
enum { FACTORISED, LSTM };
enum { DRAWS = 200 };
static const double FIRST = 0.9, SECOND = 0.999, EPSILON = 1e-8, START = 1e-3;
static const double RATES[] = {[FACTORISED] = 0.01, [LSTM] = 0.0035};

typedef struct reinforce {
    double rate, momentum;
    /* factorised */
    int64_t n;               /* logits; 0 before the first ask */
    int64_t steps;           /* updates so far */
    double reward, weight;   /* of the baseline: sums of rewards and of ones, decayed */
    double *theta, *m1, *m2; /* [n] logits and Adam's moments; one allocation */
    /* lstm */
    nas_controller *controller; /* NULL: factorised */
    int64_t samples;
    id_list drawn; /* trials of the next update, fewer than `samples` */
} reinforce;

static nas_status reinforce_init(void *state, const nas_value *values, nas_err *err)
{
    reinforce *self = state;
    const int64_t kind = values[PARAM_CONTROLLER].i;
    self->rate = values[PARAM_RATE].f > 0 ? values[PARAM_RATE].f : RATES[kind];
    self->momentum = values[PARAM_MOMENTUM].f;
    self->samples = values[PARAM_SAMPLES].i;
    if (kind == FACTORISED)
        return NAS_OK;
    const controller_options options = {
        .hidden = (int)values[PARAM_HIDDEN].i,
        .rate = self->rate,
        .momentum = self->momentum,
        .temperature = values[PARAM_TEMPERATURE].f,
        .tanh_constant = values[PARAM_TANH_CONSTANT].f,
        .entropy = values[PARAM_ENTROPY].f,
    };
    self->controller = nas_controller_new(&options);
    NAS_TRY_ALLOC(self->controller, err);
    return NAS_OK;
}

static void reinforce_free(void *state)
{
    reinforce *self = state;
    nas_heap_free(self->theta);
    nas_heap_free(self->drawn.id);
    nas_controller_free(self->controller);
}

/* ---- the factorised policy -------------------------------------------------------- */

static nas_status allocate(reinforce *self, int64_t n, nas_err *err)
{
    double *all = nas_heap_alloc((size_t)n * 3, sizeof *all);
    NAS_TRY_ALLOC(all, err);
    nas_heap_free(self->theta);
    self->theta = all;
    self->m1 = all + n;
    self->m2 = all + 2 * n;
    self->n = n;
    return NAS_OK;
}

/* "theta ~ 1e-3 N(0, 1)" */
static nas_status begin(reinforce *self, const nas_space *space, nas_rng *rng,
                        nas_err *err)
{
    int64_t n = 0;
    if (self->n > 0)
        return NAS_OK;
    for (int d = 0; d < nas_space_decision_count(space); d++)
        n += nas_space_decision(space, d).n_values;
    NAS_TRY(allocate(self, n, err));
    for (int64_t i = 0; i < n; i++)
        self->theta[i] = START * nas_rng_normal(rng);
    return NAS_OK;
}

static double log_sum(const double *theta, int n)
{
    double most = theta[0], sum = 0;
    for (int v = 1; v < n; v++)
        most = fmax(most, theta[v]);
    for (int v = 0; v < n; v++)
        sum += exp(theta[v] - most);
    return most + log(sum);
}

/* "Sample every decision from the softmax of its logits." */
static nas_status sample(const reinforce *self, nas_ask *ask, nas_candidate **out,
                         nas_err *err)
{
    int16_t *values = NAS_NEW(ask->arena, int16_t, nas_space_decision_count(ask->space));
    NAS_TRY_ALLOC(values, err);
    const double *theta = self->theta;
    for (int d = 0; d < nas_space_decision_count(ask->space); d++) {
        int n = nas_space_decision(ask->space, d).n_values, v = 0;
        double u = nas_rng_uniform(&ask->rng), all = log_sum(theta, n);
        for (; v < n - 1; v++) {
            u -= exp(theta[v] - all);
            if (u < 0)
                break;
        }
        values[d] = (int16_t)v;
        theta += n;
    }
    *out = nas_space_assign(ask->space, values, &ask->rng, ask->arena);
    NAS_TRY_ALLOC(*out, err);
    return NAS_OK;
}

/* Adam, for one logit. */
static void descend(reinforce *self, int64_t i, double gradient, double rate)
{
    self->m1[i] = FIRST * self->m1[i] + (1 - FIRST) * gradient;
    self->m2[i] = SECOND * self->m2[i] + (1 - SECOND) * gradient * gradient;
    self->theta[i] -= rate * self->m1[i] / (sqrt(self->m2[i]) + EPSILON);
}

/* A step down the loss -(R - b) log p(a): its derivative is (R - b) (p - onehot(a)). The
 * logits of decisions that the network does not have stay. */
static void step(reinforce *self, const nas_space *space, const nas_candidate *candidate,
                 double advantage)
{
    int64_t i = 0;
    double t = (double)++self->steps;
    double rate = self->rate * sqrt(1 - pow(SECOND, t)) / (1 - pow(FIRST, t));
    for (int d = 0; d < nas_space_decision_count(space); d++) {
        int n = nas_space_decision(space, d).n_values;
        int chosen = nas_space_choice(space, candidate, d);
        double all = log_sum(self->theta + i, n);
        for (int v = 0; v < n && chosen >= 0; v++) {
            double p = exp(self->theta[i + v] - all);
            descend(self, i + v, advantage * (p - (v == chosen)), rate);
        }
        i += n;
    }
}

/* "Update the baseline with the reward, then the policy." */
static void learn(reinforce *self, const nas_space *space, const nas_candidate *candidate,
                  double reward)
{
    self->reward = self->momentum * self->reward + (1 - self->momentum) * reward;
    self->weight = self->momentum * self->weight + (1 - self->momentum);
    step(self, space, candidate, reward - self->reward / self->weight);
}

/* ---- the recurrent policy --------------------------------------------------------- */

/* One update with all of the networks that were drawn for it. */
static nas_status update(reinforce *self, const nas_history *history, nas_err *err)
{
    for (int64_t i = 0; i < self->drawn.n; i++) {
        int64_t t = nas_history_find(history, self->drawn.id[i]);
        if (t < 0)
            return nas_fail(err, NAS_E_STUDY,
                            "state of strategy `reinforce`: trial %lld is not in the "
                            "study",
                            (long long)self->drawn.id[i]);
        const nas_history_trial *trial = &history->trials[t];
        NAS_TRY(nas_controller_learn(self->controller, trial->candidate,
                                     trial->score[trial->first_rung], err));
    }
    nas_controller_step(self->controller);
    self->drawn.n = 0;
    return NAS_OK;
}

static nas_status learn_drawn(reinforce *self, const nas_history *history, int64_t t,
                              nas_err *err)
{
    nas_rng unused = nas_rng_new(0, 0); /* who has learnt has drawn: weights are there */
    NAS_TRY(nas_ids_add(&self->drawn, history->trials[t].id, err));
    if (self->drawn.n < self->samples)
        return NAS_OK;
    NAS_TRY(nas_controller_begin(self->controller, history->space, &unused, err));
    return update(self, history, err);
}

/* ---- proposing -------------------------------------------------------------------- */

static bool has_drawn(const reinforce *self)
{
    return self->controller != NULL ? nas_controller_begun(self->controller)
                                    : self->n > 0;
}

/* Learn from trial `t`, if it has a score. */
static nas_status learn_from(reinforce *self, const nas_history *history, int64_t t,
                             nas_err *err)
{
    const nas_history_trial *trial = &history->trials[t];
    if (trial->rungs == 0 || !isfinite(trial->score[trial->first_rung]))
        return NAS_OK;
    if (self->controller != NULL)
        return learn_drawn(self, history, t, err);
    learn(self, history->space, trial->candidate, trial->score[trial->first_rung]);
    return NAS_OK;
}

static nas_status reinforce_tell(void *state, const nas_history *history, int64_t t,
                                 int rung, nas_err *err)
{
    reinforce *self = state;
    const nas_history_trial *trial = &history->trials[t];
    if (!has_drawn(self) || rung != trial->first_rung || trial->uniform)
        return NAS_OK;
    return learn_from(self, history, t, err);
}

static nas_status draw(reinforce *self, nas_ask *ask, nas_candidate **out, nas_err *err)
{
    return self->controller != NULL
               ? nas_controller_sample(self->controller, &ask->rng, ask->arena, out, err)
               : sample(self, ask, out, err);
}

static nas_status reinforce_ask(void *state, nas_ask *ask, nas_proposal *out,
                                nas_err *err)
{
    reinforce *self = state;
    int64_t known = -1;
    NAS_TRY(self->controller != NULL
                ? nas_controller_begin(self->controller, ask->space, &ask->rng, err)
                : begin(self, ask->space, &ask->rng, err));
    for (int i = 0; i < DRAWS && out->candidate == NULL; i++) {
        nas_candidate *candidate = NULL;
        NAS_TRY(draw(self, ask, &candidate, err));
        uint64_t key = nas_space_key(ask->space, candidate);
        int64_t t = nas_history_find_key(ask->history, key);
        if (t >= 0) {
            known = t;
            NAS_TRY(learn_from(self, ask->history, t, err));
        }
        NAS_TRY(nas_propose_candidate(ask, candidate, -1, out, err));
    }
    if (out->candidate != NULL)
        return NAS_OK;
    return known >= 0 ? nas_propose_mutation(ask, known, out, err)
                      : nas_propose_uniform(ask, out, err);
}

/* ---- state ------------------------------------------------------------------------ */

enum { HEAD = 3 }; /* steps, reward, weight */

static nas_status reinforce_save(const void *state, nas_text *out, nas_err *err)
{
    const reinforce *self = state;
    if (self->controller != NULL) {
        nas_state_put(out, self->drawn.n);
        nas_ids_put(out, &self->drawn);
        nas_controller_save(self->controller, out);
        return nas_text_status(out, err);
    }
    nas_state_put(out, self->steps);
    nas_state_put_real(out, self->reward);
    nas_state_put_real(out, self->weight);
    for (int64_t i = 0; i < 3 * self->n; i++)
        nas_state_put_real(out, self->theta[i]);
    return nas_text_status(out, err);
}

/* Trials of the next update, then the controller. */
static nas_status load_recurrent(reinforce *self, state_reader *reader, nas_err *err)
{
    int64_t n = 0, id = 0;
    bool complete = nas_state_get(reader, &n) && n >= 0 && n < self->samples;
    self->drawn.n = 0;
    for (int64_t i = 0; complete && i < n; i++) {
        complete = nas_state_get(reader, &id);
        NAS_TRY(nas_ids_add(&self->drawn, id, err));
    }
    if (!complete)
        return nas_fail(err, NAS_E_STUDY,
                        "state of strategy `reinforce`: fewer than %lld trials of an "
                        "update expected",
                        (long long)self->samples);
    return nas_controller_load(self->controller, reader->bytes, reader->left, err);
}

static nas_status reinforce_load(void *state, const void *bytes, size_t n, nas_err *err)
{
    reinforce *self = state;
    state_reader reader = {bytes, n};
    if (self->controller != NULL)
        return load_recurrent(self, &reader, err);
    if (n % 8 != 0 || n / 8 < HEAD || (n / 8 - HEAD) % 3 != 0)
        return nas_fail(err, NAS_E_STUDY,
                        "state of strategy `reinforce`: %zu bytes found, 24 and 24 for "
                        "each logit expected",
                        n);
    NAS_TRY(allocate(self, (int64_t)(n / 8 - HEAD) / 3, err));
    bool complete = nas_state_get(&reader, &self->steps) &&
                    nas_state_get_real(&reader, &self->reward) &&
                    nas_state_get_real(&reader, &self->weight);
    for (int64_t i = 0; complete && i < 3 * self->n; i++)
        complete = nas_state_get_real(&reader, &self->theta[i]);
    return NAS_OK;
}

static const char *const controllers[] = {"factorised", "lstm", NULL};

static const nas_param reinforce_params[] = {
    [PARAM_RATE] = {.name = "rate",
                    .type = NAS_PARAM_REAL,
                    .min = 1e-5,
                    .max = 1,
                    .doc =
                        "Learning rate of the policy (Adam); 0.01 unless given, 0.0035 "
                        "with lstm.",
                    .source = "run script of NATS-Bench; ENAS"},
    [PARAM_MOMENTUM] = {.name = "momentum",
                        .type = NAS_PARAM_REAL,
                        .default_text = "0.9",
                        .min = 0,
                        .max = 0.9999,
                        .doc = "Of the moving average of scores that is the baseline.",
                        .source = "Dong and Yang 2020, code"},
    [PARAM_CONTROLLER] = {.name = "controller",
                          .type = NAS_PARAM_CHOICE,
                          .default_text = "factorised",
                          .choices = controllers,
                          .doc = "The policy: one softmax per decision, or an LSTM that "
                                 "knows what was chosen before.",
                          .source = "Dong and Yang 2020; Zoph and Le 2017"},
    [PARAM_SAMPLES] = {.name = "samples",
                       .type = NAS_PARAM_INT,
                       .unit = "networks",
                       .default_text = "1",
                       .min = 1,
                       .max = 1000,
                       .doc = "lstm: of one update.",
                       .source = "measured on NAS-Bench-201 against ENAS's 10"},
    [PARAM_HIDDEN] = {.name = "hidden",
                      .type = NAS_PARAM_INT,
                      .unit = "units",
                      .default_text = "100",
                      .min = 1,
                      .max = 256,
                      .doc = "lstm: its size, and that of its embeddings.",
                      .source = "ENAS"},
    [PARAM_TEMPERATURE] = {.name = "temperature",
                           .type = NAS_PARAM_REAL,
                           .default_text = "5",
                           .min = 0.01,
                           .max = 100,
                           .doc = "lstm: logits are divided by it.",
                           .source = "ENAS"},
    [PARAM_TANH_CONSTANT] = {.name = "tanh_constant",
                             .type = NAS_PARAM_REAL,
                             .default_text = "2.5",
                             .min = 0.1,
                             .max = 50,
                             .doc = "lstm: logits are squashed to plus and minus this.",
                             .source = "ENAS, operations"},
    [PARAM_ENTROPY] = {.name = "entropy",
                       .type = NAS_PARAM_REAL,
                       .default_text = "1e-4",
                       .min = 0,
                       .max = 1000,
                       .doc = "lstm: weight of the policy's entropy in the reward.",
                       .source = "ENAS"},
    {0},
};

const nas_strategy_ops nas_strategy_reinforce = {
    .name = "reinforce",
    .summary = "REINFORCE: a policy, of softmaxes or an LSTM, learns from scores",
    .cite = "williams1992simple",
    .params = reinforce_params,
    .state_size = sizeof(reinforce),
    .init = reinforce_init,
    .free = reinforce_free,
    .tell = reinforce_tell,
    .ask = reinforce_ask,
    .save = reinforce_save,
    .load = reinforce_load,
};
