/* A network under measurement: what proxies share, so that no pass is run twice. */
#ifndef NASMITH_EVALUATE_PROBE_H
#define NASMITH_EVALUATE_PROBE_H

#include "nasmith/proxy.h"
#include "nasmith/tap.h"

/* What the net of a probe has in it. */
typedef enum probe_state {
    PROBE_EMPTY,    /* no net, or one that a proxy has used for itself */
    PROBE_FORWARD,  /* batch passed forward with initial weights */
    PROBE_LOSS,     /* and the loss backward */
    PROBE_JACOBIAN, /* or the sum of the outputs */
} probe_state;

/* Streams of random numbers; each use has some from its number on. */
enum {
    PROBE_USE_DROPOUT,
    PROBE_USE_WEIGHTS,
    PROBE_USE_SWAP = 100,
    PROBE_USE_ZEN = 200,
    PROBE_USE_SYNFLOW = 300,
    PROBE_USE_AZ = 400,
};

struct nas_probe {
    const nas_graph *graph;
    const nas_proxy_batch *batch;
    nas_workspace *workspace;
    nas_arena *arena; /* of one network and repeat */
    nas_rng rng;      /* its stream */
    nas_net *net;     /* the one in the workspace; with taps */
    int net_batch;    /* its batch */
    probe_state state;
    float *jacobian;      /* [n][C*H*W] d(sum of outputs)/dx, once computed */
    struct az_blocks *az; /* private to proxy_az.c, once computed */
};

/* The network with He-normal weights, the first batch passed forward in training mode,
 * and then: nothing, the loss backward, or the sum of outputs backward. */
nas_status nas_probe_forward(nas_probe *probe, nas_err *err);
nas_status nas_probe_loss(nas_probe *probe, nas_err *err);
nas_status nas_probe_jacobian(nas_probe *probe, nas_err *err);

/* A net of one's own in the workspace, in probe->net: training, taps, uninitialised.
 * @param batch  multiple of 16 */
nas_status nas_probe_compile(nas_probe *probe, const nas_graph *graph, int batch,
                             nas_err *err);

/* Independent stream for one use. */
nas_rng nas_probe_stream(const nas_probe *probe, uint64_t use);

/* Standard normal numbers. */
void nas_probe_fill_normal(float *out, int64_t n, nas_rng *rng);

/* All kernels standard normal, everything else as nas_net_init leaves it. */
void nas_probe_init_gaussian(nas_probe *probe, const nas_graph *graph, nas_rng rng);

/* Pass inputs forward in training mode, with the truth of the first batch; or the second
 * batch with its own. @param inputs  [net_batch][C*H*W] */
void nas_probe_pass(nas_probe *probe, const float *inputs);
void nas_probe_pass_second(nas_probe *probe);

/* Whether a parameter tensor is one of the weights that proxies look at: kernels and
 * recurrent kernels. */
bool nas_probe_weighs(const nas_weight *weight);

/* Elements of one sample of a tap. */
static inline int64_t nas_tap_count_of(const nas_tap *tap)
{
    return nas_shape_count(tap->shape);
}

#define NAS_PROXY_LIST(X)                                                                \
    X(params)                                                                            \
    X(macs)                                                                              \
    X(grad_norm)                                                                         \
    X(l2_norm)                                                                           \
    X(plain)                                                                             \
    X(snip)                                                                              \
    X(fisher)                                                                            \
    X(grasp)                                                                             \
    X(jacov)                                                                             \
    X(naswot)                                                                            \
    X(epe_nas)                                                                           \
    X(synflow)                                                                           \
    X(zen)                                                                               \
    X(zico)                                                                              \
    X(swap)                                                                              \
    X(az_expressivity)                                                                   \
    X(az_progressivity)                                                                  \
    X(az_trainability)

#define NAS_PROXY_DECLARE(name) extern const nas_proxy nas_proxy_##name;
NAS_PROXY_LIST(NAS_PROXY_DECLARE)
#undef NAS_PROXY_DECLARE

#endif
