#include "strategy/model/view.h"

#include "strategy/keys.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLE = 512 };
static const uint64_t SAMPLE_STREAM = 0x76696577;
static const double EDGES = 6, DEVIATION = 0.5;

static nas_status begin(view *v, const nas_space *space, int rounds, nas_arena *arena,
                        nas_err *err)
{
    *v = (view){.space = space,
                .decisions = nas_space_decision_count(space),
                .rounds = rounds,
                .width = rounds > 0 ? NAS_SPACE_WL : NAS_SPACE_FEATURES};
    v->step = NAS_NEW(arena, float, v->decisions);
    NAS_TRY_ALLOC(v->step, err);
    for (int d = 0; d < v->decisions; d++) {
        nas_decision_info info = nas_space_decision(space, d);
        if (info.ordered && info.n_values > 2)
            v->step[d] = 1.0F / (float)(info.n_values - 1);
    }
    return NAS_OK;
}

/* Raw features. @param out  [width]  @return the key */
static uint64_t look(const view *v, const nas_candidate *candidate, float *out)
{
    if (v->rounds == 0)
        return nas_space_features(v->space, candidate, out);
    nas_space_wl(v->space, candidate, v->rounds, out);
    return nas_space_key(v->space, candidate);
}

/* Centre and deviation of each feature; those that never change are not used. */
static void set_scale(view *v, const float *raw, int64_t n)
{
    v->used = 0;
    for (int f = 0; f < v->width; f++) {
        double sum = 0, squares = 0;
        for (int64_t i = 0; i < n; i++)
            sum += (double)raw[i * v->width + f];
        double mean = sum / (double)n;
        for (int64_t i = 0; i < n; i++) {
            double off = (double)raw[i * v->width + f] - mean;
            squares += off * off;
        }
        double deviation = sqrt(squares / (double)n);
        if (!(deviation > 1e-4 * (1 + fabs(mean))))
            continue;
        v->feature[v->used] = f;
        v->centre[v->used] = (float)mean;
        v->scale[v->used++] = (float)(DEVIATION / deviation);
    }
}

static void scale(const view *v, const float *raw, float *out)
{
    for (int i = 0; i < v->used; i++)
        out[i] = (raw[v->feature[i]] - v->centre[i]) * v->scale[i];
}

static void picks_of(const view *v, const nas_candidate *candidate, int16_t *out)
{
    for (int d = 0; d < v->decisions; d++)
        out[d] = (int16_t)nas_space_choice(v->space, candidate, d);
}

/* ---- all of a space --------------------------------------------------------------- */

typedef struct keyed {
    uint64_t key;
    int64_t index;
} keyed;

static int by_key(const void *a, const void *b)
{
    uint64_t x = ((const keyed *)a)->key, y = ((const keyed *)b)->key;
    return (x > y) - (x < y);
}

static nas_status allocate(view_set *set, int64_t n, int decisions, nas_arena *arena,
                           nas_err *err)
{
    set->capacity = n;
    set->key = NAS_NEW(arena, uint64_t, n);
    set->pick = NAS_NEW(arena, int16_t, n * decisions);
    set->candidate = NAS_NEW(arena, nas_candidate *, n);
    NAS_TRY_ALLOC(set->key, err);
    NAS_TRY_ALLOC(set->pick, err);
    NAS_TRY_ALLOC(set->candidate, err);
    return NAS_OK;
}

/* Assignments in the order of their numbers; of equal keys the first stays. */
static nas_status enumerate(const view *v, nas_arena *arena, nas_arena *scratch,
                            view_set *set, nas_err *err)
{
    int64_t size = set->capacity;
    key_set known;
    set->raw = NAS_NEW(scratch, float, size * v->width);
    NAS_TRY_ALLOC(set->raw, err);
    if (!nas_keys_new(&known, size, scratch))
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    for (int64_t i = 0; i < size; i++) {
        nas_candidate *candidate = nas_space_at(v->space, i, arena);
        NAS_TRY_ALLOC(candidate, err);
        uint64_t key = look(v, candidate, set->raw + set->n * v->width);
        if (!nas_keys_enter(&known, key))
            continue;
        set->key[set->n] = key;
        set->candidate[set->n] = candidate;
        picks_of(v, candidate, set->pick + set->n * v->decisions);
        set->n++;
    }
    return NAS_OK;
}

