/* Zero-cost proxies: numbers of a network that has not been trained, from one batch, that
 * rank networks. Larger is better for all of them.
 *
 * A proxy may have no value for a network (NaN): it ranks last then, it is not left out.
 */
#ifndef NASMITH_PROXY_H
#define NASMITH_PROXY_H

#include "nasmith/arena.h"
#include "nasmith/data.h"
#include "nasmith/err.h"
#include "nasmith/graph.h"
#include "nasmith/net.h"

#include <stdbool.h>
#include <stdint.h>

/* Rows of a data set as proxies see them. */
typedef struct nas_proxy_batch {
    int n; /* samples of a batch, a multiple of 16 */
    nas_shape shape;
    nas_task task;
    int64_t n_outputs;
    float *inputs;   /* [2 n][C*H*W], standardised: two batches */
    int32_t *labels; /* [2 n]; NULL for regression */
    float *targets;  /* [2 n][n_outputs], standardised; NULL for classification */
} nas_proxy_batch;

/* The first 2 n training rows, again from the start where there are fewer.
 * @param arena  holds the batch */
nas_status nas_proxy_batch_read(const nas_dataset *data, int n, nas_arena *arena,
                                nas_proxy_batch *out, nas_err *err);

typedef struct nas_probe nas_probe; /* a network under measurement: evaluate/probe.h */

typedef struct nas_proxy {
    const char *name;
    const char *summary;
    const char *cite; /* key in docs/refs.bib */
    bool drawn;       /* depends on the initial weights */
    /* @param out  NaN: it has no value for this network */
    nas_status (*score)(nas_probe *probe, double *out, nas_err *err);
} nas_proxy;

const nas_proxy *nas_proxy_at(int index); /* NULL past the end */
const nas_proxy *nas_proxy_find(const char *name);

/* What a score depends on besides network and batch. */
typedef struct nas_proxy_options {
    int repeats; /* initial weights: scores are means over them */
    uint64_t seed;
} nas_proxy_options;

/* Score one network. The graph needs no front section: batches are standardised.
 * @param proxies  [n]
 * @param out      [n]; NaN when any repeat has no value
 * @return NAS_E_NOMEM, or a failure of the system. Deterministic.
 * Cost: a few passes per repeat */
nas_status nas_proxy_score(const nas_graph *graph, const nas_proxy_batch *batch,
                           const nas_proxy_options *options,
                           const nas_proxy *const *proxies, int n,
                           nas_workspace *workspace, double *out, nas_err *err);

/* The sum over proxies of log(rank / networks), ranks ascending from 1, equal scores at
 * their mean rank, NaN below all: larger is better. Ranks of a population say nothing
 * about another.
 * @param scores  [networks][proxies]
 * @param out     [networks]
 * @return false when memory is out */
bool nas_proxy_log_rank(const double *scores, int64_t networks, int proxies, double *out);

/* Names of the proxies whose log-rank sum is the default aggregate: macs, naswot,
 * jacov. */
enum { NAS_PROXY_DEFAULTS = 3 };
extern const char *const nas_proxy_defaults[NAS_PROXY_DEFAULTS];

#endif
