#include "explain/corruption.h"

#include <math.h>
#include <string.h>

enum { MOST_ROWS = 1000, LEAST_ROWS = 64, STEPS = NAS_CORRUPTION_LEVELS - 1 };

/* What changing a row needs. */
typedef struct changer {
    nas_rng rng;
    float *scratch; /* [size] */
} changer;

/* Change one row in place. @param level  of the kind's unit */
typedef void (*corrupt_fn)(const nas_subject *s, double level, changer *with, float *row);

static void add_noise(const nas_subject *s, double level, changer *with, float *row)
{
    const int64_t plane = s->shape.h * s->shape.w;
    for (int64_t i = 0; i < s->size; i++)
        row[i] +=
            (float)(level * (double)s->deviation[i / plane] * nas_rng_normal(&with->rng));
}

/* Mean over a square of (2*level + 1) pixels that lie inside. */
static void blur(const nas_subject *s, double level, changer *with, float *row)
{
    (void)with;
    const int64_t h = s->shape.h, w = s->shape.w, r = (int64_t)level;
    memcpy(with->scratch, row, (size_t)s->size * sizeof *row);
    for (int64_t i = 0; i < s->size; i++) {
        const float *plane = with->scratch + i / (h * w) * h * w;
        const int64_t y = i / w % h, x = i % w;
        double sum = 0;
        int64_t count = 0;
        for (int64_t k = 0; k < (2 * r + 1) * (2 * r + 1); k++) {
            int64_t yy = y + k / (2 * r + 1) - r, xx = x + k % (2 * r + 1) - r;
            if (yy < 0 || yy >= h || xx < 0 || xx >= w)
                continue;
            sum += (double)plane[yy * w + xx];
            count++;
        }
        row[i] = (float)(sum / (double)count);
    }
}

/* Along a random one of the four directions; a series along time. Means move in. */
static void shift(const nas_subject *s, double level, changer *with, float *row)
{
    const int64_t h = s->shape.h, w = s->shape.w;
    const uint64_t way = nas_rng_below(&with->rng, s->kind == NAS_INPUT_IMAGE ? 4 : 2);
    int64_t by = (int64_t)level * (way % 2 == 0 ? 1 : -1);
    int64_t down = way >= 2 ? by : 0, right = way < 2 ? by : 0;
    memcpy(with->scratch, row, (size_t)s->size * sizeof *row);
    for (int64_t i = 0; i < s->size; i++) {
        int64_t c = i / (h * w), y = i / w % h - down, x = i % w - right;
        bool inside = y >= 0 && y < h && x >= 0 && x < w;
        row[i] = inside ? with->scratch[(c * h + y) * w + x] : s->mean[c];
    }
}

static void lower_contrast(const nas_subject *s, double level, changer *with, float *row)
{
    (void)with;
    const int64_t plane = s->shape.h * s->shape.w;
    for (int64_t c = 0; c < s->shape.c; c++) {
        double mean = 0;
        for (int64_t i = 0; i < plane; i++)
            mean += (double)row[c * plane + i] / (double)plane;
        for (int64_t i = 0; i < plane; i++) {
            float *v = &row[c * plane + i];
            *v = (float)(mean + (1 - level) * ((double)*v - mean));
        }
    }
}

/* Faster or slower by `level`, around the middle; the ends hold their last value. */
static void warp(const nas_subject *s, double level, changer *with, float *row)
{
    const int64_t w = s->shape.w;
    const double speed = nas_rng_below(&with->rng, 2) == 0 ? 1 + level : 1 / (1 + level);
    memcpy(with->scratch, row, (size_t)s->size * sizeof *row);
    for (int64_t i = 0; i < s->size; i++) {
        double middle = (double)(w - 1) / 2;
        double at = middle + ((double)(i % w) - middle) * speed;
        at = fmin(fmax(at, 0), (double)(w - 1));
        int64_t left = (int64_t)at, next = left + 1 < w ? left + 1 : left;
        const float *line = with->scratch + i / w * w;
        double part = at - (double)left;
        row[i] = (float)((1 - part) * (double)line[left] + part * (double)line[next]);
    }
}

/* So many random channels or columns hold their mean. */
static void drop_channels(const nas_subject *s, double level, changer *with, float *row)
{
    const int64_t plane = s->shape.h * s->shape.w;
    int64_t left = (int64_t)level;
    for (int64_t c = 0; c < s->shape.c && left > 0; c++) {
        if ((int64_t)nas_rng_below(&with->rng, (uint64_t)(s->shape.c - c)) >= left)
            continue;
        left--;
        for (int64_t i = 0; i < plane; i++)
            row[c * plane + i] = s->mean[c];
    }
}

