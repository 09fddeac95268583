/* Tensors lie as [height][width][channels]; `low` and `high` are the activation of a
 * step, as a clamp. */

/* A step whose output pixels depend on their own input pixel, or on all of them. */
typedef struct nas_rt_map {
    int32_t pixels, in_c, out_c;
    float low, high;
} nas_rt_map;

/* A step with a sliding window. */
typedef struct nas_rt_window {
    int32_t in_h, in_w, in_c;
    int32_t out_h, out_w, out_c;
    int32_t kernel_h, kernel_w, stride_h, stride_w;
    int32_t pad_h, pad_w; /* before the first row and column */
    int32_t dilation_h, dilation_w, groups;
    int32_t backward; /* compute the last pixel first */
    float low, high;
} nas_rt_window;
