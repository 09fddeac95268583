/* LSTM and GRU: a series of steps, forward and backward through time.
 *
 *   T  steps    C  inputs    H  units of a direction    D  directions    B  blocks
 *   G  gates with weights from the input: 4 of an LSTM, 3 of a GRU
 *   S  planes kept per unit and step: 5 and 4 (see nas_cell_job)
 *
 * Blocks are pixels of all products, as in dense layers, so weights are read once for the
 * whole batch. The state is laid out for the order in which steps read it, by direction:
 *   gates [T][S*H][B][16]    hidden [T+1][H][B][16]    cell [T+1][H][B][16], LSTM only
 * and behind all of them dh, dc [H][B][16]. Step s reads time s, or T-1-s backwards. */
#include "engine/unit.h"

#include <math.h>
#include <string.h>

enum { LINE = NAS_LANES, STEPS_PER_PIECE = 8 };

/* One direction of a unit while a piece of the batch is worked on. */
typedef struct run {
    nas_net *net;
    nas_unit *unit;
    int direction, steps, inputs, blocks;
    ptrdiff_t plane, gate_step, state_step; /* strides of the state in floats */
    float *gates, *hidden, *cell, *dh, *dc; /* at the piece's first block */
    ptrdiff_t time;                         /* floats from step to step in x and y */
    const float *kernel, *carry, *bias, *carry_bias;
    nas_view x; /* at the first step of this direction */
} run;

static bool is_lstm(const nas_unit *unit)
{
    return unit->recurrent.op == NAS_OP_LSTM;
}

static int gates_of(const nas_unit *unit)
{
    return is_lstm(unit) ? 4 : 3;
}

static int planes_of(const nas_unit *unit)
{
    return is_lstm(unit) ? 5 : 4;
}

int64_t nas_recurrent_floats(const nas_unit *unit, int64_t steps)
{
    const nas_recurrent *r = &unit->recurrent;
    const int64_t states = (steps + 1) * (is_lstm(unit) ? 2 : 1);
    return (r->directions * (steps * planes_of(unit) + states) + 2) * r->units * LINE;
}

/* ---- jobs ------------------------------------------------------------------------ */

/* Terms of a sum over `n` lines `x_step` apart with weights `w_step` apart. */
static nas_status set_terms(nas_net *net, nas_conv_job *job, int n, const int64_t step[2],
                            nas_err *err)
{
    const int chunk = nas_chunk_channels(n, net->blocks);
    nas_term *terms = NAS_NEW(net->arena, nas_term, chunk);
    NAS_TRY_ALLOC(terms, err);
    for (int k = 0; k < chunk; k++)
        terms[k] = (nas_term){(int32_t)(k * step[0]), (int32_t)(k * step[1])};
    job->terms = terms;
    job->n_terms = chunk;
    job->chunks = (n + chunk - 1) / chunk;
    job->last_terms = n - (job->chunks - 1) * chunk;
    job->x_chunk = chunk * step[0];
    job->w_chunk = chunk * step[1];
    return NAS_OK;
}

/* Offsets of n lines, `step` apart. */
static int32_t *lines(const nas_net *net, int n, ptrdiff_t step)
{
    int32_t *offset = NAS_NEW(net->arena, int32_t, n);
    for (int i = 0; offset != NULL && i < n; i++)
        offset[i] = (int32_t)(i * step);
    return offset;
}

/* A GRU's candidate has a recurrent sum of its own: the products with the state take the
 * first two gates, then the third, with the same terms. */
nas_status nas_prepare_recurrent(nas_net *net, nas_unit *unit, nas_err *err)
{
    nas_recurrent *r = &unit->recurrent;
    const nas_tensor *x = &net->units[unit->inputs[0]].z;
    const int64_t plane = (int64_t)net->blocks * LINE;
    const int rows = gates_of(unit) * r->units;
    const int joint = (is_lstm(unit) ? 4 : 2) * r->units;
    NAS_TRY(
        set_terms(net, &r->from_input, x->channels, (int64_t[]){x->view.plane, 1}, err));
    NAS_TRY(set_terms(net, &r->from_state, r->units, (int64_t[]){plane, 1}, err));
    NAS_TRY(set_terms(net, &r->to_input, rows, (int64_t[]){plane, x->channels}, err));
    NAS_TRY(set_terms(net, &r->to_state, joint, (int64_t[]){plane, r->units}, err));
    NAS_TRY(
        set_terms(net, &r->to_candidate, r->units, (int64_t[]){plane, r->units}, err));
    r->input_lines = lines(net, x->channels, x->view.plane);
    r->state_lines = lines(net, r->units, plane);
    NAS_TRY_ALLOC(r->input_lines, err);
    NAS_TRY_ALLOC(r->state_lines, err);
    return NAS_OK;
}

