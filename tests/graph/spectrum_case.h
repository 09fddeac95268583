/* A network of a spectrum and a ReLU behind it. */
#ifndef NASMITH_TESTS_GRAPH_SPECTRUM_CASE_H
#define NASMITH_TESTS_GRAPH_SPECTRUM_CASE_H

#include "one_op.h"

/* rate 8,000 Hz; attributes as in one_op.h */
__attribute__((unused)) static nas_graph *
spectrum_case(nas_shape in, const attribute *list, nas_err *err)
{
    nas_value attr[NAS_ATTR_MAX];
    nas_graph_builder *b = nas_graph_builder_new();
    assert_non_null(b);
    set_attributes(NAS_OP_SPECTRUM, list, attr);
    attr[NAS_ATTR_SPECTRUM_RATE].f = 8000;
    int x = nas_graph_add_input(b, in);
    x = nas_graph_add(b, NAS_OP_SPECTRUM, attr, &x, 1, "front");
    nas_graph *graph = NULL;
    nas_status status =
        nas_graph_finish(b, nas_graph_add_unary(b, NAS_OP_RELU, x, ""), &graph, err);
    assert_int_equal(status == NAS_OK, graph != NULL);
    nas_graph_builder_free(b);
    return graph;
}

#endif
