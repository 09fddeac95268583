/* Sizes and tables of a spectrum: what the planner counts and the exporters write. */
#ifndef NASMITH_GRAPH_SPECTRUM_H
#define NASMITH_GRAPH_SPECTRUM_H

#include "nasmith/spectrum.h"

#include "graph/runtime/spectrum_type.h"

/* Sizes, and strides of tensors that lie as [C][H][W].
 * @param in  shape of the node's input */
nas_rt_spectrum_plan nas_spectrum_plan(const nas_node *node, nas_shape in);

/* Rows of a frame before the cosine transform, and behind it. */
int64_t nas_spectrum_powers(const nas_rt_spectrum_plan *plan);
int64_t nas_spectrum_rows(const nas_rt_spectrum_plan *plan);

/* Floats of the tables and of the work of nas_rt_spectrum. */
int64_t nas_spectrum_table_floats(const nas_rt_spectrum_plan *plan);
int64_t nas_spectrum_work_floats(const nas_rt_spectrum_plan *plan);

/* Where the cosines begin in the tables. */
int64_t nas_spectrum_cosines(const nas_rt_spectrum_plan *plan);

/* Share of a frequency's power that each band takes.
 * @param weights  out, [bands][size/2 + 1] */
void nas_spectrum_triangles(const nas_node *node, const nas_rt_spectrum_plan *plan,
                            double *weights);

/* @param table  out, [nas_spectrum_table_floats] */
void nas_spectrum_tables(const nas_node *node, const nas_rt_spectrum_plan *plan,
                         float *table);

/* The node of a graph's spectrum, or -1. */
int nas_graph_spectrum(const nas_graph *graph);

#endif
