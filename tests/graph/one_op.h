/* A network of one operator, and errors while one is built. */
#ifndef NASMITH_TESTS_GRAPH_ONE_OP_H
#define NASMITH_TESTS_GRAPH_ONE_OP_H

#include "check.h"

#include "nasmith/graph.h"

#include <string.h>

/* Attributes of an operator by name: {"out", 5}, ... ended by a NULL name. */
typedef struct attribute {
    const char *name;
    int64_t value;
} attribute;

__attribute__((unused)) static void set_attributes(nas_op_kind op, const attribute *list,
                                                   nas_value *attr)
{
    const nas_param *params = nas_op_get(op)->params;
    nas_param_defaults(params, attr);
    for (; list != NULL && list->name != NULL; list++) {
        int index = nas_param_find(params, list->name);
        assert_true(index >= 0);
        attr[index].i = list->value;
    }
}

/* @return the graph input -> op, or NULL with the error in err */
__attribute__((unused)) static nas_graph *one_op(nas_op_kind op, nas_shape in,
                                                 const attribute *list, nas_err *err)
{
    nas_value attr[NAS_ATTR_MAX];
    nas_graph_builder *b = nas_graph_builder_new();
    assert_non_null(b);
    set_attributes(op, list, attr);
    int x = nas_graph_add_input(b, in);
    nas_graph *graph = NULL;
    nas_status status =
        nas_graph_finish(b, nas_graph_add(b, op, attr, &x, 1, "it"), &graph, err);
    assert_int_equal(status == NAS_OK, graph != NULL);
    nas_graph_builder_free(b);
    return graph;
}

__attribute__((unused)) static void check_shape(nas_shape found, int64_t c, int64_t h,
                                                int64_t w)
{
    assert_int_equal(found.c, c);
    assert_int_equal(found.h, h);
    assert_int_equal(found.w, w);
}

/* One operator with everything that follows from its attributes. */
__attribute__((unused)) static void check_op(nas_op_kind op, nas_shape in,
                                             const attribute *list, nas_shape out,
                                             int64_t params, int64_t macs)
{
    nas_err err = {0};
    nas_graph *graph = one_op(op, in, list, &err);
    if (graph == NULL)
        fail_msg("%s", err.text);
    check_shape(nas_graph_output_shape(graph), out.c, out.h, out.w);
    assert_int_equal(nas_graph_params(graph), params);
    assert_int_equal(nas_graph_macs(graph), macs);
    nas_graph_free(graph);
}

__attribute__((unused)) static void check_refused(nas_op_kind op, nas_shape in,
                                                  const attribute *list, const char *part)
{
    nas_err err = {0};
    assert_null(one_op(op, in, list, &err));
    assert_int_equal(err.code, NAS_E_GRAPH);
    if (strstr(err.text, part) == NULL)
        fail_msg("message \"%s\" does not say \"%s\"", err.text, part);
}

#endif
