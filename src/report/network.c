/* The chosen network: its drawing, its layers, and its memory over time. */
#include "diagram.h"
#include "report.h"

#include "nasmith/plan.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static int64_t node_params(const nas_graph *graph, int node)
{
    int64_t sum = 0;
    for (int i = 0; i < nas_graph_weight_count(graph); i++) {
        const nas_weight *w = nas_graph_weight(graph, i);
        sum += w->node == node && w->trained ? w->count : 0;
    }
    return sum;
}

/* Bytes of the arena that hold something alive in a step. Buffers may overlap where the
 * order of computing allows it: common bytes count once. */
static int64_t live_bytes(const nas_program *p, int step)
{
    int64_t sum = 0, end = 0;
    for (;;) { /* the lowest byte above `end` that is alive, and the run behind it */
        const nas_plan_buffer *next = NULL;
        for (int i = 0; i < p->n_buffers; i++) {
            const nas_plan_buffer *b = &p->buffers[i];
            if (b->first > step || step > b->last || b->offset + b->bytes <= end)
                continue;
            if (next == NULL || b->offset < next->offset)
                next = b;
        }
        if (next == NULL)
            return sum;
        int64_t from = next->offset > end ? next->offset : end;
        end = next->offset + next->bytes;
        sum += end - from;
    }
}

/* ---- layers ------------------------------------------------------------ */

/* Times by the study's table of this machine's kernels, or the one that was measured when
 * the network was looked at; not known when there is neither. */
static nas_latency_table latency_of(const nas_report *r)
{
    const json_t *measured = json_object_get(r->explanation->network, "latency");
    nas_latency_table out = r->settings->latency;
    if (!out.known && nas_latency_read_json(measured, &out, NULL) != NAS_OK)
        out = (nas_latency_table){0};
    return out;
}

/* What the steps of a box need and take. */
typedef struct box_cost {
    int64_t params, ram_bytes; /* largest live set of its steps; 0 = no step of its own */
    double macs, ms;
} box_cost;

static void cost_boxes(const nas_program *p, const nas_latency_table *latency,
                       const int *box_of, box_cost *out)
{
    for (int i = 0; i < nas_graph_count(p->graph); i++) {
        out[box_of[i]].params += node_params(p->graph, i);
        out[box_of[i]].macs += (double)nas_graph_node_macs(p->graph, i);
    }
    for (int s = 0; s < p->n_steps; s++) {
        box_cost *c = &out[box_of[p->steps[s].node]];
        int64_t bytes = live_bytes(p, s);
        c->ram_bytes = bytes > c->ram_bytes ? bytes : c->ram_bytes;
        c->ms += nas_latency_step(latency, p, s);
    }
}

static void box_row(const nas_report *r, const nas_program *p, const nas_diagram_box *box,
                    const box_cost *cost, bool timed)
{
    const nas_shape s = nas_graph_node(p->graph, box->last)->shape;
    const double all = fmax(1, (double)nas_graph_macs(p->graph));
    char params[28], macs[28], bytes[32] = "", time[16] = "";
    nas_text_integer(params, sizeof params, cost->params);
    nas_text_integer(macs, sizeof macs, (int64_t)cost->macs);
    if (cost->ram_bytes > 0) {
        nas_text_bytes(bytes, sizeof bytes, cost->ram_bytes);
        nas_text_ms(time, sizeof time, cost->ms);
    }
    nas_page_row_begin(r->out, false);
    nas_page_cell_left(r->out, "%s", box->label);
    nas_page_cell(r->out, "%lld×%lld×%lld", (long long)s.c, (long long)s.h,
                  (long long)s.w);
    nas_page_cell(r->out, "%s", params);
    nas_page_cell(r->out, "%s", macs);
    nas_page_cell(r->out, "%.1f %%", 100 * cost->macs / all);
    nas_page_cell(r->out, "%s", bytes);
    if (timed)
        nas_page_cell(r->out, "%s", time);
    nas_page_row_end(r->out);
}

