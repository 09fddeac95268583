/* Training mixtures: weights and the strengths of alternatives in turns.
 *
 * H. Liu, K. Simonyan, Y. Yang: DARTS: Differentiable Architecture Search. ICLR 2019.
 * X. Dong, Y. Yang: Searching for a Robust Neural Architecture in Four GPU Hours. CVPR
 * 2019. doi:10.1109/CVPR.2019.00186 (GDAS)
 *
 * Deviations
 * 1. Second order (an option, for the softmax) looks ahead by a step of plain gradient
 *    descent, whatever the optimizer of the weights. Strengths move before the weights in
 *    each step, as in the authors' code.
 * 2. Scales and shifts of norms stay 1 and 0 (as NAS-Bench-201's authors have it);
 *    optimizer, batch and augmentation of the weights are the recipe's.
 * 3. In GDAS the straight-through gradient of an alternative that was not drawn is 0; the
 *    authors' code adds its weight, a zero, to the features and so gives it the sum of
 *    their gradient.
 * 4. Strengths are taken from the last epoch before alternatives that do nothing won more
 *    than half of the choices that have one (cf. DARTS+, arXiv:1909.06035). Only when
 * they do so from the first epoch on are those of the last epoch taken.
 *
 * Notation
 *   paper          here          range      default   source
 *   alpha          alpha         -          -         1e-3 N(0,1) at the start
 *   o-bar          p             [0,1]      -         softmax of a choice's alpha
 *   xi, weights    rate          -          recipe    -
 *   w', w+, w-     unroll.c      -          -         -
 *   eta_alpha      ALPHA_RATE    -          3e-4      DARTS; Adam, beta 0.5 and 0.999
 *   weight decay   ALPHA_DECAY   -          1e-3      DARTS
 *   tau            tau           0.1..10    linear    GDAS: from 10 down to 0.1 */
#include "evaluate/learner.h"

#include "evaluate/eigen.h"
#include "evaluate/sample.h"
#include "evaluate/unroll.h"

#include <math.h>
#include <string.h>

enum {
    STREAM_INIT = NAS_LEARNER_STREAMS,
    STREAM_ALPHA,
    STREAM_HALVES,
    STREAM_ALPHA_ORDER,
    STREAM_GUMBEL,
    STREAM_DROPOUT
};

static const double ALPHA_RATE = 3e-4, ALPHA_DECAY = 1e-3, ALPHA_START = 1e-3;
static const double ALPHA_BETA1 = 0.5, ALPHA_BETA2 = 0.999, ALPHA_EPSILON = 1e-8;
static const double TAU_FIRST = 10.0, TAU_LAST = 0.1;

/* The strengths of all choices, [n_choices][stride] each. */
typedef struct mixture {
    nas_mixed mixed;
    nas_graph *graph; /* with fitted front section */
    nas_net *net;
    int stride;
    int64_t size;                   /* n_choices * stride */
    double *alpha, *first, *second; /* Adam's moments */
    double *p, *weight, *slope,
        *unrolled_slope; /* softmax; gates; dL/dgate, of the step at hand */
    float *gates;        /* [nas_net_gate_count] */
    double *gate_slopes;
    int64_t *alpha_rows, *alpha_order, n_alpha;
    int64_t alpha_steps; /* batches in n_alpha */
    int64_t alpha_epoch; /* whose order alpha_order is, from 1 */
    float *kept, *ahead; /* [params] weights, and v, of a second-order step */
    double *history;     /* [epochs][size] strengths after each epoch */
    double *skip_share;  /* [epochs] */
    /* Of the Hessian over the strengths, where the training may stop early. */
    double *eigenvalue;  /* [epochs / NAS_EIGEN_EVERY] */
    double *eigenvector; /* [size] of the last measurement */
} mixture;

/* ---- preparing --------------------------------------------------------- */

