/* Sample reduction: weight gradients.
 *
 *   O  output channels of a tile (gradient planes d)       o  one of them
 *   J  (input channel, tap) pairs of a tile (lines of x)   j  one of them
 *
 * A tile keeps O*J sums in registers and walks all blocks, rows and pixels once: per
 * pixel it loads O lines of d and J lines of x for O*J multiply-adds. Lanes are summed at
 * the end, in a fixed order. */
#include "engine/kernels/kernel_list.h"

#if NAS_ISA_LEVEL == 2
enum { MAX_OUT = 4, MAX_IN = 6, MAX_IN_ALONE = 10 };
#else
enum { MAX_OUT = 3, MAX_IN = 4, MAX_IN_ALONE = 10 };
#endif
enum { IN_SLOTS = 10, CACHE_FLOATS = 1 << 18 };

/* Where a tile stands: its first gradient plane, its x and its results. */
typedef struct tile_place {
    const float *d, *x;
    const int32_t *offset; /* [J] */
    float *g;
} tile_place;

ALWAYS_INLINE void tile_row(const int O, const int J, const nas_reduce_job *job,
                            const float *const d[], const float *const x[],
                            vec sums[MAX_OUT][IN_SLOTS])
{
    const ptrdiff_t x_pixel = job->x_pixel;
    ptrdiff_t at_d = 0, at_x = 0;
    for (int p = 0; p < job->pixels; p++, at_d += LINE, at_x += x_pixel) {
        vec line[MAX_OUT];
        UNROLL
        for (int o = 0; o < O; o++)
            line[o] = vec_load(d[o] + at_d);
        UNROLL
        for (int j = 0; j < J; j++) {
            vec value = vec_load(x[j] + at_x);
            VEC_PIN(value);
            UNROLL
            for (int o = 0; o < O; o++)
                sums[o][j] = vec_fma(line[o], value, sums[o][j]);
        }
    }
}

ALWAYS_INLINE void tile_part(const int O, const int J, const nas_reduce_job *job,
                             const tile_place *at, int lane)
{
    vec sums[MAX_OUT][IN_SLOTS];
    UNROLL
    for (int o = 0; o < O; o++) {
        UNROLL
        for (int j = 0; j < J; j++)
            sums[o][j] = vec_zero();
    }
    for (int b = 0; b < job->blocks; b++) {
        for (int r = 0; r < job->rows; r++) {
            const float *d[MAX_OUT], *x[IN_SLOTS];
            UNROLL
            for (int o = 0; o < O; o++)
                d[o] =
                    at->d + b * job->d.block + o * job->d.plane + r * job->d.row + lane;
            UNROLL
            for (int j = 0; j < J; j++)
                x[j] = at->x + b * job->x_block + r * job->x_row + at->offset[j] + lane;
            tile_row(O, J, job, d, x, sums);
        }
    }
    UNROLL
    for (int o = 0; o < O; o++) {
        UNROLL
        for (int j = 0; j < J; j++)
            at->g[o * job->g_out + j] += vec_sum(sums[o][j]);
    }
}

ALWAYS_INLINE void tile(const int O, const int J, const nas_reduce_job *job,
                        const tile_place *at)
{
    for (int part = 0; part < NAS_PARTS; part++)
        tile_part(O, J, job, at, part * NAS_WIDTH);
}

typedef void (*tile_function)(const nas_reduce_job *job, const tile_place *at);
#define TILE(O, J)                                                                       \
    static void tile_##O##_##J(const nas_reduce_job *job, const tile_place *at)          \
    {                                                                                    \
        tile(O, J, job, at);                                                             \
    }
#define TILES_UP_TO_4(O) TILE(O, 1) TILE(O, 2) TILE(O, 3) TILE(O, 4)
#define TILES_UP_TO_6(O) TILES_UP_TO_4(O) TILE(O, 5) TILE(O, 6)
#define TILES_UP_TO_10(O) TILES_UP_TO_6(O) TILE(O, 7) TILE(O, 8) TILE(O, 9) TILE(O, 10)
#define NAMES_UP_TO_4(O) tile_##O##_1, tile_##O##_2, tile_##O##_3, tile_##O##_4
#define NAMES_UP_TO_6(O) NAMES_UP_TO_4(O), tile_##O##_5, tile_##O##_6
#define NAMES_UP_TO_10(O)                                                                \
    NAMES_UP_TO_6(O), tile_##O##_7, tile_##O##_8, tile_##O##_9, tile_##O##_10

TILES_UP_TO_10(1)
#if NAS_ISA_LEVEL == 2
TILES_UP_TO_6(2)
TILES_UP_TO_6(3)
TILES_UP_TO_6(4)
static const tile_function tiles[MAX_OUT][IN_SLOTS] = {
    {NAMES_UP_TO_10(1)}, {NAMES_UP_TO_6(2)}, {NAMES_UP_TO_6(3)}, {NAMES_UP_TO_6(4)}};
#else
TILES_UP_TO_4(2)
TILES_UP_TO_4(3)
static const tile_function tiles[MAX_OUT][IN_SLOTS] = {
    {NAMES_UP_TO_10(1)}, {NAMES_UP_TO_4(2)}, {NAMES_UP_TO_4(3)}};
#endif

/* All pairs j for the O gradient planes of `at`. */
static void reduce_planes(const nas_reduce_job *job, int O, tile_place at)
{
    const int most = O == 1 ? MAX_IN_ALONE : MAX_IN;
    float *g = at.g;
    for (int j = 0, J; j < job->in; j += J) {
        J = next_piece(job->in - j, most);
        at.offset = job->offset + j;
        at.g = g + j;
        tiles[O - 1][J - 1](job, &at);
    }
}

static void reduce_blocks(const nas_reduce_job *job)
{
    for (int o = 0, O; o < job->out; o += O) {
        O = next_piece(job->out - o, MAX_OUT);
        reduce_planes(job, O,
                      (tile_place){.d = job->d.data + o * job->d.plane,
                                   .x = job->x,
                                   .g = job->g + o * job->g_out});
    }
}

/* Every O planes of d walk over all of x: as many blocks at a time as stay in the
 * second-level cache. */
void KERNEL(reduce)(const nas_reduce_job *job)
{
    const int64_t fit = job->x_block > 0 ? CACHE_FLOATS / job->x_block : job->blocks;
    nas_reduce_job part = *job;
    for (int b = 0; b < job->blocks; b += part.blocks) {
        part.blocks = next_piece(job->blocks - b, fit > 1 ? (int)fit : 1);
        part.d.data = job->d.data + b * job->d.block;
        part.x = job->x + b * job->x_block;
        reduce_blocks(&part);
    }
}

void KERNEL(reduce_depthwise)(const nas_reduce_job *job)
{
    for (int o = 0; o < job->out; o++)
        reduce_planes(job, 1,
                      (tile_place){.d = job->d.data + o * job->d.plane,
                                   .x = job->x + o * job->x_out,
                                   .g = job->g + o * job->g_out});
}