static nas_status layer_table(const nas_report *r, const nas_program *p, nas_err *err)
{
    const nas_latency_table latency = latency_of(r);
    nas_diagram_box *boxes = NULL;
    int *box_of = NULL, n = 0;
    NAS_TRY(nas_diagram_boxes(p->graph, r->arena, &boxes, &box_of, &n, err));
    box_cost *cost = NAS_NEW(r->arena, box_cost, n);
    NAS_TRY_ALLOC(cost, err);
    cost_boxes(p, &latency, box_of, cost);
    nas_page_table_begin(r->out, "Layers",
                         latency.known
                             ? "<layer|output C×H×W|params|MACs|share of MACs|RAM|time"
                             : "<layer|output C×H×W|params|MACs|share of MACs|RAM");
    for (int i = 0; i < n; i++)
        box_row(r, p, &boxes[i], &cost[i], latency.known);
    nas_page_table_end(r->out);
    return NAS_OK;
}

/* ---- memory ------------------------------------------------------------ */

static int peak_step(const nas_program *p)
{
    int peak = 0;
    for (int s = 1; s < p->n_steps; s++)
        if (live_bytes(p, s) > live_bytes(p, peak))
            peak = s;
    return peak;
}

/* "output of conv 3×3, 16×14×14" */
static void buffer_name(const nas_program *p, int buffer, char *out, size_t size)
{
    char label[96] = "input";
    nas_shape shape = p->buffer_shapes[buffer];
    for (int s = 0; s < p->n_steps && buffer != p->input_buffer; s++) {
        if (p->steps[s].output != buffer)
            continue;
        nas_diagram_label(nas_graph_node(p->graph, p->steps[s].node), label,
                          sizeof label);
        break;
    }
    (void)snprintf(out, size, "%s%s, %lld×%lld×%lld",
                   buffer == p->input_buffer ? "" : "output of ", label,
                   (long long)shape.c, (long long)shape.h, (long long)shape.w);
}

/* Of a large network only the tensors at the peak say what they are; the table names all.
 */
enum { TIPS = 60 };

static void draw_buffers(const nas_program *p, nas_plot *plot, int peak)
{
    for (int i = 0; i < p->n_buffers; i++) {
        const nas_plan_buffer *b = &p->buffers[i];
        char name[160], bytes[32], tip[256];
        bool sets = b->first <= peak && peak <= b->last;
        if (b->bytes == 0)
            continue;
        buffer_name(p, i, name, sizeof name);
        nas_text_bytes(bytes, sizeof bytes, b->bytes);
        (void)snprintf(tip, sizeof tip, "%s: %s, steps %d to %d", name, bytes, b->first,
                       b->last);
        nas_plot_box(plot, (double[2]){b->first, (double)b->offset},
                     (double[2]){b->last + 1.0, (double)(b->offset + b->bytes)},
                     sets ? "mem peak" : "mem",
                     sets || p->n_buffers <= TIPS ? tip : NULL);
    }
}

static void memory_table(const nas_report *r, const nas_program *p, int peak)
{
    nas_page_table_begin(r->out, "Tensors at the peak", "<tensor|bytes|share");
    double all = fmax(1, (double)live_bytes(p, peak));
    for (int i = 0; i < p->n_buffers; i++) {
        const nas_plan_buffer *b = &p->buffers[i];
        char name[160], bytes[32];
        if (b->first > peak || peak > b->last || b->bytes == 0)
            continue;
        buffer_name(p, i, name, sizeof name);
        nas_text_bytes(bytes, sizeof bytes, b->bytes);
        nas_page_row_begin(r->out, false);
        nas_page_cell_left(r->out, "%s", name);
        nas_page_cell(r->out, "%s", bytes);
        nas_page_cell(r->out, "%.0f %%", 100 * (double)b->bytes / all);
        nas_page_row_end(r->out);
    }
    nas_page_table_end(r->out);
}