/* Half of the rows train the weights, the other half the strengths, classes alike. */
static nas_status halve_rows(nas_learning *l, mixture *m, nas_err *err)
{
    int64_t *order = NULL;
    int64_t half = l->n_rows / 2;
    NAS_TRY(nas_sample_permutation(l->job->data, l->job->rows, l->n_rows,
                                   nas_learning_stream(l, STREAM_HALVES, 0), l->arena,
                                   &order, err));
    m->alpha_rows = half > 0 ? order + half : order;
    m->n_alpha = l->n_rows - half;
    l->rows = order;
    l->n_rows = half > 0 ? half : l->n_rows;
    int64_t batch = l->fitted.batch;
    if (l->n_rows < batch) /* small data: half of it may be less than a batch */
        batch = l->n_rows / NAS_LANES * NAS_LANES;
    l->fitted.batch = batch < NAS_LANES ? NAS_LANES : batch;
    m->alpha_order =
        NAS_NEW(l->arena, int64_t, m->n_alpha > batch ? m->n_alpha : l->fitted.batch);
    NAS_TRY_ALLOC(m->alpha_order, err);
    m->alpha_steps = m->n_alpha / l->fitted.batch > 0 ? m->n_alpha / l->fitted.batch : 1;
    return NAS_OK;
}

static nas_status new_strengths(nas_learning *l, mixture *m, nas_err *err)
{
    for (int c = 0; c < m->mixed.n_choices; c++)
        m->stride = m->mixed.choices[c].n > m->stride ? m->mixed.choices[c].n : m->stride;
    m->size = (int64_t)m->mixed.n_choices * m->stride;
    double **vectors[] = {&m->alpha,  &m->first, &m->second,         &m->p,
                          &m->weight, &m->slope, &m->unrolled_slope, &m->eigenvector};
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        *vectors[i] = NAS_NEW(l->arena, double, m->size);
        NAS_TRY_ALLOC(*vectors[i], err);
    }
    m->history = NAS_NEW(l->arena, double, m->size * l->job->epochs);
    m->skip_share = NAS_NEW(l->arena, double, l->job->epochs);
    NAS_TRY_ALLOC(m->history, err);
    NAS_TRY_ALLOC(m->skip_share, err);
    m->eigenvalue = NAS_NEW(l->arena, double, l->job->epochs / NAS_EIGEN_EVERY + 1);
    NAS_TRY_ALLOC(m->eigenvalue, err);
    nas_rng rng = nas_learning_stream(l, STREAM_ALPHA, 0);
    for (int64_t i = 0; i < m->size; i++)
        m->alpha[i] = ALPHA_START * nas_rng_normal(&rng);
    for (int64_t i = 0; i < m->size; i++)
        m->eigenvector[i] = nas_rng_normal(&rng);
    return NAS_OK;
}

static nas_status compile(nas_learning *l, mixture *m, nas_err *err)
{
    NAS_TRY(nas_graph_with_front(m->mixed.graph, &l->fitted.front, &m->graph, err));
    int nodes = nas_graph_count(m->graph);
    int shift = nodes - nas_graph_count(m->mixed.graph);
    bool *gated = NAS_NEW(l->scratch, bool, nodes);
    NAS_TRY_ALLOC(gated, err);
    for (int i = 0; i < m->mixed.n_mixtures; i++)
        gated[m->mixed.mixtures[i].node + shift] = true;
    nas_net_options options = nas_fitted_options(&l->fitted, &l->job->recipe);
    options.gated = gated;
    options.plain_norms = true;
    NAS_TRY(nas_net_compile(m->graph, &options, l->workspace, &m->net, err));
    if (l->fitted.target_mean != NULL)
        nas_net_set_targets(m->net, l->fitted.target_mean, l->fitted.target_deviation);
    nas_net_init(m->net, nas_learning_stream(l, STREAM_INIT, 0));
    int n = nas_net_gate_count(m->net);
    m->gates = NAS_NEW(l->arena, float, n);
    m->gate_slopes = NAS_NEW(l->arena, double, n);
    NAS_TRY_ALLOC(m->gates, err);
    NAS_TRY_ALLOC(m->gate_slopes, err);
    if (!l->job->second_order)
        return NAS_OK;
    m->kept = NAS_NEW(l->arena, float, nas_net_params(m->net));
    m->ahead = NAS_NEW(l->arena, float, nas_net_params(m->net));
    NAS_TRY_ALLOC(m->kept, err);
    NAS_TRY_ALLOC(m->ahead, err);
    return NAS_OK;
}

static nas_status mixture_prepare(nas_learning *l, nas_err *err)
{
    mixture *m = NAS_NEW(l->arena, mixture, 1);
    NAS_TRY_ALLOC(m, err);
    l->state = m;
    NAS_TRY(halve_rows(l, m, err));
    NAS_TRY(nas_space_mix(l->job->space, l->result_arena, &m->mixed, err));
    NAS_TRY(new_strengths(l, m, err));
    return compile(l, m, err);
}

