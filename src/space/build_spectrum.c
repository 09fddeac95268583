/* Spectra at the start of a network. The language counts time in milliseconds where the
 * data's sampling rate is known, the graph in samples. */
#include "space/build.h"

#include <math.h>

/* Options of the three blocks, in the order of spectrogram, log_mel and mfcc. */
enum { WINDOW, HOP, WINDOW_MS, HOP_MS, BANDS, COEFFICIENTS, LOW, HIGH, LEVEL, AS, WORDS };

/* Index of each option, or -1. */
static const int *options_of(int64_t code)
{
    static const int spectrogram[WORDS] = {SPECTROGRAM_WINDOW,
                                           SPECTROGRAM_HOP,
                                           SPECTROGRAM_WINDOW_MS,
                                           SPECTROGRAM_HOP_MS,
                                           -1,
                                           -1,
                                           -1,
                                           -1,
                                           SPECTROGRAM_LEVEL,
                                           SPECTROGRAM_AS};
    static const int log_mel[WORDS] = {-1,
                                       -1,
                                       LOG_MEL_WINDOW_MS,
                                       LOG_MEL_HOP_MS,
                                       LOG_MEL_BANDS,
                                       -1,
                                       LOG_MEL_LOW_HZ,
                                       LOG_MEL_HIGH_HZ,
                                       LOG_MEL_LEVEL,
                                       LOG_MEL_AS};
    static const int mfcc[WORDS] = {-1,          -1,           MFCC_WINDOW_MS,
                                    MFCC_HOP_MS, MFCC_BANDS,   MFCC_COEFFICIENTS,
                                    MFCC_LOW_HZ, MFCC_HIGH_HZ, MFCC_LEVEL,
                                    MFCC_AS};
    if (code == NAS_BLOCK_SPECTROGRAM)
        return spectrogram;
    return code == NAS_BLOCK_LOG_MEL ? log_mel : mfcc;
}

static double option(const nas_instr *instr, int word)
{
    const int index = options_of(instr->code)[word];
    return index < 0 ? 0 : instr->arg[index];
}

/* A length in samples, given so or in milliseconds. */
static int64_t samples_of(double samples, double ms, double rate, double least)
{
    const double n = samples > 0 ? samples : round(ms * rate / 1000.0);
    return (int64_t)fmin(8192, fmax(least, n));
}

void nas_build_spectrum_attributes(const nas_instr *instr, int64_t rate, nas_value *attr)
{
    const double hz = (double)rate, bands = option(instr, BANDS);
    nas_param_defaults(nas_op_get(NAS_OP_SPECTRUM)->params, attr);
    attr[NAS_ATTR_SPECTRUM_WINDOW].i =
        samples_of(option(instr, WINDOW), option(instr, WINDOW_MS), hz, 8);
    attr[NAS_ATTR_SPECTRUM_HOP].i =
        samples_of(option(instr, HOP), option(instr, HOP_MS), hz, 1);
    attr[NAS_ATTR_SPECTRUM_RELATIVE].i = (int)option(instr, LEVEL) == LEVEL_REMOVE;
    attr[NAS_ATTR_SPECTRUM_SERIES].i = (int)option(instr, AS) == AS_SERIES;
    if (bands < 1) /* bands alone have a place in Hz */
        return;
    attr[NAS_ATTR_SPECTRUM_BANDS].i = (int64_t)bands;
    attr[NAS_ATTR_SPECTRUM_COEFFICIENTS].i = (int64_t)option(instr, COEFFICIENTS);
    attr[NAS_ATTR_SPECTRUM_RATE].f = hz;
    attr[NAS_ATTR_SPECTRUM_LOW_HZ].f = option(instr, LOW);
    attr[NAS_ATTR_SPECTRUM_HIGH_HZ].f = fmin(hz / 2, option(instr, HIGH));
}

int nas_build_spectrum(build *b, const nas_instr *instr, int input)
{
    nas_value attr[NAS_ATTR_MAX];
    nas_build_spectrum_attributes(instr, b->context->sample_rate, attr);
    return nas_graph_add(b->builder, NAS_OP_SPECTRUM, attr, &input, 1, b->name);
}
