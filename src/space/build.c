/* From a program to a graph. */
#include "space/build.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void nas_build_name(build *b, const char *block)
{
    size_t length = b->edge != NULL ? strlen(b->edge) : 0;
    b->name = block;
    if (length == 0 || strncmp(block, b->edge, length) != 0)
        return;
    (void)snprintf(b->text, sizeof b->text, "%s%s", b->place, block + length);
    b->name = b->text;
}

void nas_build_enter_edge(build *b, const char *edge, int from)
{
    const char *dot = strrchr(edge, '.');
    int length = dot != NULL ? (int)(dot - edge) : 0;
    (void)snprintf(b->place, sizeof b->place, "%.*s.from%d", length, edge, from);
    b->edge = edge;
    nas_build_name(b, edge);
}

void nas_build_leave_edge(build *b)
{
    b->edge = NULL;
}

static int add(build *b, nas_op_kind op, const nas_value *attr, const int *inputs, int n)
{
    return nas_graph_add(b->builder, op, attr, inputs, n, b->name);
}

int nas_build_unary(build *b, nas_op_kind op, int input)
{
    return add(b, op, NULL, &input, 1);
}

int64_t nas_build_width(int64_t channels, double width)
{
    double out = width < 0 ? -width * (double)channels : width;
    return out < 1 ? 1 : llround(out);
}

static int64_t ceil_div(int64_t a, int64_t b)
{
    return b < 1 ? 1 : (a + b - 1) / b;
}

int nas_build_project(build *b, int input, int64_t channels, nas_shape target)
{
    nas_shape in = nas_graph_builder_shape(b->builder, input);
    nas_value attr[NAS_ATTR_MAX];
    nas_param_defaults(nas_op_get(NAS_OP_CONV)->params, attr);
    attr[NAS_ATTR_CONV_OUT].i = channels;
    attr[NAS_ATTR_STRIDE_H].i = ceil_div(in.h, target.h);
    attr[NAS_ATTR_STRIDE_W].i = ceil_div(in.w, target.w);
    int out = add(b, NAS_OP_CONV, attr, &input, 1);
    return nas_build_unary(b, NAS_OP_BATCH_NORM, out);
}

static const nas_instr *here(const build *b)
{
    return &b->program->instrs[b->at];
}

int nas_build_join(build *b, int kind, const int *inputs, int n)
{
    if (n == 1)
        return inputs[0];
    return add(b, kind == JOIN_ADD ? NAS_OP_ADD : NAS_OP_CONCAT, NULL, inputs, n);
}

/* Instructions up to the END of their group, or to the end of the network. */
static int run(build *b, int input)
{
    while (b->at < b->program->n && here(b)->code != PROGRAM_END &&
           here(b)->code != PROGRAM_TRAIN)
        input = nas_build_step(b, input);
    return input;
}

/* Run the body after the instruction at `at` and step over its END. */
static int run_body(build *b, int input)
{
    b->at++;
    int out = run(b, input);
    b->at++;
    return out;
}

static int build_residual(build *b, int input)
{
    const nas_instr *instr = here(b);
    const char *name = b->program->origins[b->at]->name;
    int body = run_body(b, input);
    nas_build_name(b, name);
    nas_shape in = nas_graph_builder_shape(b->builder, input);
    nas_shape out = nas_graph_builder_shape(b->builder, body);
    int skip = nas_shape_equal(in, out) ? input : nas_build_project(b, input, out.c, out);
    int sum = nas_build_join(b, JOIN_ADD, (int[]){body, skip}, 2);
    return nas_build_act(b, (int)instr->arg[RESIDUAL_ACT], sum);
}

static int build_branches(build *b, int input)
{
    const nas_instr *instr = here(b);
    const char *name = b->program->origins[b->at]->name;
    int n = (int)instr->arg[BRANCHES_JOIN + 1];
    int ends[64];
    b->at++;
    for (int i = 0; i < n; i++) {
        ends[i] = run(b, input);
        b->at++; /* END */
    }
    nas_build_name(b, name);
    return nas_build_join(b, (int)instr->arg[BRANCHES_JOIN], ends, n);
}

int nas_build_shrink(build *b, int input)
{
    nas_shape in = nas_graph_builder_shape(b->builder, input);
    nas_shape half = {in.c, ceil_div(in.h, 2), ceil_div(in.w, 2)};
    return nas_build_project(b, nas_build_unary(b, NAS_OP_RELU, input), in.c, half);
}

/* ---- cells ------------------------------------------------------------------------ */

/* A cell while its edges are built. */
typedef struct frame {
    const nas_instr *head;
    const char *name;
    int64_t channels;
    int previous[2];                         /* inputs of the cell, before adaption */
    int tensor[2 + SPACE_MAX_NODES];         /* -1: not built */
    int terms[2 + SPACE_MAX_NODES], n_terms; /* edges that end in node `to` */
    int to;
} frame;

int nas_build_adapt(build *b, const char *cell, int which, int input, nas_shape target)
{
    if (nas_shape_equal(nas_graph_builder_shape(b->builder, input), target))
        return input;
    (void)snprintf(b->text, sizeof b->text, "%s.%d.in%d", cell, b->cells, which);
    b->name = b->text;
    return nas_build_project(b, nas_build_unary(b, NAS_OP_RELU, input), target.c, target);
}

