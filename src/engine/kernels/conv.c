/* Broadcast weight x lanes: convolutions of any window, stride, dilation and grouping,
 * dense layers, and the backward pass to the input of both.
 *
 *   O  output channels of a tile      o  one of them
 *   P  output pixels of a tile        p  one of them
 *   t  term: one (input channel, tap) pair
 *
 * A tile keeps O*P sums in registers; per term it loads P lines of x, broadcasts O
 * weights and does O*P multiply-adds. Tiles that share pixels run one after another, so
 * their x lines are read from the first-level cache; chunks (see nas_conv_job) keep it so
 * when there are many input channels. */
#include "engine/kernels/kernel_list.h"

#if NAS_ISA_LEVEL == 2
enum { MAX_PIXELS = 6, MAX_OUT = 8 };
static const int out_limit[MAX_PIXELS] = {8, 8, 8, 6, 4, 4};
#else
enum { MAX_PIXELS = 6, MAX_OUT = 8 };
static const int out_limit[MAX_PIXELS] = {8, 5, 3, 3, 2, 2};
#endif

/* Where a tile stands. */
typedef struct tile_place {
    const nas_term *terms, *end;
    const float *x;   /* at pixel 0 of the tile */
    const float *w;   /* at output 0 */
    float *y;         /* at output 0, pixel 0 */
    ptrdiff_t ref;    /* the same, relative to job->ref */
    int out;          /* index of output 0 */
    int lane;         /* first lane of the part */
    bool first, last; /* chunk */
} tile_place;

ALWAYS_INLINE void tile_start(const int O, const int P, const nas_conv_job *job,
                              const tile_place *at, vec sums[MAX_OUT][MAX_PIXELS])
{
    if (!at->first || job->accumulate) {
        UNROLL
        for (int o = 0; o < O; o++) {
            UNROLL
            for (int p = 0; p < P; p++)
                sums[o][p] = vec_load(at->y + o * job->y_out + p * job->y_pixel);
        }
        return;
    }
    UNROLL
    for (int o = 0; o < O; o++) {
        vec bias = job->bias == NULL ? vec_zero() : vec_set(job->bias[at->out + o]);
        UNROLL
        for (int p = 0; p < P; p++)
            sums[o][p] = bias;
    }
}

ALWAYS_INLINE void finish_store(const int O, const int P, const nas_conv_job *job,
                                const tile_place *at, vec sums[MAX_OUT][MAX_PIXELS])
{
    UNROLL
    for (int o = 0; o < O; o++) {
        UNROLL
        for (int p = 0; p < P; p++)
            vec_store(at->y + o * job->y_out + p * job->y_pixel, sums[o][p]);
    }
}

ALWAYS_INLINE void finish_clamp(const int O, const int P, const nas_conv_job *job,
                                const tile_place *at, vec sums[MAX_OUT][MAX_PIXELS])
{
    const vec low = vec_set(job->low), high = vec_set(job->high);
    UNROLL
    for (int o = 0; o < O; o++) {
        UNROLL
        for (int p = 0; p < P; p++)
            vec_store(at->y + o * job->y_out + p * job->y_pixel,
                      vec_clamp(sums[o][p], low, high));
    }
}

ALWAYS_INLINE void finish_stats(const int O, const int P, const nas_conv_job *job,
                                const tile_place *at, vec sums[MAX_OUT][MAX_PIXELS])
{
    UNROLL
    for (int o = 0; o < O; o++) {
        const ptrdiff_t line = (ptrdiff_t)(at->out + o) * LINE + at->lane;
        vec sum = vec_load(job->sum + line), square = vec_load(job->square + line);
        UNROLL
        for (int p = 0; p < P; p++) {
            vec_store(at->y + o * job->y_out + p * job->y_pixel, sums[o][p]);
            sum = sum + sums[o][p];
            square = vec_fma(sums[o][p], sums[o][p], square);
        }
        vec_store(job->sum + line, sum);
        vec_store(job->square + line, square);
    }
}

