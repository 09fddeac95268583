/* Cores of Transformer encoders: norms of a sample, tokens, positions, attention.
 *
 *   T  steps    C  channels    d  channels of a head    R  queries of a strip
 *
 * Attention goes strip by strip: the scores of R queries with all T keys, [R][T][16],
 * stay in a cache while softmax and the product with the values use them. Nothing is kept
 * for the backward pass, which computes them again: a quarter more products, but memory
 * is that of two strips instead of T*T lines per head. */
#include "engine/unit.h"

#include <math.h>
#include <string.h>

enum { LINE = NAS_LANES, STRIP = 8 };

static const float ones[LINE] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
static const int32_t here = 0;
static const nas_term one_term = {0, 0};

static void clear_gradient(const nas_parameter *parameter)
{
    if (parameter->count > 0)
        memset(parameter->g, 0, (size_t)parameter->count * sizeof *parameter->g);
}

/* ---- norms of a sample ----------------------------------------------------------- */

static nas_sample_norm_job norm_job(const nas_unit *unit, nas_view x, const nas_piece *at)
{
    return (nas_sample_norm_job){
        .blocks = at->count,
        .channels = unit->y.channels,
        .height = unit->y.height,
        .width = unit->y.width,
        .groups = unit->series.groups,
        .epsilon = unit->series.epsilon,
        .gamma = unit->kernel.w,
        .beta = unit->series.shift.w,
        .x = x,
    };
}

void nas_core_sample_norm_forward(nas_net *net, nas_unit *unit, nas_view x,
                                  const nas_piece *at)
{
    nas_sample_norm_job job = norm_job(unit, x, at);
    job.y = nas_view_block(&unit->y, at->first);
    net->kernels->sample_norm(&job);
    nas_clamp_output(net, unit, at);
}

/* The unit's sums are free: whatever is fused behind it is done with them. */
void nas_core_sample_norm_backward(nas_net *net, nas_unit *unit, nas_view x, nas_view dy,
                                   const nas_piece *at)
{
    const nas_unit *input = &net->units[unit->inputs[0]];
    const int channels = unit->y.channels;
    nas_sample_norm_job job = norm_job(unit, x, at);
    job.dy = dy;
    if (input->gradient)
        job.dx = nas_view_block(&input->dz, at->first);
    job.accumulate = !unit->first[0];
    job.sum = unit->sum;
    job.square = unit->square;
    if (at->first == 0) {
        memset(unit->sum, 0, (size_t)channels * LINE * sizeof *unit->sum);
        memset(unit->square, 0, (size_t)channels * LINE * sizeof *unit->square);
        memset(unit->totals, 0, 2 * (size_t)channels * sizeof *unit->totals);
    }
    net->kernels->sample_norm_backward(&job);
    net->kernels->fold(unit->sum, channels, unit->totals);
    net->kernels->fold(unit->square, channels, unit->totals + channels);
    for (int c = 0; c < channels; c++) {
        unit->series.shift.g[c] = (float)unit->totals[c];
        unit->kernel.g[c] = (float)unit->totals[channels + c];
    }
}

/* ---- tokens ---------------------------------------------------------------------- */

/* Step j of y is column j of x times row j of the table: one product per channel. */
void nas_core_tokens_forward(nas_net *net, nas_unit *unit, nas_view x,
                             const nas_piece *at)
{
    const nas_view y = nas_view_block(&unit->y, at->first);
    const int out = unit->y.channels;
    for (int j = 0; j < unit->y.width; j++) {
        nas_conv_job job = {
            .out = out,
            .rows = at->count,
            .pixels = 1,
            .terms = &one_term,
            .n_terms = 1,
            .last_terms = 1,
            .chunks = 1,
            .x = x.data + j * x.plane,
            .x_row = x.block,
            .w = unit->kernel.w + (ptrdiff_t)j * out,
            .w_out = 1,
            .y = y.data + (ptrdiff_t)j * LINE,
            .y_out = y.plane,
            .y_row = y.block,
            .bias = unit->series.shift.w + (ptrdiff_t)j * out,
        };
        net->kernels->conv(&job);
    }
    nas_clamp_output(net, unit, at);
}

