/* PREFIX.c and PREFIX_weights.c. */
#include "export/c_write.h"

#include "base/embed.h"
#include "export/c_parts.h"
#include "nasmith/version.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

extern const nas_embedded nas_embedded_runtime[];
extern const nas_embedded nas_embedded_runtime8[];
extern const nas_embedded nas_embedded_runtime_graph[];
extern const nas_embedded nas_embedded_runtime_host[];

/* ---- kernels ----------------------------------------------------------------------- */

static const nas_embedded *find(const nas_embedded *table, const char *name)
{
    const size_t length = strlen(name);
    for (; table->name != NULL; table++)
        if (strncmp(table->name, name, length) == 0 &&
            strcmp(table->name + length, ".h") == 0)
            return table;
    return NULL;
}

/* A file of the profile's and type's runtime; what is not special there is the floats'.
 */
void nas_c_runtime_text(const nas_c_writer *w, nas_text *out, const char *name)
{
    const nas_embedded *file = NULL;
    const bool int8 = w->calls->quant != NULL;
    if (w->calls->host && (!int8 || strcmp(name, "once") == 0))
        file = find(nas_embedded_runtime_host, name);
    if (file == NULL && int8)
        file = find(nas_embedded_runtime8, name);
    if (file == NULL)
        file = find(nas_embedded_runtime, name);
    if (file == NULL)
        file = find(nas_embedded_runtime_graph, name);
    assert(file != NULL);
    nas_c_kernel_text(out, &w->names, file->data);
    nas_text_putc(out, '\n');
}

/* Kernels are compiled once each, so that their code and stack are those of the table of
 * code sizes whatever else is in the file. */
static void put_kernel(const nas_c_writer *w, nas_text *out, const char *name)
{
    nas_text text = {0};
    char start[128];
    nas_c_runtime_text(w, &text, name);
    (void)snprintf(start, sizeof start, "static void %s_%s(", w->names.lower, name);
    const char *all = nas_text_string(&text), *at = strstr(all, start);
    assert(at != NULL);
    nas_text_append(out, all, (size_t)(at - all));
    nas_text_printf(out, "static %s_once ", w->names.lower);
    nas_text_puts(out, at + strlen("static "));
    nas_text_free(&text);
}

static void put_kernels(const nas_c_writer *w, nas_text *out)
{
    nas_c_parts parts;
    nas_c_parts_of(w->calls, &parts);
    for (int i = 0; i < parts.n; i++) {
        if (i < parts.helpers)
            nas_c_runtime_text(w, out, parts.names[i]);
        else
            put_kernel(w, out, parts.names[i]);
    }
}

/* ---- calls ------------------------------------------------------------------------- */

static void put_window(nas_text *out, const nas_call *call, bool int8)
{
    const nas_rt_window *w = &call->window;
    nas_text_printf(
        out, "{%d, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d, ",
        (int)w->in_h, (int)w->in_w, (int)w->in_c, (int)w->out_h, (int)w->out_w,
        (int)w->out_c, (int)w->kernel_h, (int)w->kernel_w, (int)w->stride_h,
        (int)w->stride_w, (int)w->pad_h, (int)w->pad_w, (int)w->dilation_h,
        (int)w->dilation_w, (int)w->groups, (int)w->backward);
    if (int8) {
        const nas_call_int8 *q = &call->int8;
        nas_text_printf(out, "%d, %d, %d, %d}", (int)q->in_zero, (int)q->out_zero,
                        (int)q->low, (int)q->high);
        return;
    }
    nas_c_float(out, w->low);
    nas_text_puts(out, ", ");
    nas_c_float(out, w->high);
    nas_text_putc(out, '}');
}

static void put_map(nas_text *out, const nas_call *call, bool int8)
{
    const nas_rt_map *m = &call->map;
    nas_text_printf(out, "{%d, %d, %d, ", (int)m->pixels, (int)m->in_c, (int)m->out_c);
    if (int8) {
        const nas_call_int8 *q = &call->int8;
        nas_text_printf(out, "%d, %d, %d, %d, %d, %d}", (int)q->in_zero, (int)q->out_zero,
                        (int)q->low, (int)q->high, (int)q->multiplier, (int)q->shift);
        return;
    }
    nas_c_float(out, m->low);
    nas_text_puts(out, ", ");
    nas_c_float(out, m->high);
    nas_text_putc(out, '}');
}