/* ---- one direction --------------------------------------------------------------- */

static void set_state(run *d, int first)
{
    const nas_recurrent *r = &d->unit->recurrent;
    const bool lstm = is_lstm(d->unit);
    d->plane = (ptrdiff_t)d->net->blocks * LINE;
    d->state_step = r->units * d->plane;
    d->gate_step = planes_of(d->unit) * d->state_step;
    const ptrdiff_t states = (d->steps + 1) * d->state_step;
    const ptrdiff_t all = d->steps * d->gate_step + states * (lstm ? 2 : 1);
    float *start = r->state.view.data + first * LINE;
    d->gates = start + d->direction * all;
    d->hidden = d->gates + d->steps * d->gate_step;
    d->cell = lstm ? d->hidden + states : d->hidden;
    d->dh = start + r->directions * all;
    d->dc = d->dh + d->state_step;
}

static run begin(nas_net *net, nas_unit *unit, nas_view x, const nas_piece *at,
                 int direction)
{
    const nas_recurrent *r = &unit->recurrent;
    const nas_tensor *input = &net->units[unit->inputs[0]].z;
    const ptrdiff_t rows = (ptrdiff_t)gates_of(unit) * r->units;
    run d = {
        .net = net,
        .unit = unit,
        .direction = direction,
        .steps = input->width,
        .inputs = input->channels,
        .blocks = at->count,
        .time = direction == 0 ? LINE : -LINE,
        .kernel = unit->kernel.w + direction * rows * input->channels,
        .carry = r->carry.w + direction * rows * r->units,
        .bias = r->bias.w + direction * rows,
        .x = x,
    };
    if (!is_lstm(unit))
        d.carry_bias = r->carry_bias.w + direction * r->units;
    if (direction > 0)
        d.x.data += (ptrdiff_t)(d.steps - 1) * LINE;
    set_state(&d, at->first);
    return d;
}

/* Element of y or dy that step s of this direction stands for. */
static nas_view result_at(const run *d, nas_view y, int s)
{
    const nas_recurrent *r = &d->unit->recurrent;
    y.data += (ptrdiff_t)d->direction * r->units * y.plane;
    if (r->sequence)
        y.data += (ptrdiff_t)(d->direction == 0 ? s : d->steps - 1 - s) * LINE;
    return y;
}

/* A state as a view: one line per unit and block. */
static nas_view state_view(const run *d, float *state)
{
    return (nas_view){state, LINE, d->plane, LINE};
}

static void copy_state(const run *d, nas_view from, nas_view to, bool accumulate)
{
    nas_copy_job job = {
        .blocks = d->blocks,
        .channels = d->unit->recurrent.units,
        .height = 1,
        .width = 1,
        .from = from,
        .to = to,
        .accumulate = accumulate,
        .low = -INFINITY,
        .high = INFINITY,
    };
    d->net->kernels->copy(&job);
}

static void clear_state(const run *d, float *state)
{
    for (int u = 0; u < d->unit->recurrent.units; u++)
        memset(state + u * d->plane, 0, (size_t)d->blocks * LINE * sizeof *state);
}

static nas_cell_job cell_job(const run *d, int s)
{
    return (nas_cell_job){
        .blocks = d->blocks,
        .units = d->unit->recurrent.units,
        .plane = d->plane,
        .gates = d->gates + s * d->gate_step,
        .h = d->hidden + s * d->state_step,
        .c = d->cell + s * d->state_step,
        .h_next = d->hidden + (s + 1) * d->state_step,
        .c_next = d->cell + (s + 1) * d->state_step,
        .dh = d->dh,
        .dc = d->dc,
    };
}

/* ---- forward --------------------------------------------------------------------- */

/* gates = bias + kernel * x, for all steps: block by block, steps as pixels. */
static void project_input(const run *d)
{
    nas_conv_job job = d->unit->recurrent.from_input;
    job.out = gates_of(d->unit) * d->unit->recurrent.units;
    job.rows = d->blocks;
    job.pixels = d->steps;
    job.x = d->x.data;
    job.x_row = d->x.block;
    job.x_pixel = d->time;
    job.w = d->kernel;
    job.w_out = d->inputs;
    job.y = d->gates;
    job.y_out = d->plane;
    job.y_row = LINE;
    job.y_pixel = d->gate_step;
    job.bias = d->bias;
    d->net->kernels->conv(&job);
}

