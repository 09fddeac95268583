#include "evaluate/bank.h"

#include <math.h>
#include <string.h>

enum { SLOTS = 2, FIRST_ROOM = 64 };
static const char MAGIC[8] = "nasbank1";

typedef struct tensor {
    uint64_t key;
    int64_t count;
    int64_t steps; /* made on it */
    bool decayed;
    bool touched;               /* has gradients of this step */
    float *w, *g, *slot[SLOTS]; /* [count] each, one block that begins at w */
} tensor;

struct nas_bank {
    uint64_t seed;
    tensor *tensors; /* [n], in the order in which they were asked for */
    int64_t n, room;
    int32_t *table; /* [places] index + 1 by key, open addressing; 0 = free */
    int64_t places; /* a power of two, at least twice n */
};

/* A tensor of the graph and where its values are. */
typedef struct part {
    int64_t tensor; /* of the bank; -1: not shared */
    int64_t offset, count;
    float value; /* of what is not shared */
} part;

struct nas_bank_view {
    int n;
    part *parts;
};

/* ---- life ------------------------------------------------------------------------ */

nas_bank *nas_bank_new(uint64_t seed)
{
    nas_bank *bank = nas_heap_alloc(1, sizeof *bank);
    if (bank != NULL)
        bank->seed = seed;
    return bank;
}

void nas_bank_free(nas_bank *bank)
{
    if (bank == NULL)
        return;
    for (int64_t i = 0; i < bank->n; i++)
        nas_heap_free(bank->tensors[i].w);
    nas_heap_free(bank->tensors);
    nas_heap_free(bank->table);
    nas_heap_free(bank);
}

int64_t nas_bank_tensors(const nas_bank *bank)
{
    return bank->n;
}

int64_t nas_bank_floats(const nas_bank *bank)
{
    int64_t floats = 0;
    for (int64_t i = 0; i < bank->n; i++)
        floats += bank->tensors[i].count;
    return floats;
}

/* ---- finding --------------------------------------------------------------------- */

/* The place of a key, or the free one where it would go. */
static int32_t *place_of(const nas_bank *bank, uint64_t key)
{
    uint64_t mask = (uint64_t)bank->places - 1;
    for (uint64_t at = key & mask;; at = (at + 1) & mask) {
        int32_t index = bank->table[at];
        if (index == 0 || bank->tensors[index - 1].key == key)
            return &bank->table[at];
    }
}

static bool grow(nas_bank *bank)
{
    int64_t room = bank->room == 0 ? FIRST_ROOM : 2 * bank->room;
    tensor *tensors =
        nas_heap_grow(bank->tensors, (size_t)bank->room, (size_t)room, sizeof *tensors);
    if (tensors == NULL)
        return false;
    bank->tensors = tensors;
    int32_t *table = nas_heap_alloc((size_t)(2 * room), sizeof *table);
    if (table == NULL)
        return false;
    nas_heap_free(bank->table);
    bank->table = table;
    bank->room = room;
    bank->places = 2 * room;
    for (int64_t i = 0; i < bank->n; i++)
        *place_of(bank, bank->tensors[i].key) = (int32_t)(i + 1);
    return true;
}

/* @return the index of a new tensor without values, or -1 when memory is out */
static int64_t append(nas_bank *bank, uint64_t key, int64_t count)
{
    if (bank->n == bank->room && !grow(bank))
        return -1;
    tensor *t = &bank->tensors[bank->n];
    *t = (tensor){.key = key, .count = count};
    t->w = nas_heap_alloc((size_t)count * (2 + SLOTS), sizeof *t->w);
    if (t->w == NULL)
        return -1;
    t->g = t->w + count;
    for (int k = 0; k < SLOTS; k++)
        t->slot[k] = t->w + (2 + k) * count;
    *place_of(bank, key) = (int32_t)++bank->n;
    return bank->n - 1;
}

bool nas_bank_shares(nas_weight_role role)
{
    return role != NAS_WEIGHT_SCALE && role != NAS_WEIGHT_SHIFT &&
           role != NAS_WEIGHT_MEAN && role != NAS_WEIGHT_VARIANCE;
}

/* Cells of a stack share names: the ordinal tells them apart. */
void nas_bank_meanings(const nas_graph *graph, nas_meaning *out)
{
    for (int i = 0; i < nas_graph_count(graph); i++) {
        const nas_node *node = nas_graph_node(graph, i);
        out[i].node = nas_hash64(node->name, strlen(node->name), (uint64_t)node->op);
        out[i].ordinal = 0;
        for (int j = 0; j < i; j++)
            out[i].ordinal += out[j].node == out[i].node;
    }
}

