/* The kernel table of one instruction set. */
#include "engine/kernels/kernel_list.h"

const nas_kernels *KERNEL(kernels)(void)
{
    static const nas_kernels table = {
        .isa = (nas_isa)NAS_ISA_LEVEL,
        .conv = KERNEL(conv),
        .depthwise = KERNEL(depthwise),
        .reduce = KERNEL(reduce),
        .reduce_depthwise = KERNEL(reduce_depthwise),
        .norm_forward = {KERNEL(norm_forward), KERNEL(norm_forward_max),
                         KERNEL(norm_forward_mean)},
        .norm_sums = {KERNEL(norm_sums), KERNEL(norm_sums_max), KERNEL(norm_sums_mean)},
        .norm_backward = {KERNEL(norm_backward), KERNEL(norm_backward_max),
                          KERNEL(norm_backward_mean)},
        .moments = KERNEL(moments),
        .fold = KERNEL(fold),
        .copy = KERNEL(copy),
        .halo = KERNEL(halo),
        .max_pool = KERNEL(max_pool),
        .max_pool_backward = KERNEL(max_pool_backward),
        .avg_pool = KERNEL(avg_pool),
        .avg_pool_backward = KERNEL(avg_pool_backward),
        .dropout = KERNEL(dropout),
        .mul = KERNEL(mul),
        .mul_sum = KERNEL(mul_sum),
        .product = KERNEL(product),
        .sample_norm = KERNEL(sample_norm),
        .sample_norm_backward = KERNEL(sample_norm_backward),
        .shift = KERNEL(shift),
        .curve = KERNEL(curve),
        .curve_backward = KERNEL(curve_backward),
        .lstm_cell = KERNEL(lstm_cell),
        .lstm_cell_backward = KERNEL(lstm_cell_backward),
        .gru_cell = KERNEL(gru_cell),
        .gru_cell_backward = KERNEL(gru_cell_backward),
        .softmax = KERNEL(softmax),
        .softmax_backward = KERNEL(softmax_backward),
        .gather = KERNEL(gather),
        .unlane = KERNEL(unlane),
        .adamw = KERNEL(adamw),
        .sgd = KERNEL(sgd),
        .average = KERNEL(average),
        .square_sum = KERNEL(square_sum),
    };
    return &table;
}