/* Sorted by key, so that the members of known keys are found. */
static nas_status sort(const view *v, nas_arena *scratch, view_set *set, nas_err *err)
{
    view_set old = *set;
    int64_t n = set->n, width = v->decisions;
    keyed *order = NAS_NEW(scratch, keyed, n);
    old.key = nas_arena_copy(scratch, set->key, (size_t)n * sizeof *set->key);
    old.pick =
        nas_arena_copy(scratch, set->pick, (size_t)(n * width) * sizeof *set->pick);
    old.candidate =
        nas_arena_copy(scratch, set->candidate, (size_t)n * sizeof *set->candidate);
    set->raw = NAS_NEW(scratch, float, n * v->width);
    NAS_TRY_ALLOC(order, err);
    NAS_TRY_ALLOC(old.key, err);
    NAS_TRY_ALLOC(old.pick, err);
    NAS_TRY_ALLOC(old.candidate, err);
    NAS_TRY_ALLOC(set->raw, err);
    for (int64_t i = 0; i < n; i++)
        order[i] = (keyed){set->key[i], i};
    qsort(order, (size_t)n, sizeof *order, by_key);
    for (int64_t i = 0; i < n; i++) {
        int64_t from = order[i].index;
        set->key[i] = old.key[from];
        set->candidate[i] = old.candidate[from];
        memcpy(set->pick + i * width, old.pick + from * width,
               (size_t)width * sizeof *set->pick);
        memcpy(set->raw + i * v->width, old.raw + from * v->width,
               (size_t)v->width * sizeof *set->raw);
    }
    return NAS_OK;
}

static nas_status scale_all(view *v, nas_arena *arena, view_set *set, nas_err *err)
{
    set_scale(v, set->raw, set->n);
    set->feature = NAS_NEW(arena, float, set->n * v->used);
    NAS_TRY_ALLOC(set->feature, err);
    for (int64_t i = 0; i < set->n; i++)
        scale(v, set->raw + i * v->width, set->feature + i * v->used);
    return NAS_OK;
}

nas_status nas_view_all(view *v, const nas_space *space, int rounds, nas_arena *arena,
                        view_set *out, nas_err *err)
{
    nas_arena *scratch = nas_arena_new();
    NAS_TRY_ALLOC(scratch, err);
    *out = (view_set){0};
    nas_status status = begin(v, space, rounds, arena, err);
    if (status == NAS_OK)
        status = allocate(out, (int64_t)nas_space_size(space), v->decisions, arena, err);
    if (status == NAS_OK)
        status = enumerate(v, arena, scratch, out, err);
    if (status == NAS_OK)
        status = sort(v, scratch, out, err);
    if (status == NAS_OK)
        status = scale_all(v, arena, out, err);
    out->raw = NULL;
    nas_arena_free(scratch);
    return status;
}

/* ---- a few of them ---------------------------------------------------------------- */

nas_status nas_view_sample(view *v, const nas_space *space, int rounds, nas_arena *arena,
                           nas_err *err)
{
    nas_rng rng = nas_rng_new(0, SAMPLE_STREAM);
    NAS_TRY(begin(v, space, rounds, arena, err));
    nas_arena *scratch = nas_arena_new();
    NAS_TRY_ALLOC(scratch, err);
    float *raw = NAS_NEW(scratch, float, SAMPLE * v->width);
    nas_status status = NAS_OK;
    for (int64_t i = 0; i < SAMPLE && status == NAS_OK; i++) {
        nas_candidate *candidate =
            raw != NULL ? nas_space_sample(space, &rng, scratch) : NULL;
        if (candidate == NULL)
            status = nas_fail(err, NAS_E_NOMEM, "out of memory");
        else
            (void)look(v, candidate, raw + i * v->width);
    }
    if (status == NAS_OK)
        set_scale(v, raw, SAMPLE);
    nas_arena_free(scratch);
    return status;
}

nas_status nas_view_set_new(const view *v, int64_t capacity, nas_arena *arena,
                            view_set *out, nas_err *err)
{
    *out = (view_set){0};
    NAS_TRY(allocate(out, capacity, v->decisions, arena, err));
    out->feature = NAS_NEW(arena, float, capacity * v->used);
    NAS_TRY_ALLOC(out->feature, err);
    return NAS_OK;
}

void nas_view_add(const view *v, view_set *set, nas_candidate *candidate)
{
    float raw[VIEW_MOST];
    assert(set->n < set->capacity);
    set->key[set->n] = look(v, candidate, raw);
    set->candidate[set->n] = candidate;
    picks_of(v, candidate, set->pick + set->n * v->decisions);
    scale(v, raw, set->feature + set->n * v->used);
    set->n++;
}

/* ---- distances -------------------------------------------------------------------- */

double nas_view_hamming(const view *v, const int16_t *a, const int16_t *b)
{
    double sum = 0;
    for (int d = 0; d < v->decisions; d++) {
        if (a[d] == b[d])
            continue;
        bool graded = v->step[d] > 0 && a[d] >= 0 && b[d] >= 0;
        sum +=
            graded ? (double)v->step[d] * (a[d] > b[d] ? a[d] - b[d] : b[d] - a[d]) : 1;
    }
    return v->decisions > 0 ? sum * EDGES / v->decisions : 0;
}

double nas_view_features(const view *v, const float *a, const float *b)
{
    float s[4] = {0};
    int i = 0;
    for (; i + 4 <= v->used; i += 4)
        for (int k = 0; k < 4; k++) {
            float off = a[i + k] - b[i + k];
            s[k] += off * off;
        }
    for (; i < v->used; i++)
        s[0] += (a[i] - b[i]) * (a[i] - b[i]);
    double sum = (double)(s[0] + s[1]) + (double)(s[2] + s[3]);
    return v->used > 0 ? sum / v->used : 0;
}
