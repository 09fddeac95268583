/* layer: engine. The kernels against the machine: multiply-adds and bytes of each pass of
 * single layers, beside the measured peak of one core.
 *
 *   bench_kernels [--json]
 *
 * 64 samples. Time is CPU time, the median of repetitions. Bytes are what a pass must
 * read and write once, counting neither caches nor weights. */
#include "engine/unit.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LINE = NAS_LANES, BLOCKS = 4, REPEATS = 15 };

typedef struct layer {
    const char *name;
    int in, out, size, kernel;
    bool depthwise;
} layer;

static const layer layers[] = {
    {"3x3", 4, 8, 28, 3, false},
    {"3x3", 8, 8, 28, 3, false},
    {"3x3", 8, 16, 28, 3, false},
    {"3x3", 16, 16, 28, 3, false},
    {"3x3", 16, 32, 28, 3, false},
    {"3x3", 32, 32, 16, 3, false},
    {"3x3", 32, 64, 14, 3, false},
    {"3x3", 64, 64, 16, 3, false},
    {"3x3", 128, 128, 8, 3, false},
    {"1x1", 16, 32, 28, 1, false},
    {"1x1", 64, 64, 16, 1, false},
    {"depthwise 3x3", 16, 16, 28, 3, true},
    {"depthwise 3x3", 64, 64, 16, 3, true},
};
enum { LAYERS = sizeof layers / sizeof *layers, PASSES = 3 };
static const char *const passes[PASSES] = {"forward", "backward data",
                                           "backward weights"};

/* A tensor with a margin of zeros around each plane. */
typedef struct tensor {
    float *memory;
    nas_view view;
} tensor;

/* Everything the passes of one layer read and write. */
typedef struct bench {
    const nas_kernels *kernels;
    const layer *l;
    tensor x, y, dx, dy;
    float *w, *g, *sum, *square, *scale, *shift;
    nas_term *terms;
    int32_t *offset;
    nas_conv_job forward, backward;
    nas_reduce_job reduce;
} bench;

static double cpu_seconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static float *floats(int64_t n)
{
    float *out = aligned_alloc(64, (size_t)((n + LINE) * 4 + 63) / 64 * 64);
    if (out == NULL)
        exit(1);
    for (int64_t i = 0; i < n; i++)
        out[i] = (float)(i * 37 % 101) / 100.0f - 0.5f;
    return out;
}

static tensor tensor_new(int channels, int size, int margin)
{
    tensor t;
    const int side = size + 2 * margin;
    t.view.row = (ptrdiff_t)side * LINE;
    t.view.plane = ((ptrdiff_t)side * side | 1) * LINE;
    t.view.block = channels * t.view.plane;
    t.memory = floats(BLOCKS * t.view.block);
    t.view.data = t.memory + margin * t.view.row + margin * LINE;
    return t;
}

/* ---- jobs ------------------------------------------------------------------------ */

/* Sum over `channels` channels of `from` with weights `w_channel` apart. @param sign  1:
 * taps in order, -1: mirrored, as the way back sees them */
static nas_conv_job conv_job(const bench *b, const nas_view *from, const nas_view *to,
                             nas_term *terms, int channels, ptrdiff_t w_channel, int sign)
{
    const layer *l = b->l;
    const int taps = l->kernel * l->kernel, pad = l->kernel / 2;
    const int chunk = nas_chunk_channels(channels, l->kernel * (l->kernel + 5));
    for (int i = 0; i < chunk * taps; i++) {
        const int c = i / taps, h = i % taps / l->kernel - pad, v = i % l->kernel - pad;
        terms[i] =
            (nas_term){(int32_t)(c * from->plane + sign * (h * from->row + v * LINE)),
                       (int32_t)(c * w_channel + i % taps)};
    }
    const int chunks = (channels + chunk - 1) / chunk;
    return (nas_conv_job){
        .rows = l->size,
        .pixels = l->size,
        .terms = terms,
        .n_terms = chunk * taps,
        .last_terms = (channels - (chunks - 1) * chunk) * taps,
        .chunks = chunks,
        .x_row = from->row,
        .x_pixel = LINE,
        .x_chunk = chunk * from->plane,
        .x_out = l->depthwise ? from->plane : 0,
        .w = b->w,
        .w_chunk = chunk * w_channel,
        .y_out = to->plane,
        .y_row = to->row,
        .y_pixel = LINE,
        .low = 0,
        .high = INFINITY,
        .ref_out = b->x.view.plane,
        .ref_row = b->x.view.row,
        .ref_pixel = LINE,
        .scale = b->scale,
        .shift = b->shift,
        .sum = b->sum,
        .square = b->square,
    };
}

