/* Eight floats at once, by the vector extensions of gcc and clang. */
typedef float nas_rt_eight __attribute__((vector_size(32), aligned(4), may_alias));
