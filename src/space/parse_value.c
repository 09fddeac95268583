#include "space/parse.h"

#include "nasmith/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Values of a decision while they are collected. */
typedef struct choice {
    double value;
    const char *text;
} choice;

typedef struct choices {
    choice *items;
    int n, capacity;
} choices;

/* "16" or, as a negative number, "x2". */
static nas_status parse_width(const char *text, const char *option, double *out,
                              nas_err *err)
{
    nas_err ignored = {0};
    int64_t channels;
    double multiple;
    if (text[0] == 'x' && nas_parse_real(text + 1, &multiple, &ignored) == NAS_OK &&
        multiple >= 1.0 / 64 && multiple <= 64) {
        *out = -multiple;
        return NAS_OK;
    }
    if (nas_parse_int(text, &channels, &ignored) == NAS_OK && channels >= 1 &&
        channels <= 65536) {
        *out = (double)channels;
        return NAS_OK;
    }
    return nas_fail(err, NAS_E_USAGE,
                    "%s: found `%.60s`, expected 1 to 65536 or a multiple such as x2",
                    option, text);
}

static nas_status parse_text(const nas_param *param, const char *text, double *out,
                             nas_err *err)
{
    if (param->type == NAS_PARAM_STRING)
        return parse_width(text, param->name, out, err);
    const nas_param table[] = {*param, {.name = NULL}};
    nas_value value;
    NAS_TRY(nas_param_parse(table, 0, text, &value, err));
    bool real = param->type == NAS_PARAM_REAL || param->type == NAS_PARAM_SECONDS;
    *out = real ? value.f : (double)value.i;
    return NAS_OK;
}

static bool is_ordered(const nas_param *param)
{
    return param->type != NAS_PARAM_BOOL && param->type != NAS_PARAM_CHOICE;
}

static nas_status add_choice(nas_parser *parser, const yaml_node_t *at,
                             const nas_param *param, choices *list, const char *text)
{
    nas_arena *arena = parser->space->arena;
    if (list->n == SPACE_MAX_VALUES || ++parser->n_values > SPACE_MAX_ALL_VALUES)
        return nas_doc_fail(&parser->doc, at, parser->err,
                            "more than %d values of one decision, or %d in all",
                            SPACE_MAX_VALUES, SPACE_MAX_ALL_VALUES);
    if (list->n == list->capacity) {
        int capacity = list->capacity == 0 ? 8 : 2 * list->capacity;
        choice *items = NAS_NEW(arena, choice, capacity);
        NAS_TRY_ALLOC(items, parser->err);
        if (list->n > 0)
            memcpy(items, list->items, (size_t)list->n * sizeof *items);
        list->items = items;
        list->capacity = capacity;
    }
    choice *item = &list->items[list->n];
    nas_err reason = {0};
    if (parse_text(param, text, &item->value, &reason) != NAS_OK) {
        (void)nas_doc_fail(&parser->doc, at, parser->err, "%s", reason.text);
        if (reason.hint[0] != '\0')
            nas_err_hint(parser->err, "%s", reason.hint);
        return NAS_E_CONFIG;
    }
    item->text = nas_arena_strdup(arena, text);
    NAS_TRY_ALLOC(item->text, parser->err);
    list->n++;
    return NAS_OK;
}

/* "1..4": both ends included. @return whether the text is a range */
static bool parse_range(const char *text, int64_t *from, int64_t *to)
{
    const char *dots = strstr(text, "..");
    char first[24];
    if (dots == NULL || dots == text || (size_t)(dots - text) >= sizeof first)
        return false;
    memcpy(first, text, (size_t)(dots - text));
    first[dots - text] = '\0';
    nas_err ignored = {0};
    return nas_parse_int(first, from, &ignored) == NAS_OK &&
           nas_parse_int(dots + 2, to, &ignored) == NAS_OK;
}

static nas_status add_scalar(nas_parser *parser, const yaml_node_t *node,
                             const nas_param *param, choices *list)
{
    const char *text = nas_doc_scalar(node);
    if (text == NULL)
        return nas_doc_fail(&parser->doc, node, parser->err,
                            "%s: expected a value, found a %s", param->name,
                            node->type == YAML_SEQUENCE_NODE ? "list" : "mapping");
    int64_t from, to;
    if (!is_ordered(param) || !parse_range(text, &from, &to))
        return add_choice(parser, node, param, list, text);
    if (from > to)
        return nas_doc_fail(&parser->doc, node, parser->err,
                            "%s: the range `%s` runs backwards", param->name, text);
    if (from < -1000000 || to > 1000000 || to - from >= SPACE_MAX_VALUES)
        return nas_doc_fail(&parser->doc, node, parser->err,
                            "%s: the range `%s` has more than %d values or leaves "
                            "-1000000 to 1000000",
                            param->name, text, SPACE_MAX_VALUES);
    for (int64_t i = from; i <= to; i++) {
        char number[24];
        (void)snprintf(number, sizeof number, "%lld", (long long)i);
        NAS_TRY(add_choice(parser, node, param, list, number));
    }
    return NAS_OK;
}