static void mixture_free(nas_learning *l)
{
    mixture *m = l->state;
    if (m == NULL)
        return;
    nas_net_free(m->net);
    nas_graph_free(m->graph);
    nas_graph_free(m->mixed.graph);
}

/* ---- weights of alternatives ------------------------------------------- */

/* GDAS: tau falls linearly over the training. */
static double temperature(const nas_learning *l)
{
    bool draws = l->job->kind == NAS_SUPERNET_GUMBEL;
    return draws ? TAU_FIRST + (TAU_LAST - TAU_FIRST) * l->position : 1.0;
}

void nas_softmax(const double *x, int n, double tau, double *p)
{
    double top = x[0];
    double sum = 0.0;
    for (int v = 1; v < n; v++)
        top = fmax(top, x[v]);
    for (int v = 0; v < n; v++)
        sum += p[v] = exp((x[v] - top) / tau);
    for (int v = 0; v < n; v++)
        p[v] /= sum;
}

void nas_gumbel_one_hot(const double *alpha, int n, double tau, nas_rng *rng, double *p,
                        double *weight)
{
    int best = 0;
    for (int v = 0; v < n; v++) {
        double u = nas_rng_uniform(rng);
        weight[v] = alpha[v] - log(-log(u > 0.0 ? u : 0x1p-54));
        best = weight[v] > weight[best] ? v : best;
    }
    nas_softmax(weight, n, tau, p);
    for (int v = 0; v < n; v++)
        weight[v] = v == best ? 1.0 : 0.0;
}

/* Fill p and weight of all choices and open the gates accordingly. */
static void weigh(const nas_learning *l, mixture *m, int64_t step, double tau)
{
    nas_rng rng = nas_learning_stream(l, STREAM_GUMBEL, step);
    for (int c = 0; c < m->mixed.n_choices; c++) {
        int64_t at = (int64_t)c * m->stride;
        int n = m->mixed.choices[c].n;
        if (l->job->kind == NAS_SUPERNET_GUMBEL) {
            nas_gumbel_one_hot(m->alpha + at, n, tau, &rng, m->p + at, m->weight + at);
            continue;
        }
        nas_softmax(m->alpha + at, n, 1.0, m->p + at);
        memcpy(m->weight + at, m->p + at, (size_t)n * sizeof *m->p);
    }
    float *gate = m->gates;
    for (int i = 0; i < m->mixed.n_mixtures; i++) {
        const nas_mixture *of = &m->mixed.mixtures[i];
        for (int k = 0; k < of->n; k++)
            *gate++ = (float)m->weight[(int64_t)of->choice * m->stride + of->values[k]];
    }
    nas_net_set_gates(m->net, m->gates);
}

/* Slopes of gates, summed over the mixtures of a choice. */
static void collect_slopes(mixture *m)
{
    nas_net_gate_gradients(m->net, m->gate_slopes);
    memset(m->slope, 0, (size_t)m->size * sizeof *m->slope);
    const double *gate = m->gate_slopes;
    for (int i = 0; i < m->mixed.n_mixtures; i++) {
        const nas_mixture *of = &m->mixed.mixtures[i];
        for (int k = 0; k < of->n; k++)
            m->slope[(int64_t)of->choice * m->stride + of->values[k]] += *gate++;
    }
}

/* Through the softmax, dL/dalpha_v = p_v (s_v - sum p s) / tau, then Adam with decay in
 * the gradient. @return false when a slope is NaN or infinite */
static bool move_strengths(mixture *m, double tau, int64_t step)
{
    double c1 = 1.0 - pow(ALPHA_BETA1, (double)step + 1.0);
    double c2 = 1.0 - pow(ALPHA_BETA2, (double)step + 1.0);
    for (int c = 0; c < m->mixed.n_choices; c++) {
        int64_t at = (int64_t)c * m->stride;
        double mean = 0.0;
        for (int v = 0; v < m->mixed.choices[c].n; v++)
            mean += m->p[at + v] * m->slope[at + v];
        if (!isfinite(mean))
            return false;
        for (int64_t i = at; i < at + m->mixed.choices[c].n; i++) {
            double g = m->p[i] * (m->slope[i] - mean) / tau + ALPHA_DECAY * m->alpha[i];
            m->first[i] = ALPHA_BETA1 * m->first[i] + (1.0 - ALPHA_BETA1) * g;
            m->second[i] = ALPHA_BETA2 * m->second[i] + (1.0 - ALPHA_BETA2) * g * g;
            m->alpha[i] -= ALPHA_RATE * (m->first[i] / c1) /
                           (sqrt(m->second[i] / c2) + ALPHA_EPSILON);
        }
    }
    return true;
}