/* dx of column j (+)= sum over channels of dy * table. A channel is a chunk of its own:
 * the sums are few, and need no table of terms. */
static void tokens_input(nas_net *net, const nas_unit *unit, nas_view dy,
                         const nas_piece *at)
{
    const nas_unit *input = &net->units[unit->inputs[0]];
    const nas_view dx = nas_view_block(&input->dz, at->first);
    const int out = unit->y.channels;
    for (int j = 0; j < unit->y.width; j++) {
        nas_conv_job job = {
            .out = 1,
            .rows = at->count,
            .pixels = 1,
            .terms = &one_term,
            .n_terms = 1,
            .last_terms = 1,
            .chunks = out,
            .x = dy.data + (ptrdiff_t)j * LINE,
            .x_row = dy.block,
            .x_chunk = dy.plane,
            .w = unit->kernel.w + (ptrdiff_t)j * out,
            .w_chunk = 1,
            .y = dx.data + j * dx.plane,
            .y_row = dx.block,
            .accumulate = !unit->first[0],
        };
        net->kernels->conv(&job);
    }
}

/* Gradients of row j of the table and of its biases. */
static void tokens_weights(nas_net *net, const nas_unit *unit, nas_view x, nas_view dy,
                           const nas_piece *at)
{
    const int out = unit->y.channels;
    for (int j = 0; j < unit->y.width; j++) {
        nas_reduce_job job = {
            .out = out,
            .in = 1,
            .blocks = at->count,
            .rows = 1,
            .pixels = 1,
            .d = {dy.data + (ptrdiff_t)j * LINE, dy.block, dy.plane, 0},
            .x = x.data + j * x.plane,
            .x_block = x.block,
            .offset = &here,
            .g = unit->kernel.g + (ptrdiff_t)j * out,
            .g_out = 1,
        };
        net->kernels->reduce(&job);
        job.x = ones;
        job.x_block = 0;
        job.g = unit->series.shift.g + (ptrdiff_t)j * out;
        net->kernels->reduce(&job);
    }
}

void nas_core_tokens_backward(nas_net *net, nas_unit *unit, nas_view x, nas_view dy,
                              const nas_piece *at)
{
    if (at->first == 0) {
        clear_gradient(&unit->kernel);
        clear_gradient(&unit->series.shift);
    }
    tokens_weights(net, unit, x, dy, at);
    if (net->units[unit->inputs[0]].gradient)
        tokens_input(net, unit, dy, at);
}

/* ---- positions ------------------------------------------------------------------- */

nas_status nas_prepare_positions(nas_net *net, nas_unit *unit, nas_err *err)
{
    const int64_t channels = unit->y.channels, steps = unit->y.width;
    if (unit->kernel.offset >= 0)
        return NAS_OK;
    unit->series.table = NAS_NEW(net->arena, float, channels *steps);
    NAS_TRY_ALLOC(unit->series.table, err);
    for (int64_t i = 0; i < channels * steps; i++)
        unit->series.table[i] = (float)nas_position(i / steps, channels, i % steps);
    return NAS_OK;
}

void nas_core_positions_forward(nas_net *net, nas_unit *unit, nas_view x,
                                const nas_piece *at)
{
    nas_shift_job job = {
        .blocks = at->count,
        .channels = unit->y.channels,
        .width = unit->y.width,
        .x = x,
        .y = nas_view_block(&unit->y, at->first),
        .table = unit->series.table == NULL ? unit->kernel.w : unit->series.table,
    };
    net->kernels->shift(&job);
    nas_clamp_output(net, unit, at);
}

