/* Taps are units: with `taps` nothing is staged, masked or pooled on the way. */
#include "nasmith/tap.h"

#include "engine/denormal.h"
#include "engine/pass.h"

#include <assert.h>
#include <string.h>

enum { LINE = NAS_LANES };

int nas_net_tap_count(const nas_net *net)
{
    return net->n_units;
}

/* No connection leads past the unit. */
static bool is_alone(const nas_net *net, int u)
{
    for (int v = u + 1; v < net->n_units; v++)
        for (int i = 0; i < net->units[v].n_inputs; i++)
            if (net->units[v].inputs[i] < u)
                return false;
    return u <= net->output;
}

nas_tap nas_net_tap(const nas_net *net, int tap)
{
    const nas_unit *unit = &net->units[tap];
    const nas_tensor *z = &unit->z;
    const bool curve = unit->core == NAS_CORE_CURVE;
    assert(net->options.taps && net->options.training);
    return (nas_tap){
        .node = unit->node,
        .out_node = unit->out_node,
        .shape = {z->channels, z->height, z->width},
        .weighted = unit->kernel.offset >= 0,
        .normed = unit->norm.present,
        .activation = unit->activated || curve,
        .middle = curve && unit->curve == NAS_OP_SIGMOID ? 0.5f : 0.0f,
        .gradient = unit->gradient,
        .alone = is_alone(net, tap),
    };
}

/* ---- reading --------------------------------------------------------------------- */

/* Between a tensor with margins and one without, a row of lines at a time. */
static void move_rows(const nas_tensor *t, nas_view view, int blocks, float *plain,
                      bool out)
{
    const size_t row = (size_t)t->width * LINE;
    for (int b = 0; b < blocks; b++)
        for (int c = 0; c < t->channels; c++)
            for (int h = 0; h < t->height; h++, plain += row) {
                float *line = view.data + b * view.block + c * view.plane + h * view.row;
                memcpy(out ? plain : line, out ? line : plain, row * sizeof(float));
            }
}

/* dL/d of a core is made of the gradient behind its norm piece by piece. */
static void read_core_gradient(nas_net *net, nas_unit *unit, float *out)
{
    const int64_t plane = (int64_t)unit->y.height * unit->y.width * LINE;
    for (nas_piece at = {0}; nas_pass_next_piece(unit, net->blocks, &at);) {
        nas_tensor part = unit->dy;
        nas_view dy = nas_pass_core_gradient(net, unit, &at);
        part.channels = at.channels;
        for (int b = 0; b < at.count; b++) {
            nas_view block = dy;
            block.data += b * dy.block;
            move_rows(&part, block, 1,
                      out + ((at.first + b) * (int64_t)unit->y.channels + at.channel) *
                                plane,
                      true);
        }
    }
}

void nas_net_tap_read(nas_net *net, int tap, nas_tap_what what, float *out)
{
    nas_unit *unit = &net->units[tap];
    const bool gradient = what == NAS_TAP_CORE_GRADIENT || what == NAS_TAP_VALUE_GRADIENT;
    assert(net->options.taps && (!gradient || unit->gradient));
    if (what == NAS_TAP_CORE_GRADIENT) {
        read_core_gradient(net, unit, out);
        return;
    }
    const nas_tensor *t = gradient               ? &unit->dz
                          : what == NAS_TAP_CORE ? &unit->y
                                                 : &unit->z;
    move_rows(t, t->view, net->blocks, out, true);
}

void nas_net_tap_signs(const nas_net *net, int tap, uint16_t *out)
{
    const nas_tensor *z = &net->units[tap].z;
    const float middle = nas_net_tap(net, tap).middle;
    for (int b = 0; b < net->blocks; b++)
        for (int c = 0; c < z->channels; c++)
            for (int i = 0; i < z->height * z->width; i++) {
                const float *line = z->view.data + b * z->view.block + c * z->view.plane +
                                    i / z->width * z->view.row + i % z->width * LINE;
                unsigned word = 0;
                for (int lane = 0; lane < LINE; lane++)
                    word |= (unsigned)(line[lane] > middle) << lane;
                *out++ = (uint16_t)word;
            }
}

void nas_net_tap_variance(const nas_net *net, int tap, double *out)
{
    const nas_norm *norm = &net->units[tap].norm;
    assert(norm->present);
    for (int c = 0; c < net->units[tap].y.channels; c++)
        out[c] = 1.0 / (norm->inverse[c] * norm->inverse[c]) - (double)norm->epsilon;
}

/* ---- passes ---------------------------------------------------------------------- */

static void run_backward(nas_net *net, int from, int to)
{
    nas_float_mode mode = nas_flush_denormals();
    nas_pass_backward_units(net, from, to);
    nas_restore_float_mode(mode);
}

void nas_net_backward_from(nas_net *net, const float *gradient)
{
    assert(net->train && net->options.taps);
    if (!net->units[net->output].gradient)
        return;
    nas_loss_set_gradient(net, gradient);
    run_backward(net, net->n_units - 1, 0);
}

void nas_net_backward_between(nas_net *net, int from, const float *gradient, int to)
{
    nas_tensor *dz = &net->units[from].dz;
    assert(net->train && net->options.taps && to < from);
    assert(is_alone(net, from) && is_alone(net, to) && net->units[to].gradient);
    float *plain = (float *)(uintptr_t)gradient; /* only read */
    move_rows(dz, dz->view, net->blocks, plain, false);
    run_backward(net, from, to + 1);
}
