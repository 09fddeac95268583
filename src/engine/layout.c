/* Tensors of all units, the pieces they are worked on in, and their place in the
 * workspace. */
#include "engine/layout.h"

#include "nasmith/plan.h"

#include <assert.h>

enum {
    LINE = NAS_LANES,
    /* Bytes of z or dy that are recomputed at a time: they and what is read to make them
     * stay in the second-level cache until they are used. */
    STAGE_BYTES = 200000,
};

static int most(int a, int b)
{
    return a > b ? a : b;
}

/* ---- extents --------------------------------------------------------------------- */

/* Strides and lead from extents and margins. An odd number of lines from plane to plane:
 * planes of 16x16 or 32x32 would otherwise fall onto the same cache sets. */
static void set_strides(nas_tensor *t)
{
    t->view.row = (ptrdiff_t)(t->left + t->width + t->right) * LINE;
    ptrdiff_t lines = (t->top + t->height + t->bottom) * t->view.row / LINE;
    if (lines > 1)
        lines |= 1;
    t->view.plane = lines * LINE;
    t->view.block = t->channels * t->view.plane;
    t->lead = t->top * t->view.row + t->left * LINE;
}

/* Margins the forward pass of a windowed unit reads around its input. */
static void widen_for_window(nas_tensor *x, const nas_unit *unit)
{
    const nas_window *w = &unit->window;
    int last_h = (unit->y.height - 1) * w->stride_h + (w->kernel_h - 1) * w->dilation_h;
    int last_w = (unit->y.width - 1) * w->stride_w + (w->kernel_w - 1) * w->dilation_w;
    x->top = most(x->top, w->pad_h);
    x->left = most(x->left, w->pad_w);
    x->bottom = most(x->bottom, last_h - w->pad_h - (x->height - 1));
    x->right = most(x->right, last_w - w->pad_w - (x->width - 1));
}

/* Margin of dy along one axis, before and after, so that every input position can read
 * all its taps: tap k of input i sits at output (i + pad - k*dilation) / stride. */
static void backward_margin(int in, int out, const int window[4], int *before, int *after)
{
    const int kernel = window[0], stride = window[1], dilation = window[2];
    const int pad = window[3];
    for (int k = 0; k < kernel; k++) {
        for (int i = 0; i < in; i++) {
            int at = i + pad - k * dilation;
            if (at % stride != 0)
                continue;
            *before = most(*before, -at / stride);
            *after = most(*after, at / stride - (out - 1));
        }
    }
}

static void widen_for_backward(nas_tensor *dy, const nas_unit *unit, const nas_tensor *x)
{
    const nas_window *w = &unit->window;
    const int h[4] = {w->kernel_h, w->stride_h, w->dilation_h, w->pad_h};
    const int v[4] = {w->kernel_w, w->stride_w, w->dilation_w, w->pad_w};
    backward_margin(x->height, dy->height, h, &dy->top, &dy->bottom);
    backward_margin(x->width, dy->width, v, &dy->left, &dy->right);
}

static nas_tensor without_margins(const nas_tensor *t)
{
    return (nas_tensor){.channels = t->channels, .height = t->height, .width = t->width};
}

static bool is_windowed(const nas_unit *unit)
{
    return unit->core == NAS_CORE_CONV || unit->core == NAS_CORE_DEPTHWISE;
}

static void set_forward_tensors(nas_net *net)
{
    for (int u = 0; u < net->n_units; u++) {
        nas_unit *unit = &net->units[u];
        if (is_windowed(unit))
            widen_for_window(&net->units[unit->inputs[0]].z, unit);
    }
    for (int u = 0; u < net->n_units; u++) {
        nas_unit *unit = &net->units[u];
        set_strides(&unit->z);
        if (unit->core == NAS_CORE_VIEW)
            unit->y = net->units[unit->inputs[0]].z;
        else if (unit->separate)
            set_strides(&unit->y);
        else
            unit->y = unit->z;
    }
}

static void set_backward_tensors(nas_net *net, nas_unit *unit)
{
    unit->dz = without_margins(&unit->z);
    unit->dy = without_margins(&unit->y);
    if (is_windowed(unit) && net->units[unit->inputs[0]].gradient)
        widen_for_backward(&unit->dy, unit, &net->units[unit->inputs[0]].z);
    set_strides(&unit->dz);
    set_strides(&unit->dy);
    const nas_tensor *dy = &unit->dy;
    bool margins = dy->top > 0 || dy->left > 0 || dy->bottom > 0 || dy->right > 0;
    unit->direct = !unit->norm.present && unit->tail == NAS_TAIL_NONE && !margins &&
                   (!unit->activated || unit->masked);
}