void nas_core_positions_backward(nas_net *net, nas_unit *unit, nas_view x, nas_view dy,
                                 const nas_piece *at)
{
    (void)x;
    nas_pass_gradient(net, unit, 0, dy, at);
    if (unit->kernel.offset < 0)
        return;
    if (at->first == 0)
        clear_gradient(&unit->kernel);
    for (int c = 0; c < unit->y.channels; c++) {
        nas_reduce_job job = {
            .out = unit->y.width,
            .in = 1,
            .blocks = at->count,
            .rows = 1,
            .pixels = 1,
            .d = {dy.data + c * dy.plane, dy.block, LINE, 0},
            .x = ones,
            .offset = &here,
            .g = unit->kernel.g + (ptrdiff_t)c * unit->y.width,
            .g_out = 1,
        };
        net->kernels->reduce(&job);
    }
}

/* ---- attention ------------------------------------------------------------------- */

/* One head of one block. */
typedef struct head {
    const nas_kernels *kernels;
    int steps, channels; /* d */
    float scale;         /* 1/sqrt(d) */
    ptrdiff_t plane;     /* of q, k, v */
    const float *q, *k, *v;
    float *p, *dp; /* [R][T][16] */
} head;

int64_t nas_attention_floats(const nas_unit *unit)
{
    return 2 * (int64_t)STRIP * unit->y.width * LINE;
}

static head head_of(const nas_net *net, const nas_unit *unit, nas_view x, int block,
                    int index)
{
    const int channels = unit->y.channels, d = channels / unit->series.groups;
    const float *q = x.data + block * x.block + (ptrdiff_t)index * d * x.plane;
    return (head){
        .kernels = net->kernels,
        .steps = unit->y.width,
        .channels = d,
        .scale = 1.0f / sqrtf((float)d),
        .plane = x.plane,
        .q = q,
        .k = q + channels * x.plane,
        .v = q + 2 * channels * x.plane,
        .p = net->scratch,
        .dp = net->scratch + (ptrdiff_t)STRIP * unit->y.width * LINE,
    };
}

static int strip_rows(const head *h, int first)
{
    return h->steps - first < STRIP ? h->steps - first : STRIP;
}

/* to.y [rows][T] = to.scale * sum over channels of to.a[c][row] * b[c][step]. */
static void scores(const head *h, int rows, const float *b, nas_product_job to)
{
    to.m = rows;
    to.n = h->steps;
    to.k = h->channels;
    to.a_m = LINE;
    to.b = b;
    to.b_n = LINE;
    to.b_k = h->plane;
    to.y_m = (ptrdiff_t)h->steps * LINE;
    to.y_n = LINE;
    h->kernels->product(&to);
}

static nas_view strip_view(const head *h, float *strip)
{
    return (nas_view){strip, 0, LINE, (ptrdiff_t)h->steps * LINE};
}

/* p = softmax of the scores of some queries. */
static void attend(const head *h, int first, int rows)
{
    const nas_view p = strip_view(h, h->p);
    const nas_softmax_job job = {
        .blocks = 1, .channels = h->steps, .height = rows, .width = 1, .x = p, .y = p};
    scores(h, rows, h->k,
           (nas_product_job){
               .a = h->q + first * LINE, .a_k = h->plane, .y = h->p, .scale = h->scale});
    h->kernels->softmax(&job);
}

/* to.y[c][row] (+)= to.scale * sum over steps of strip[row][step] * b[c][step]. */
static void from_strip(const head *h, int rows, const float *strip, const float *b,
                       nas_product_job to)
{
    to.m = rows;
    to.n = h->channels;
    to.k = h->steps;
    to.a = strip;
    to.a_m = (ptrdiff_t)h->steps * LINE;
    to.a_k = LINE;
    to.b = b;
    to.b_n = h->plane;
    to.b_k = LINE;
    h->kernels->product(&to);
}

/* to.y[c][step] += to.scale * sum over rows of strip[row][step] * to.b[c][row]. */
static void through_strip(const head *h, int rows, const float *strip, nas_product_job to)
{
    to.m = h->steps;
    to.n = h->channels;
    to.k = rows;
    to.a = strip;
    to.a_m = LINE;
    to.a_k = (ptrdiff_t)h->steps * LINE;
    to.b_k = LINE;
    h->kernels->product(&to);
}

