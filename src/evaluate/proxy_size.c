/* Parameters and multiply-accumulates: free, and hard to beat as proxies. */
#include "evaluate/probe.h"

static nas_status score_params(nas_probe *probe, double *out, nas_err *err)
{
    (void)err;
    *out = (double)nas_graph_params(probe->graph);
    return NAS_OK;
}

static nas_status score_macs(nas_probe *probe, double *out, nas_err *err)
{
    (void)err;
    *out = (double)nas_graph_macs(probe->graph);
    return NAS_OK;
}

const nas_proxy nas_proxy_params = {
    .name = "params",
    .summary = "trained parameters",
    .cite = "ning2021evaluating",
    .score = score_params,
};

const nas_proxy nas_proxy_macs = {
    .name = "macs",
    .summary = "multiply-accumulates of one sample",
    .cite = "ning2021evaluating",
    .score = score_macs,
};
