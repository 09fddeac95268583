/* Gated additions: y = sum of gate[i] * input i, for supernets that mix alternatives. A
 * gate of 0 closes its branch: what only that branch needs is not computed. A gate of 1
 * passes its input unchanged, so that a path through open gates has the bits of the
 * network without gates. */
#include "engine/unit.h"

#include <math.h>
#include <string.h>

static nas_scale_job scale_job(const nas_tensor *t, nas_view from, nas_view to,
                               const nas_piece *at)
{
    return (nas_scale_job){
        .blocks = at->count,
        .channels = t->channels,
        .height = t->height,
        .width = t->width,
        .from = from,
        .to = to,
        .factor = 1.0f,
        .low = -INFINITY,
        .high = INFINITY,
    };
}

/* The last input that is open, or -1. */
static int last_open(const nas_unit *unit)
{
    int i = unit->n_inputs - 1;
    while (i >= 0 && unit->gates[i] == 0.0f)
        i--;
    return i;
}

/* y = 0, margins too: it is whole blocks. */
static void clear(nas_unit *unit, const nas_piece *at)
{
    const nas_view view = nas_view_block(&unit->y, at->first);
    if (view.data == NULL)
        return;
    memset(view.data - unit->y.lead, 0,
           (size_t)(at->count * unit->y.view.block) * sizeof *view.data);
}

static void add_scaled(nas_net *net, const nas_scale_job *job)
{
    if (job->factor != 1.0f) {
        net->kernels->scale(job);
        return;
    }
    nas_copy_job copy = {
        .blocks = job->blocks,
        .channels = job->channels,
        .height = job->height,
        .width = job->width,
        .from = job->from,
        .to = job->to,
        .accumulate = job->accumulate,
        .low = job->low,
        .high = job->high,
    };
    net->kernels->copy(&copy);
}

void nas_core_gate_forward(nas_net *net, nas_unit *unit, nas_view x, const nas_piece *at)
{
    (void)x;
    const int last = last_open(unit);
    bool any = false;
    if (last < 0) {
        clear(unit, at);
        nas_clamp_output(net, unit, at);
    }
    for (int i = 0; i <= last; i++) {
        if (unit->gates[i] == 0.0f)
            continue;
        const nas_tensor *input = &net->units[unit->inputs[i]].z;
        nas_scale_job job = scale_job(input, nas_view_block(input, at->first),
                                      nas_view_block(&unit->y, at->first), at);
        job.factor = unit->gates[i];
        job.accumulate = any;
        if (i == last && !unit->separate) {
            job.low = unit->low;
            job.high = unit->high;
        }
        add_scaled(net, &job);
        any = true;
    }
}

void nas_core_gate_backward(nas_net *net, nas_unit *unit, nas_view x, nas_view dy,
                            const nas_piece *at)
{
    (void)x;
    for (int i = 0; i < unit->n_inputs; i++) {
        nas_unit *input = &net->units[unit->inputs[i]];
        if (unit->gates[i] == 0.0f)
            continue;
        nas_scale_job job =
            scale_job(&input->z, nas_view_block(&input->z, at->first), dy, at);
        unit->gate_gradients[i] += net->kernels->dot(&job);
        if (!input->gradient)
            continue;
        job = scale_job(&input->dz, dy, nas_view_block(&input->dz, at->first), at);
        job.factor = unit->gates[i];
        job.accumulate = !unit->first[i];
        add_scaled(net, &job);
    }
}

/* ---- which units are needed ------------------------------------------------------ */

bool nas_unit_is_open(const nas_unit *unit, int input)
{
    return unit->core != NAS_CORE_GATE || unit->gates[input] != 0.0f;
}

/* Live: the output depends on it. Backward runs from the last unit to the first; the
 * first live one that reads a value writes its gradient, later ones add to it. */
static void find_live(nas_net *net)
{
    for (int u = 0; u < net->n_units; u++)
        net->units[u].live = net->units[u].reached = false;
    net->units[net->output].live = net->units[net->output].reached = true;
    for (int u = net->n_units - 1; u >= 0; u--) {
        nas_unit *unit = &net->units[u];
        for (int i = 0; i < unit->n_inputs; i++) {
            nas_unit *input = &net->units[unit->inputs[i]];
            const bool reads = unit->live && nas_unit_is_open(unit, i);
            unit->first[i] = reads && !input->reached;
            input->live |= reads;
            input->reached |= reads;
        }
    }
}

int nas_net_gate_count(const nas_net *net)
{
    return net->n_gates;
}

void nas_net_set_gates(nas_net *net, const float *gates)
{
    memcpy(net->gates, gates, (size_t)net->n_gates * sizeof *gates);
    find_live(net);
}

void nas_net_gate_gradients(const nas_net *net, double *out)
{
    memcpy(out, net->gate_gradients, (size_t)net->n_gates * sizeof *out);
}

nas_status nas_prepare_gates(nas_net *net, nas_err *err)
{
    for (int u = 0; u < net->n_units; u++)
        net->n_gates += net->units[u].core == NAS_CORE_GATE ? net->units[u].n_inputs : 0;
    net->gates = NAS_NEW(net->arena, float, net->n_gates);
    net->gate_gradients = NAS_NEW(net->arena, double, net->n_gates);
    NAS_TRY_ALLOC(net->gates, err);
    NAS_TRY_ALLOC(net->gate_gradients, err);
    int at = 0;
    for (int u = 0; u < net->n_units; u++) {
        nas_unit *unit = &net->units[u];
        if (unit->core != NAS_CORE_GATE)
            continue;
        unit->gates = net->gates + at;
        unit->gate_gradients = net->gate_gradients + at;
        at += unit->n_inputs;
    }
    for (int i = 0; i < net->n_gates; i++)
        net->gates[i] = 1.0f;
    find_live(net);
    return NAS_OK;
}