/* gates of step s += carry * state. */
static void project_state(const run *d, int s)
{
    const int units = d->unit->recurrent.units;
    nas_conv_job job = d->unit->recurrent.from_state;
    job.out = (is_lstm(d->unit) ? 4 : 2) * units;
    job.rows = 1;
    job.pixels = d->blocks;
    job.x = d->hidden + s * d->state_step;
    job.x_pixel = LINE;
    job.w = d->carry;
    job.w_out = units;
    job.y = d->gates + s * d->gate_step;
    job.y_out = d->plane;
    job.y_pixel = LINE;
    job.accumulate = true;
    d->net->kernels->conv(&job);
    if (is_lstm(d->unit))
        return;
    job.out = units;
    job.w += (ptrdiff_t)2 * units * units;
    job.y += 3 * d->state_step;
    job.accumulate = false;
    job.bias = d->carry_bias;
    d->net->kernels->conv(&job);
}

static void forward_direction(const run *d, nas_view y)
{
    const nas_kernels *kernels = d->net->kernels;
    const bool sequence = d->unit->recurrent.sequence;
    clear_state(d, d->hidden);
    if (is_lstm(d->unit))
        clear_state(d, d->cell);
    project_input(d);
    for (int s = 0; s < d->steps; s++) {
        nas_cell_job job = cell_job(d, s);
        project_state(d, s);
        if (is_lstm(d->unit))
            kernels->lstm_cell(&job);
        else
            kernels->gru_cell(&job);
        if (sequence || s == d->steps - 1)
            copy_state(d, state_view(d, job.h_next), result_at(d, y, s), false);
    }
}

void nas_core_recurrent_forward(nas_net *net, nas_unit *unit, nas_view x,
                                const nas_piece *at)
{
    for (int k = 0; k < unit->recurrent.directions; k++) {
        run d = begin(net, unit, x, at, k);
        forward_direction(&d, nas_view_block(&unit->y, at->first));
    }
    nas_clamp_output(net, unit, at);
}

/* ---- backward -------------------------------------------------------------------- */

/* dh (+)= transposed rows of carry, from `row` on, * gradients of the gates at `gates`.
 */
static void add_state_gradient(const run *d, nas_conv_job job, const float *gates,
                               ptrdiff_t row, bool accumulate)
{
    const int units = d->unit->recurrent.units;
    job.out = units;
    job.rows = 1;
    job.pixels = d->blocks;
    job.x = gates;
    job.x_pixel = LINE;
    job.w = d->carry + row * units;
    job.w_out = 1;
    job.y = d->dh;
    job.y_out = d->plane;
    job.y_pixel = LINE;
    job.accumulate = accumulate;
    d->net->kernels->conv(&job);
}

/* dh of the state before step s, from the gradients of its gates. A GRU's state has a
 * direct way back, too. */
static void state_gradient(const run *d, int s)
{
    const nas_recurrent *r = &d->unit->recurrent;
    const float *gates = d->gates + s * d->gate_step;
    add_state_gradient(d, r->to_state, gates, 0, !is_lstm(d->unit));
    if (!is_lstm(d->unit))
        add_state_gradient(d, r->to_candidate, gates + 3 * d->state_step,
                           (ptrdiff_t)2 * r->units, true);
}

/* Through time: activations of all steps become gradients of their sums. */
static void backward_steps(const run *d, nas_view dy)
{
    const nas_kernels *kernels = d->net->kernels;
    const nas_view dh = state_view(d, d->dh);
    clear_state(d, d->dc);
    for (int s = d->steps - 1; s >= 0; s--) {
        const bool last = s == d->steps - 1;
        nas_cell_job job = cell_job(d, s);
        if (last || d->unit->recurrent.sequence)
            copy_state(d, result_at(d, dy, s), dh, !last);
        if (is_lstm(d->unit))
            kernels->lstm_cell_backward(&job);
        else
            kernels->gru_cell_backward(&job);
        if (s > 0)
            state_gradient(d, s);
    }
}