static void put_recurrent(nas_text *out, const nas_rt_recurrent *r)
{
    nas_text_printf(out, "{%d, %d, %d, %d, %d, %d}", (int)r->steps, (int)r->in_c,
                    (int)r->out_c, (int)r->reverse, (int)r->sequence, (int)r->out_step);
}

static void put_heads(nas_text *out, const nas_rt_heads *h)
{
    nas_text_printf(out, "{%d, %d, %d, ", (int)h->steps, (int)h->channels, (int)h->heads);
    nas_c_float(out, h->scale);
    nas_text_putc(out, '}');
}

static void put_spectrum(nas_text *out, const nas_rt_spectrum_plan *s)
{
    nas_text_printf(out, "{%d, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d}",
                    (int)s->channels, (int)s->frames, (int)s->window, (int)s->hop,
                    (int)s->size, (int)s->bands, (int)s->coefficients, (int)s->relative,
                    (int)s->in_step, (int)s->in_channel, (int)s->out_row,
                    (int)s->out_frame, (int)s->out_channel);
}

/* "static const net_map net_call_3 = {...};" */
static void put_parameters(const nas_c_writer *w, nas_text *out, int index)
{
    const nas_call *call = &w->calls->list[index];
    const char *p = w->names.lower;
    const bool window = nas_kernel_has_window(call->kernel),
               recurrent = nas_kernel_has_recurrent(call->kernel),
               heads = nas_kernel_has_heads(call->kernel),
               spectrum = nas_kernel_has_spectrum(call->kernel);
    const char *type = spectrum    ? "spectrum_plan"
                       : recurrent ? "recurrent"
                       : heads     ? "heads"
                       : window    ? "window"
                                   : "map";
    nas_text_printf(out, "static const %s_%s %s_call_%d =\n    ", p, type, p, index);
    if (spectrum)
        put_spectrum(out, &call->spectrum);
    else if (recurrent)
        put_recurrent(out, &call->recurrent);
    else if (heads)
        put_heads(out, &call->heads);
    else if (window)
        put_window(out, call, w->calls->quant != NULL);
    else
        put_map(out, call, w->calls->quant != NULL);
    nas_text_puts(out, ";\n");
}

static void put_place(nas_text *out, int64_t offset, const char *caller)
{
    if (offset == NAS_AT_CALLER)
        nas_text_puts(out, caller);
    else
        nas_text_printf(out, "a + %" PRId64, offset);
}

/* "    net_conv(&net_call_3, net_weights + 72, net_weights + 88, a + 0, a + 784);" */
static void put_call(const nas_c_writer *w, nas_text *out, int index)
{
    const nas_call *call = &w->calls->list[index];
    const nas_kernel_form form = nas_kernel_form_of(w->calls, call->kernel);
    const bool int8 = w->calls->quant != NULL;
    const char *p = w->names.lower;
    nas_text_printf(out, "    %s_%s(&%s_call_%d, ", p, nas_kernel_name(call->kernel), p,
                    index);
    if (form == NAS_FORM_MAP_WEIGHTS || form == NAS_FORM_WINDOW_WEIGHTS ||
        form == NAS_FORM_RECURRENT || form == NAS_FORM_SPECTRUM)
        nas_text_printf(out, "%s_weights + %" PRId64 ", %s_weights + %" PRId64 ", ", p,
                        call->weights[0], p, call->weights[1]);
    if (form == NAS_FORM_MAP_CONSTANTS)
        nas_text_printf(out, "%s_weights + %" PRId64 ", ", p, call->weights[0]);
    if (form == NAS_FORM_TERMS ||
        (int8 && (form == NAS_FORM_MAP_WEIGHTS || form == NAS_FORM_WINDOW_WEIGHTS)))
        nas_text_printf(out, "%s_scales + %" PRId64 ", ", p, call->int8.scales);
    if (form == NAS_FORM_TERMS && w->calls->n_indices == 0)
        nas_text_puts(out, "NULL, ");
    else if (form == NAS_FORM_MAP_GATHER || form == NAS_FORM_MAP_PAIR_GATHER ||
             form == NAS_FORM_TERMS)
        nas_text_printf(out, "%s_indices + %" PRId64 ", ", p, call->indices);
    put_place(out, call->in[0], call->out == NAS_AT_CALLER ? "out" : "in");
    nas_text_puts(out, ", ");
    if (form == NAS_FORM_MAP_PAIR || form == NAS_FORM_MAP_PAIR_GATHER ||
        form == NAS_FORM_RECURRENT || form == NAS_FORM_HEADS ||
        form == NAS_FORM_SPECTRUM) {
        put_place(out, call->in[1], "in");
        nas_text_puts(out, ", ");
    }
    put_place(out, call->out, "out");
    nas_text_puts(out, ");\n");
}

