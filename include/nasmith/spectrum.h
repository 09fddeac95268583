/* The computed part of a front section: short-time power spectra of a series, in mel
 * bands or not, as logarithms or their cosine transform (MFCC).
 *
 * It has no weights and no fitted constants, so its results can be kept: rows of a data
 * set are run through it once (nas_dataset_front). The same code runs here and in the
 * exported C; ONNX computes the transform as a convolution.
 *
 * Frames begin every `hop` samples while a whole window fits. A frame times a Hann window
 * (periodic), filled up with zeros to a power of two, gives size/2 + 1 powers. Mel bands
 * are triangles of height 1 with their middles at equal distances on the scale
 * 2595 log10(1 + f / 700 Hz). Of the powers the natural logarithm is taken; what lies
 * 80 dB below the largest of the sample counts as that; with `relative` the logarithm of
 * the largest is subtracted, so that loudness has no meaning. Coefficients are those of
 * the orthonormal cosine transform (DCT-II) over bands. */
#ifndef NASMITH_SPECTRUM_H
#define NASMITH_SPECTRUM_H

#include "nasmith/err.h"
#include "nasmith/graph.h"

#include <stdint.h>

typedef struct nas_spectrum nas_spectrum;

/* The spectrum at the start of a graph, ready to run.
 * @param out  NULL where the graph has none; Ownership: caller, nas_spectrum_free
 * @return NAS_E_NOMEM
 * Threads: a spectrum may be run by several at once. */
nas_status nas_spectrum_new(const nas_graph *graph, nas_spectrum **out, nas_err *err);
void nas_spectrum_free(nas_spectrum *spectrum); /* NULL is fine */

nas_shape nas_spectrum_shape(const nas_spectrum *spectrum); /* of the result */

/* Floats that a run works with besides its operands. */
int64_t nas_spectrum_work(const nas_spectrum *spectrum);

/* @param in    [C][1][T]
 * @param work  [nas_spectrum_work]
 * @param out   of nas_spectrum_shape
 * Cost: C * frames * O(size log size) */
void nas_spectrum_run(const nas_spectrum *spectrum, const float *in, float *work,
                      float *out);

/* Identity of the computed part of a graph's front section; 0 = it has none. */
uint64_t nas_graph_front_key(const nas_graph *graph);

/* What the computed part gives: the input's shape where there is none. */
nas_shape nas_graph_front_shape(const nas_graph *graph);

/* A copy that begins behind the computed part of the front section: its input is what
 * that gives. Weights stay what they are; node numbers do not.
 * @param out  Ownership: caller, nas_graph_free */
nas_status nas_graph_behind(const nas_graph *graph, nas_graph **out, nas_err *err);

#endif
