#include "evaluate/probe.h"

#include <string.h>

nas_rng nas_probe_stream(const nas_probe *probe, uint64_t use)
{
    return nas_rng_split(&probe->rng, use);
}

bool nas_probe_weighs(const nas_weight *weight)
{
    return weight->role == NAS_WEIGHT_KERNEL || weight->role == NAS_WEIGHT_RECURRENT;
}

void nas_probe_fill_normal(float *out, int64_t n, nas_rng *rng)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = (float)nas_rng_normal(rng);
}

void nas_probe_init_gaussian(nas_probe *probe, const nas_graph *graph, nas_rng rng)
{
    nas_net_init(probe->net, rng);
    for (int i = 0; i < nas_graph_weight_count(graph); i++) {
        const nas_weight *weight = nas_graph_weight(graph, i);
        if (nas_probe_weighs(weight))
            nas_probe_fill_normal(nas_net_weights(probe->net) + weight->offset,
                                  weight->count, &rng);
    }
}

nas_status nas_probe_compile(nas_probe *probe, const nas_graph *graph, int batch,
                             nas_err *err)
{
    nas_net_options options = nas_net_options_default();
    options.batch = batch;
    options.taps = true;
    options.input_gradient = true;
    if (probe->batch->task == NAS_TASK_REGRESSION)
        options.loss = NAS_LOSS_MSE;
    nas_net_free(probe->net);
    probe->net = NULL;
    probe->net_batch = batch;
    probe->state = PROBE_EMPTY;
    return nas_net_compile(graph, &options, probe->workspace, &probe->net, err);
}

/* Dropout is the same in every pass. @param first  row of the truth */
static void pass(nas_probe *probe, const float *inputs, int64_t first)
{
    const nas_proxy_batch *batch = probe->batch;
    nas_rng dropout = nas_probe_stream(probe, PROBE_USE_DROPOUT);
    nas_net_batch_floats(
        probe->net, inputs, batch->labels != NULL ? batch->labels + first : NULL,
        batch->targets != NULL ? batch->targets + first * batch->n_outputs : NULL,
        probe->net_batch);
    (void)nas_net_forward(probe->net, true, &dropout);
}

void nas_probe_pass(nas_probe *probe, const float *inputs)
{
    pass(probe, inputs, 0);
}

void nas_probe_pass_second(nas_probe *probe)
{
    const nas_proxy_batch *batch = probe->batch;
    pass(probe, batch->inputs + batch->n * nas_shape_count(batch->shape), batch->n);
}

nas_status nas_probe_forward(nas_probe *probe, nas_err *err)
{
    if (probe->state != PROBE_EMPTY)
        return NAS_OK;
    NAS_TRY(nas_probe_compile(probe, probe->graph, probe->batch->n, err));
    nas_net_init(probe->net, nas_probe_stream(probe, PROBE_USE_WEIGHTS));
    nas_probe_pass(probe, probe->batch->inputs);
    probe->state = PROBE_FORWARD;
    return NAS_OK;
}

/* The forward pass leaves the loss's gradient at the output; another backward pass has
 * replaced it. */
nas_status nas_probe_loss(nas_probe *probe, nas_err *err)
{
    if (probe->state == PROBE_LOSS)
        return NAS_OK;
    if (probe->state == PROBE_JACOBIAN)
        probe->state = PROBE_EMPTY;
    NAS_TRY(nas_probe_forward(probe, err));
    nas_net_backward(probe->net);
    probe->state = PROBE_LOSS;
    return NAS_OK;
}

nas_status nas_probe_jacobian(nas_probe *probe, nas_err *err)
{
    const nas_proxy_batch *batch = probe->batch;
    const int64_t size = nas_shape_count(batch->shape);
    if (probe->jacobian != NULL)
        return NAS_OK;
    float *jacobian = NAS_NEW(probe->arena, float, batch->n *size);
    float *ones = NAS_NEW(probe->arena, float, batch->n * batch->n_outputs);
    NAS_TRY_ALLOC(jacobian, err);
    NAS_TRY_ALLOC(ones, err);
    for (int64_t i = 0; i < batch->n * batch->n_outputs; i++)
        ones[i] = 1.0f;
    NAS_TRY(nas_probe_forward(probe, err));
    nas_net_backward_from(probe->net, ones);
    nas_net_input_gradient(probe->net, jacobian);
    probe->state = PROBE_JACOBIAN;
    probe->jacobian = jacobian;
    return NAS_OK;
}
