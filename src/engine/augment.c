/* Random changes to a gathered batch, in the lanes it lies in; after standardising, so
 * that zero is the mean.
 *
 * SpecAugment: D. Park et al., Interspeech 2019, arXiv:1904.08779 (one mask of each kind;
 * its time warp is done here along the rows of any input). Random erasing: Z. Zhong et
 * al., AAAI 2020, arXiv:1708.04896, filled with the mean. Mixup: H. Zhang et al., ICLR
 * 2018, arXiv:1710.09412. CutMix: S. Yun et al., ICCV 2019, arXiv:1905.04899. Mixing
 * joins the samples of a batch in pairs, first and last, both of which are changed, with
 * a share of their own for each pair. */
#include "engine/unit.h"

#include <math.h>

enum { LINE = NAS_LANES };

/* One sample of the input. */
typedef struct sample {
    float *at; /* its lane of the first element */
    ptrdiff_t plane, row;
    int channels, height, width;
} sample;

static sample sample_of(const nas_net *net, int i)
{
    const nas_tensor *x = &net->units[0].z;
    return (sample){x->view.data + i / LINE * x->view.block + i % LINE,
                    x->view.plane,
                    x->view.row,
                    x->channels,
                    x->height,
                    x->width};
}

static float *element(const sample *s, int c, int y, int x)
{
    return s->at + c * s->plane + y * s->row + (ptrdiff_t)x * LINE;
}

/* A rectangle of all channels. */
typedef struct box {
    int y, x, height, width;
} box;

static int below(nas_rng *rng, int n)
{
    return (int)nas_rng_below(rng, (uint64_t)n);
}

static void clear(const sample *s, const box *b)
{
    for (int c = 0; c < s->channels; c++)
        for (int y = b->y; y < b->y + b->height; y++)
            for (int x = b->x; x < b->x + b->width; x++)
                *element(s, c, y, x) = 0.0f;
}

/* A box that covers `share` of the sample, at a random place; in a series a stretch. */
static box draw_box(const sample *s, double share, nas_rng *rng)
{
    const double ratio = s->height > 1 ? exp((nas_rng_uniform(rng) - 0.5) * log(9)) : 1;
    const double side = sqrt(share);
    box b = {.height = 1, .width = (int)round(share * s->width)};
    if (s->height > 1) {
        b.height = (int)round(side * sqrt(ratio) * s->height);
        b.width = (int)round(side / sqrt(ratio) * s->width);
    }
    b.height = b.height > s->height ? s->height : b.height;
    b.width = b.width > s->width ? s->width : b.width;
    b.y = below(rng, s->height - b.height + 1);
    b.x = below(rng, s->width - b.width + 1);
    return b;
}

/* ---- changes of one sample --------------------------------------------------------- */

static void add_noise(const sample *s, float deviation, nas_rng *rng)
{
    for (int c = 0; c < s->channels; c++)
        for (int y = 0; y < s->height; y++)
            for (int x = 0; x < s->width; x++)
                *element(s, c, y, x) += deviation * (float)nas_rng_normal(rng);
}

/* Where a point is read from when columns 0 .. from become 0 .. to, and the rest the
 * rest. */
static double unwarped(double x, double from, double to, double last)
{
    if (x <= to)
        return to > 0 ? x * from / to : x;
    return from + (x - to) * (last - from) / (last - to);
}

static void warp(const nas_net *net, const sample *s, float most, nas_rng *rng)
{
    const double last = s->width - 1;
    const double from = last * (0.25 + 0.5 * nas_rng_uniform(rng));
    const double by = (double)most * last * (nas_rng_uniform(rng) - 0.5);
    const double to = fmin(0.95 * last, fmax(0.05 * last, from + by));
    for (int i = 0; i < s->channels * s->height && s->width > 2; i++) {
        const int c = i / s->height, y = i % s->height;
        for (int x = 0; x < s->width; x++)
            net->plane[x] = *element(s, c, y, x);
        for (int x = 0; x < s->width; x++) {
            const double at = fmin(last, fmax(0, unwarped(x, from, to, last)));
            const int left = at >= last ? s->width - 2 : (int)at;
            const float share = (float)(at - left);
            *element(s, c, y, x) =
                (1.0f - share) * net->plane[left] + share * net->plane[left + 1];
        }
    }
}

/* Value of a plane between its elements; outside it is 0. */
static float interpolate(const float *plane, int height, int width, double y, double x)
{
    const int top = (int)floor(y), left = (int)floor(x);
    const float down = (float)(y - top), right = (float)(x - left);
    float sum = 0.0f;
    for (int k = 0; k < 4; k++) {
        const int row = top + k / 2, column = left + k % 2;
        const float share = (k / 2 ? down : 1.0f - down) * (k % 2 ? right : 1.0f - right);
        if (row >= 0 && row < height && column >= 0 && column < width)
            sum += share * plane[row * width + column];
    }
    return sum;
}