/* "conv stage1.conv [28][28][1] -> [14][14][8]", in the graph's words */
static void put_step_words(const nas_c_writer *w, nas_text *out, int index)
{
    const nas_step *step = &w->calls->program->steps[index];
    const nas_node *node = nas_graph_node(w->model->graph, step->node);
    nas_text_puts(out, nas_op_get(node->op)->name);
    if (node->name[0] != '\0') {
        nas_text_putc(out, ' ');
        nas_c_comment(out, node->name);
    }
    nas_text_printf(out,
                    " [%" PRId64 "][%" PRId64 "][%" PRId64 "] -> [%" PRId64 "][%" PRId64
                    "][%" PRId64 "]",
                    step->in.h, step->in.w, step->in.c, node->shape.h, node->shape.w,
                    node->shape.c);
}

/* Comment before the first call of a step, trace hook after its last. */
static void put_step_calls(const nas_c_writer *w, nas_text *out)
{
    const nas_calls *calls = w->calls;
    for (int i = 0; i < calls->n; i++) {
        const int step = calls->list[i].step;
        if (step >= 0 && calls->list[i - 1].step != step) {
            nas_text_printf(out, "    /* %d: ", step);
            put_step_words(w, out, step);
            nas_text_puts(out, " */\n");
        }
        put_call(w, out, i);
        if (step < 0 || calls->list[i + 1].step == step)
            continue;
        const nas_step *s = &calls->program->steps[step];
        const int64_t element = calls->quant != NULL ? 1 : (int64_t)sizeof(float);
        nas_text_printf(out, "    %s_TRACE(%d, a + %" PRId64 ", %" PRId64 ");\n",
                        w->names.upper, step,
                        calls->program->buffers[s->output].offset / element,
                        nas_shape_count(nas_graph_node(w->model->graph, s->node)->shape));
    }
}

/* ---- files ------------------------------------------------------------- */

/* Declarations both files need to agree on. */
static void put_tables(const nas_c_writer *w, nas_text *out)
{
    nas_c_template(out, &w->names, "#ifdef __cplusplus\nextern \"C\" {\n#endif\n");
    nas_text_printf(out, "extern const %s %s_weights[%" PRId64 "];\n", w->names.type,
                    w->names.lower, w->calls->n_weights);
    if (w->calls->quant != NULL)
        nas_text_printf(out, "extern const int32_t %s_scales[%" PRId64 "];\n",
                        w->names.lower, w->calls->n_scales);
    if (w->calls->n_indices > 0)
        nas_text_printf(out, "extern const uint32_t %s_indices[%" PRId64 "];\n",
                        w->names.lower, w->calls->n_indices);
    nas_c_template(out, &w->names, "#ifdef __cplusplus\n}\n#endif\n\n");
}

static const char source_start[] =
    "/* Kernels and steps of @p. Generated by nasmith " NASMITH_VERSION "; see @p.h. */\n"
    "#include \"@p.h\"\n"
    "\n"
    "#include <stddef.h>\n"
    "#include <stdint.h>\n"
    "\n";

static const char source_run[] =
    "int @p_run_arena(void *arena, size_t bytes, const @T *in, @T *out)\n"
    "{\n"
    "    @T *const a = (@T *)arena;\n"
    "    if (arena == NULL || in == NULL || out == NULL)\n"
    "        return @P_ERROR_NULL;\n"
    "    if (bytes < @P_ARENA_BYTES || (uintptr_t)arena % sizeof(@T) != 0)\n"
    "        return @P_ERROR_ARENA;\n";

static const char source_end[] =
    "    return @P_OK;\n"
    "}\n"
    "\n"
    "#ifndef @P_NO_STATIC_ARENA\n"
    "static @T @p_arena[@P_ARENA_BYTES / sizeof(@T)] @P_ALIGN @P_ARENA_ATTR;\n"
    "\n"
    "int @p_run(const @T *in, @T *out)\n"
    "{\n"
    "    return @p_run_arena(@p_arena, sizeof @p_arena, in, out);\n"
    "}\n"
    "#endif\n";