/* Bytes of one block that are staged for a unit, the larger of z and dy. */
static int64_t staged_bytes(const nas_net *net, const nas_unit *unit)
{
    int64_t floats = 0;
    for (int i = 0; i < unit->n_inputs; i++) {
        const nas_unit *input = &net->units[unit->inputs[i]];
        if (input->staged)
            floats = input->z.view.block;
    }
    if (unit->gradient && !unit->direct && unit->dy.view.block > floats)
        floats = unit->dy.view.block;
    return floats * (int64_t)sizeof(float);
}

/* What is worked on together: all blocks, unless something is staged for them; of a
 * depthwise unit as many channels of one block as fit the stage. */
static void set_piece(const nas_net *net, nas_unit *unit)
{
    const int64_t bytes = staged_bytes(net, unit);
    unit->group = net->blocks;
    unit->slice = unit->y.channels;
    if (unit->core == NAS_CORE_DENSE || bytes * net->blocks <= STAGE_BYTES)
        return;
    unit->group = most(1, (int)(STAGE_BYTES / bytes));
    if (unit->core == NAS_CORE_DEPTHWISE && bytes > STAGE_BYTES)
        unit->slice = most(1, (int)(STAGE_BYTES * unit->slice / bytes));
}

void nas_layout(nas_net *net)
{
    set_forward_tensors(net);
    for (int u = 0; u < net->n_units; u++) {
        set_backward_tensors(net, &net->units[u]);
        set_piece(net, &net->units[u]);
    }
}

/* ---- lifetimes ------------------------------------------------------------------- */

/* Step of a unit's backward pass; forward passes are steps 0 .. n_units-1, the loss is
 * n_units. */
static int backward_step(const nas_net *net, int unit)
{
    return 2 * net->n_units - unit;
}

static int last_step(const nas_net *net)
{
    return 2 * net->n_units + 1;
}

static int last_read_of_y(const nas_net *net, int u)
{
    const nas_unit *unit = &net->units[u];
    if (net->options.taps)
        return last_step(net);
    if (unit->gradient)
        return backward_step(net, u);
    return unit->staged ? unit->consumer : u;
}

/* A view keeps its input alive for as long as its own consumers may recompute from it. */
static bool feeds_view(const nas_net *net, int u)
{
    for (int v = u + 1; v < net->n_units; v++) {
        if (net->units[v].core == NAS_CORE_VIEW && net->units[v].inputs[0] == u)
            return true;
    }
    return false;
}

static int last_read_of_z(const nas_net *net, int u)
{
    const nas_unit *unit = &net->units[u];
    if (u == net->output || unit->core == NAS_CORE_INPUT || net->options.taps)
        return last_step(net); /* read by the caller; gathered once for many passes */
    if (unit->gradient && !unit->separate)
        return backward_step(net, u);
    if (net->options.training)
        return backward_step(net, unit->first_consumer);
    return feeds_view(net, u) ? last_step(net) : unit->consumer;
}

static void plan_tensor(nas_memory_map *map, nas_tensor *tensor, int first, int last)
{
    const nas_net *net = map->net;
    map->buffers[map->n] = (nas_plan_buffer){.bytes = tensor->view.block * net->blocks *
                                                      (int64_t)sizeof(float),
                                             .first = first,
                                             .last = last};
    map->tensors[map->n++] = tensor;
}

static void plan_unit(nas_memory_map *map, nas_net *net, int u)
{
    nas_unit *unit = &net->units[u];
    if (unit->separate && unit->core != NAS_CORE_VIEW)
        plan_tensor(map, &unit->y, u, last_read_of_y(net, u));
    if (!unit->staged)
        plan_tensor(map, &unit->z, u, last_read_of_z(net, u));
    if (unit->core == NAS_CORE_RECURRENT) {
        nas_tensor *state = &unit->recurrent.state;
        state->view.block =
            nas_recurrent_floats(unit, net->units[unit->inputs[0]].z.width);
        plan_tensor(map, state, u,
                    net->options.taps ? last_step(net)
                    : unit->gradient  ? backward_step(net, u)
                                      : u);
    }
    if (unit->gradient) {
        int first = u == net->output ? net->n_units : backward_step(net, unit->consumer);
        plan_tensor(map, &unit->dz, first,
                    net->options.taps ? last_step(net) : backward_step(net, u));
    }
}

/* ---- places ---------------------------------------------------------------------- */

/* Remember that *at is to point to `floats` floats of the lasting part. */
static void keep(nas_memory_map *map, float **at, int64_t floats)
{
    map->kept[map->n_kept++] = (nas_kept){at, map->floats};
    map->floats += (floats + LINE - 1) / LINE * LINE;
}

