/* Attention over a series of queries, keys and values, `channels` each. */
typedef struct nas_rt_heads {
    int32_t steps, channels, heads;
    float scale; /* of the scores */
} nas_rt_heads;