static const char source_trace[] =
    "/* Define to see each step's result: step number, values [height][width][channel],\n"
    " * number of values. */\n"
    "#ifndef @P_TRACE\n"
    "#define @P_TRACE(step, values, count) ((void)0)\n"
    "#endif\n"
    "\n";

void nas_c_write_source(const nas_c_writer *w, nas_text *out)
{
    nas_c_template(out, &w->names, source_start);
    nas_c_template(out, &w->names, source_trace);
    put_tables(w, out);
    put_kernels(w, out);
    for (int i = 0; i < w->calls->n; i++)
        put_parameters(w, out, i);
    nas_text_putc(out, '\n');
    nas_c_template(out, &w->names, source_run);
    put_step_calls(w, out);
    nas_c_template(out, &w->names, source_end);
}

void nas_c_write_weights(const nas_c_writer *w, nas_text *out)
{
    static const char start[] =
        "/* Weights of @p. Generated by nasmith " NASMITH_VERSION "; see @p.h. */\n"
        "#include \"@p.h\"\n"
        "\n"
        "#include <stdint.h>\n"
        "\n";
    const nas_calls *calls = w->calls;
    nas_c_template(out, &w->names, start);
    put_tables(w, out);
    nas_text_printf(
        out, "const %s %s_weights[%" PRId64 "] %s_ALIGN %s_WEIGHTS_ATTR = {\n",
        w->names.type, w->names.lower, calls->n_weights, w->names.upper, w->names.upper);
    if (calls->quant == NULL)
        nas_c_float_rows(out, calls->weights, calls->n_weights);
    else
        nas_c_int8_rows(out, calls->weights8, calls->n_weights);
    nas_text_puts(out, "};\n");
    if (calls->quant != NULL) {
        nas_text_printf(out,
                        "\nconst int32_t %s_scales[%" PRId64 "] %s_WEIGHTS_ATTR = {\n",
                        w->names.lower, calls->n_scales, w->names.upper);
        nas_c_int32_rows(out, calls->scales, calls->n_scales);
        nas_text_puts(out, "};\n");
    }
    if (calls->n_indices == 0)
        return;
    nas_text_printf(out, "\nconst uint32_t %s_indices[%" PRId64 "] %s_WEIGHTS_ATTR = {\n",
                    w->names.lower, calls->n_indices, w->names.upper);
    nas_c_index_rows(out, calls->indices, calls->n_indices);
    nas_text_puts(out, "};\n");
}

/* ---- conversions ------------------------------------------------------------------- */

static void put_floats(const nas_c_writer *w, nas_text *out, const char *name,
                       const float *values, int64_t n)
{
    nas_text_printf(out, "static const float %s_%s[%" PRId64 "] %s_WEIGHTS_ATTR = {\n",
                    w->names.lower, name, n, w->names.upper);
    nas_c_float_rows(out, values, n);
    nas_text_puts(out, "};\n\n");
}

void nas_c_write_convert(const nas_c_writer *w, nas_text *out)
{
    static const char start[] =
        "/* Conversions around @p. Generated by nasmith " NASMITH_VERSION
        "; see @p.h. */\n"
        "#include \"@p.h\"\n"
        "\n"
        "#include <stdint.h>\n"
        "\n";
    static const char end[] =
        "void @p_quantise_input(const float *sample, int8_t *in)\n"
        "{\n"
        "    @p_quantise(@P_CHANNELS, @P_HEIGHT * @P_WIDTH, @p_in_factor, "
        "@p_in_offset,\n"
        "        sample, in);\n"
        "}\n"
        "\n"
        "void @p_dequantise_output(const int8_t *out, float *result)\n"
        "{\n"
        "    @p_dequantise(@P_OUTPUTS, @p_out_factor, @p_out_offset, out, result);\n"
        "}\n";
    const nas_quant *q = w->calls->quant;
    const int64_t channels = nas_graph_input_shape(w->model->graph).c;
    nas_c_template(out, &w->names, start);
    put_floats(w, out, "in_factor", q->input_factor, channels);
    put_floats(w, out, "in_offset", q->input_offset, channels);
    put_floats(w, out, "out_factor", q->output_factor, w->model->n_outputs);
    put_floats(w, out, "out_offset", q->output_offset, w->model->n_outputs);
    nas_c_runtime_text(w, out, "quantise");
    nas_c_runtime_text(w, out, "dequantise");
    nas_c_template(out, &w->names, end);
}
