/* Equal tables of weights are stored once. */
#include "export/call_lower.h"

#include <stdlib.h>
#include <string.h>

/* What the calls read from `at` on, up to where the next one begins. */
typedef struct region {
    int64_t at, n;
    int64_t to; /* where it is stored */
} region;

/* Tables that a call names the beginning of. A spectrum's second lies within what belongs
 * to it alone. */
static int tables_of(const nas_calls *calls, const nas_call *call)
{
    switch (nas_kernel_form_of(calls, call->kernel)) {
    case NAS_FORM_MAP_WEIGHTS:
    case NAS_FORM_WINDOW_WEIGHTS:
    case NAS_FORM_RECURRENT:
        return 2;
    case NAS_FORM_MAP_CONSTANTS:
    case NAS_FORM_SPECTRUM:
        return 1;
    default:
        return 0;
    }
}

static int by_place(const void *a, const void *b)
{
    const int64_t x = ((const region *)a)->at, y = ((const region *)b)->at;
    return (x > y) - (x < y);
}

/* @return number of regions, in order */
static int find_regions(const nas_calls *calls, region *out)
{
    int n = 1, kept = 0;
    out[0] = (region){0};
    for (int i = 0; i < calls->n; i++)
        for (int k = 0; k < tables_of(calls, &calls->list[i]); k++)
            out[n++] = (region){.at = calls->list[i].weights[k]};
    qsort(out, (size_t)n, sizeof *out, by_place);
    for (int i = 0; i < n; i++)
        if (kept == 0 || out[kept - 1].at < out[i].at)
            out[kept++] = out[i];
    for (int i = 0; i < kept; i++)
        out[i].n = (i + 1 < kept ? out[i + 1].at : calls->n_weights) - out[i].at;
    return kept;
}

/* Move regions together, each to an equal one before it if there is one; bits decide, so
 * 0 and -0 differ. @return floats left */
static int64_t pack(float *weights, region *regions, int n)
{
    int64_t end = 0;
    for (int i = 0; i < n; i++) {
        region *r = &regions[i];
        int same = 0;
        while (same < i && (regions[same].n != r->n ||
                            memcmp(weights + regions[same].to, weights + r->at,
                                   (size_t)r->n * sizeof *weights) != 0))
            same++;
        r->to = same < i ? regions[same].to : end;
        if (same < i)
            continue;
        memmove(weights + end, weights + r->at, (size_t)r->n * sizeof *weights);
        end += r->n;
    }
    return end;
}

static int64_t moved(const region *regions, int n, int64_t at)
{
    int i = n - 1;
    while (regions[i].at > at)
        i--;
    return regions[i].to + at - regions[i].at;
}

nas_status nas_calls_share(lowering *l)
{
    nas_calls *calls = l->calls;
    region *regions = NAS_NEW(l->arena, region, 2 * calls->n + 1);
    NAS_TRY_ALLOC(regions, l->err);
    const int n = find_regions(calls, regions);
    calls->n_weights = pack(calls->weights, regions, n);
    for (int i = 0; i < calls->n; i++)
        for (int k = 0; k < 2 && tables_of(calls, &calls->list[i]) > 0; k++)
            calls->list[i].weights[k] = moved(regions, n, calls->list[i].weights[k]);
    return NAS_OK;
}
