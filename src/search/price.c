#include "search/price.h"

#include <string.h>

pricer nas_pricer_of(const nas_space *space, const nas_study_settings *settings,
                     int64_t max_macs)
{
    pricer out = {.space = space,
                  .limits = settings->limits,
                  .latency = settings->latency.known ? &settings->latency : NULL,
                  .raw = settings->space_context.raw};
    if (max_macs > 0 && (out.limits.macs == 0 || out.limits.macs > max_macs))
        out.limits.macs = max_macs;
    return out;
}

/* Costs of the network as it is delivered, behind encode where rows are encoded. What
 * it will be fitted to changes no cost. @param limits  may be NULL */
static nas_status cost_of(const nas_graph *graph, const pricer *p,
                          const nas_limits *limits, nas_cost *cost, nas_err *err)
{
    const int64_t n = nas_graph_inner_shape(graph).c;
    nas_graph *whole = NULL;
    if (p->raw == 0)
        return nas_cost_of(graph, p->limits.dtype, p->latency, limits, cost, err);
    float *zeros = nas_heap_alloc((size_t)n, NAS_ENCODE_FIELDS * sizeof *zeros);
    NAS_TRY_ALLOC(zeros, err);
    const nas_front front = {.n_raw = p->raw,
                             .columns = zeros,
                             .n_columns = n,
                             .mean = zeros,
                             .inverse_deviation = zeros};
    nas_status status = nas_graph_with_front(graph, &front, &whole, err);
    if (status == NAS_OK)
        status = nas_cost_of(whole, p->limits.dtype, p->latency, limits, cost, err);
    nas_graph_free(whole);
    nas_heap_free(zeros);
    return status;
}

nas_status nas_price_candidate(void *context, const nas_candidate *candidate,
                               nas_cost *cost, bool *feasible, nas_err *err)
{
    const pricer *p = context;
    nas_graph *graph = NULL;
    nas_err no_network = {0};
    *feasible = false;
    *cost = (nas_cost){.latency_ms = -1.0};
    nas_status status = nas_space_decode(p->space, candidate, &graph, &no_network);
    if (status == NAS_E_GRAPH)
        return NAS_OK;
    if (status != NAS_OK)
        return nas_fail(err, status, "%s", no_network.text);
    status = cost_of(graph, p, &p->limits, cost, err);
    bool exists =
        p->limits.dtype == NAS_FLOAT32 || nas_quant_refusal(graph, NULL) == NULL;
    nas_graph_free(graph);
    *feasible = status == NAS_OK && exists &&
                nas_cost_violates(cost, &p->limits) == NAS_LIMIT_NONE;
    return status;
}

nas_status nas_recipe_of(const nas_study_settings *settings, nas_recipe *out,
                         nas_err *err)
{
    return nas_recipe_parse(settings->recipe_json, "recipe of the study",
                            settings->space_context.task, out, err);
}

/* A finished text moves into the arena. */
static nas_status keep_text(nas_text *text, nas_arena *arena, const char **out,
                            nas_err *err)
{
    nas_status status = nas_text_status(text, err);
    *out = status == NAS_OK ? nas_arena_strdup(arena, nas_text_string(text)) : NULL;
    nas_text_free(text);
    NAS_TRY(status);
    NAS_TRY_ALLOC(*out, err);
    return NAS_OK;
}

static nas_status graph_text(const nas_graph *graph, nas_arena *arena, const char **out,
                             nas_err *err)
{
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_graph_write_json(graph, &json);
    return keep_text(&text, arena, out, err);
}

static nas_status recipe_text(const nas_recipe *recipe, nas_arena *arena,
                              const char **out, nas_err *err)
{
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_json_object_begin(&json);
    nas_recipe_write_json(recipe, &json);
    nas_json_object_end(&json);
    return keep_text(&text, arena, out, err);
}

static nas_status decisions_text(const nas_space *space, const nas_candidate *candidate,
                                 nas_arena *arena, const char **out, nas_err *err)
{
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_candidate_write_json(space, candidate, &json);
    return keep_text(&text, arena, out, err);
}

nas_status nas_trial_of_proposal(const nas_space *space,
                                 const nas_study_settings *settings,
                                 const nas_proposal *proposal, nas_arena *arena,
                                 nas_trial_spec *out, nas_err *err)
{
    nas_recipe recipe;
    NAS_TRY(nas_recipe_of(settings, &recipe, err));
    NAS_TRY(nas_space_recipe(space, proposal->candidate, &recipe, err));
    *out = (nas_trial_spec){.origin = NAS_TRIAL_SEARCH,
                            .key = nas_space_key(space, proposal->candidate),
                            .recipe_hash = nas_recipe_hash(&recipe),
                            .cost = proposal->cost,
                            .parents = {proposal->parents[0], proposal->parents[1]},
                            .uniform = proposal->uniform};
    NAS_TRY(decisions_text(space, proposal->candidate, arena, &out->decisions, err));
    NAS_TRY(recipe_text(&recipe, arena, &out->recipe, err));
    nas_graph *graph = NULL;
    NAS_TRY(nas_space_decode(space, proposal->candidate, &graph, err));
    out->graph_hash = nas_graph_hash(graph);
    nas_status status = graph_text(graph, arena, &out->graph, err);
    nas_graph_free(graph);
    return status;
}

nas_status nas_trial_of_graph(const nas_graph *graph, const char *name,
                              const nas_study_settings *settings, nas_arena *arena,
                              nas_trial_spec *out, nas_err *err)
{
    nas_recipe recipe;
    NAS_TRY(nas_recipe_of(settings, &recipe, err));
    *out = (nas_trial_spec){.origin = NAS_TRIAL_BASELINE,
                            .name = name,
                            .key = nas_graph_hash(graph),
                            .graph_hash = nas_graph_hash(graph),
                            .recipe_hash = nas_recipe_hash(&recipe)};
    const pricer p = nas_pricer_of(NULL, settings, 0);
    NAS_TRY(cost_of(graph, &p, NULL, &out->cost, err));
    NAS_TRY(recipe_text(&recipe, arena, &out->recipe, err));
    return graph_text(graph, arena, &out->graph, err);
}
