/* One direction of a recurrent step. */
typedef struct nas_rt_recurrent {
    int32_t steps, in_c, out_c; /* out_c: units of this direction */
    int32_t reverse;            /* the series is read from its end */
    int32_t sequence;           /* the state after each step, not only after the last */
    int32_t out_step;           /* floats from step to step of the result */
} nas_rt_recurrent;