/* ---- steps ------------------------------------------------------------- */

/* Forward and backward on a batch.
 * @param pass  its number: two in each step */
static double run_net(const nas_learning *l, mixture *m, const int64_t *rows,
                      int64_t pass, double tau)
{
    nas_rng dropout = nas_learning_stream(l, STREAM_DROPOUT, pass);
    weigh(l, m, pass, tau);
    nas_learning_batch(l, m->net, rows, pass);
    double loss = nas_net_forward(m->net, true, &dropout);
    if (isfinite(loss))
        nas_net_backward(m->net);
    return loss;
}

/* ---- second order ------------------------------------------------------ */

/* A second-order step, as nas_unrolled_slopes runs it. */
typedef struct unrolled {
    const nas_learning *l;
    mixture *m;
    const int64_t *rows, *other_rows;
    int64_t pass; /* number of the first of its passes */
} unrolled;

static double run_unrolled(void *context, bool other, const float **gradient,
                           const double **slopes)
{
    const unrolled *at = context;
    double loss = other ? run_net(at->l, at->m, at->other_rows, at->pass, 1.0)
                        : run_net(at->l, at->m, at->rows, at->pass + 1, 1.0);
    if (isfinite(loss))
        collect_slopes(at->m);
    *gradient = nas_net_gradients(at->m->net);
    *slopes = at->m->slope;
    return loss;
}

/* Into m->slope. @return false when a loss became NaN or infinite */
static bool look_ahead(unrolled *at, float rate)
{
    mixture *m = at->m;
    double *slopes = m->unrolled_slope;
    nas_unroll unroll = {.params = nas_net_params(m->net),
                         .size = m->size,
                         .weights = nas_net_weights(m->net),
                         .rate = (double)rate,
                         .run = run_unrolled,
                         .context = at,
                         .kept = m->kept,
                         .ahead = m->ahead};
    bool finite = nas_unrolled_slopes(&unroll, slopes);
    memcpy(m->slope, slopes, (size_t)m->size * sizeof *slopes);
    return finite;
}

/* ---- a step ------------------------------------------------------------ */

/* The batch of the other half for a step; its epochs have their own order. */
static const int64_t *alpha_batch(const nas_learning *l, mixture *m, int64_t step)
{
    int64_t at = step % m->alpha_steps;
    int64_t epoch = step / m->alpha_steps;
    if (epoch + 1 != m->alpha_epoch)
        nas_learning_order(l, m->alpha_rows, m->n_alpha, STREAM_ALPHA_ORDER, epoch,
                           m->alpha_order);
    m->alpha_epoch = epoch + 1;
    return m->alpha_order + at * l->fitted.batch;
}

/* Slopes of the other half's loss. @return false when it is NaN or infinite */
static bool find_slopes(const nas_learning *l, mixture *m, int64_t step,
                        const int64_t *rows, float rate)
{
    const int64_t *other = alpha_batch(l, m, step);
    if (l->job->second_order) {
        unrolled at = {l, m, rows, other, 2 * step};
        return look_ahead(&at, rate);
    }
    double loss = run_net(l, m, other, 2 * step, temperature(l));
    if (isfinite(loss))
        collect_slopes(m);
    return isfinite(loss);
}

static nas_status mixture_step(nas_learning *l, int64_t step, const int64_t *rows,
                               float rate, double *loss, const char **what, nas_err *err)
{
    (void)err;
    mixture *m = l->state;
    double tau = temperature(l);
    if (!find_slopes(l, m, step, rows, rate)) {
        *what = "the loss";
        return NAS_OK;
    }
    if (!move_strengths(m, tau, step)) {
        *what = "a strength";
        return NAS_OK;
    }
    *loss = run_net(l, m, rows, 2 * step + 1, tau);
    if (!isfinite(*loss))
        *what = "the loss";
    else if (!nas_net_update(m->net, &l->optimizer, rate, step))
        *what = "a gradient";
    l->result->paths += l->job->second_order ? 5 : 2;
    return NAS_OK;
}

