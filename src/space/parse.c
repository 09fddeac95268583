#include "space/parse.h"

#include "nasmith/text.h"

#include <string.h>

/* ---- train ---------------------------------------------------------------------- */

static nas_status check_recipe(nas_parser *parser, const yaml_node_t *at,
                               const char *name, const char *text)
{
    nas_recipe recipe = nas_recipe_default(parser->space->context.task);
    nas_err reason = {0};
    if (nas_recipe_set(&recipe, name, text, &reason) == NAS_OK)
        return NAS_OK;
    (void)nas_doc_fail(&parser->doc, at, parser->err, "%s", reason.text);
    if (reason.hint[0] != '\0')
        nas_err_hint(parser->err, "%s", reason.hint);
    return NAS_E_CONFIG;
}

static nas_status fail_recipe_key(nas_parser *parser, const yaml_node_t *key)
{
    const char *words[64];
    size_t n = 0;
    for (const nas_param *p = nas_recipe_params; p->name != NULL && n < 64; p++)
        words[n++] = p->name;
    return nas_doc_fail_unknown(&parser->doc, key, parser->err, "training setting", words,
                                n);
}

static nas_status parse_train_entry(nas_parser *parser, const yaml_node_t *key,
                                    yaml_node_t *value, nas_train_entry *entry)
{
    nas_space *space = parser->space;
    int index = nas_param_find(nas_recipe_params, nas_doc_scalar(key));
    if (index < 0)
        return fail_recipe_key(parser, key);
    const nas_param *param = &nas_recipe_params[index];
    int before = space->n_decisions;
    const char *path = nas_arena_printf(space->arena, "train.%s", param->name);
    NAS_TRY_ALLOC(path, parser->err);
    NAS_TRY(nas_parse_setting(parser, value, param, path, &entry->setting));
    entry->name = param->name;
    if (entry->setting.decision < 0) {
        const yaml_node_t *scalar = value;
        if (value->type == YAML_SEQUENCE_NODE)
            scalar = nas_doc_item(&parser->doc, value, 0);
        entry->text = nas_arena_strdup(space->arena, nas_doc_scalar(scalar));
        NAS_TRY_ALLOC(entry->text, parser->err);
        return check_recipe(parser, scalar, entry->name, entry->text);
    }
    nas_decision *decision = &space->decisions[entry->setting.decision];
    if (entry->setting.decision >= before)
        decision->training = true;
    for (int i = 0; i < decision->n_values; i++)
        NAS_TRY(check_recipe(parser, value, entry->name, decision->texts[i]));
    return NAS_OK;
}

nas_status nas_parse_train(nas_parser *parser, yaml_node_t *node)
{
    nas_space *space = parser->space;
    if (node->type != YAML_MAPPING_NODE)
        return nas_doc_fail(&parser->doc, node, parser->err,
                            "train: expected {setting: value or list}");
    int n = nas_doc_count(node);
    space->train = NAS_NEW(space->arena, nas_train_entry, n);
    NAS_TRY_ALLOC(space->train, parser->err);
    for (int i = 0; i < n; i++) {
        NAS_TRY(parse_train_entry(parser, nas_doc_key(&parser->doc, node, i),
                                  nas_doc_value(&parser->doc, node, i),
                                  &space->train[i]));
        space->n_train++;
    }
    return NAS_OK;
}

/* ---- the whole ------------------------------------------------------------------ */

static nas_status check_keys(nas_parser *parser, yaml_node_t *root)
{
    static const char *const KEYS[] = {"network", "train"};
    for (int i = 0; i < nas_doc_count(root); i++) {
        const yaml_node_t *key = nas_doc_key(&parser->doc, root, i);
        const char *word = nas_doc_scalar(key);
        if (strcmp(word, KEYS[0]) != 0 && strcmp(word, KEYS[1]) != 0)
            return nas_doc_fail_unknown(&parser->doc, key, parser->err, "key", KEYS, 2);
    }
    return NAS_OK;
}

/* The network is a chain, also when it is a single block. */
static nas_status parse_network(nas_parser *parser, yaml_node_t *network)
{
    if (network->type == YAML_SEQUENCE_NODE)
        return nas_parse_body(parser, network, "", &parser->space->root);
    return nas_parse_body(parser, network, "network", &parser->space->root);
}