/* Channels rise before multiples, which rise as well. */
static int compare(const void *a, const void *b)
{
    double x = ((const choice *)a)->value;
    double y = ((const choice *)b)->value;
    if ((x < 0) != (y < 0))
        return x < 0 ? 1 : -1;
    if (x < 0) {
        x = -x;
        y = -y;
    }
    return x < y ? -1 : x > y;
}

static nas_status check_distinct(nas_parser *parser, const yaml_node_t *node,
                                 const nas_param *param, const choices *list)
{
    for (int i = 0; i < list->n; i++) {
        /* sorted lists show a twin at once; words are few */
        int first = is_ordered(param) ? (i > 0 ? i - 1 : 0) : 0;
        for (int j = first; j < i; j++)
            if (compare(&list->items[i], &list->items[j]) == 0)
                return nas_doc_fail(&parser->doc, node, parser->err, "%s: value %s twice",
                                    param->name, list->items[i].text);
    }
    return NAS_OK;
}

static nas_status collect(nas_parser *parser, yaml_node_t *node, const nas_param *param,
                          choices *list)
{
    if (node->type != YAML_SEQUENCE_NODE)
        return add_scalar(parser, node, param, list);
    int n = nas_doc_count(node);
    if (n == 0)
        return nas_doc_fail(&parser->doc, node, parser->err, "%s: an empty list",
                            param->name);
    for (int i = 0; i < n; i++)
        NAS_TRY(add_scalar(parser, nas_doc_item(&parser->doc, node, i), param, list));
    return NAS_OK;
}

/* Make the collected values a constant or a decision. */
static nas_status finish(nas_parser *parser, yaml_node_t *node, const nas_param *param,
                         choices *list, nas_decision draft, nas_setting *out)
{
    if (is_ordered(param) && list->n > 1)
        qsort(list->items, (size_t)list->n, sizeof *list->items, compare);
    NAS_TRY(check_distinct(parser, node, param, list));
    double *values = NAS_NEW(parser->space->arena, double, list->n);
    const char **texts = NAS_NEW(parser->space->arena, const char *, list->n);
    NAS_TRY_ALLOC(values, parser->err);
    NAS_TRY_ALLOC(texts, parser->err);
    draft.ordered = is_ordered(param) && list->n > 1 &&
                    (list->items[0].value < 0) == (list->items[list->n - 1].value < 0);
    for (int i = 0; i < list->n; i++) {
        values[i] = list->items[i].value;
        texts[i] = list->items[i].text;
    }
    draft.n_values = list->n;
    draft.values = values;
    draft.texts = texts;
    return nas_parse_decision(parser, node, &draft, out);
}

static nas_status check_share_keys(nas_parser *parser, yaml_node_t *node)
{
    static const char *const KEYS[] = {"share", "values"};
    for (int i = 0; i < nas_doc_count(node); i++) {
        yaml_node_t *key = nas_doc_key(&parser->doc, node, i);
        const char *word = nas_doc_scalar(key);
        if (strcmp(word, KEYS[0]) != 0 && strcmp(word, KEYS[1]) != 0)
            return nas_doc_fail_unknown(&parser->doc, key, parser->err,
                                        "key of a shared value", KEYS, 2);
    }
    return NAS_OK;
}

/* {share: NAME} without values: those of the first use, which must suit this option too.
 */
static nas_status reuse(nas_parser *parser, yaml_node_t *node, const nas_param *param,
                        const char *name, nas_setting *out)
{
    const nas_space *space = parser->space;
    for (int i = 0; i < space->n_decisions; i++) {
        const nas_decision *decision = &space->decisions[i];
        if (!decision->shared || strcmp(decision->name, name) != 0)
            continue;
        choices list = {0};
        for (int v = 0; v < decision->n_values; v++)
            NAS_TRY(add_choice(parser, node, param, &list, decision->texts[v]));
        return finish(parser, node, param, &list,
                      (nas_decision){.name = name, .shared = true}, out);
    }
    nas_status status =
        nas_doc_fail(&parser->doc, node, parser->err, "%s: share `%s` has no values yet",
                     param->name, name);
    nas_err_hint(parser->err, "the first use gives them: {share: %s, values: [...]}",
                 name);
    return status;
}

