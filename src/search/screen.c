#include "search/screen.h"

#include "nasmith/proxy.h"

#include <math.h>

enum { BATCH = 64 };

struct screener {
    const nas_space *space;
    nas_workspace *workspace;
    nas_arena *arena;
    nas_proxy_batch batch;
    uint64_t seed;
    const nas_proxy *proxies[NAS_PROXY_DEFAULTS];
};

nas_status nas_screener_new(const nas_space *space, const nas_dataset *data,
                            uint64_t seed, nas_workspace *workspace, screener **out,
                            nas_err *err)
{
    screener *self = nas_heap_alloc(1, sizeof *self);
    NAS_TRY_ALLOC(self, err);
    self->space = space;
    self->workspace = workspace;
    self->seed = seed;
    for (int i = 0; i < NAS_PROXY_DEFAULTS; i++)
        self->proxies[i] = nas_proxy_find(nas_proxy_defaults[i]);
    self->arena = nas_arena_new();
    nas_status status =
        self->arena != NULL
            ? nas_proxy_batch_read(data, BATCH, self->arena, &self->batch, err)
            : nas_fail(err, NAS_E_NOMEM, "out of memory");
    if (status != NAS_OK) {
        nas_screener_free(self);
        return status;
    }
    *out = self;
    return NAS_OK;
}

void nas_screener_free(screener *self)
{
    if (self == NULL)
        return;
    nas_arena_free(self->arena);
    nas_heap_free(self);
}

/* @param out  [NAS_PROXY_DEFAULTS] */
static nas_status score(const screener *self, const nas_candidate *candidate, double *out,
                        nas_err *err)
{
    const nas_proxy_options options = {.repeats = 1, .seed = self->seed};
    nas_graph *graph = NULL;
    NAS_TRY(nas_space_decode(self->space, candidate, &graph, err));
    nas_status status = nas_proxy_score(graph, &self->batch, &options, self->proxies,
                                        NAS_PROXY_DEFAULTS, self->workspace, out, err);
    nas_graph_free(graph);
    return status;
}

nas_status nas_screen_candidates(void *context, nas_candidate *const *candidates,
                                 int64_t n, double *out, nas_err *err)
{
    const screener *self = context;
    double *scores = nas_heap_alloc((size_t)n * NAS_PROXY_DEFAULTS, sizeof *scores);
    NAS_TRY_ALLOC(scores, err);
    nas_status status = NAS_OK;
    for (int64_t i = 0; i < n && status == NAS_OK; i++) {
        double *own = scores + i * NAS_PROXY_DEFAULTS;
        status = score(self, candidates[i], own, err);
        for (int p = 0; p < NAS_PROXY_DEFAULTS && status == NAS_E_NOMEM; p++)
            own[p] = (double)NAN;
        if (status == NAS_E_NOMEM)
            status = NAS_OK;
    }
    if (status == NAS_OK && !nas_proxy_log_rank(scores, n, NAS_PROXY_DEFAULTS, out))
        status = nas_fail(err, NAS_E_NOMEM, "out of memory");
    nas_heap_free(scores);
    return status;
}