static nas_status tensor_table(const nas_report *r, const nas_program *p, nas_err *err)
{
    const char **name = NAS_NEW(r->arena, const char *, p->n_buffers);
    double *value = NAS_NEW(r->arena, double, 4 * p->n_buffers);
    NAS_TRY_ALLOC(name, err);
    NAS_TRY_ALLOC(value, err);
    for (int i = 0; i < p->n_buffers; i++) {
        const nas_plan_buffer *b = &p->buffers[i];
        const double values[] = {b->first, b->last, (double)b->offset, (double)b->bytes};
        char text[160];
        buffer_name(p, i, text, sizeof text);
        name[i] = nas_arena_strdup(r->arena, text);
        NAS_TRY_ALLOC(name[i], err);
        for (int k = 0; k < 4; k++)
            value[k * p->n_buffers + i] = values[k];
    }
    const nas_chart_column columns[] = {
        {.name = "tensor", .word = name},
        {.name = "first step", .value = value},
        {.name = "last step", .value = value + p->n_buffers},
        {.name = "at byte", .value = value + 2 * p->n_buffers},
        {.name = "bytes", .value = value + 3 * p->n_buffers}};
    nas_chart_table(r->out, "Tensors in the arena", columns, 5, p->n_buffers);
    return NAS_OK;
}

static nas_status draw_memory(const nas_report *r, const nas_program *p, nas_err *err)
{
    int peak = peak_step(p);
    char label[96], bytes[32];
    double bound = (double)r->settings->limits.ram_bytes;
    nas_axis x = {
        .label = "step of one inference", .low = 0, .high = p->n_steps, .whole = true};
    nas_axis y = {.label = "address in the arena",
                  .low = 0,
                  .bytes = true,
                  .high = 1.05 * (double)p->arena_bytes};
    bool near = bound > 0 && bound < 2 * (double)p->arena_bytes;
    if (near)
        nas_axis_include(&y, 1.05 * bound);
    nas_page_heading(r->out, "Memory over time");
    nas_plot plot = nas_plot_begin(
        r->out, 820, 300, x, y, "Memory of one inference over time",
        "Each box is a tensor: from the step that writes it to the last that reads it, "
        "at its place in the arena. Those alive at the peak are marked; the table names "
        "them.");
    draw_buffers(p, &plot, peak);
    if (near)
        nas_plot_level(&plot, bound, "bad", "RAM limit (with stack)");
    nas_plot_end(&plot);
    NAS_TRY(tensor_table(r, p, err));
    nas_diagram_label(nas_graph_node(p->graph, p->steps[peak].node), label, sizeof label);
    nas_text_bytes(bytes, sizeof bytes, p->arena_bytes);
    nas_text_puts(r->out, "<p class=\"legend\"><span class=\"dot peak\"></span>alive at "
                          "the peak <span class=\"dot\"></span>other tensors; dark where "
                          "they share bytes</p>\n");
    nas_page_paragraph(r->out,
                       "The arena needs %s. Step %d (%s) sets it: these tensors are "
                       "alive there. To need less RAM, make one of them smaller.",
                       bytes, peak, label);
    memory_table(r, p, peak);
    return NAS_OK;
}

/* ---- the section ------------------------------------------------------- */

static void decisions(const nas_report *r, const nas_trial_row *row)
{
    json_t *object = row->decisions != NULL ? json_loads(row->decisions, 0, NULL) : NULL;
    const char *key;
    json_t *value;
    if (object == NULL)
        return;
    nas_page_heading(r->out, "Its decisions");
    nas_text_puts(r->out, "<ul class=\"chips\">");
    json_object_foreach(object, key, value)
    {
        nas_text_puts(r->out, "<li><span>");
        nas_svg_escape(r->out, key);
        nas_text_puts(r->out, "</span> ");
        nas_svg_escape(r->out, json_is_string(value) ? json_string_value(value) : "?");
        nas_text_puts(r->out, "</li>\n");
    }
    nas_text_puts(r->out, "</ul>\n");
    json_decref(object);
}

static nas_status write_network(const nas_report *r, const nas_graph *graph,
                                const nas_trial_row *row, nas_err *err)
{
    nas_program_options options = nas_program_options_default();
    nas_program *program = NULL;
    options.dtype = r->settings->limits.dtype;
    NAS_TRY(nas_program_build(graph, &options, r->arena, &program, err));
    nas_text_puts(r->out, "<div class=\"side\"><div class=\"draw\">\n");
    NAS_TRY(nas_diagram_draw(graph, r->arena, r->out, err));
    nas_text_puts(r->out, "</div>\n");
    NAS_TRY(layer_table(r, program, err));
    nas_text_puts(r->out, "</div>\n");
    nas_page_paragraph(r->out,
                       "RAM: tensors alive while a layer runs, its input and output "
                       "included.%s Norms and "
                       "activations behind a layer are counted with it.",
                       latency_of(r).known
                           ? " Time: float kernels of this machine, one row at a time."
                           : "");
    decisions(r, row);
    return program->n_steps > 0 ? draw_memory(r, program, err) : NAS_OK;
}