static nas_status parse_shared(nas_parser *parser, yaml_node_t *node,
                               const nas_param *param, nas_setting *out)
{
    NAS_TRY(check_share_keys(parser, node));
    yaml_node_t *share = nas_doc_get(&parser->doc, node, "share");
    yaml_node_t *values = nas_doc_get(&parser->doc, node, "values");
    if (share == NULL)
        return nas_doc_fail(
            &parser->doc, node, parser->err,
            "%s: expected a value, a list, or {share: NAME, values: [...]}", param->name);
    const char *name;
    NAS_TRY(nas_parse_word(parser, share, "share", &name));
    if (values == NULL)
        return reuse(parser, node, param, name, out);
    choices list = {0};
    NAS_TRY(collect(parser, values, param, &list));
    return finish(parser, values, param, &list,
                  (nas_decision){.name = name, .shared = true}, out);
}

nas_status nas_parse_setting(nas_parser *parser, yaml_node_t *node,
                             const nas_param *param, const char *name, nas_setting *out)
{
    if (node->type == YAML_MAPPING_NODE)
        return parse_shared(parser, node, param, out);
    choices list = {0};
    NAS_TRY(collect(parser, node, param, &list));
    return finish(parser, node, param, &list,
                  (nas_decision){.name = name, .shared = parser->shared}, out);
}

nas_status nas_parse_default(nas_parser *parser, const nas_param *param, nas_setting *out,
                             bool *missing)
{
    *out = (nas_setting){.decision = -1};
    *missing = param->default_text == NULL;
    return *missing ? NAS_OK
                    : parse_text(param, param->default_text, &out->value, parser->err);
}

static bool same_values(const nas_decision *a, const nas_decision *b)
{
    if (a->n_values != b->n_values)
        return false;
    for (int i = 0; i < a->n_values; i++)
        if (a->values[i] != b->values[i] || strcmp(a->texts[i], b->texts[i]) != 0)
            return false;
    return true;
}

static nas_status meet_again(nas_parser *parser, const yaml_node_t *at,
                             const nas_decision *draft, int index, nas_setting *out)
{
    const nas_decision *first = &parser->space->decisions[index];
    if (!first->shared || !draft->shared) {
        (void)nas_doc_fail(&parser->doc, at, parser->err, "two decisions are named `%s`",
                           draft->name);
        nas_err_hint(parser->err,
                     "give one of the blocks another `name`, or tie them with `share`");
        return NAS_E_CONFIG;
    }
    if (!same_values(first, draft))
        return nas_doc_fail(&parser->doc, at, parser->err,
                            "shared decision `%s` had other values at its first use",
                            draft->name);
    *out = (nas_setting){.decision = index};
    return NAS_OK;
}

static nas_status grow(nas_parser *parser, const yaml_node_t *at)
{
    nas_space *space = parser->space;
    if (space->n_decisions == SPACE_MAX_DECISIONS)
        return nas_doc_fail(&parser->doc, at, parser->err, "more than %d decisions",
                            SPACE_MAX_DECISIONS);
    if (space->n_decisions < space->decision_capacity)
        return NAS_OK;
    int capacity = space->decision_capacity == 0 ? 32 : 2 * space->decision_capacity;
    nas_decision *decisions = NAS_NEW(space->arena, nas_decision, capacity);
    NAS_TRY_ALLOC(decisions, parser->err);
    if (space->n_decisions > 0)
        memcpy(decisions, space->decisions,
               (size_t)space->n_decisions * sizeof *decisions);
    space->decisions = decisions;
    space->decision_capacity = capacity;
    return NAS_OK;
}

nas_status nas_parse_decision(nas_parser *parser, const yaml_node_t *at,
                              const nas_decision *draft, nas_setting *out)
{
    if (draft->n_values == 1) {
        *out = (nas_setting){.decision = -1, .value = draft->values[0]};
        return NAS_OK;
    }
    nas_space *space = parser->space;
    uint64_t hash = nas_hash64(draft->name, strlen(draft->name), 0);
    for (int i = 0; i < space->n_decisions; i++)
        if (space->decisions[i].name_hash == hash &&
            strcmp(space->decisions[i].name, draft->name) == 0)
            return meet_again(parser, at, draft, i, out);
    NAS_TRY(grow(parser, at));
    nas_decision *decision = &space->decisions[space->n_decisions];
    *decision = *draft;
    decision->name_hash = hash;
    *out = (nas_setting){.decision = space->n_decisions++};
    return NAS_OK;
}