static void forward_head(const head *h, float *y, ptrdiff_t plane)
{
    for (int first = 0; first < h->steps; first += STRIP) {
        const int rows = strip_rows(h, first);
        attend(h, first, rows);
        from_strip(h, rows, h->p, h->v,
                   (nas_product_job){
                       .y = y + first * LINE, .y_m = LINE, .y_n = plane, .scale = 1.0f});
    }
}

void nas_core_attention_forward(nas_net *net, nas_unit *unit, nas_view x,
                                const nas_piece *at)
{
    const nas_view y = nas_view_block(&unit->y, at->first);
    const int heads = unit->series.groups;
    for (int i = 0; i < at->count * heads; i++) {
        const head h = head_of(net, unit, x, i / heads, i % heads);
        forward_head(&h,
                     y.data + i / heads * y.block +
                         (ptrdiff_t)(i % heads) * h.channels * y.plane,
                     y.plane);
    }
    nas_clamp_output(net, unit, at);
}

/* dp becomes the gradient of the scores. */
static void scores_gradient(const head *h, int rows)
{
    const nas_view p = strip_view(h, h->p), dp = strip_view(h, h->dp);
    const nas_softmax_job job = {.blocks = 1,
                                 .channels = h->steps,
                                 .height = rows,
                                 .width = 1,
                                 .y = p,
                                 .dy = dp,
                                 .dx = dp};
    h->kernels->softmax_backward(&job);
}

/* Gradients of queries, keys and values, [3][d][T], from that of the result:
 *   dv += p' dy    dp = dy v'    ds = p (dp - sum of p dp)    dq += ds k    dk += ds' q
 * @param dx  of the queries; keys and values follow `all` planes apart */
static void backward_head(const head *h, const float *dy, ptrdiff_t dy_plane, float *dx,
                          ptrdiff_t dx_plane, ptrdiff_t all)
{
    const nas_product_job to = {
        .y = dx, .y_m = LINE, .y_n = dx_plane, .scale = 1.0f, .accumulate = true};
    for (int first = 0; first < h->steps; first += STRIP) {
        const int rows = strip_rows(h, first);
        nas_product_job dq = to, dk = to, dv = to;
        attend(h, first, rows);
        dv.y = dx + 2 * all;
        dv.b = dy + first * LINE;
        dv.b_n = dy_plane;
        through_strip(h, rows, h->p, dv);
        scores(h, rows, h->v,
               (nas_product_job){
                   .a = dy + first * LINE, .a_k = dy_plane, .y = h->dp, .scale = 1.0f});
        scores_gradient(h, rows);
        dq.y = dx + first * LINE;
        dq.scale = dk.scale = h->scale;
        from_strip(h, rows, h->dp, h->k, dq);
        dk.y = dx + all;
        dk.b = h->q + first * LINE;
        dk.b_n = h->plane;
        through_strip(h, rows, h->dp, dk);
    }
}

static void clear_view(nas_view view, const nas_tensor *t, int blocks)
{
    for (int i = 0; i < blocks * t->channels; i++)
        memset(view.data + i / t->channels * view.block + i % t->channels * view.plane, 0,
               (size_t)t->width * LINE * sizeof *view.data);
}

void nas_core_attention_backward(nas_net *net, nas_unit *unit, nas_view x, nas_view dy,
                                 const nas_piece *at)
{
    const nas_unit *input = &net->units[unit->inputs[0]];
    const nas_view dx = nas_view_block(&input->dz, at->first);
    const int heads = unit->series.groups;
    const ptrdiff_t all = (ptrdiff_t)unit->y.channels * dx.plane;
    if (unit->first[0])
        clear_view(dx, &input->dz, at->count);
    for (int i = 0; i < at->count * heads; i++) {
        const head h = head_of(net, unit, x, i / heads, i % heads);
        const ptrdiff_t channel = (ptrdiff_t)(i % heads) * h.channels;
        backward_head(&h, dy.data + i / heads * dy.block + channel * dy.plane, dy.plane,
                      dx.data + i / heads * dx.block + channel * dx.plane, dx.plane, all);
    }
}
