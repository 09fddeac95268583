/* Declarations of the kernels of this compilation's instruction set. */
#ifndef NASMITH_ENGINE_KERNEL_LIST_H
#define NASMITH_ENGINE_KERNEL_LIST_H

#include "engine/kernels/simd.h"

void KERNEL(conv)(const nas_conv_job *job);
void KERNEL(depthwise)(const nas_conv_job *job);
void KERNEL(reduce)(const nas_reduce_job *job);
void KERNEL(reduce_depthwise)(const nas_reduce_job *job);
void KERNEL(norm_forward)(const nas_norm_job *job);
void KERNEL(norm_forward_max)(const nas_norm_job *job);
void KERNEL(norm_forward_mean)(const nas_norm_job *job);
void KERNEL(norm_sums)(const nas_norm_job *job);
void KERNEL(norm_sums_max)(const nas_norm_job *job);
void KERNEL(norm_sums_mean)(const nas_norm_job *job);
void KERNEL(norm_backward)(const nas_norm_job *job);
void KERNEL(norm_backward_max)(const nas_norm_job *job);
void KERNEL(norm_backward_mean)(const nas_norm_job *job);
void KERNEL(moments)(const nas_norm_job *job);
void KERNEL(fold)(float *lines, int channels, double *totals);
void KERNEL(copy)(const nas_copy_job *job);
void KERNEL(scale)(const nas_scale_job *job);
double KERNEL(dot)(const nas_scale_job *job);
void KERNEL(halo)(const nas_halo_job *job);
void KERNEL(max_pool)(const nas_pool_job *job);
void KERNEL(max_pool_backward)(const nas_pool_job *job);
void KERNEL(avg_pool)(const nas_pool_job *job);
void KERNEL(avg_pool_backward)(const nas_pool_job *job);
void KERNEL(dropout)(const nas_dropout_job *job);
void KERNEL(mul)(const nas_mul_job *job);
void KERNEL(mul_sum)(const nas_mul_job *job);
void KERNEL(product)(const nas_product_job *job);
void KERNEL(sample_norm)(const nas_sample_norm_job *job);
void KERNEL(sample_norm_backward)(const nas_sample_norm_job *job);
void KERNEL(shift)(const nas_shift_job *job);
void KERNEL(curve)(const nas_curve_job *job);
void KERNEL(curve_backward)(const nas_curve_job *job);
void KERNEL(lstm_cell)(const nas_cell_job *job);
void KERNEL(lstm_cell_backward)(const nas_cell_job *job);
void KERNEL(gru_cell)(const nas_cell_job *job);
void KERNEL(gru_cell_backward)(const nas_cell_job *job);
void KERNEL(softmax)(const nas_softmax_job *job);
void KERNEL(softmax_backward)(const nas_softmax_job *job);
void KERNEL(gather)(const nas_gather_job *job);
void KERNEL(unlane)(const nas_unlane_job *job);
void KERNEL(adamw)(const nas_adamw_job *job);
void KERNEL(sgd)(const nas_sgd_job *job);
void KERNEL(average)(float *restrict average, const float *restrict w, int64_t n,
                     float decay);
double KERNEL(square_sum)(const float *g, int64_t n);

ALWAYS_INLINE float *view_row(const nas_view *view, int b, int c, int h)
{
    return view->data + b * view->block + c * view->plane + h * view->row;
}

#endif
