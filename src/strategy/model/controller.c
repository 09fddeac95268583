/* Notation
 *   paper       here            extent
 *   x_t         input           [H]      embedding of the choice before, or of the start
 *   i, f, g, o  gate            [4][H]   input, forget, cell, output; activated
 *   c_t, h_t    cell, hidden    [H]
 *   u / T       -               [values] of the head of a decision
 *   C tanh(.)   squashed * C    [values]
 *   p           p               [values] softmax of that
 *   R, b        reward / weight          moving average, corrected for its start */
#include "strategy/model/controller.h"

#include "strategy/strategies.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static const double FIRST = 0.9, SECOND = 0.999, EPSILON = 1e-8, START = 0.1;
enum { GATE_IN, GATE_FORGET, GATE_CELL, GATE_OUT, GATES };

/* One decision on the way. */
typedef struct moment {
    int decision, value;
    int64_t input; /* of the weights: where its embedding is */
    double *gate, *cell, *tanh_cell, *hidden;
    double *squashed, *p;
} moment;

struct nas_controller {
    controller_options options;
    int64_t n;               /* weights; 0: none yet */
    double *w, *m1, *m2, *g; /* [n] weights, Adam's moments, gradient; one allocation */
    int64_t steps, added;
    double reward, weight; /* of the baseline: sums of rewards and of ones, decayed */
    /* What follows from the space. */
    const nas_space *space;
    nas_arena *arena, *scratch;
    int decisions;
    int *n_values;               /* [decisions] */
    int64_t *embedding, *head;   /* [decisions] where those of value 0 begin */
    int64_t matrix, bias, count; /* [2H][4H], [4H]; weights in all */
    moment *moments;             /* [decisions] */
    int16_t *values;             /* [decisions] settled so far */
    int length;                  /* moments of the candidate at hand */
    double *slope;               /* [4H + 4H] see backward */
};

nas_controller *nas_controller_new(const controller_options *options)
{
    nas_controller *c = nas_heap_alloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->options = *options;
    c->arena = nas_arena_new();
    c->scratch = nas_arena_new();
    if (c->arena != NULL && c->scratch != NULL)
        return c;
    nas_controller_free(c);
    return NULL;
}

void nas_controller_free(nas_controller *c)
{
    if (c == NULL)
        return;
    nas_heap_free(c->w);
    nas_arena_free(c->arena);
    nas_arena_free(c->scratch);
    nas_heap_free(c);
}

/* ---- weights ----------------------------------------------------------------------- */

static nas_status allocate(nas_controller *c, int64_t n, nas_err *err)
{
    double *all = nas_heap_alloc((size_t)n, 4 * sizeof *all);
    NAS_TRY_ALLOC(all, err);
    nas_heap_free(c->w);
    c->w = all;
    c->m1 = all + n;
    c->m2 = all + 2 * n;
    c->g = all + 3 * n;
    c->n = n;
    c->added = 0;
    return NAS_OK;
}

static void forget_weights(nas_controller *c)
{
    nas_heap_free(c->w);
    c->w = c->m1 = c->m2 = c->g = NULL;
    c->n = c->added = 0;
}

/* Embedding of the start, of every value; gates; heads. */
static nas_status lay_out(nas_controller *c, nas_err *err)
{
    const int64_t h = c->options.hidden;
    c->decisions = nas_space_decision_count(c->space);
    c->n_values = NAS_NEW(c->arena, int, c->decisions);
    c->embedding = NAS_NEW(c->arena, int64_t, c->decisions);
    c->head = NAS_NEW(c->arena, int64_t, c->decisions);
    NAS_TRY_ALLOC(c->n_values, err);
    NAS_TRY_ALLOC(c->embedding, err);
    NAS_TRY_ALLOC(c->head, err);
    int64_t at = h;
    for (int d = 0; d < c->decisions; d++) {
        c->n_values[d] = nas_space_decision(c->space, d).n_values;
        c->embedding[d] = at;
        at += c->n_values[d] * h;
    }
    c->matrix = at;
    at += 2 * h * GATES * h;
    c->bias = at;
    at += GATES * h;
    for (int d = 0; d < c->decisions; d++) {
        c->head[d] = at;
        at += c->n_values[d] * (h + 1);
    }
    c->count = at;
    return NAS_OK;
}