static void set_jobs(bench *b)
{
    const layer *l = b->l;
    const int taps = l->kernel * l->kernel, in = l->depthwise ? 1 : l->in;
    const int most = (l->in > l->out ? l->in : l->out) * taps;
    b->terms = malloc((size_t)(2 * most) * sizeof *b->terms);
    b->offset = malloc((size_t)(in * taps) * sizeof *b->offset);
    b->forward = conv_job(b, &b->x.view, &b->y.view, b->terms, in, taps, 1);
    b->forward.out = l->out;
    b->forward.w_out = in * taps;
    b->forward.finish = NAS_FINISH_STATS;
    b->backward = conv_job(b, &b->dy.view, &b->dx.view, b->terms + most,
                           l->depthwise ? 1 : l->out, (ptrdiff_t)in * taps, -1);
    b->backward.out = l->in;
    b->backward.w_out = taps;
    b->backward.finish = NAS_FINISH_MASK;
    for (int i = 0; i < in * taps; i++) {
        const int h = i % taps / l->kernel - l->kernel / 2;
        const int v = i % l->kernel - l->kernel / 2;
        b->offset[i] =
            (int32_t)(i / taps * b->x.view.plane + h * b->x.view.row + v * LINE);
    }
    b->reduce = (nas_reduce_job){
        .out = l->out,
        .in = in * taps,
        .blocks = BLOCKS,
        .rows = l->size,
        .pixels = l->size,
        .d = b->dy.view,
        .x = b->x.view.data,
        .x_block = b->x.view.block,
        .x_row = b->x.view.row,
        .x_pixel = LINE,
        .x_out = l->depthwise ? b->x.view.plane : 0,
        .offset = b->offset,
        .g = b->g,
        .g_out = in * taps,
    };
}

static bench bench_new(const nas_kernels *kernels, const layer *l)
{
    const int margin = l->kernel / 2, most = l->in > l->out ? l->in : l->out;
    const int64_t weights = (int64_t)l->out * (l->depthwise ? 1 : l->in) * 9;
    bench b = {.kernels = kernels,
               .l = l,
               .x = tensor_new(l->in, l->size, margin),
               .y = tensor_new(l->out, l->size, 0),
               .dx = tensor_new(l->in, l->size, 0),
               .dy = tensor_new(l->out, l->size, margin),
               .w = floats(weights),
               .g = floats(weights),
               .sum = floats((int64_t)most * LINE),
               .square = floats((int64_t)most * LINE),
               .scale = floats(most),
               .shift = floats(most)};
    set_jobs(&b);
    return b;
}

static void bench_free(bench *b)
{
    float *all[] = {b->x.memory, b->y.memory, b->dx.memory, b->dy.memory, b->w,
                    b->g,        b->sum,      b->square,    b->scale,     b->shift};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    free(b->terms);
    free(b->offset);
}

/* ---- measuring ------------------------------------------------------------------- */