static size_t vector_bytes(const mixture *m)
{
    return (size_t)m->size * sizeof *m->alpha;
}

/* ---- how it goes ------------------------------------------------------- */

/* Of the choices that have an alternative that does nothing, how many it wins. */
static double skip_share(const mixture *m)
{
    int has = 0;
    int wins = 0;
    for (int c = 0; c < m->mixed.n_choices; c++) {
        const nas_mixed_choice *choice = &m->mixed.choices[c];
        const double *alpha = m->alpha + (int64_t)c * m->stride;
        int best = 0;
        for (int v = 1; v < choice->n; v++)
            best = alpha[v] > alpha[best] ? v : best;
        has += choice->skip >= 0;
        wins += choice->skip >= 0 && best == choice->skip;
    }
    return has > 0 ? (double)wins / has : 0.0;
}

nas_collapse nas_collapse_of(const double *skip_share, int64_t epochs)
{
    nas_collapse out = {.skip_share = skip_share[epochs - 1], .epoch = epochs};
    bool begun = false; /* a start by chance is no collapse */
    for (int64_t e = 0; e < epochs; e++) {
        bool large = skip_share[e] > NAS_SKIP_ALARM;
        begun = begun || !large;
        if (!large || (e + 1 < epochs && !begun))
            continue;
        out.alarm_epoch = e + 1;
        if (e > 0 && begun)
            out.epoch = e;
        break;
    }
    return out;
}

/* Gradient of the other half's loss over strengths, on the first batch of its rows. */
typedef struct curvature {
    const nas_learning *l;
    mixture *m;
} curvature;

static void gradient_at(void *context, const double *at, double *gradient)
{
    const curvature *c = context;
    mixture *m = c->m;
    memcpy(m->alpha, at, (size_t)m->size * sizeof *at);
    double loss = run_net(c->l, m, m->alpha_rows, 0, 1.0);
    if (isfinite(loss))
        collect_slopes(m);
    for (int k = 0; k < m->mixed.n_choices; k++) {
        const int64_t from = (int64_t)k * m->stride;
        const int n = m->mixed.choices[k].n;
        double mean = 0.0;
        for (int64_t i = from; i < from + m->stride; i++)
            gradient[i] = 0.0;
        for (int64_t i = from; i < from + n; i++)
            mean += m->p[i] * m->slope[i];
        for (int64_t i = from; i < from + n; i++)
            gradient[i] = isfinite(loss) ? m->p[i] * (m->slope[i] - mean) : (double)NAN;
    }
}

/* Every other epoch; the strengths stay what they are. */
static nas_status measure_curvature(nas_learning *l, mixture *m, nas_err *err)
{
    if (!l->job->early_stop || l->epochs_done % NAS_EIGEN_EVERY != 0)
        return NAS_OK;
    curvature context = {l, m};
    nas_curved curved = {.size = m->size,
                         .gradient = gradient_at,
                         .context = &context,
                         .scratch = NAS_NEW(l->scratch, double, 3 * m->size)};
    const double *at = nas_arena_copy(l->scratch, m->alpha, vector_bytes(m));
    NAS_TRY_ALLOC(curved.scratch, err);
    NAS_TRY_ALLOC(at, err);
    int64_t n = l->epochs_done / NAS_EIGEN_EVERY;
    int64_t epoch = 0;
    m->eigenvalue[n - 1] = nas_dominant_eigenvalue(&curved, at, m->eigenvector);
    memcpy(m->alpha, at, vector_bytes(m));
    l->over = nas_eigen_stop(m->eigenvalue, n, &epoch);
    return NAS_OK;
}

static nas_status mixture_end_epoch(nas_learning *l, nas_err *err)
{
    mixture *m = l->state;
    int64_t e = l->epochs_done - 1;
    memcpy(m->history + e * m->size, m->alpha, vector_bytes(m));
    m->skip_share[e] = skip_share(m);
    return measure_curvature(l, m, err);
}

/* ---- the state --------------------------------------------------------- */

/* [alpha][first][second][eigenvector][net], then for each epoch that was done
 * [strengths][skip share][eigenvalue, of every other one: else 0] */
