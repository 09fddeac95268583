/* Lanes x lanes: a matrix product for each of the 16 samples of a block, for attention.
 *
 * A tile keeps M*N sums in registers; per k it loads M + N lines and does M*N
 * multiply-adds. What does not fill a tile is done in strips one row or column wide. */
#include "engine/kernels/kernel_list.h"

#if NAS_ISA_LEVEL == 2
enum { TILE_M = 4, TILE_N = 4 };
#else
enum { TILE_M = 2, TILE_N = 4 };
#endif

/* M and N are constants after inlining, so that `sums` lives in registers.
 * @param a, b, y  at row and column 0 of the tile and its first lane */
ALWAYS_INLINE void tile(const int M, const int N, const nas_product_job *job,
                        const float *a, const float *b, float *y)
{
    vec sums[TILE_M][TILE_N];
    const vec scale = vec_set(job->scale);
    UNROLL
    for (int m = 0; m < M; m++) {
        UNROLL
        for (int n = 0; n < N; n++)
            sums[m][n] = vec_zero();
    }
    for (int k = 0; k < job->k; k++, a += job->a_k, b += job->b_k) {
        vec column[TILE_N];
        UNROLL
        for (int n = 0; n < N; n++)
            column[n] = vec_load(b + n * job->b_n);
        UNROLL
        for (int m = 0; m < M; m++) {
            vec row = vec_load(a + m * job->a_m);
            VEC_PIN(row);
            UNROLL
            for (int n = 0; n < N; n++)
                sums[m][n] = vec_fma(row, column[n], sums[m][n]);
        }
    }
    UNROLL
    for (int m = 0; m < M; m++) {
        UNROLL
        for (int n = 0; n < N; n++) {
            float *at = y + m * job->y_m + n * job->y_n;
            const vec old = job->accumulate ? vec_load(at) : vec_zero();
            vec_store(at, vec_fma(scale, sums[m][n], old));
        }
    }
}

/* M rows, all columns. */
ALWAYS_INLINE void rows(const int M, const nas_product_job *job, const float *a,
                        const float *b, float *y)
{
    int n = 0;
    for (; n + TILE_N <= job->n; n += TILE_N)
        tile(M, TILE_N, job, a, b + n * job->b_n, y + n * job->y_n);
    for (; n < job->n; n++)
        tile(M, 1, job, a, b + n * job->b_n, y + n * job->y_n);
}

void KERNEL(product)(const nas_product_job *job)
{
    for (int lane = 0; lane < LINE; lane += NAS_WIDTH) {
        const float *b = job->b + lane;
        int m = 0;
        for (; m + TILE_M <= job->m; m += TILE_M)
            rows(TILE_M, job, job->a + m * job->a_m + lane, b,
                 job->y + m * job->y_m + lane);
        for (; m < job->m; m++)
            rows(1, job, job->a + m * job->a_m + lane, b, job->y + m * job->y_m + lane);
    }
}