static void one_pass(const bench *b, int pass)
{
    if (pass == 2) {
        (b->l->depthwise ? b->kernels->reduce_depthwise : b->kernels->reduce)(&b->reduce);
        return;
    }
    const nas_view *from = pass == 0 ? &b->x.view : &b->dy.view;
    const nas_view *to = pass == 0 ? &b->y.view : &b->dx.view;
    for (int k = 0; k < BLOCKS; k++) {
        nas_conv_job job = pass == 0 ? b->forward : b->backward;
        job.x = from->data + k * from->block;
        job.y = to->data + k * to->block;
        job.ref = b->x.view.data + k * b->x.view.block;
        (b->l->depthwise ? b->kernels->depthwise : b->kernels->conv)(&job);
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* @return median seconds of a pass */
static double measure(const bench *b, int pass)
{
    double seconds[REPEATS];
    int times = 1;
    for (double took = 0; took < 0.01; times *= 2) {
        double start = cpu_seconds();
        for (int i = 0; i < times; i++)
            one_pass(b, pass);
        took = cpu_seconds() - start;
    }
    for (int i = 0; i < REPEATS; i++) {
        double start = cpu_seconds();
        for (int k = 0; k < times; k++)
            one_pass(b, pass);
        seconds[i] = (cpu_seconds() - start) / times;
    }
    qsort(seconds, REPEATS, sizeof *seconds, by_value);
    return seconds[REPEATS / 2];
}

static double flops(const layer *l)
{
    return 2.0 * BLOCKS * LINE * l->out * (l->depthwise ? 1 : l->in) * l->size * l->size *
           l->kernel * l->kernel;
}

/* Tensors read and written once: x and y; dy, dx and the reference of the mask; x, dy. */
static double bytes(const layer *l, int pass)
{
    const double plane = 4.0 * BLOCKS * LINE * l->size * l->size;
    return plane * (l->in * (pass == 1 ? 2 : 1) + l->out);
}

/* ---- what the machine can do ----------------------------------------------------- */

#if defined(__x86_64__)
/* N independent sums: enough to hide the latency of two units. */
#define PEAK(NAME, TARGET, VEC, PREFIX, N)                                               \
    __attribute__((target(TARGET), noinline)) static double NAME(int64_t rounds)         \
    {                                                                                    \
        VEC sum[N], a = PREFIX##_set1_ps(0.5f), b = PREFIX##_set1_ps(1e-3f);             \
        for (int k = 0; k < N; k++)                                                      \
            sum[k] = PREFIX##_set1_ps((float)k);                                         \
        for (int64_t i = 0; i < rounds; i++) {                                           \
            __asm__ volatile("" : "+v"(a), "+v"(b));                                     \
            _Pragma("GCC unroll 32") for (int k = 0; k < N; k++) sum[k] =                \
                PREFIX##_fmadd_ps(sum[k], a, b);                                         \
        }                                                                                \
        for (int k = 1; k < N; k++)                                                      \
            sum[0] = PREFIX##_add_ps(sum[0], sum[k]);                                    \
        return (double)sum[0][0];                                                        \
    }                                                                                    \
    __attribute__((target(TARGET), noinline)) static double NAME##_read(                 \
        const float *memory, int64_t floats)                                             \
    {                                                                                    \
        enum { STEP = sizeof(VEC) / sizeof(float) };                                     \
        VEC a = PREFIX##_setzero_ps(), b = a, c = a, d = a;                              \
        for (int64_t i = 0; i + 4 * STEP <= floats; i += 4 * STEP) {                     \
            a = PREFIX##_add_ps(a, PREFIX##_load_ps(memory + i));                        \
            b = PREFIX##_add_ps(b, PREFIX##_load_ps(memory + i + STEP));                 \
            c = PREFIX##_add_ps(c, PREFIX##_load_ps(memory + i + 2 * STEP));             \
            d = PREFIX##_add_ps(d, PREFIX##_load_ps(memory + i + 3 * STEP));             \
        }                                                                                \
        return (double)(a + b + c + d)[0];                                               \
    }
PEAK(peak512, "avx512f,fma,prefer-vector-width=512", __m512, _mm512, 24)
PEAK(peak256, "avx2,fma", __m256, _mm256, 12)
#endif

/* Multiply-adds per second of one core, counted as two operations; 0 = not known. */
static double measure_peak(nas_isa isa)
{
#if defined(__x86_64__)
    const int64_t rounds = 4000000;
    double best = 0;
    volatile double sink = 0;
    if (isa == NAS_ISA_BASELINE)
        return 0;
    for (int i = 0; i < 5; i++) {
        double start = cpu_seconds();
        sink += isa == NAS_ISA_AVX512 ? peak512(rounds) : peak256(rounds);
        double each = isa == NAS_ISA_AVX512 ? 24 * 16 * 2 : 12 * 8 * 2;
        best = fmax(best, each * (double)rounds / (cpu_seconds() - start));
    }
    return best;
#else
    (void)isa;
    return 0;
#endif
}

/* Bytes per second of reading a buffer over and over; 0 = not known. */
static double measure_bandwidth(nas_isa isa, int64_t size)
{
#if defined(__x86_64__)
    float *memory = floats(size / 4);
    double best = 0;
    volatile double sink = 0;
    const int times = (int)(1000000000 / size) + 1;
    for (int i = 0; i < 5 && isa != NAS_ISA_BASELINE; i++) {
        double start = cpu_seconds();
        for (int k = 0; k < times; k++)
            sink += isa == NAS_ISA_AVX512 ? peak512_read(memory, size / 4)
                                          : peak256_read(memory, size / 4);
        best = fmax(best, (double)size * times / (cpu_seconds() - start));
    }
    free(memory);
    return best;
#else
    (void)isa, (void)size;
    return 0;
#endif
}

/* ---- printing -------------------------------------------------------------------- */

/* @param json  what comes before the row; NULL: print it for people */
static void print_row(const layer *l, int pass, double seconds, double peak,
                      const char *json)
{
    const double rate = flops(l) / seconds;
    if (json != NULL)
        printf("%s\n {\"layer\":\"%s\",\"in\":%d,\"out\":%d,\"size\":%d,\"pass\":\"%s\","
               "\"us\":%.2f,\"gflops\":%.2f,\"gbytes_per_s\":%.2f,\"of_peak\":%.4f}",
               json, l->name, l->in, l->out, l->size, passes[pass], seconds * 1e6,
               rate * 1e-9, bytes(l, pass) / seconds * 1e-9, peak > 0 ? rate / peak : 0);
    else
        printf("%-14s %3d -> %3d @%-2d  %-16s %8.1f us %7.1f GFLOP/s  %5.1f %% of peak  "
               "%6.1f GB/s  %5.1f flop/byte\n",
               l->name, l->in, l->out, l->size, passes[pass], seconds * 1e6, rate * 1e-9,
               peak > 0 ? 100 * rate / peak : 0, bytes(l, pass) / seconds * 1e-9,
               flops(l) / bytes(l, pass));
}

int main(int argc, char **argv)
{
    const bool json = argc > 1 && strcmp(argv[1], "--json") == 0;
    const nas_isa isa = nas_isa_best();
    const double peak = measure_peak(isa), near = measure_bandwidth(isa, 512 << 10);
    const double far = measure_bandwidth(isa, (int64_t)256 << 20);
    if (json)
        printf("{\"isa\":\"%s\",\"peak_gflops\":%.1f,\"l2_gbytes_per_s\":%.1f,"
               "\"memory_gbytes_per_s\":%.1f,\"rows\":[",
               nas_isa_name(isa), peak * 1e-9, near * 1e-9, far * 1e-9);
    else
        printf(
            "%s, one core: peak %.1f GFLOP/s, reads %.1f GB/s of 512 KiB, %.1f GB/s of "
            "256 MiB\n",
            nas_isa_name(isa), peak * 1e-9, near * 1e-9, far * 1e-9);
    for (int i = 0; i < LAYERS; i++) {
        bench b = bench_new(nas_kernels_get(isa), &layers[i]);
        for (int pass = 0; pass < PASSES; pass++)
            print_row(&layers[i], pass, measure(&b, pass), peak,
                      !json          ? NULL
                      : i + pass > 0 ? ","
                                     : "");
        bench_free(&b);
    }
    if (json)
        printf("]}\n");
    return 0;
}