static nas_status make_moments(nas_controller *c, nas_err *err)
{
    const int64_t h = c->options.hidden;
    int widest = 1;
    for (int d = 0; d < c->decisions; d++)
        widest = c->n_values[d] > widest ? c->n_values[d] : widest;
    const int64_t each = (GATES + 3) * h + 2 * (int64_t)widest;
    double *room = NAS_NEW(c->arena, double, each * c->decisions);
    c->moments = NAS_NEW(c->arena, moment, c->decisions);
    c->values = NAS_NEW(c->arena, int16_t, c->decisions);
    c->slope = NAS_NEW(c->arena, double, 2 * GATES * h);
    NAS_TRY_ALLOC(room, err);
    NAS_TRY_ALLOC(c->moments, err);
    NAS_TRY_ALLOC(c->values, err);
    NAS_TRY_ALLOC(c->slope, err);
    for (int t = 0; t < c->decisions; t++, room += each)
        c->moments[t] = (moment){.gate = room,
                                 .cell = room + GATES * h,
                                 .tanh_cell = room + (GATES + 1) * h,
                                 .hidden = room + (GATES + 2) * h,
                                 .squashed = room + (GATES + 3) * h,
                                 .p = room + (GATES + 3) * h + widest};
    return NAS_OK;
}

/* Uniform in +-0.1; biases are 0. */
static void draw_weights(nas_controller *c, nas_rng *rng)
{
    const int h = c->options.hidden;
    for (int64_t i = 0; i < c->bias; i++)
        c->w[i] = (double)(float)(START * (2 * nas_rng_uniform(rng) - 1));
    for (int d = 0; d < c->decisions; d++)
        for (int v = 0; v < c->n_values[d]; v++)
            for (int k = 0; k < h; k++)
                c->w[c->head[d] + (int64_t)v * (h + 1) + k] =
                    (double)(float)(START * (2 * nas_rng_uniform(rng) - 1));
}

nas_status nas_controller_begin(nas_controller *c, const nas_space *space, nas_rng *rng,
                                nas_err *err)
{
    if (c->space != space) {
        nas_arena_reset(c->arena);
        c->space = space;
        nas_status status = lay_out(c, err);
        if (status == NAS_OK)
            status = make_moments(c, err);
        if (status != NAS_OK) {
            c->space = NULL;
            return status;
        }
    }
    if (c->n == 0) {
        NAS_TRY(allocate(c, c->count, err));
        draw_weights(c, rng);
    }
    if (c->n != c->count)
        return nas_fail(err, NAS_E_STUDY,
                        "state of a controller: %lld weights found, %lld expected for "
                        "space `%s`",
                        (long long)c->n, (long long)c->count, nas_space_name(space));
    return NAS_OK;
}

bool nas_controller_begun(const nas_controller *c)
{
    return c->n > 0;
}

int64_t nas_controller_weights(nas_controller *c, double **weights,
                               const double **gradients)
{
    *weights = c->w;
    *gradients = c->g;
    return c->n;
}

int64_t nas_controller_steps(const nas_controller *c)
{
    return c->steps;
}

/* ---- forward ----------------------------------------------------------------------- */