static nas_status parse_root(nas_parser *parser)
{
    yaml_node_t *root = nas_doc_root(&parser->doc);
    if (root == NULL)
        return nas_fail(parser->err, NAS_E_CONFIG,
                        "%s: the file is empty, expected a `network:`",
                        parser->space->name);
    if (root->type != YAML_MAPPING_NODE)
        return nas_doc_fail(&parser->doc, root, parser->err,
                            "expected `network:` and a list of blocks");
    NAS_TRY(check_keys(parser, root));
    yaml_node_t *network = nas_doc_get(&parser->doc, root, "network");
    yaml_node_t *train = nas_doc_get(&parser->doc, root, "train");
    if (network == NULL)
        return nas_doc_fail(&parser->doc, root, parser->err, "`network` is missing");
    NAS_TRY(parse_network(parser, network));
    if (train != NULL)
        NAS_TRY(nas_parse_train(parser, train));
    nas_space_count_occurrences(parser->space);
    return nas_space_count(parser->space, &parser->space->size, parser->err);
}

static uint64_t hash_meaning(const nas_space *space)
{
    const nas_space_context *c = &space->context;
    int64_t facts[] = {c->input.c, c->input.h, c->input.w, c->n_outputs,
                       (int64_t)c->task};
    uint64_t hash = nas_hash64(facts, sizeof facts, 0);
    if (c->sample_rate > 0)
        hash = nas_hash64(&c->sample_rate, sizeof c->sample_rate, hash);
    if (c->n_categories > 0)
        hash = nas_hash64(c->categories, (size_t)c->n_categories * sizeof *c->categories,
                          hash);
    return nas_hash64(space->text, space->bytes, hash);
}

static nas_status parse(nas_space *space, nas_err *err)
{
    nas_parser parser = {.space = space, .err = err};
    NAS_TRY(nas_doc_load(&parser.doc, space->name, space->text, space->bytes, err));
    nas_status status = parse_root(&parser);
    nas_doc_free(&parser.doc);
    NAS_TRY(status);
    for (int i = 0; i < space->n_decisions; i++)
        space->encoding_size += space->decisions[i].n_values;
    space->hash = hash_meaning(space);
    return NAS_OK;
}

static nas_status check_categories(const nas_space_context *c, nas_err *err)
{
    int64_t at = 0;
    for (int k = 0; k < c->n_categories; k++) {
        const int64_t from = c->categories[k].from, end = from + c->categories[k].count;
        if (from < at || end <= from || end > c->input.c)
            return nas_fail(err, NAS_E_USAGE,
                            "category %d has columns %lld to %lld of %lld", k,
                            (long long)from, (long long)(end - 1), (long long)c->input.c);
        at = end;
    }
    return NAS_OK;
}

static nas_status check_context(const nas_space_context *c, nas_err *err)
{
    if (c->n_categories > 0)
        NAS_TRY(check_categories(c, err));
    if (c->input.c >= 1 && c->input.h >= 1 && c->input.w >= 1 && c->n_outputs >= 1)
        return NAS_OK;
    return nas_fail(err, NAS_E_USAGE,
                    "a space for inputs of %lldx%lldx%lld and %lld outputs, expected all "
                    "to be at least 1",
                    (long long)c->input.c, (long long)c->input.h, (long long)c->input.w,
                    (long long)c->n_outputs);
}

static nas_status fill(nas_space *space, const char *text, size_t bytes, const char *name,
                       nas_err *err)
{
    space->arena = nas_arena_new();
    NAS_TRY_ALLOC(space->arena, err);
    char *copy = NAS_NEW(space->arena, char, bytes + 1);
    NAS_TRY_ALLOC(copy, err);
    if (bytes > 0)
        memcpy(copy, text, bytes);
    space->text = copy;
    space->bytes = bytes;
    space->name = nas_arena_strdup(space->arena, name);
    NAS_TRY_ALLOC(space->name, err);
    return parse(space, err);
}

nas_status nas_space_parse(const char *text, size_t bytes, const char *name,
                           const nas_space_context *context, nas_space **out,
                           nas_err *err)
{
    *out = NULL;
    NAS_TRY(check_context(context, err));
    if (bytes > SPACE_MAX_BYTES)
        return nas_fail(err, NAS_E_CONFIG, "%s: %zu bytes, expected at most %d", name,
                        bytes, SPACE_MAX_BYTES);
    nas_space *space = nas_heap_alloc(1, sizeof *space);
    NAS_TRY_ALLOC(space, err);
    space->context = *context;
    nas_status status = fill(space, text, bytes, name, err);
    if (status != NAS_OK) {
        nas_space_free(space);
        return status;
    }
    *out = space;
    return NAS_OK;
}
