/* Filling the input: rows of a data set or floats, into lanes. */
#include "engine/unit.h"

#include <assert.h>
#include <string.h>

enum { LINE = NAS_LANES };

/* What one block of samples is gathered from. */
typedef struct source {
    const char *row[NAS_LANES]; /* first element of each sample, NULL when masked */
    int element;
    size_t bytes; /* of an element */
    const float *mean, *inverse;
    int down[NAS_LANES], right[NAS_LANES]; /* shift */
    bool flip[NAS_LANES];
    bool plain; /* all lanes used, nothing moved or mirrored */
} source;

static nas_gather_job gather_job(const source *from)
{
    nas_gather_job job = {.element = from->element, .plain = from->plain};
    memcpy(job.shift, from->right, sizeof job.shift);
    memcpy(job.reverse, from->flip, sizeof job.reverse);
    return job;
}

/* A vector is one row of channels. */
static void gather_vector(const nas_net *net, const source *from, float *to)
{
    nas_gather_job job = gather_job(from);
    for (int lane = 0; lane < LINE; lane++)
        job.source[lane] = from->row[lane];
    job.count = net->units[0].z.channels;
    job.step = 1;
    job.mean = from->mean;
    job.inverse = from->inverse;
    job.to = to;
    net->kernels->gather(&job);
}

static void gather_block(const nas_net *net, const source *from, int b)
{
    const nas_tensor *x = &net->units[0].z;
    float *block = x->view.data + b * x->view.block;
    if (x->height == 1 && x->width == 1 && x->view.plane == LINE) {
        gather_vector(net, from, block);
        return;
    }
    const ptrdiff_t row_bytes = x->width * (ptrdiff_t)from->bytes;
    nas_gather_job job = gather_job(from);
    job.count = x->width;
    for (int i = 0; i < x->channels * x->height; i++) {
        const int c = i / x->height, h = i % x->height;
        for (int lane = 0; lane < LINE; lane++) {
            const int line = h - from->down[lane];
            const bool inside = from->row[lane] != NULL && line >= 0 && line < x->height;
            const ptrdiff_t at = (i - from->down[lane]) * row_bytes;
            job.source[lane] = inside ? from->row[lane] + at : NULL;
        }
        job.mean = from->mean + c;
        job.inverse = from->inverse + c;
        job.to = block + c * x->view.plane + h * x->view.row;
        net->kernels->gather(&job);
    }
}

/* Draws are made for every sample in order, so a sample's change depends on its place in
 * the batch only. */
static void draw(const nas_net *net, const nas_augment *augment, nas_rng *rng, int lane,
                 source *from)
{
    from->down[lane] = from->right[lane] = 0;
    from->flip[lane] = false;
    if (augment == NULL)
        return;
    if (augment->shift > 0) {
        const uint64_t range = 2 * (uint64_t)augment->shift + 1;
        from->right[lane] = (int)nas_rng_below(rng, range) - augment->shift;
        if (net->units[0].z.height > 1 && net->spectrum == NULL)
            from->down[lane] = (int)nas_rng_below(rng, range) - augment->shift;
    }
    if (augment->flip)
        from->flip[lane] = nas_rng_below(rng, 2) == 1;
}

/* A raw row as the network's input. @return it, valid until the lane's next */
static const char *encode_lane(const nas_net *net, const float *raw, int lane)
{
    const int64_t columns = net->units[0].z.channels;
    float *row = net->front_rows + lane * columns;
    nas_encode_row(net->front_columns, columns, raw, row);
    return (const char *)row;
}

static void begin_batch(nas_net *net, int n)
{
    assert(n >= 1 && n <= net->options.batch);
    net->valid = n;
    net->mixed = false;
    net->active = (n + LINE - 1) / LINE;
}

static const char *stored_row(const nas_dataset *data, int64_t row)
{
    const size_t bytes = nas_element_bytes(data->element);
    const size_t sample = (size_t)nas_shape_count(data->shape) * bytes;
    return (const char *)data->inputs + (size_t)row * sample;
}

/* A row as in the source, through the spectrum or encoded. */
static const char *made_row(const nas_net *net, const nas_dataset *data, int64_t row,
                            int lane)
{
    if (net->spectrum == NULL) {
        nas_dataset_row(data, row, net->front_raw);
        return encode_lane(net, net->front_raw, lane);
    }
    const nas_shape shape = nas_spectrum_shape(net->spectrum);
    float *out = net->behind + lane * nas_shape_count(shape);
    nas_dataset_row(data, row, net->sound);
    nas_spectrum_run(net->spectrum, net->sound, net->spectrum_work, out);
    return (const char *)out;
}

void nas_net_batch(nas_net *net, const nas_dataset *data, const int64_t *rows, int n,
                   const nas_augment *augment, nas_rng *rng)
{
    begin_batch(net, n);
    nas_dataset_touch(data, n);
    const bool computed = net->spectrum != NULL && data->front != net->front_key;
    const bool made = computed || net->front_columns != NULL;
    const nas_element element = made ? NAS_ELEMENT_F32 : data->element;
    source from = {.element = (int)element,
                   .bytes = nas_element_bytes(element),
                   .mean = net->front_mean,
                   .inverse = net->front_inverse};
    for (int b = 0; b < net->active; b++) {
        for (int lane = 0; lane < LINE; lane++) {
            const int i = b * LINE + lane;
            from.row[lane] = NULL;
            if (i >= n)
                continue;
            from.row[lane] =
                made ? made_row(net, data, rows[i], lane) : stored_row(data, rows[i]);
            draw(net, augment, rng, lane, &from);
        }
        from.plain = augment == NULL && (b + 1) * LINE <= n;
        gather_block(net, &from, b);
    }
    for (int i = 0; i < n && data->labels != NULL; i++)
        net->labels[i] = data->labels[rows[i]];
    for (int i = 0; i < n * net->outputs && data->targets != NULL; i++) {
        const int k = i % net->outputs;
        const float target = data->targets[rows[i / net->outputs] * net->outputs + k];
        net->targets[i] = (target - net->target_mean[k]) / net->target_deviation[k];
    }
    if (augment != NULL)
        nas_augment_batch(net, augment, rng);
}

void nas_net_batch_floats(nas_net *net, const float *inputs, const int32_t *labels,
                          const float *targets, int n)
{
    begin_batch(net, n);
    source from = {.element = NAS_ELEMENT_F32,
                   .bytes = sizeof(float),
                   .mean = net->front_mean,
                   .inverse = net->front_inverse};
    for (int b = 0; b < net->active; b++) {
        for (int lane = 0; lane < LINE; lane++) {
            const int i = b * LINE + lane;
            const float *row = inputs + (int64_t)i * net->raw;
            from.row[lane] = i < n ? (const char *)row : NULL;
            if (i < n && net->front_columns != NULL)
                from.row[lane] = encode_lane(net, row, lane);
        }
        from.plain = (b + 1) * LINE <= n;
        gather_block(net, &from, b);
    }
    for (int i = 0; i < n && labels != NULL; i++)
        net->labels[i] = labels[i];
    for (int i = 0; i < n * net->outputs && targets != NULL; i++) {
        const int k = i % net->outputs;
        net->targets[i] = (targets[i] - net->target_mean[k]) / net->target_deviation[k];
    }
}

void nas_net_set_targets(nas_net *net, const float *mean, const float *deviation)
{
    memcpy(net->target_mean, mean, (size_t)net->outputs * sizeof *mean);
    memcpy(net->target_deviation, deviation, (size_t)net->outputs * sizeof *deviation);
}