ALWAYS_INLINE void finish_mask(const int O, const int P, const nas_conv_job *job,
                               const tile_place *at, vec sums[MAX_OUT][MAX_PIXELS])
{
    const vec low = vec_set(job->low), high = vec_set(job->high);
    const float *ref0 = job->ref + at->ref;
    UNROLL
    for (int o = 0; o < O; o++) {
        const ptrdiff_t line = (ptrdiff_t)(at->out + o) * LINE + at->lane;
        const vec scale = vec_set(job->scale[at->out + o]);
        const vec shift = vec_set(job->shift[at->out + o]);
        vec sum = vec_load(job->sum + line), square = vec_load(job->square + line);
        UNROLL
        for (int p = 0; p < P; p++) {
            vec ref = vec_load(ref0 + o * job->ref_out + p * job->ref_pixel);
            vec d = vec_inside(vec_fma(scale, ref, shift), low, high, sums[o][p]);
            vec_store(at->y + o * job->y_out + p * job->y_pixel, d);
            sum = sum + d;
            square = vec_fma(d, ref, square);
        }
        vec_store(job->sum + line, sum);
        vec_store(job->square + line, square);
    }
}

ALWAYS_INLINE void tile_finish(const int O, const int P, const nas_conv_job *job,
                               const tile_place *at, vec sums[MAX_OUT][MAX_PIXELS])
{
    nas_finish finish = at->last ? job->finish : NAS_FINISH_STORE;
    if (finish == NAS_FINISH_STORE)
        finish_store(O, P, job, at, sums);
    else if (finish == NAS_FINISH_STATS)
        finish_stats(O, P, job, at, sums);
    else if (finish == NAS_FINISH_MASK)
        finish_mask(O, P, job, at, sums);
    else
        finish_clamp(O, P, job, at, sums);
}

/* O and P are constants after inlining, so that `sums` lives in registers. */
ALWAYS_INLINE void tile(const int O, const int P, const nas_conv_job *job,
                        const tile_place *at)
{
    vec sums[MAX_OUT][MAX_PIXELS];
    tile_start(O, P, job, at, sums);
    const ptrdiff_t w_out = job->w_out, x_pixel = job->x_pixel;
    const float *x0 = at->x, *w0 = at->w;
    for (const nas_term *t = at->terms; t < at->end; t++) {
        const float *x = x0 + t->x, *w = w0 + t->w;
        vec weight[MAX_OUT];
        UNROLL
        for (int o = 0; o < O; o++)
            weight[o] = vec_set(w[o * w_out]);
        UNROLL
        for (int p = 0; p < P; p++) {
            vec line = vec_load(x + p * x_pixel);
            VEC_PIN(line);
            UNROLL
            for (int o = 0; o < O; o++)
                sums[o][p] = vec_fma(weight[o], line, sums[o][p]);
        }
    }
    tile_finish(O, P, job, at, sums);
}

typedef void (*tile_function)(const nas_conv_job *job, const tile_place *at);
#define TILE(O, P)                                                                       \
    static void tile_##O##_##P(const nas_conv_job *job, const tile_place *at)            \
    {                                                                                    \
        tile(O, P, job, at);                                                             \
    }
#define TILES_UP_TO_2(P) TILE(1, P) TILE(2, P)
#define TILES_UP_TO_3(P) TILES_UP_TO_2(P) TILE(3, P)
#define TILES_UP_TO_4(P) TILES_UP_TO_3(P) TILE(4, P)
#define TILES_UP_TO_5(P) TILES_UP_TO_4(P) TILE(5, P)
#define TILES_UP_TO_6(P) TILES_UP_TO_5(P) TILE(6, P)
#define TILES_UP_TO_8(P) TILES_UP_TO_6(P) TILE(7, P) TILE(8, P)
#define NAMES_UP_TO_2(P) tile_1_##P, tile_2_##P
#define NAMES_UP_TO_3(P) NAMES_UP_TO_2(P), tile_3_##P
#define NAMES_UP_TO_4(P) NAMES_UP_TO_3(P), tile_4_##P
#define NAMES_UP_TO_5(P) NAMES_UP_TO_4(P), tile_5_##P
#define NAMES_UP_TO_6(P) NAMES_UP_TO_5(P), tile_6_##P
#define NAMES_UP_TO_8(P) NAMES_UP_TO_6(P), tile_7_##P, tile_8_##P

