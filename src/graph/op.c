#include "graph/op.h"

#include <string.h>

const char *const nas_pad_names[] = {"same", "valid", NULL};

int64_t nas_count_mul(int64_t a, int64_t b)
{
    int64_t product;
    return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

int64_t nas_count_add(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

int64_t nas_window_pad_before(int64_t kernel, int64_t dilation, int pad)
{
    return pad == NAS_PAD_SAME ? (kernel - 1) * dilation / 2 : 0;
}

int64_t nas_window_extent(int64_t in, int64_t kernel, int64_t stride, int64_t dilation,
                          int pad)
{
    int64_t reach = pad == NAS_PAD_SAME ? 0 : (kernel - 1) * dilation;
    return in <= reach ? 0 : (in - reach - 1) / stride + 1;
}

nas_status nas_window_shape(const nas_node *node, nas_shape in, bool dilated,
                            nas_shape *out, nas_err *err)
{
    const nas_value *a = node->attr;
    int pad = (int)a[NAS_ATTR_PAD].i;
    int64_t dilation_h = dilated ? a[NAS_ATTR_DILATION_H].i : 1;
    int64_t dilation_w = dilated ? a[NAS_ATTR_DILATION_W].i : 1;
    out->h = nas_window_extent(in.h, a[NAS_ATTR_KERNEL_H].i, a[NAS_ATTR_STRIDE_H].i,
                               dilation_h, pad);
    out->w = nas_window_extent(in.w, a[NAS_ATTR_KERNEL_W].i, a[NAS_ATTR_STRIDE_W].i,
                               dilation_w, pad);
    if (out->h > 0 && out->w > 0)
        return NAS_OK;
    nas_status status = nas_fail(
        err, NAS_E_GRAPH,
        "a window of %lldx%lld (dilation %lldx%lld) does not fit an input of %lldx%lld",
        (long long)a[NAS_ATTR_KERNEL_H].i, (long long)a[NAS_ATTR_KERNEL_W].i,
        (long long)dilation_h, (long long)dilation_w, (long long)in.h, (long long)in.w);
    nas_err_hint(err, "use a smaller kernel, less stride before it, or pad: same");
    return status;
}

nas_status nas_shape_same(const nas_node *node, const nas_shape *inputs, nas_shape *out,
                          nas_err *err)
{
    (void)node;
    (void)err;
    *out = inputs[0];
    return NAS_OK;
}

int nas_weights_none(const nas_node *node, const nas_shape *inputs, nas_weight *out)
{
    (void)node;
    (void)inputs;
    (void)out;
    return 0;
}

int64_t nas_macs_none(const nas_node *node, const nas_shape *inputs)
{
    (void)node;
    (void)inputs;
    return 0;
}

void nas_weight_fill(nas_weight *out, nas_weight_role role, int rank, const int64_t *dim,
                     int64_t fan_in)
{
    memset(out, 0, sizeof *out);
    out->role = role;
    out->rank = rank;
    out->count = 1;
    for (int i = 0; i < 4; i++) {
        out->dim[i] = i < rank ? dim[i] : 1;
        out->count = nas_count_mul(out->count, out->dim[i]);
    }
    out->fan_in = fan_in;
    if (role == NAS_WEIGHT_SCALE || role == NAS_WEIGHT_VARIANCE)
        out->ones_count = out->dim[rank - 1];
    out->trained = role != NAS_WEIGHT_MEAN && role != NAS_WEIGHT_VARIANCE;
}
