/* Depthwise convolution, forward and backward to its input: one input channel per output
 * channel, so nothing is shared between channels and a tile is one channel and P pixels.
 *
 *   P  output pixels of a tile     t  term: one tap of the window */
#include "engine/kernels/kernel_list.h"

#if NAS_ISA_LEVEL == 2
enum { MAX_PIXELS = 14 };
#else
enum { MAX_PIXELS = 8 };
#endif

/* Where a tile stands. */
typedef struct tile_place {
    const float *x, *w;
    float *y;
    const float *ref;
    int out;  /* channel */
    int lane; /* first lane of the part */
} tile_place;

ALWAYS_INLINE void tile_finish(const int P, const nas_conv_job *job, const tile_place *at,
                               vec sums[MAX_PIXELS])
{
    const ptrdiff_t line = (ptrdiff_t)at->out * LINE + at->lane;
    const vec low = vec_set(job->low), high = vec_set(job->high);
    vec sum, square;
    if (job->finish == NAS_FINISH_STATS) {
        sum = vec_load(job->sum + line), square = vec_load(job->square + line);
        UNROLL
        for (int p = 0; p < P; p++) {
            vec_store(at->y + p * job->y_pixel, sums[p]);
            sum = sum + sums[p];
            square = vec_fma(sums[p], sums[p], square);
        }
    } else if (job->finish == NAS_FINISH_MASK) {
        const vec scale = vec_set(job->scale[at->out]),
                  shift = vec_set(job->shift[at->out]);
        sum = vec_load(job->sum + line), square = vec_load(job->square + line);
        UNROLL
        for (int p = 0; p < P; p++) {
            vec ref = vec_load(at->ref + p * job->ref_pixel);
            vec d = vec_inside(vec_fma(scale, ref, shift), low, high, sums[p]);
            vec_store(at->y + p * job->y_pixel, d);
            sum = sum + d;
            square = vec_fma(d, ref, square);
        }
    } else {
        UNROLL
        for (int p = 0; p < P; p++)
            vec_store(at->y + p * job->y_pixel, job->finish == NAS_FINISH_CLAMP
                                                    ? vec_clamp(sums[p], low, high)
                                                    : sums[p]);
        return;
    }
    vec_store(job->sum + line, sum);
    vec_store(job->square + line, square);
}

ALWAYS_INLINE void tile(const int P, const nas_conv_job *job, const tile_place *at)
{
    vec sums[MAX_PIXELS];
    vec start = job->bias == NULL ? vec_zero() : vec_set(job->bias[at->out]);
    UNROLL
    for (int p = 0; p < P; p++)
        sums[p] = job->accumulate ? vec_load(at->y + p * job->y_pixel) : start;
    const nas_term *end = job->terms + job->n_terms;
    const ptrdiff_t x_pixel = job->x_pixel;
    for (const nas_term *t = job->terms; t < end; t++) {
        const vec weight = vec_set(at->w[t->w]);
        const float *x = at->x + t->x;
        UNROLL
        for (int p = 0; p < P; p++)
            sums[p] = vec_fma(weight, vec_load(x + p * x_pixel), sums[p]);
    }
    tile_finish(P, job, at, sums);
}

typedef void (*tile_function)(const nas_conv_job *job, const tile_place *at);
#define TILE(P)                                                                          \
    static void tile_##P(const nas_conv_job *job, const tile_place *at)                  \
    {                                                                                    \
        tile(P, job, at);                                                                \
    }
TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE(5)
TILE(6)
TILE(7)
TILE(8)
#if NAS_ISA_LEVEL == 2
TILE(9)
TILE(10)
TILE(11)
TILE(12)
TILE(13)
TILE(14)
#endif
static const tile_function tiles[MAX_PIXELS] = {
    tile_1, tile_2,  tile_3,  tile_4,  tile_5,  tile_6,  tile_7, tile_8,
#if NAS_ISA_LEVEL == 2
    tile_9, tile_10, tile_11, tile_12, tile_13, tile_14,
#endif
};

static void channel(const nas_conv_job *job, int out, int lane)
{
    for (int r = 0; r < job->rows; r++) {
        for (int p = 0, P; p < job->pixels; p += P) {
            P = next_piece(job->pixels - p, MAX_PIXELS);
            tile_place at = {
                .x = job->x + out * job->x_out + r * job->x_row + p * job->x_pixel + lane,
                .w = job->w + out * job->w_out,
                .y = job->y + out * job->y_out + r * job->y_row + p * job->y_pixel + lane,
                .out = out,
                .lane = lane,
            };
            if (job->ref != NULL)
                at.ref = job->ref + out * job->ref_out + r * job->ref_row +
                         p * job->ref_pixel + lane;
            tiles[P - 1](job, &at);
        }
    }
}

void KERNEL(depthwise)(const nas_conv_job *job)
{
    for (int out = 0; out < job->out; out++) {
        for (int part = 0; part < NAS_PARTS; part++)
            channel(job, out, part * NAS_WIDTH);
    }
}