static void save_epochs(const mixture *m, int64_t epochs, nas_text *out)
{
    for (int64_t e = 0; e < epochs; e++) {
        bool measured = (e + 1) % NAS_EIGEN_EVERY == 0;
        double value = measured ? m->eigenvalue[(e + 1) / NAS_EIGEN_EVERY - 1] : 0.0;
        nas_text_append(out, (const char *)(m->history + e * m->size), vector_bytes(m));
        nas_text_append(out, (const char *)(m->skip_share + e), sizeof *m->skip_share);
        nas_text_append(out, (const char *)&value, sizeof value);
    }
}

static nas_status mixture_save(const nas_learning *l, nas_text *out, nas_err *err)
{
    const mixture *m = l->state;
    const double *vectors[] = {m->alpha, m->first, m->second, m->eigenvector};
    for (int i = 0; i < 4; i++)
        nas_text_append(out, (const char *)vectors[i], vector_bytes(m));
    size_t bytes = nas_net_state_bytes(m->net);
    void *net = nas_heap_alloc(1, bytes);
    NAS_TRY_ALLOC(net, err);
    nas_net_state_save(m->net, net);
    nas_text_append(out, net, bytes);
    nas_heap_free(net);
    save_epochs(m, l->epochs_done, out);
    return nas_text_status(out, err);
}

static void load_epochs(mixture *m, int64_t epochs, const char *at)
{
    for (int64_t e = 0; e < epochs; e++) {
        memcpy(m->history + e * m->size, at, vector_bytes(m));
        at += vector_bytes(m);
        memcpy(m->skip_share + e, at, sizeof *m->skip_share);
        at += sizeof *m->skip_share;
        if ((e + 1) % NAS_EIGEN_EVERY == 0)
            memcpy(m->eigenvalue + (e + 1) / NAS_EIGEN_EVERY - 1, at, sizeof(double));
        at += sizeof(double);
    }
}

static nas_status mixture_load(nas_learning *l, const void *bytes, size_t n, bool *ours,
                               nas_err *err)
{
    (void)err;
    mixture *m = l->state;
    size_t net = nas_net_state_bytes(m->net);
    size_t fixed = 4 * vector_bytes(m) + net;
    size_t per_epoch = vector_bytes(m) + 2 * sizeof(double);
    size_t epochs = n >= fixed ? (n - fixed) / per_epoch : 0;
    *ours = n == fixed + epochs * per_epoch && epochs <= (size_t)l->job->epochs;
    if (!*ours)
        return NAS_OK;
    const char *at = bytes;
    double *vectors[] = {m->alpha, m->first, m->second, m->eigenvector};
    for (int i = 0; i < 4; i++, at += vector_bytes(m))
        memcpy(vectors[i], at, vector_bytes(m));
    nas_net_state_load(m->net, at);
    load_epochs(m, (int64_t)epochs, at + net);
    return NAS_OK;
}

/* What the alarm and the curvature say of the epochs that were done. */
static nas_collapse judge(const nas_learning *l, const mixture *m)
{
    nas_collapse out = nas_collapse_of(m->skip_share, l->epochs_done);
    int64_t epoch = 0;
    if (l->over &&
        nas_eigen_stop(m->eigenvalue, l->epochs_done / NAS_EIGEN_EVERY, &epoch)) {
        out.stopped_epoch = l->epochs_done;
        out.epoch = epoch < out.epoch ? epoch : out.epoch;
    }
    return out;
}

static nas_status mixture_finish(nas_learning *l, nas_err *err)
{
    mixture *m = l->state;
    nas_supernet_result *result = l->result;
    result->collapse = judge(l, m);
    const double *taken = m->history + (result->collapse.epoch - 1) * m->size;
    result->mixed = m->mixed;
    result->mixed.graph = NULL; /* mixture_free */
    result->strengths.value = nas_arena_copy(l->result_arena, taken, vector_bytes(m));
    result->strengths.stride = m->stride;
    NAS_TRY_ALLOC(result->strengths.value, err);
    return NAS_OK;
}

const nas_learner nas_mixture_learner = {
    .prepare = mixture_prepare,
    .free = mixture_free,
    .step = mixture_step,
    .end_epoch = mixture_end_epoch,
    .save = mixture_save,
    .load = mixture_load,
    .finish = mixture_finish,
};