nas_status nas_report_network(const nas_report *r, nas_err *err)
{
    if (r->result->n_finalists == 0)
        return NAS_OK;
    const nas_trial_row *row = nas_report_row(r, r->result->finalists[0].trial);
    if (row == NULL)
        return NAS_OK;
    nas_graph *graph = NULL;
    NAS_TRY(nas_graph_read_json(row->graph, strlen(row->graph), "network", &graph, err));
    nas_status status = write_network(r, graph, row, err);
    nas_graph_free(graph);
    return status;
}

/* ---- other networks ---------------------------------------------------- */

/* Fewer of very large networks: a drawing of hundreds of layers is no small picture. */
enum { GALLERY = 6, GALLERY_NODES = 300 };

static bool better(const nas_report *r, const nas_report_trial *a,
                   const nas_report_trial *b)
{
    if (a->best->spec.rung != b->best->spec.rung)
        return a->best->spec.rung > b->best->spec.rung;
    double x = nas_report_score(a), y = nas_report_score(b);
    return r->metric->larger_is_better ? x > y : x < y;
}

/* The best networks but the chosen one, all of different graphs. @return number */
static int choose_gallery(const nas_report *r, const nas_report_trial **out)
{
    const nas_trial_row *winner = nas_report_row(r, r->result->finalists[0].trial);
    int n = 0;
    for (; n < GALLERY; n++) {
        const nas_report_trial *best = NULL;
        for (int64_t i = 0; i < r->n_trials; i++) {
            const nas_report_trial *t = &r->trials[i];
            bool known = winner != NULL && winner->graph_hash == t->row->graph_hash;
            for (int k = 0; k < n; k++)
                known = known || out[k]->row->graph_hash == t->row->graph_hash;
            if (!known && (best == NULL || better(r, t, best)))
                best = t;
        }
        if (best == NULL)
            break;
        out[n] = best;
    }
    return n;
}

static nas_status draw_figure(const nas_report *r, const nas_report_trial *t,
                              const nas_graph *graph, nas_err *err)
{
    char tip[128];
    nas_report_tip(r, t, tip, sizeof tip);
    nas_text_printf(r->out, "<figure data-t=\"%lld\"><figcaption>",
                    (long long)t->row->id);
    nas_svg_escape(r->out, tip);
    nas_text_puts(r->out, "</figcaption>\n");
    NAS_TRY(nas_diagram_draw(graph, r->arena, r->out, err));
    NAS_TRY(nas_diagram_table(graph, r->arena, r->out, err));
    nas_text_puts(r->out, "</figure>\n");
    return NAS_OK;
}

nas_status nas_report_gallery(const nas_report *r, nas_err *err)
{
    const nas_report_trial *chosen[GALLERY];
    int n = r->result->n_finalists > 0 ? choose_gallery(r, chosen) : 0, nodes = 0;
    if (n == 0)
        return NAS_OK;
    nas_page_paragraph(r->out, "The best networks of other shape, by the highest rung "
                               "they finished and their score there.");
    nas_text_puts(r->out, "<div class=\"gallery\">\n");
    nas_status status = NAS_OK;
    for (int i = 0; i < n && status == NAS_OK && nodes <= GALLERY_NODES; i++) {
        const nas_trial_row *row = chosen[i]->row;
        nas_graph *graph = NULL;
        status =
            nas_graph_read_json(row->graph, strlen(row->graph), "network", &graph, err);
        nodes += status == NAS_OK ? nas_graph_count(graph) : 0;
        if (status == NAS_OK && (i == 0 || nodes <= GALLERY_NODES))
            status = draw_figure(r, chosen[i], graph, err);
        nas_graph_free(graph);
    }
    nas_text_puts(r->out, "</div>\n");
    return status;
}