uint64_t nas_bank_key(const nas_weight *weight, const nas_meaning *node, bool extents)
{
    uint64_t words[8] = {node->node, node->ordinal, (uint64_t)weight->role};
    if (extents) {
        words[3] = (uint64_t)weight->rank;
        for (int k = 0; k < 4; k++)
            words[4 + k] = (uint64_t)weight->dim[k];
    }
    return nas_hash64(words, sizeof words, 0);
}

/* @return NAS_E_NOMEM */
static nas_status find(nas_bank *bank, const nas_weight *weight, uint64_t key,
                       int64_t *out, nas_err *err)
{
    int32_t found = bank->places > 0 ? *place_of(bank, key) : 0;
    *out = (int64_t)found - 1;
    if (found > 0)
        return NAS_OK;
    *out = append(bank, key, weight->count);
    if (*out < 0)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    tensor *t = &bank->tensors[*out];
    t->decayed =
        weight->role == NAS_WEIGHT_KERNEL || weight->role == NAS_WEIGHT_RECURRENT;
    nas_rng rng = nas_rng_new(bank->seed, key);
    nas_weight_init(weight, &rng, t->w);
    return NAS_OK;
}

nas_status nas_bank_bind(nas_bank *bank, const nas_graph *graph, nas_arena *arena,
                         nas_bank_view **out, nas_err *err)
{
    int nodes = nas_graph_count(graph);
    nas_bank_view *view = NAS_NEW(arena, nas_bank_view, 1);
    nas_meaning *meanings = NAS_NEW(arena, nas_meaning, nodes);
    NAS_TRY_ALLOC(view, err);
    NAS_TRY_ALLOC(meanings, err);
    view->n = nas_graph_weight_count(graph);
    view->parts = NAS_NEW(arena, part, view->n);
    NAS_TRY_ALLOC(view->parts, err);
    nas_bank_meanings(graph, meanings);
    for (int i = 0; i < view->n; i++) {
        const nas_weight *weight = nas_graph_weight(graph, i);
        part *p = &view->parts[i];
        *p = (part){.tensor = -1, .offset = weight->offset, .count = weight->count};
        if (weight->role == NAS_WEIGHT_SCALE || weight->role == NAS_WEIGHT_VARIANCE)
            p->value = 1.0f;
        if (!nas_bank_shares(weight->role))
            continue;
        uint64_t key = nas_bank_key(weight, &meanings[weight->node], true);
        NAS_TRY(find(bank, weight, key, &p->tensor, err));
    }
    *out = view;
    return NAS_OK;
}

/* ---- moving ---------------------------------------------------------------------- */

void nas_bank_gather(const nas_bank *bank, const nas_bank_view *view, float *weights)
{
    for (int i = 0; i < view->n; i++) {
        const part *p = &view->parts[i];
        float *to = weights + p->offset;
        if (p->tensor >= 0)
            memcpy(to, bank->tensors[p->tensor].w, (size_t)p->count * sizeof *to);
        for (int64_t k = 0; k < p->count && p->tensor < 0; k++)
            to[k] = p->value;
    }
}

void nas_bank_add_gradients(nas_bank *bank, const nas_bank_view *view,
                            const float *gradients)
{
    for (int i = 0; i < view->n; i++) {
        const part *p = &view->parts[i];
        if (p->tensor < 0)
            continue;
        tensor *t = &bank->tensors[p->tensor];
        const float *from = gradients + p->offset;
        if (!t->touched)
            memcpy(t->g, from, (size_t)p->count * sizeof *from);
        for (int64_t k = 0; k < p->count && t->touched; k++)
            t->g[k] += from[k];
        t->touched = true;
    }
}

/* ---- steps ----------------------------------------------------------------------- */

/* As the engine's kernels: the same formulas, for tensors that lie apart. */
static void step_sgd(tensor *t, const nas_optimizer *o, float rate, float scale)
{
    const float decay = t->decayed ? o->weight_decay : 0.0f;
    float *m = t->slot[0];
    for (int64_t i = 0; i < t->count; i++) {
        const float gradient = t->g[i] * scale + decay * t->w[i];
        m[i] = o->momentum * m[i] + gradient;
        t->w[i] -= rate * (gradient + o->momentum * m[i]);
    }
}

static void step_adamw(tensor *t, const nas_optimizer *o, float rate, float scale)
{
    const double steps = (double)t->steps;
    const float c1 = (float)(1.0 / (1.0 - pow((double)o->beta1, steps)));
    const float c2 = (float)(1.0 / (1.0 - pow((double)o->beta2, steps)));
    const float shrink = 1.0f - (t->decayed ? rate * o->weight_decay : 0.0f);
    float *m = t->slot[0];
    float *v = t->slot[1];
    for (int64_t i = 0; i < t->count; i++) {
        const float gradient = t->g[i] * scale;
        m[i] = o->beta1 * m[i] + (1.0f - o->beta1) * gradient;
        v[i] = o->beta2 * v[i] + (1.0f - o->beta2) * gradient * gradient;
        t->w[i] = t->w[i] * shrink - rate * (m[i] * c1) / (sqrtf(v[i] * c2) + o->epsilon);
    }
}