/* out [4H] += in [H] times rows of the gates' matrix from `row` on. */
static void multiply(const nas_controller *c, const double *in, int row, double *out)
{
    const int h = c->options.hidden;
    for (int r = 0; r < h; r++) {
        const double *w = c->w + c->matrix + (int64_t)(row + r) * GATES * h;
        for (int k = 0; k < GATES * h; k++)
            out[k] += in[r] * w[k];
    }
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

/* The cell, from the moment before (NULL at the start). */
static void advance(const nas_controller *c, const moment *before, moment *now)
{
    const int h = c->options.hidden;
    memcpy(now->gate, c->w + c->bias, (size_t)(GATES * h) * sizeof *now->gate);
    multiply(c, c->w + now->input, 0, now->gate);
    if (before != NULL)
        multiply(c, before->hidden, h, now->gate);
    for (int k = 0; k < h; k++) {
        double *gate = now->gate + k;
        gate[GATE_IN * h] = sigmoid(gate[GATE_IN * h]);
        gate[GATE_FORGET * h] = sigmoid(gate[GATE_FORGET * h]);
        gate[GATE_CELL * h] = tanh(gate[GATE_CELL * h]);
        gate[GATE_OUT * h] = sigmoid(gate[GATE_OUT * h]);
        now->cell[k] = gate[GATE_IN * h] * gate[GATE_CELL * h];
        if (before != NULL)
            now->cell[k] += gate[GATE_FORGET * h] * before->cell[k];
        now->tanh_cell[k] = tanh(now->cell[k]);
        now->hidden[k] = gate[GATE_OUT * h] * now->tanh_cell[k];
    }
}

/* softmax(C tanh(u / T)) */
static void decide(const nas_controller *c, moment *now)
{
    const int h = c->options.hidden, n = c->n_values[now->decision];
    double sum = 0;
    for (int v = 0; v < n; v++) {
        const double *w = c->w + c->head[now->decision] + (int64_t)v * (h + 1);
        double u = w[h];
        for (int k = 0; k < h; k++)
            u += w[k] * now->hidden[k];
        now->squashed[v] = tanh(u / c->options.temperature);
        /* at most C above any other: no maximum need be taken out */
        now->p[v] = exp(c->options.tanh_constant * (now->squashed[v] - 1));
        sum += now->p[v];
    }
    for (int v = 0; v < n; v++)
        now->p[v] /= sum;
}

static int draw(const double *p, int n, nas_rng *rng)
{
    double u = nas_rng_uniform(rng);
    int v = 0;
    for (; v < n - 1; v++) {
        u -= p[v];
        if (u < 0)
            break;
    }
    return v;
}

/* Meet the decisions of a candidate in the space's order, or, without one, draw it. */
static nas_status unroll(nas_controller *c, const nas_candidate *given, nas_rng *rng,
                         nas_err *err)
{
    int64_t input = 0; /* the start's */
    c->length = 0;
    for (int d = 0; d < c->decisions; d++)
        c->values[d] = -1;
    for (;;) {
        int d = -1;
        nas_arena_reset(c->scratch);
        NAS_TRY(nas_space_next_decision(c->space, c->values, c->scratch, &d, err));
        if (d < 0)
            return NAS_OK;
        assert(c->length < c->decisions);
        moment *now = &c->moments[c->length];
        now->decision = d;
        now->input = input;
        advance(c, c->length > 0 ? now - 1 : NULL, now);
        decide(c, now);
        now->value = given != NULL ? nas_space_choice(c->space, given, d)
                                   : draw(now->p, c->n_values[d], rng);
        c->values[d] = (int16_t)now->value;
        input = c->embedding[d] + (int64_t)now->value * c->options.hidden;
        c->length++;
    }
}

nas_status nas_controller_sample(nas_controller *c, nas_rng *rng, nas_arena *arena,
                                 nas_candidate **out, nas_err *err)
{
    NAS_TRY(unroll(c, NULL, rng, err));
    *out = nas_space_assign(c->space, c->values, rng, arena);
    NAS_TRY_ALLOC(*out, err);
    return NAS_OK;
}

nas_status nas_controller_judge(nas_controller *c, const nas_candidate *candidate,
                                double *log_probability, double *entropy, nas_err *err)
{
    NAS_TRY(unroll(c, candidate, NULL, err));
    *log_probability = *entropy = 0;
    for (int t = 0; t < c->length; t++) {
        const moment *now = &c->moments[t];
        *log_probability += log(now->p[now->value]);
        for (int v = 0; v < c->n_values[now->decision]; v++)
            *entropy -= now->p[v] * log(now->p[v]);
    }
    return NAS_OK;
}

/* ---- backward ---------------------------------------------------------------------- */

/* Through the head: d/du of -A log p is A (p - onehot) C (1 - tanh^2) / T.
 * @param of_hidden  [H] added to */
static void undecide(nas_controller *c, const moment *now, double advantage,
                     double *of_hidden)
{
    const int h = c->options.hidden;
    const double scale = c->options.tanh_constant / c->options.temperature;
    for (int v = 0; v < c->n_values[now->decision]; v++) {
        const int64_t at = c->head[now->decision] + (int64_t)v * (h + 1);
        double slope = advantage * (now->p[v] - (v == now->value)) * scale *
                       (1 - now->squashed[v] * now->squashed[v]);
        for (int k = 0; k < h; k++) {
            c->g[at + k] += slope * now->hidden[k];
            of_hidden[k] += slope * c->w[at + k];
        }
        c->g[at + h] += slope;
    }
}

/* Through the matrix of the gates: the gradient of its rows, and of what went in.
 * @param of_gate  [4H]
 * @param of_in    [H] set */
static void unmultiply(nas_controller *c, const double *in, int row,
                       const double *of_gate, double *of_in)
{
    const int h = c->options.hidden;
    for (int r = 0; r < h; r++) {
        const int64_t at = c->matrix + (int64_t)(row + r) * GATES * h;
        double sum[4] = {0}; /* four that do not wait for each other */
        for (int k = 0; k < GATES * h; k += 4)
            for (int j = 0; j < 4; j++)
                sum[j] += c->w[at + k + j] * of_gate[k + j];
        for (int k = 0; k < GATES * h; k++)
            c->g[at + k] += in[r] * of_gate[k];
        of_in[r] = sum[0] + sum[1] + sum[2] + sum[3];
    }
}

/* Through the cell.
 * @param of_hidden, of_cell  [H] in: of this moment; out: of the cell before
 * @param of_gate             [4H] out: before activation */
static void unadvance(const nas_controller *c, const moment *before, const moment *now,
                      const double *of_hidden, double *of_cell, double *of_gate)
{
    const int h = c->options.hidden;
    for (int k = 0; k < h; k++) {
        const double *gate = now->gate + k;
        const double in = gate[GATE_IN * h], forget = gate[GATE_FORGET * h];
        const double cell = gate[GATE_CELL * h], out = gate[GATE_OUT * h];
        double slope =
            of_cell[k] + of_hidden[k] * out * (1 - now->tanh_cell[k] * now->tanh_cell[k]);
        double old = before != NULL ? before->cell[k] : 0;
        of_gate[GATE_IN * h + k] = slope * cell * in * (1 - in);
        of_gate[GATE_FORGET * h + k] = slope * old * forget * (1 - forget);
        of_gate[GATE_CELL * h + k] = slope * in * (1 - cell * cell);
        of_gate[GATE_OUT * h + k] = of_hidden[k] * now->tanh_cell[k] * out * (1 - out);
        of_cell[k] = slope * forget;
    }
}

/* Add the gradient of -advantage log p of the candidate that was unrolled. */
static void backward(nas_controller *c, double advantage)
{
    const int h = c->options.hidden;
    double *of_gate = c->slope, *of_hidden = of_gate + (int64_t)GATES * h;
    double *of_cell = of_hidden + h, *of_input = of_cell + h;
    memset(c->slope, 0, (size_t)(2 * GATES * h) * sizeof *c->slope);
    for (int t = c->length - 1; t >= 0; t--) {
        const moment *now = &c->moments[t], *before = t > 0 ? now - 1 : NULL;
        undecide(c, now, advantage, of_hidden);
        unadvance(c, before, now, of_hidden, of_cell, of_gate);
        for (int k = 0; k < GATES * h; k++)
            c->g[c->bias + k] += of_gate[k];
        unmultiply(c, c->w + now->input, 0, of_gate, of_input);
        for (int k = 0; k < h; k++)
            c->g[now->input + k] += of_input[k];
        if (before != NULL)
            unmultiply(c, before->hidden, h, of_gate, of_hidden);
    }
}

nas_status nas_controller_learn(nas_controller *c, const nas_candidate *candidate,
                                double reward, nas_err *err)
{
    const double momentum = c->options.momentum;
    double log_probability, entropy;
    NAS_TRY(nas_controller_judge(c, candidate, &log_probability, &entropy, err));
    reward += c->options.entropy * entropy;
    c->reward = momentum * c->reward + (1 - momentum) * reward;
    c->weight = momentum * c->weight + (1 - momentum);
    backward(c, reward - c->reward / c->weight);
    c->added++;
    return NAS_OK;
}

/* ---- steps ------------------------------------------------------------------------- */

/* What the gradients are multiplied by: their mean, not longer than `clip`. */
static double scale_of(const nas_controller *c)
{
    double sum = 0, scale = 1 / (double)c->added;
    for (int64_t i = 0; i < c->n; i++)
        sum += c->g[i] * c->g[i];
    double length = scale * sqrt(sum);
    return c->options.clip > 0 && length > c->options.clip
               ? scale * c->options.clip / length
               : scale;
}

void nas_controller_step(nas_controller *c)
{
    assert(c->added > 0);
    const double scale = scale_of(c), t = (double)++c->steps;
    const double rate = c->options.rate * sqrt(1 - pow(SECOND, t)) / (1 - pow(FIRST, t));
    for (int64_t i = 0; i < c->n; i++) {
        const double g = scale * c->g[i];
        const double m1 = (double)(float)(FIRST * c->m1[i] + (1 - FIRST) * g);
        const double m2 = (double)(float)(SECOND * c->m2[i] + (1 - SECOND) * g * g);
        c->w[i] = (double)(float)(c->w[i] - rate * m1 / (sqrt(m2) + EPSILON));
        c->m1[i] = m1;
        c->m2[i] = m2;
        c->g[i] = 0;
    }
    c->added = 0;
}

/* ---- state ------------------------------------------------------------------------- */

enum { FLOAT_BYTES = 4, ARRAYS = 3 };

static void put_float(nas_text *out, double value)
{
    const float narrow = (float)value;
    uint32_t bits;
    char bytes[FLOAT_BYTES];
    memcpy(&bits, &narrow, sizeof bits);
    for (int i = 0; i < FLOAT_BYTES; i++)
        bytes[i] = (char)(unsigned char)(bits >> (8 * i));
    nas_text_append(out, bytes, sizeof bytes);
}

static double get_float(const unsigned char *bytes)
{
    float narrow;
    uint32_t bits = 0;
    for (int i = 0; i < FLOAT_BYTES; i++)
        bits |= (uint32_t)bytes[i] << (8 * i);
    memcpy(&narrow, &bits, sizeof narrow);
    return (double)narrow;
}

void nas_controller_save(const nas_controller *c, nas_text *out)
{
    assert(c->added == 0);
    nas_state_put(out, c->options.hidden);
    nas_state_put(out, c->n);
    nas_state_put(out, c->steps);
    nas_state_put_real(out, c->reward);
    nas_state_put_real(out, c->weight);
    for (int64_t i = 0; i < ARRAYS * c->n; i++)
        put_float(out, c->w[i]);
}

static nas_status fail_load(const nas_controller *c, size_t n, nas_err *err)
{
    return nas_fail(err, NAS_E_STUDY,
                    "state of a controller: %zu bytes found, which are not one of %d "
                    "units",
                    n, c->options.hidden);
}

nas_status nas_controller_load(nas_controller *c, const void *bytes, size_t n,
                               nas_err *err)
{
    state_reader reader = {bytes, n};
    int64_t hidden = 0, count = 0, steps = 0;
    double reward = 0, weight = 0;
    if (!nas_state_get(&reader, &hidden) || !nas_state_get(&reader, &count) ||
        !nas_state_get(&reader, &steps) || !nas_state_get_real(&reader, &reward) ||
        !nas_state_get_real(&reader, &weight) || hidden != c->options.hidden ||
        steps < 0 || count < 0 || (size_t)count != reader.left / (ARRAYS * FLOAT_BYTES) ||
        reader.left % (ARRAYS * FLOAT_BYTES) != 0)
        return fail_load(c, n, err);
    if (count > 0)
        NAS_TRY(allocate(c, count, err));
    else
        forget_weights(c);
    c->steps = steps;
    c->reward = reward;
    c->weight = weight;
    for (int64_t i = 0; i < ARRAYS * count; i++)
        c->w[i] = get_float(reader.bytes + i * FLOAT_BYTES);
    return NAS_OK;
}
