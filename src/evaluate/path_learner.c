/* Training single paths of a bank: each step compiles one network, or one for every value
 * of the decisions, fills it from the bank and gives its gradients back. */
#include "evaluate/learner.h"

#include <math.h>

enum { STREAM_BANK = NAS_LEARNER_STREAMS, STREAM_PATHS, STREAM_DROPOUT };

static nas_status paths_prepare(nas_learning *l, nas_err *err)
{
    nas_rng seed = nas_learning_stream(l, STREAM_BANK, 0);
    l->state = nas_bank_new(nas_rng_u64(&seed));
    NAS_TRY_ALLOC(l->state, err);
    return NAS_OK;
}

static void paths_free(nas_learning *l)
{
    nas_bank_free(l->state);
}

/* ---- one path ---------------------------------------------------------- */

static void run_net(nas_learning *l, nas_net *net, const nas_bank_view *view,
                    const int64_t *rows, int64_t step, double *loss, nas_rng *dropout)
{
    if (l->fitted.target_mean != NULL)
        nas_net_set_targets(net, l->fitted.target_mean, l->fitted.target_deviation);
    nas_bank_gather(l->state, view, nas_net_weights(net));
    nas_learning_batch(l, net, rows, step);
    *loss = nas_net_forward(net, true, dropout);
    if (!isfinite(*loss))
        return;
    nas_net_backward(net);
    nas_bank_add_gradients(l->state, view, nas_net_gradients(net));
}

/* @param net  out: NULL where the path is no network */
static nas_status compile_path(const nas_learning *l, const nas_candidate *path,
                               nas_graph **graph, nas_net **net, nas_err *err)
{
    nas_graph *plain = NULL;
    nas_err why = {0};
    nas_status status = nas_space_decode(l->job->space, path, &plain, &why);
    if (status == NAS_E_GRAPH)
        return NAS_OK;
    if (status != NAS_OK)
        return nas_fail(err, status, "%s", why.text);
    status = nas_graph_with_front(plain, &l->fitted.front, graph, err);
    nas_graph_free(plain);
    NAS_TRY(status);
    nas_net_options options = nas_fitted_options(&l->fitted, &l->job->recipe);
    return nas_net_compile(*graph, &options, l->workspace, net, err);
}

/* Forward and backward of one path.
 * @param ran  out: it is a network */
static nas_status train_path(nas_learning *l, const nas_candidate *path,
                             const int64_t *rows, int64_t step, int k, double *loss,
                             bool *ran, nas_err *err)
{
    nas_graph *graph = NULL;
    nas_net *net = NULL;
    nas_bank_view *view = NULL;
    nas_rng dropout = nas_learning_stream(l, STREAM_DROPOUT, step);
    dropout = nas_rng_split(&dropout, (uint64_t)k);
    nas_status status = compile_path(l, path, &graph, &net, err);
    *ran = net != NULL;
    if (status == NAS_OK && *ran)
        status = nas_bank_bind(l->state, graph, l->scratch, &view, err);
    if (status == NAS_OK && *ran)
        run_net(l, net, view, rows, step, loss, &dropout);
    nas_net_free(net);
    nas_graph_free(graph);
    return status;
}

static nas_status paths_step(nas_learning *l, int64_t step, const int64_t *rows,
                             float rate, double *loss, const char **what, nas_err *err)
{
    nas_candidate **paths = NULL;
    int n = 0;
    int ran = 0;
    double sum = 0.0;
    nas_rng rng = nas_learning_stream(l, STREAM_PATHS, step);
    NAS_TRY(
        nas_paths_draw(&l->job->paths, l->job->space, &rng, l->scratch, &paths, &n, err));
    for (int k = 0; k < n; k++) {
        double of_path = 0.0;
        bool is_network = false;
        NAS_TRY(train_path(l, paths[k], rows, step, k, &of_path, &is_network, err));
        if (!isfinite(of_path)) {
            *what = "the loss";
            return NAS_OK;
        }
        ran += is_network;
        sum += of_path;
    }
    if (!nas_bank_step(l->state, &l->optimizer, rate))
        *what = "a gradient";
    if (ran > 0)
        *loss = sum / ran;
    l->result->paths += ran;
    return NAS_OK;
}

/* ---- the state --------------------------------------------------------- */

static nas_status paths_end_epoch(nas_learning *l, nas_err *err)
{
    (void)l;
    (void)err;
    return NAS_OK;
}

static nas_status paths_save(const nas_learning *l, nas_text *out, nas_err *err)
{
    return nas_bank_save(l->state, true, out, err);
}

static nas_status paths_load(nas_learning *l, const void *bytes, size_t n, bool *ours,
                             nas_err *err)
{
    nas_bank *bank = NULL;
    nas_status status = nas_bank_load(bytes, n, &bank, NULL);
    if (status == NAS_E_NOMEM)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    *ours = status == NAS_OK;
    if (!*ours)
        return NAS_OK;
    nas_bank_free(l->state);
    l->state = bank;
    return NAS_OK;
}

static nas_status paths_finish(nas_learning *l, nas_err *err)
{
    (void)err;
    l->result->bank = l->state;
    l->state = NULL;
    return NAS_OK;
}

const nas_learner nas_path_learner = {
    .prepare = paths_prepare,
    .free = paths_free,
    .step = paths_step,
    .end_epoch = paths_end_epoch,
    .save = paths_save,
    .load = paths_load,
    .finish = paths_finish,
};