/* Inputs get the width of the cell and the rows and columns of the newest one. */
static int adapt(build *b, frame *f, int which)
{
    int inputs = (int)f->head->arg[CELL_ARG_INPUTS];
    nas_shape target = nas_graph_builder_shape(b->builder, f->previous[inputs - 1]);
    target.c = f->channels;
    return nas_build_adapt(b, f->name, which, f->previous[which], target);
}

static void close_node(build *b, frame *f)
{
    if (f->n_terms > 0)
        f->tensor[f->to] =
            nas_build_join(b, (int)f->head->arg[CELL_ARG_JOIN], f->terms, f->n_terms);
    f->n_terms = 0;
}

static void build_edge(build *b, frame *f)
{
    int from = (int)here(b)->arg[0];
    int to = (int)here(b)->arg[1];
    int inputs = (int)f->head->arg[CELL_ARG_INPUTS];
    if (to != f->to)
        close_node(b, f);
    f->to = to;
    if (from < inputs && f->tensor[from] < 0)
        f->tensor[from] = adapt(b, f, from);
    nas_build_enter_edge(b, b->program->origins[b->at]->name, from);
    f->terms[f->n_terms++] = run_body(b, f->tensor[from]);
    nas_build_leave_edge(b);
}

static int cell_output(build *b, const frame *f)
{
    int inputs = (int)f->head->arg[CELL_ARG_INPUTS];
    int last = inputs + (int)f->head->arg[CELL_ARG_NODES] - 1;
    if ((int)f->head->arg[CELL_ARG_OUTPUT] == OUTPUT_LAST)
        return f->tensor[last];
    int ends[SPACE_MAX_NODES], n = 0;
    for (int i = inputs; i <= last; i++)
        if (f->tensor[i] >= 0)
            ends[n++] = f->tensor[i];
    return nas_build_join(b, JOIN_CONCAT, ends, n);
}

/* @param previous  what the cell before this one read */
static int build_cell(build *b, int previous, int input, int64_t channels)
{
    frame f = {.head = here(b), .name = b->program->origins[b->at]->name, .to = -1};
    int inputs = (int)f.head->arg[CELL_ARG_INPUTS];
    f.channels = channels * (int64_t)f.head->arg[CELL_ARG_SCALE];
    f.previous[0] = inputs == 2 ? previous : input;
    f.previous[1] = input;
    for (int i = 0; i < 2 + SPACE_MAX_NODES; i++)
        f.tensor[i] = -1;
    b->at++;
    while (here(b)->code == PROGRAM_EDGE)
        build_edge(b, &f);
    nas_build_name(b, f.name);
    close_node(b, &f);
    b->at++;
    b->cells++;
    return cell_output(b, &f);
}

static int build_stack(build *b, int input)
{
    nas_shape in = nas_graph_builder_shape(b->builder, input);
    int64_t channels = nas_build_width(in.c, here(b)->arg[0]);
    int previous = input;
    b->at++;
    while (here(b)->code != PROGRAM_END) {
        if (here(b)->code == PROGRAM_CELL) {
            int out = build_cell(b, previous, input, channels);
            previous = input;
            input = out;
        } else {
            input = nas_build_step(b, input);
        }
    }
    b->at++;
    return input;
}

/* ---- the whole ------------------------------------------------------------------- */

/* One instruction with what belongs to it. */
int nas_build_step(build *b, int input)
{
    nas_build_name(b, b->program->origins[b->at]->name);
    switch (here(b)->code) {
    case PROGRAM_RESIDUAL:
        return build_residual(b, input);
    case PROGRAM_BRANCHES:
        return build_branches(b, input);
    case PROGRAM_STACK:
        return build_stack(b, input);
    case PROGRAM_SHRINK:
        b->at++;
        return nas_build_shrink(b, input);
    default:
        input = nas_build_operator(b, here(b), input);
        b->at++;
        return input;
    }
}

int nas_build_head(build *b, int input, int64_t n_outputs)
{
    nas_shape shape = nas_graph_builder_shape(b->builder, input);
    b->name = "head";
    if (shape.h > 1 || shape.w > 1)
        input = nas_build_unary(b, NAS_OP_GLOBAL_AVG_POOL, input);
    return nas_graph_add_dense(b->builder, input, n_outputs, b->name);
}

static nas_status build_graph(const nas_space *space, const nas_program *program,
                              nas_graph **out, nas_err *err)
{
    build b = {.context = &space->context,
               .program = program,
               .builder = nas_graph_builder_new()};
    NAS_TRY_ALLOC(b.builder, err);
    int input = nas_graph_add_input(b.builder, space->context.input);
    int body = run(&b, input);
    int output = nas_build_head(&b, body, space->context.n_outputs);
    nas_status status = nas_graph_finish(b.builder, output, out, err);
    nas_graph_builder_free(b.builder);
    return status;
}

nas_status nas_space_decode(const nas_space *space, const nas_candidate *candidate,
                            nas_graph **out, nas_err *err)
{
    nas_program program;
    *out = NULL;
    nas_space_lower(space, candidate, &program);
    nas_status status = program.status;
    if (status == NAS_E_NOMEM)
        status = nas_fail(err, NAS_E_NOMEM, "out of memory");
    else if (status != NAS_OK)
        status = nas_fail(err, NAS_E_GRAPH, "more than %d operators", PROGRAM_MAX);
    else if (program.zero)
        status = nas_fail(err, NAS_E_GRAPH, "no path from the input to the output");
    else
        status = build_graph(space, &program, out, err);
    nas_program_free(&program);
    return status;
}
