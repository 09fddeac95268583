/* M. Zeiler, R. Fergus, "Visualizing and Understanding Convolutional Networks", ECCV
 * 2014, section 4: cover a part, look at the answer. Deviations: covered with the
 * channels' means, not grey; a place's value is the mean over the patches that hold it.
 */
#include "explain/attribution.h"

#include <math.h>
#include <string.h>

enum { LEAST_ROWS = 4, MOST_ROWS = 64 };

typedef struct cover {
    const nas_subject *subject;
    int64_t patch_h, patch_w, step_h, step_w;
    int64_t down, across;    /* number of patch positions */
    float *inputs, *outputs; /* of all positions of one row */
    double *row_map, *hits;
} cover;

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Steps of half a patch; the last position touches the edge. */
static int64_t positions(int64_t extent, int64_t patch, int64_t step)
{
    return (extent - patch + step - 1) / step + 1;
}

static nas_status plan(const nas_subject *s, cover *c, nas_err *err)
{
    *c = (cover){.subject = s};
    int64_t parts = s->kind == NAS_INPUT_IMAGE ? 7 : 16;
    int64_t patch = larger(2, (larger(s->shape.h, s->shape.w) + parts / 2) / parts);
    c->patch_h = smaller(patch, s->shape.h);
    c->patch_w = smaller(patch, s->shape.w);
    c->step_h = larger(1, c->patch_h / 2);
    c->step_w = larger(1, c->patch_w / 2);
    c->down = positions(s->shape.h, c->patch_h, c->step_h);
    c->across = positions(s->shape.w, c->patch_w, c->step_w);
    int64_t most = larger(c->down * c->across, s->shape.c);
    c->inputs = NAS_NEW(s->arena, float, most * s->size);
    c->outputs = NAS_NEW(s->arena, float, most * s->n_outputs);
    c->row_map = NAS_NEW(s->arena, double, s->shape.h * s->shape.w);
    c->hits = NAS_NEW(s->arena, double, s->shape.h * s->shape.w);
    if (c->inputs == NULL || c->outputs == NULL || c->row_map == NULL || c->hits == NULL)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    return NAS_OK;
}

/* How much an answer changed for the worse. */
static double change(const nas_subject *s, int64_t row, const float *covered)
{
    const float *plain = s->truth.outputs + row * s->n_outputs;
    if (s->truth.labels == NULL)
        return fabs((double)covered[0] - (double)plain[0]);
    int64_t answer = nas_answer_of(plain, s->n_outputs);
    return (double)plain[answer] - (double)covered[answer];
}

static int64_t corner(int64_t index, int64_t step, int64_t extent, int64_t patch)
{
    return smaller(index * step, extent - patch);
}

static void cover_patch(const cover *c, int64_t y, int64_t x, float *input)
{
    const nas_subject *s = c->subject;
    for (int64_t k = 0; k < s->shape.c * c->patch_h; k++) {
        int64_t channel = k / c->patch_h, line = y + k % c->patch_h;
        float *at = input + (channel * s->shape.h + line) * s->shape.w + x;
        for (int64_t i = 0; i < c->patch_w; i++)
            at[i] = s->mean[channel];
    }
}

static void add_patch(const cover *c, int64_t y, int64_t x, double value)
{
    for (int64_t i = 0; i < c->patch_h * c->patch_w; i++) {
        int64_t at = (y + i / c->patch_w) * c->subject->shape.w + x + i % c->patch_w;
        c->row_map[at] += value;
        c->hits[at] += 1;
    }
}

static void map_row(const cover *c, int64_t row)
{
    const nas_subject *s = c->subject;
    const int64_t plane = s->shape.h * s->shape.w, n = c->down * c->across;
    memset(c->row_map, 0, (size_t)plane * sizeof *c->row_map);
    memset(c->hits, 0, (size_t)plane * sizeof *c->hits);
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t i = 0; i < n; i++) {
            int64_t y = corner(i / c->across, c->step_h, s->shape.h, c->patch_h);
            int64_t x = corner(i % c->across, c->step_w, s->shape.w, c->patch_w);
            float *input = c->inputs + i * s->size;
            if (pass == 0) {
                memcpy(input, s->inputs + row * s->size, (size_t)s->size * sizeof *input);
                cover_patch(c, y, x, input);
            } else {
                add_patch(c, y, x, change(s, row, c->outputs + i * s->n_outputs));
            }
        }
        if (pass == 0)
            nas_subject_answer(s, c->inputs, n, c->outputs);
    }
    for (int64_t i = 0; i < plane; i++)
        c->row_map[i] /= fmax(1, c->hits[i]);
}

/* Every channel covered as a whole. */
static void cover_channels(const cover *c, int64_t row, double *sum, double *squares)
{
    const nas_subject *s = c->subject;
    const int64_t plane = s->shape.h * s->shape.w;
    for (int64_t k = 0; k < s->shape.c; k++) {
        float *input = c->inputs + k * s->size;
        memcpy(input, s->inputs + row * s->size, (size_t)s->size * sizeof *input);
        for (int64_t i = 0; i < plane; i++)
            input[k * plane + i] = s->mean[k];
    }
    nas_subject_answer(s, c->inputs, s->shape.c, c->outputs);
    for (int64_t k = 0; k < s->shape.c; k++) {
        double d = change(s, row, c->outputs + k * s->n_outputs);
        sum[k] += d;
        squares[k] += d * d;
    }
}

static nas_status channels(const cover *c, nas_occlusion *out, nas_err *err)
{
    const nas_subject *s = c->subject;
    out->channel = NAS_NEW(s->arena, double, s->shape.c);
    out->channel_deviation = NAS_NEW(s->arena, double, s->shape.c);
    NAS_TRY_ALLOC(out->channel, err);
    NAS_TRY_ALLOC(out->channel_deviation, err);
    for (int64_t row = 0; row < out->rows; row++)
        cover_channels(c, row, out->channel, out->channel_deviation);
    const double n = (double)out->rows;
    for (int64_t k = 0; k < s->shape.c; k++) {
        double mean = out->channel[k] / n;
        double variance = fmax(0, out->channel_deviation[k] / n - mean * mean);
        out->channel[k] = mean;
        out->channel_deviation[k] = sqrt(variance / n);
    }
    return NAS_OK;
}

nas_status nas_occlusion_of(const nas_subject *s, nas_occlusion *out, nas_err *err)
{
    cover c;
    const int64_t plane = s->shape.h * s->shape.w;
    NAS_TRY(plan(s, &c, err));
    *out = (nas_occlusion){
        .height = s->shape.h,
        .width = s->shape.w,
        .patch = larger(c.patch_h, c.patch_w),
        .rows =
            smaller(nas_subject_rows_for(s, c.down * c.across, LEAST_ROWS), MOST_ROWS),
        .map = NAS_NEW(s->arena, double, plane)};
    NAS_TRY_ALLOC(out->map, err);
    for (int64_t row = 0; row < out->rows; row++) {
        map_row(&c, row);
        for (int64_t i = 0; i < plane; i++)
            out->map[i] += c.row_map[i] / (double)out->rows;
        if (out->n_examples == NAS_ATTRIBUTION_EXAMPLES)
            continue;
        double *copy = nas_arena_copy(s->arena, c.row_map, (size_t)plane * sizeof *copy);
        NAS_TRY_ALLOC(copy, err);
        out->example[out->n_examples] = row;
        out->example_map[out->n_examples++] = copy;
    }
    return s->shape.c > 1 ? channels(&c, out, err) : NAS_OK;
}