/* dx (+)= transposed kernel * gradients of the gates. */
static void input_gradient(const run *d, const nas_piece *at)
{
    const nas_tensor *dz = &d->net->units[d->unit->inputs[0]].dz;
    nas_view dx = nas_view_block(dz, at->first);
    nas_conv_job job = d->unit->recurrent.to_input;
    if (d->direction > 0)
        dx.data += (ptrdiff_t)(d->steps - 1) * LINE;
    job.out = d->inputs;
    job.rows = d->blocks;
    job.pixels = d->steps;
    job.x = d->gates;
    job.x_row = LINE;
    job.x_pixel = d->gate_step;
    job.w = d->kernel;
    job.w_out = 1;
    job.y = dx.data;
    job.y_out = dx.plane;
    job.y_row = dx.block;
    job.y_pixel = d->time;
    job.accumulate = !d->unit->first[0] || d->direction > 0;
    d->net->kernels->conv(&job);
}

/* Sums over blocks and some steps; gradients of the gates are planes, blocks pixels. */
static nas_reduce_job reduce_job(const run *d, int step, int steps)
{
    return (nas_reduce_job){
        .blocks = 1,
        .rows = steps,
        .pixels = d->blocks,
        .d = {.data = d->gates + step * d->gate_step,
              .plane = d->plane,
              .row = d->gate_step},
    };
}

/* Gradient of the weights from state to state. */
static void carry_gradient(const run *d, int step, int steps)
{
    const nas_recurrent *r = &d->unit->recurrent;
    nas_reduce_job job = reduce_job(d, step, steps);
    job.out = (is_lstm(d->unit) ? 4 : 2) * r->units;
    job.in = r->units;
    job.x = d->hidden + step * d->state_step;
    job.x_row = d->state_step;
    job.x_pixel = LINE;
    job.offset = r->state_lines;
    job.g = r->carry.g + (d->carry - r->carry.w);
    job.g_out = r->units;
    d->net->kernels->reduce(&job);
    if (is_lstm(d->unit))
        return;
    job.out = r->units;
    job.d.data += 3 * d->state_step;
    job.g += (ptrdiff_t)2 * r->units * r->units;
    d->net->kernels->reduce(&job);
}

static void kernel_gradient(const run *d, int step, int steps)
{
    nas_reduce_job job = reduce_job(d, step, steps);
    job.out = gates_of(d->unit) * d->unit->recurrent.units;
    job.in = d->inputs;
    job.x = d->x.data + step * d->time;
    job.x_row = d->time;
    job.x_pixel = d->x.block;
    job.offset = d->unit->recurrent.input_lines;
    job.g = d->unit->kernel.g + (d->kernel - d->unit->kernel.w);
    job.g_out = d->inputs;
    d->net->kernels->reduce(&job);
}

static void bias_gradient(const run *d, int step, int steps)
{
    static const float ones[LINE] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    static const int32_t here = 0;
    const nas_recurrent *r = &d->unit->recurrent;
    nas_reduce_job job = reduce_job(d, step, steps);
    job.out = gates_of(d->unit) * r->units;
    job.in = 1;
    job.x = ones;
    job.offset = &here;
    job.g = r->bias.g + (d->bias - r->bias.w);
    job.g_out = 1;
    d->net->kernels->reduce(&job);
    if (is_lstm(d->unit))
        return;
    job.out = r->units;
    job.d.data += 3 * d->state_step;
    job.g = r->carry_bias.g + (d->carry_bias - r->carry_bias.w);
    d->net->kernels->reduce(&job);
}

/* A few steps at a time: their gates are then read from a cache for each tile. */
static void weight_gradients(const run *d)
{
    for (int step = 0; step < d->steps; step += STEPS_PER_PIECE) {
        const int left = d->steps - step;
        const int steps = left < STEPS_PER_PIECE ? left : STEPS_PER_PIECE;
        kernel_gradient(d, step, steps);
        carry_gradient(d, step, steps);
        bias_gradient(d, step, steps);
    }
}

static void clear_gradient(const nas_parameter *parameter)
{
    if (parameter->count > 0)
        memset(parameter->g, 0, (size_t)parameter->count * sizeof *parameter->g);
}

void nas_core_recurrent_backward(nas_net *net, nas_unit *unit, nas_view x, nas_view dy,
                                 const nas_piece *at)
{
    if (at->first == 0) {
        clear_gradient(&unit->kernel);
        clear_gradient(&unit->recurrent.carry);
        clear_gradient(&unit->recurrent.bias);
        clear_gradient(&unit->recurrent.carry_bias);
    }
    for (int k = 0; k < unit->recurrent.directions; k++) {
        run d = begin(net, unit, x, at, k);
        backward_steps(&d, dy);
        weight_gradients(&d);
        if (net->units[unit->inputs[0]].gradient)
            input_gradient(&d, at);
    }
}