static double norm_of_gradients(const nas_bank *bank)
{
    double sum = 0.0;
    for (int64_t i = 0; i < bank->n; i++) {
        const tensor *t = &bank->tensors[i];
        for (int64_t k = 0; k < t->count && t->touched; k++)
            sum += (double)t->g[k] * (double)t->g[k];
    }
    return sqrt(sum);
}

bool nas_bank_step(nas_bank *bank, const nas_optimizer *optimizer, float rate)
{
    const double norm = norm_of_gradients(bank);
    const bool finite = isfinite(norm);
    float scale = 1.0f;
    if (optimizer->clip_norm > 0 && norm > (double)optimizer->clip_norm)
        scale = (float)((double)optimizer->clip_norm / norm);
    for (int64_t i = 0; i < bank->n; i++) {
        tensor *t = &bank->tensors[i];
        bool moves = t->touched && finite;
        t->touched = false;
        t->steps += moves;
        if (moves && optimizer->kind == NAS_OPTIMIZER_ADAMW)
            step_adamw(t, optimizer, rate, scale);
        else if (moves)
            step_sgd(t, optimizer, rate, scale);
    }
    return finite;
}

/* ---- bytes ----------------------------------------------------------------------- */

/* Of the file; each tensor follows with its head and its values. */
typedef struct bank_head {
    char magic[8];
    uint64_t seed;
    int64_t n, training;
} bank_head;

typedef struct tensor_head {
    uint64_t key;
    int64_t count, steps, decayed;
} tensor_head;

/* Values of a tensor: its weights, and in training its slots. */
static float *values_of(const tensor *t, int vector)
{
    return vector == 0 ? t->w : t->slot[vector - 1];
}

nas_status nas_bank_save(const nas_bank *bank, bool training, nas_text *out, nas_err *err)
{
    bank_head head = {.seed = bank->seed, .n = bank->n, .training = training};
    memcpy(head.magic, MAGIC, sizeof head.magic);
    nas_text_append(out, (const char *)&head, sizeof head);
    for (int64_t i = 0; i < bank->n; i++) {
        const tensor *t = &bank->tensors[i];
        tensor_head of = {t->key, t->count, t->steps, t->decayed};
        nas_text_append(out, (const char *)&of, sizeof of);
        for (int k = 0; k < (training ? 1 + SLOTS : 1); k++)
            nas_text_append(out, (const char *)values_of(t, k),
                            (size_t)t->count * sizeof(float));
    }
    return nas_text_status(out, err);
}

/* What is left to read. */
typedef struct reader {
    const char *at;
    size_t left;
} reader;

static bool take(reader *r, void *to, size_t bytes)
{
    if (bytes > r->left)
        return false;
    memcpy(to, r->at, bytes);
    r->at += bytes;
    r->left -= bytes;
    return true;
}

static nas_status corrupt(nas_err *err)
{
    return nas_fail(err, NAS_E_STUDY, "the stored weights of the supernet are corrupt");
}

static nas_status load_tensor(nas_bank *bank, reader *r, int vectors, nas_err *err)
{
    tensor_head head;
    if (!take(r, &head, sizeof head) || head.count < 1 || head.steps < 0 ||
        (uint64_t)head.count > r->left / (sizeof(float) * (size_t)vectors) ||
        (bank->places > 0 && *place_of(bank, head.key) != 0))
        return corrupt(err);
    int64_t index = append(bank, head.key, head.count);
    if (index < 0)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    tensor *t = &bank->tensors[index];
    t->steps = head.steps;
    t->decayed = head.decayed != 0;
    for (int k = 0; k < vectors; k++)
        if (!take(r, values_of(t, k), (size_t)t->count * sizeof(float)))
            return corrupt(err);
    return NAS_OK;
}

static nas_status load(nas_bank *bank, reader *r, const bank_head *head, nas_err *err)
{
    int vectors = head->training != 0 ? 1 + SLOTS : 1;
    for (int64_t i = 0; i < head->n; i++)
        NAS_TRY(load_tensor(bank, r, vectors, err));
    return r->left == 0 ? NAS_OK : corrupt(err);
}

nas_status nas_bank_load(const void *bytes, size_t n, nas_bank **out, nas_err *err)
{
    reader r = {bytes, n};
    bank_head head;
    *out = NULL;
    if (!take(&r, &head, sizeof head) || memcmp(head.magic, MAGIC, sizeof MAGIC) != 0)
        return corrupt(err);
    nas_bank *bank = nas_bank_new(head.seed);
    NAS_TRY_ALLOC(bank, err);
    nas_status status = load(bank, &r, &head, err);
    if (status != NAS_OK) {
        nas_bank_free(bank);
        return status;
    }
    *out = bank;
    return NAS_OK;
}
