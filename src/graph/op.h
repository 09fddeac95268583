/* What operator files share: the table of operators and small checked arithmetic. */
#ifndef NASMITH_GRAPH_OP_H
#define NASMITH_GRAPH_OP_H

#include "nasmith/graph.h"

/* One `const nas_op nas_operator_NAME` per entry of NAS_OP_LIST. */
#define NAS_OPERATOR_DECLARE(upper, lower) extern const nas_op nas_operator_##lower;
NAS_OP_LIST(NAS_OPERATOR_DECLARE)
#undef NAS_OPERATOR_DECLARE

/* Caps of one graph: a file from outside cannot ask for more memory than this implies. */
#define NAS_GRAPH_MAX_EXTENT 65536
#define NAS_GRAPH_MAX_ELEMENTS (INT64_C(1) << 28)
#define NAS_GRAPH_MAX_NODES 4096
#define NAS_GRAPH_MAX_EDGES 65536
#define NAS_GRAPH_MAX_FLOATS (INT64_C(1) << 31)
#define NAS_GRAPH_MAX_MACS (INT64_C(1) << 52)

/* The first five entries of each window operator, in attr[] order. */
#define NAS_WINDOW_PARAMS(what)                                                          \
    {"kernel_h", NAS_PARAM_INT, NULL, "1", 1, 4096, NULL, "rows of the " what, NULL},    \
        {"kernel_w", NAS_PARAM_INT,          NULL, "1", 1, 4096,                         \
         NULL,       "columns of the " what, NULL},                                      \
        {"stride_h", NAS_PARAM_INT, NULL, "1", 1, 4096, NULL, "step in rows", NULL},     \
        {"stride_w", NAS_PARAM_INT, NULL, "1", 1, 4096, NULL, "step in columns", NULL},  \
    {                                                                                    \
        "pad", NAS_PARAM_CHOICE, NULL, "same", 0, 0, nas_pad_names, "border handling",   \
            NULL                                                                         \
    }

extern const char *const nas_pad_names[];

/* A product of counts >= 0 that stays at INT64_MAX instead of overflowing. */
int64_t nas_count_mul(int64_t a, int64_t b);
int64_t nas_count_add(int64_t a, int64_t b);

/* Rows and columns of a window operator's output. Dilation counts for operators that have
 * it.
 * @return NAS_E_GRAPH when the window does not fit */
nas_status nas_window_shape(const nas_node *node, nas_shape in, bool dilated,
                            nas_shape *out, nas_err *err);

/* Shape rule and cost of operators that keep their input's shape and multiply nothing. */
nas_status nas_shape_same(const nas_node *node, const nas_shape *inputs, nas_shape *out,
                          nas_err *err);
int nas_weights_none(const nas_node *node, const nas_shape *inputs, nas_weight *out);
int64_t nas_macs_none(const nas_node *node, const nas_shape *inputs);

/* Fill one tensor of an operator. `dim` holds `rank` extents. */
void nas_weight_fill(nas_weight *out, nas_weight_role role, int rank, const int64_t *dim,
                     int64_t fan_in);

#endif
