/* Running a spectrum on rows, with the code that generated C contains. */
#include "graph/spectrum.h"

#include "nasmith/rng.h"

#include <string.h>

#include "graph/runtime/log.h"
#include "graph/runtime/spectrum.h"

struct nas_spectrum {
    nas_rt_spectrum_plan plan;
    nas_shape shape;
    float table[];
};

int nas_graph_spectrum(const nas_graph *graph)
{
    for (int i = 0; i < nas_graph_count(graph); i++)
        if (nas_graph_node(graph, i)->op == NAS_OP_SPECTRUM)
            return i;
    return -1;
}

nas_status nas_spectrum_new(const nas_graph *graph, nas_spectrum **out, nas_err *err)
{
    const int index = nas_graph_spectrum(graph);
    *out = NULL;
    if (index < 0)
        return NAS_OK;
    const nas_node *node = nas_graph_node(graph, index);
    const nas_rt_spectrum_plan plan =
        nas_spectrum_plan(node, nas_graph_input_shape(graph));
    const size_t floats = (size_t)nas_spectrum_table_floats(&plan);
    nas_spectrum *spectrum = nas_heap_alloc(1, sizeof *spectrum + floats * sizeof(float));
    NAS_TRY_ALLOC(spectrum, err);
    spectrum->plan = plan;
    spectrum->shape = node->shape;
    nas_spectrum_tables(node, &plan, spectrum->table);
    *out = spectrum;
    return NAS_OK;
}

void nas_spectrum_free(nas_spectrum *spectrum)
{
    nas_heap_free(spectrum);
}

nas_shape nas_spectrum_shape(const nas_spectrum *spectrum)
{
    return spectrum->shape;
}

int64_t nas_spectrum_work(const nas_spectrum *spectrum)
{
    return nas_spectrum_work_floats(&spectrum->plan);
}

void nas_spectrum_run(const nas_spectrum *spectrum, const float *in, float *work,
                      float *out)
{
    nas_rt_spectrum(&spectrum->plan, spectrum->table,
                    spectrum->table + nas_spectrum_cosines(&spectrum->plan), in, work,
                    out);
}

nas_shape nas_graph_front_shape(const nas_graph *graph)
{
    const int index = nas_graph_spectrum(graph);
    return index < 0 ? nas_graph_input_shape(graph) : nas_graph_node(graph, index)->shape;
}

uint64_t nas_graph_front_key(const nas_graph *graph)
{
    const int index = nas_graph_spectrum(graph);
    if (index < 0)
        return 0;
    const nas_node *node = nas_graph_node(graph, index);
    const nas_shape in = nas_graph_input_shape(graph);
    uint64_t words[3 + NAS_ATTR_MAX] = {(uint64_t)in.c, (uint64_t)in.w};
    unsigned char bytes[8 * (3 + NAS_ATTR_MAX)];
    int n = 2;
    for (int i = 0; nas_op_get(node->op)->params[i].name != NULL; i++)
        memcpy(&words[n++], &node->attr[i], sizeof words[0]);
    for (int i = 0; i < 8 * n; i++)
        bytes[i] = (unsigned char)(words[i / 8] >> (8 * (i % 8)));
    return nas_hash64(bytes, 8 * (size_t)n, 2);
}