#if NAS_ISA_LEVEL == 2
TILES_UP_TO_8(1)
TILES_UP_TO_8(2)
TILES_UP_TO_8(3)
TILES_UP_TO_6(4)
TILES_UP_TO_4(5)
TILES_UP_TO_4(6)
static const tile_function tiles[MAX_PIXELS][MAX_OUT] = {
    {NAMES_UP_TO_8(1)}, {NAMES_UP_TO_8(2)}, {NAMES_UP_TO_8(3)},
    {NAMES_UP_TO_6(4)}, {NAMES_UP_TO_4(5)}, {NAMES_UP_TO_4(6)},
};
#else
TILES_UP_TO_8(1)
TILES_UP_TO_5(2)
TILES_UP_TO_3(3)
TILES_UP_TO_3(4)
TILES_UP_TO_2(5)
TILES_UP_TO_2(6)
static const tile_function tiles[MAX_PIXELS][MAX_OUT] = {
    {NAMES_UP_TO_8(1)}, {NAMES_UP_TO_5(2)}, {NAMES_UP_TO_3(3)},
    {NAMES_UP_TO_3(4)}, {NAMES_UP_TO_2(5)}, {NAMES_UP_TO_2(6)},
};
#endif

/* All output channels of one chunk at `pixels` pixels. The place is moved and put back
 * rather than copied: a vector copy of fields just written one by one stalls. */
static void chunk(const nas_conv_job *job, int pixels, tile_place *at)
{
    const int limit = out_limit[pixels - 1];
    const float *w = at->w;
    float *y = at->y;
    const ptrdiff_t ref = at->ref;
    at->out = 0;
    for (int left = job->out, O; left > 0; left -= O) {
        O = next_piece(left, limit);
        tiles[pixels - 1][O - 1](job, at);
        at->out += O;
        at->w += O * job->w_out;
        at->y += O * job->y_out;
        at->ref += O * job->ref_out;
    }
    at->w = w;
    at->y = y;
    at->ref = ref;
}

/* One strip of at most MAX_PIXELS pixels: all chunks, all output channels. */
static void strip(const nas_conv_job *job, int pixels, tile_place *at)
{
    at->terms = job->terms;
    at->end = job->terms + job->n_terms;
    for (int k = 0; k < job->chunks - 1; k++) {
        at->first = k == 0;
        chunk(job, pixels, at);
        at->x += job->x_chunk;
        at->w += job->w_chunk;
    }
    at->first = job->chunks == 1;
    at->last = true;
    at->end = job->terms + job->last_terms;
    chunk(job, pixels, at);
}

void KERNEL(conv)(const nas_conv_job *job)
{
    for (int part = 0; part < NAS_PARTS; part++) {
        const int lane = part * NAS_WIDTH;
        for (int r = 0; r < job->rows; r++) {
            for (int p = 0, P; p < job->pixels; p += P) {
                P = next_piece(job->pixels - p, MAX_PIXELS);
                tile_place at = {
                    .x = job->x + r * job->x_row + p * job->x_pixel + lane,
                    .w = job->w,
                    .y = job->y + r * job->y_row + p * job->y_pixel + lane,
                    .ref = r * job->ref_row + p * job->ref_pixel + lane,
                    .lane = lane,
                };
                strip(job, P, &at);
            }
        }
    }
}