static void keep_unit(nas_memory_map *map, nas_unit *unit)
{
    float **vectors[] = {&unit->scale, &unit->shift, &unit->a, &unit->b, &unit->c};
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        keep(map, vectors[i], unit->y.channels);
    keep(map, &unit->sum, (int64_t)unit->y.channels * LINE);
    keep(map, &unit->square, (int64_t)unit->y.channels * LINE);
}

/* Buffers that units use one after another: the largest need counts. */
typedef struct shared {
    int64_t z, dy, rows_x, rows_d, rows_g, scratch;
} shared;

static void raise_to(int64_t *size, int64_t need)
{
    if (need > *size)
        *size = need;
}

/* Channels of an input that one piece of a unit reads. */
static int staged_channels(const nas_unit *unit, const nas_unit *input)
{
    return unit->core == NAS_CORE_DEPTHWISE ? unit->slice : input->z.channels;
}

static void shared_by_unit(const nas_net *net, const nas_unit *unit, shared *need)
{
    for (int i = 0; i < unit->n_inputs; i++) {
        const nas_unit *input = &net->units[unit->inputs[i]];
        if (input->staged)
            raise_to(&need->z,
                     input->z.view.plane * unit->group * staged_channels(unit, input));
    }
    if (unit->core == NAS_CORE_ATTENTION)
        raise_to(&need->scratch, nas_attention_floats(unit));
    if (!unit->gradient)
        return;
    if (!unit->direct)
        raise_to(&need->dy, unit->dy.view.plane * unit->group * unit->slice);
    if (unit->core == NAS_CORE_DENSE) {
        const nas_tensor *x = &net->units[unit->inputs[0]].z;
        int64_t in = nas_row_floats((int64_t)x->channels * x->height * x->width);
        raise_to(&need->rows_x, in * net->options.batch);
        raise_to(&need->rows_d, nas_row_floats(unit->y.channels) * net->options.batch);
        raise_to(&need->rows_g, in * unit->y.channels);
    }
}

static void keep_net(nas_memory_map *map, nas_net *net)
{
    shared need = {0};
    for (int u = 0; u < net->n_units; u++) {
        shared_by_unit(net, &net->units[u], &need);
        keep_unit(map, &net->units[u]);
    }
    keep(map, &net->weights, net->floats);
    if (net->options.training) {
        keep(map, &net->gradients, net->params);
        keep(map, &net->slot[0], net->params);
        keep(map, &net->slot[1], net->params);
        keep(map, &net->average, net->params);
    }
    keep(map, &net->z_stage, need.z);
    keep(map, &net->dy_stage, need.dy);
    keep(map, &net->rows_x, need.rows_x);
    keep(map, &net->rows_d, need.rows_d);
    keep(map, &net->rows_g, need.rows_g);
    keep(map, &net->scratch, need.scratch);
}

static nas_status map_new(nas_net *net, nas_memory_map *map, nas_err *err)
{
    enum { PER_UNIT = 8, PER_NET = 16 };
    *map = (nas_memory_map){.net = net};
    int n = net->n_units;
    map->buffers = NAS_NEW(net->arena, nas_plan_buffer, 4 * n);
    map->tensors = NAS_NEW(net->arena, nas_tensor *, 4 * n);
    map->kept = NAS_NEW(net->arena, nas_kept, PER_UNIT * n + PER_NET);
    NAS_TRY_ALLOC(map->buffers, err);
    NAS_TRY_ALLOC(map->tensors, err);
    NAS_TRY_ALLOC(map->kept, err);
    return NAS_OK;
}

nas_status nas_layout_map(nas_net *net, nas_memory_map *map, nas_err *err)
{
    NAS_TRY(map_new(net, map, err));
    keep_net(map, net);
    for (int u = 0; u < net->n_units; u++)
        plan_unit(map, net, u);
    int64_t peak = 0;
    NAS_TRY(nas_plan_place(map->buffers, map->n, LINE * (int64_t)sizeof(float),
                           NAS_PLAN_BY_SIZE, 0, &peak, err));
    map->bytes = map->floats * (int64_t)sizeof(float) + peak;
    return NAS_OK;
}

void nas_layout_bind(nas_net *net, const nas_memory_map *map, float *base)
{
    for (int i = 0; i < map->n_kept; i++)
        *map->kept[i].at = base + map->kept[i].offset;
    for (int i = 0; i < map->n; i++) {
        nas_tensor *t = map->tensors[i];
        int64_t offset = map->buffers[i].offset / (int64_t)sizeof(float);
        t->view.data = base + map->floats + offset + t->lead;
    }
    for (int u = 0; u < net->n_units; u++) {
        nas_unit *unit = &net->units[u];
        if (unit->core == NAS_CORE_VIEW)
            unit->y = net->units[unit->inputs[0]].z;
        else if (!unit->separate)
            unit->y = unit->z;
    }
}