static void rotate(const nas_net *net, const sample *s, float degrees, nas_rng *rng)
{
    const double pi = 3.14159265358979323846;
    const double angle = (double)degrees * pi / 180 * (2 * nas_rng_uniform(rng) - 1);
    const double sine = sin(angle), cosine = cos(angle);
    const double cy = (s->height - 1) / 2.0, cx = (s->width - 1) / 2.0;
    const int n = s->height * s->width;
    for (int c = 0; c < s->channels; c++) {
        for (int i = 0; i < n; i++)
            net->plane[i] = *element(s, c, i / s->width, i % s->width);
        for (int i = 0; i < n; i++) {
            const int row = i / s->width, column = i % s->width;
            const double y = row - cy, x = column - cx;
            *element(s, c, row, column) =
                interpolate(net->plane, s->height, s->width, cy + cosine * y - sine * x,
                            cx + sine * y + cosine * x);
        }
    }
}

static void erase(const sample *s, float most, nas_rng *rng)
{
    const bool done = nas_rng_below(rng, 2) == 1;
    const box b = draw_box(s, (double)most * nas_rng_uniform(rng), rng);
    if (done)
        clear(s, &b);
}

static void mask(const sample *s, const nas_augment *augment, nas_rng *rng)
{
    const int columns = augment->mask_time < s->width ? augment->mask_time : s->width;
    const int rows = augment->mask_bands < s->height ? augment->mask_bands : s->height;
    if (columns > 0) {
        const int n = below(rng, columns + 1);
        clear(s, &(box){0, below(rng, s->width - n + 1), s->height, n});
    }
    if (rows > 0 && s->height > 1) {
        const int n = below(rng, rows + 1);
        clear(s, &(box){below(rng, s->height - n + 1), 0, n, s->width});
    }
}

static void change(const nas_net *net, const nas_augment *augment, int i, nas_rng *rng)
{
    const sample s = sample_of(net, i);
    if (augment->time_warp > 0)
        warp(net, &s, augment->time_warp, rng);
    if (augment->rotate > 0 && s.height > 1)
        rotate(net, &s, augment->rotate, rng);
    if (augment->noise > 0)
        add_noise(&s, augment->noise, rng);
    if (augment->erase > 0)
        erase(&s, augment->erase, rng);
    mask(&s, augment, rng);
}

/* ---- changes of pairs -------------------------------------------------------------- */

/* Beta(a, a) for 0 < a <= 1 (M. Johnk, Metrika 8, 1964); at least one half, for of two
 * shares it does not matter which is whose. */
static double draw_share(double a, nas_rng *rng)
{
    for (;;) {
        const double u = pow(nas_rng_uniform(rng), 1 / a);
        const double v = pow(nas_rng_uniform(rng), 1 / a);
        if (u + v > 0 && u + v <= 1)
            return fmax(u, v) / (u + v);
    }
}

static void blend(const sample *a, const sample *b, float share)
{
    for (int c = 0; c < a->channels; c++)
        for (int y = 0; y < a->height; y++)
            for (int x = 0; x < a->width; x++) {
                float *p = element(a, c, y, x), *q = element(b, c, y, x);
                const float first = *p, second = *q;
                *p = share * first + (1.0f - share) * second;
                *q = share * second + (1.0f - share) * first;
            }
}

/* @return the share of each that stayed */
static float exchange(const sample *a, const sample *b, double share, nas_rng *rng)
{
    const box cut = draw_box(a, 1 - share, rng);
    for (int c = 0; c < a->channels; c++)
        for (int y = cut.y; y < cut.y + cut.height; y++)
            for (int x = cut.x; x < cut.x + cut.width; x++) {
                float *p = element(a, c, y, x), *q = element(b, c, y, x);
                const float first = *p;
                *p = *q;
                *q = first;
            }
    const int moved = cut.height * cut.width, all = a->height * a->width;
    return 1.0f - (float)moved / (float)all;
}

/* Classes are mixed in the loss, numbers here. */
static void mix_truth(nas_net *net, int i, int j, float share)
{
    net->partner[i] = j;
    net->partner[j] = i;
    net->share[i] = net->share[j] = share;
    for (int k = 0; k < net->outputs; k++) {
        float *p = &net->targets[i * net->outputs + k];
        float *q = &net->targets[j * net->outputs + k];
        const float first = *p, second = *q;
        *p = share * first + (1.0f - share) * second;
        *q = share * second + (1.0f - share) * first;
    }
}

static void mix(nas_net *net, const nas_augment *augment, nas_rng *rng)
{
    const bool both = augment->mixup > 0 && augment->cutmix > 0;
    for (int i = 0; i < net->valid / 2; i++) {
        const int j = net->valid - 1 - i;
        const bool cut = both ? nas_rng_below(rng, 2) == 1 : augment->cutmix > 0;
        const double share =
            draw_share((double)(cut ? augment->cutmix : augment->mixup), rng);
        const sample a = sample_of(net, i), b = sample_of(net, j);
        float kept = (float)share;
        if (cut)
            kept = exchange(&a, &b, share, rng);
        else
            blend(&a, &b, kept);
        mix_truth(net, i, j, kept);
    }
    net->mixed = true;
}

bool nas_augment_any(const nas_augment *a)
{
    return a->shift > 0 || a->flip || a->mask_time > 0 || a->mask_bands > 0 ||
           a->noise > 0 || a->time_warp > 0 || a->rotate > 0 || a->erase > 0 ||
           a->mixup > 0 || a->cutmix > 0;
}

void nas_augment_batch(nas_net *net, const nas_augment *augment, nas_rng *rng)
{
    for (int i = 0; i < net->valid; i++)
        change(net, augment, i, rng);
    if (augment->mixup > 0 || augment->cutmix > 0)
        mix(net, augment, rng);
}