/* ---- kinds ------------------------------------------------------------- */

static const struct {
    const char *name, *unit; /* unit NULL: columns of a table, else channels */
    corrupt_fn run;
    unsigned kinds; /* bits (1 << nas_input_kind) */
    bool counts;    /* levels are whole shares of an extent, at least one apart */
    double level[STEPS];
} KINDS[] = {
    {"noise", "deviations", add_noise, 7, false, {0.1, 0.2, 0.4, 0.8, 1.6}},
    {"blur", "pixels", blur, 1 << NAS_INPUT_IMAGE, true, {0.03, 0.06, 0.09, 0.12}},
    {"shift", "steps", shift, 6, true, {0.03, 0.06, 0.1, 0.15, 0.2}},
    {"contrast", "lost", lower_contrast, 4, false, {0.2, 0.4, 0.6, 0.8, 0.9}},
    {"warp", "faster or slower", warp, 2, false, {0.02, 0.05, 0.1, 0.2, 0.4}},
    {"missing", NULL, drop_channels, 3, true, {0.04, 0.1, 0.2, 0.35, 0.5}},
};
enum { N_KINDS = sizeof KINDS / sizeof KINDS[0] };

/* Levels of a kind for these inputs; equal ones once. */
static void levels_of(const nas_subject *s, int kind, nas_corruption *out)
{
    bool missing = KINDS[kind].run == drop_channels;
    double extent = (double)(missing ? s->shape.c : s->shape.w);
    out->n = 1;
    for (int i = 0; i < STEPS && KINDS[kind].level[i] > 0; i++) {
        double level = KINDS[kind].level[i];
        if (KINDS[kind].counts)
            level = fmax(1, round(level * extent));
        if (missing && level >= extent)
            continue;
        if (level > out->level[out->n - 1])
            out->level[out->n++] = level;
    }
}

typedef struct bench {
    const nas_subject *subject;
    int64_t n;
    float *inputs, *outputs, *scratch;
} bench;

static void score_kind(const bench *b, int kind, nas_rng rng, nas_corruption *out)
{
    const nas_subject *s = b->subject;
    levels_of(s, kind, out);
    for (int l = 0; l < out->n; l++) {
        changer with = {nas_rng_split(&rng, (uint64_t)l), b->scratch};
        memcpy(b->inputs, s->inputs, (size_t)(b->n * s->size) * sizeof *b->inputs);
        for (int64_t i = 0; i < b->n && l > 0; i++)
            KINDS[kind].run(s, out->level[l], &with, b->inputs + i * s->size);
        nas_subject_answer(s, b->inputs, b->n, b->outputs);
        nas_predictions p = s->truth;
        p.outputs = b->outputs;
        p.n = b->n;
        out->score[l] = s->metric->score(&p, nas_rng_split(&rng, 100));
    }
}

nas_status nas_corruptions_of(const nas_subject *s, nas_rng rng, nas_corruption **out,
                              int *n, nas_err *err)
{
    int64_t rows =
        nas_subject_rows_for(s, (int64_t)N_KINDS * NAS_CORRUPTION_LEVELS, LEAST_ROWS);
    bench b = {.subject = s, .n = rows < MOST_ROWS ? rows : MOST_ROWS};
    b.inputs = NAS_NEW(s->arena, float, b.n * s->size);
    b.outputs = NAS_NEW(s->arena, float, b.n * s->n_outputs);
    b.scratch = NAS_NEW(s->arena, float, s->size);
    *out = NAS_NEW(s->arena, nas_corruption, N_KINDS);
    if (b.inputs == NULL || b.outputs == NULL || b.scratch == NULL || *out == NULL)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    *n = 0;
    for (int k = 0; k < N_KINDS; k++) {
        if ((KINDS[k].kinds >> s->kind & 1) == 0)
            continue;
        nas_corruption *c = &(*out)[*n];
        *c = (nas_corruption){.name = KINDS[k].name, .unit = KINDS[k].unit};
        if (c->unit == NULL)
            c->unit = s->kind == NAS_INPUT_TABLE ? "columns" : "channels";
        score_kind(&b, k, nas_rng_split(&rng, (uint64_t)k), c);
        *n += c->n > 1;
    }
    return NAS_OK;
}
