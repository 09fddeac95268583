/* Power spectra of frames, summed into bands. Places are counted in floats. */
typedef struct nas_rt_spectrum_plan {
    int32_t channels, frames;
    int32_t window, hop, size;   /* size: of the transform, a power of two >= window */
    int32_t bands;               /* mel bands; 0: every frequency */
    int32_t coefficients;        /* of the cosine transform; 0: none */
    int32_t relative;            /* logarithms less that of the largest value */
    int32_t in_step, in_channel; /* from sample to sample and from channel to channel */
    int32_t out_row, out_frame, out_channel;
} nas_rt_spectrum_plan;
