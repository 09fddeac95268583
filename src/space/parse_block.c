#include "space/parse.h"

#include "nasmith/text.h"

#include <ctype.h>
#include <string.h>

nas_status nas_parse_word(nas_parser *parser, const yaml_node_t *node, const char *what,
                          const char **out)
{
    const char *word = nas_doc_scalar(node);
    size_t n = word == NULL ? 0 : strlen(word);
    bool good = n >= 1 && n <= SPACE_MAX_NAME;
    for (size_t i = 0; i < n && good; i++)
        good = isalnum((unsigned char)word[i]) || word[i] == '_' || word[i] == '-';
    if (!good)
        return nas_doc_fail(&parser->doc, node, parser->err,
                            "%s: expected 1 to %d letters, digits, `_` or `-`", what,
                            SPACE_MAX_NAME);
    *out = nas_arena_strdup(parser->space->arena, word);
    NAS_TRY_ALLOC(*out, parser->err);
    return NAS_OK;
}

const char *nas_parse_path(const nas_parser *parser, const char *path, const char *part)
{
    if (path[0] == '\0')
        return nas_arena_strdup(parser->space->arena, part);
    return nas_arena_printf(parser->space->arena, "%s.%s", path, part);
}

nas_status nas_parse_new_block(nas_parser *parser, const yaml_node_t *at,
                               nas_block_kind kind, const char *path, nas_block **out)
{
    if ((kind == NAS_BLOCK_LOG_MEL || kind == NAS_BLOCK_MFCC) &&
        parser->space->context.sample_rate == 0) {
        nas_status status =
            nas_doc_fail(&parser->doc, at, parser->err,
                         "`%s` needs the data's sampling rate, which is not known",
                         nas_block_get(kind)->name);
        nas_err_hint(parser->err, "give it with --sample-rate, or use `spectrogram` with "
                                  "`window` in samples");
        return status;
    }
    if (++parser->n_blocks > SPACE_MAX_BLOCKS)
        return nas_doc_fail(&parser->doc, at, parser->err,
                            "more than %d blocks, repetitions and aliases included",
                            SPACE_MAX_BLOCKS);
    NAS_TRY_ALLOC(path, parser->err);
    nas_block *block = NAS_NEW(parser->space->arena, nas_block, 1);
    NAS_TRY_ALLOC(block, parser->err);
    block->kind = kind;
    block->name = path;
    for (int i = 0; i < SPACE_MAX_SETTINGS; i++)
        block->set[i].decision = -1;
    *out = block;
    return NAS_OK;
}

static nas_status new_children(nas_parser *parser, nas_block *block, int n)
{
    block->n_children = n;
    block->children = NAS_NEW(parser->space->arena, nas_block *, n);
    NAS_TRY_ALLOC(block->children, parser->err);
    return NAS_OK;
}

/* ---- options -------------------------------------------------------------------- */

static nas_status fail_option(nas_parser *parser, const yaml_node_t *key,
                              const nas_block_info *info, const char *const *extra)
{
    const char *words[SPACE_MAX_SETTINGS + 4];
    size_t n = 0;
    for (const nas_param *p = info->options; p->name != NULL; p++)
        words[n++] = p->name;
    for (; *extra != NULL; extra++)
        words[n++] = *extra;
    if (n == 0)
        return nas_doc_fail(&parser->doc, key, parser->err, "%s takes no options",
                            info->name);
    char what[64];
    (void)snprintf(what, sizeof what, "option of %s", info->name);
    return nas_doc_fail_unknown(&parser->doc, key, parser->err, what, words, n);
}

static bool is_extra(const char *word, const char *const *extra)
{
    for (; *extra != NULL; extra++)
        if (strcmp(word, *extra) == 0)
            return true;
    return false;
}

static nas_status parse_option(nas_parser *parser, const nas_entry *entry,
                               nas_block *block, int index, const char *const *extra)
{
    const nas_block_info *info = nas_block_get(block->kind);
    yaml_node_t *key = nas_doc_key(&parser->doc, entry->body, index);
    const char *word = nas_doc_scalar(key);
    if (is_extra(word, extra))
        return NAS_OK;
    int option = nas_param_find(info->options, word);
    if (option < 0)
        return fail_option(parser, key, info, extra);
    const char *path = nas_parse_path(parser, block->name, word);
    NAS_TRY_ALLOC(path, parser->err);
    return nas_parse_setting(parser, nas_doc_value(&parser->doc, entry->body, index),
                             &info->options[option], path, &block->set[option]);
}

nas_status nas_parse_options(nas_parser *parser, const nas_entry *entry, nas_block *block,
                             const char *const *extra)
{
    const nas_block_info *info = nas_block_get(block->kind);
    const yaml_node_t *body = entry->body;
    if (body != NULL && body->type != YAML_MAPPING_NODE)
        return nas_doc_fail(&parser->doc, body, parser->err,
                            "%s: expected options as {key: value}", info->name);
    for (int i = 0; info->options[i].name != NULL; i++) {
        bool missing;
        NAS_TRY(nas_parse_default(parser, &info->options[i], &block->set[i], &missing));
        if (missing && (body == NULL ||
                        nas_doc_get(&parser->doc, body, info->options[i].name) == NULL))
            return nas_doc_fail(&parser->doc, entry->at, parser->err, "%s needs `%s`",
                                info->name, info->options[i].name);
    }
    for (int i = 0; body != NULL && i < nas_doc_count(body); i++)
        NAS_TRY(parse_option(parser, entry, block, i, extra));
    return NAS_OK;
}

nas_status nas_parse_constant(nas_parser *parser, const nas_entry *entry,
                              const nas_block *block, int option, int *out)
{
    if (block->set[option].decision >= 0)
        return nas_doc_fail(&parser->doc, entry->at, parser->err,
                            "%s: `%s` must be one value, it cannot be a decision",
                            nas_block_get(block->kind)->name,
                            nas_block_get(block->kind)->options[option].name);
    *out = (int)block->set[option].value;
    return NAS_OK;
}

/* ---- one entry ------------------------------------------------------------------- */

static nas_status fail_kind(nas_parser *parser, const yaml_node_t *at)
{
    const char *words[NAS_BLOCK_COUNT];
    for (int kind = 0; kind < NAS_BLOCK_CHAIN; kind++)
        words[kind] = nas_block_get((nas_block_kind)kind)->name;
    return nas_doc_fail_unknown(&parser->doc, at, parser->err, "block", words,
                                NAS_BLOCK_CHAIN);
}

static nas_status read_pair(nas_parser *parser, yaml_node_t *node, int index,
                            nas_entry *entry)
{
    yaml_node_t *key = nas_doc_key(&parser->doc, node, index);
    yaml_node_t *value = nas_doc_value(&parser->doc, node, index);
    const char *word = nas_doc_scalar(key);
    if (strcmp(word, "name") == 0)
        return nas_parse_word(parser, value, "name", &entry->name);
    if (strcmp(word, "share") == 0)
        return nas_parse_word(parser, value, "share", &entry->share);
    nas_block_kind kind = nas_block_find(word);
    if (kind == NAS_BLOCK_COUNT)
        return fail_kind(parser, key);
    if (entry->kind != NAS_BLOCK_COUNT)
        return nas_doc_fail(&parser->doc, key, parser->err,
                            "two blocks in one entry, `%s` and `%s`: write a list",
                            nas_block_get(entry->kind)->name, word);
    entry->kind = kind;
    entry->at = key;
    entry->body = value;
    return NAS_OK;
}

static nas_status read_entry(nas_parser *parser, yaml_node_t *node, nas_entry *entry)
{
    *entry = (nas_entry){.kind = NAS_BLOCK_COUNT, .at = node};
    if (node->type == YAML_SEQUENCE_NODE) {
        entry->kind = NAS_BLOCK_CHAIN;
        entry->body = node;
        return NAS_OK;
    }
    if (node->type == YAML_SCALAR_NODE) {
        entry->kind = nas_block_find(nas_doc_scalar(node));
        return entry->kind == NAS_BLOCK_COUNT ? fail_kind(parser, node) : NAS_OK;
    }
    for (int i = 0; i < nas_doc_count(node); i++)
        NAS_TRY(read_pair(parser, node, i, entry));
    if (entry->kind == NAS_BLOCK_COUNT)
        return nas_doc_fail(&parser->doc, node, parser->err,
                            "expected a block such as conv: {out: 16}");
    return NAS_OK;
}

/* ---- blocks with blocks inside ---------------------------------------------------- */

static nas_status parse_entry(nas_parser *parser, const nas_entry *entry,
                              const char *path, nas_block **out);

/* "conv2": the second conv of its list, where the user gave no name. */
static nas_status default_name(nas_parser *parser, int *seen, nas_entry *entry)
{
    int ordinal = ++seen[entry->kind];
    if (entry->name == NULL)
        entry->name = nas_arena_printf(parser->space->arena, "%s%d",
                                       nas_block_get(entry->kind)->name, ordinal);
    NAS_TRY_ALLOC(entry->name, parser->err);
    return NAS_OK;
}

static nas_status parse_chain(nas_parser *parser, const nas_entry *entry,
                              nas_block *block)
{
    int seen[NAS_BLOCK_COUNT] = {0};
    int n = nas_doc_count(entry->body);
    NAS_TRY(new_children(parser, block, n));
    for (int i = 0; i < n; i++) {
        nas_entry item;
        NAS_TRY(read_entry(parser, nas_doc_item(&parser->doc, entry->body, i), &item));
        NAS_TRY(default_name(parser, seen, &item));
        const char *path = nas_parse_path(parser, block->name, item.name);
        NAS_TRY(parse_entry(parser, &item, path, &block->children[i]));
    }
    return NAS_OK;
}

/* Label of an alternative in a list: its word, with a number from its second use on. */
static nas_status list_label(nas_parser *parser, yaml_node_t *node, int *seen,
                             const char **out)
{
    nas_entry entry;
    NAS_TRY(read_entry(parser, node, &entry));
    int ordinal = ++seen[entry.kind];
    const char *word = nas_block_get(entry.kind)->name;
    *out = entry.name != NULL ? entry.name
           : ordinal == 1     ? word
                          : nas_arena_printf(parser->space->arena, "%s%d", word, ordinal);
    NAS_TRY_ALLOC(*out, parser->err);
    return NAS_OK;
}

static nas_status label_alternatives(nas_parser *parser, yaml_node_t *node,
                                     const char **labels, int n)
{
    int seen[NAS_BLOCK_COUNT] = {0};
    for (int i = 0; i < n; i++) {
        if (node->type == YAML_MAPPING_NODE)
            NAS_TRY(nas_parse_word(parser, nas_doc_key(&parser->doc, node, i),
                                   "label of an alternative", &labels[i]));
        else
            NAS_TRY(list_label(parser, nas_doc_item(&parser->doc, node, i), seen,
                               &labels[i]));
        for (int j = 0; j < i; j++)
            if (strcmp(labels[i], labels[j]) == 0)
                return nas_doc_fail(&parser->doc, node, parser->err,
                                    "two alternatives are named `%s`", labels[i]);
    }
    return NAS_OK;
}

/* {conv: {out: 8}, max_pool: {}} was meant as a list of blocks, but is read as labels. */
static nas_status hint_label(nas_parser *parser, const char *label, nas_status status)
{
    if (status == NAS_E_CONFIG && parser->err != NULL && parser->err->hint[0] == '\0' &&
        nas_block_find(label) != NAS_BLOCK_COUNT)
        nas_err_hint(parser->err,
                     "`%s` is a label here; to choose among blocks write a list: "
                     "[%s: {...}, ...]",
                     label, label);
    return status;
}

/* The body of an alternative or branch, from a list or from {label: block}. */
static nas_status parse_member(nas_parser *parser, yaml_node_t *node, int index,
                               const char *path, nas_block **out)
{
    NAS_TRY_ALLOC(path, parser->err);
    if (node->type == YAML_MAPPING_NODE) {
        const char *label = nas_doc_scalar(nas_doc_key(&parser->doc, node, index));
        yaml_node_t *body = nas_doc_value(&parser->doc, node, index);
        return hint_label(parser, label, nas_parse_body(parser, body, path, out));
    }
    nas_entry entry;
    NAS_TRY(read_entry(parser, nas_doc_item(&parser->doc, node, index), &entry));
    return parse_entry(parser, &entry, path, out);
}

static nas_status declare_pick(nas_parser *parser, const yaml_node_t *node,
                               nas_block *block, const char *const *labels, int n)
{
    double *values = NAS_NEW(parser->space->arena, double, n);
    NAS_TRY_ALLOC(values, parser->err);
    for (int i = 0; i < n; i++)
        values[i] = i;
    nas_decision draft = {.name = block->name,
                          .n_values = n,
                          .values = values,
                          .texts = labels,
                          .shared = parser->shared};
    return nas_parse_decision(parser, node, &draft, &block->set[CHOOSE_PICK]);
}

/* The decision comes before those of its alternatives. */
static nas_status parse_alternatives(nas_parser *parser, yaml_node_t *node,
                                     nas_block *block)
{
    int n = nas_doc_count(node);
    if (n < 1 || n > 256)
        return nas_doc_fail(&parser->doc, node, parser->err,
                            "choose: expected 1 to 256 blocks, a list or {label: block}");
    const char **labels = NAS_NEW(parser->space->arena, const char *, n);
    NAS_TRY_ALLOC(labels, parser->err);
    NAS_TRY(label_alternatives(parser, node, labels, n));
    NAS_TRY(declare_pick(parser, node, block, labels, n));
    NAS_TRY(new_children(parser, block, n));
    for (int i = 0; i < n; i++)
        NAS_TRY(parse_member(parser, node, i,
                             nas_parse_path(parser, block->name, labels[i]),
                             &block->children[i]));
    return NAS_OK;
}

nas_status nas_parse_choose(nas_parser *parser, yaml_node_t *node, const char *path,
                            nas_block **out)
{
    NAS_TRY(nas_parse_new_block(parser, node, NAS_BLOCK_CHOOSE, path, out));
    return parse_alternatives(parser, node, *out);
}

/* `of:`, or the whole body where that is a list. */
static nas_status find_of(nas_parser *parser, const nas_entry *entry, yaml_node_t **out)
{
    if (entry->body != NULL && entry->body->type == YAML_SEQUENCE_NODE)
        *out = entry->body;
    else
        *out = entry->body == NULL ? NULL : nas_doc_get(&parser->doc, entry->body, "of");
    if (*out != NULL)
        return NAS_OK;
    return nas_doc_fail(&parser->doc, entry->at, parser->err, "%s needs `of`",
                        nas_block_get(entry->kind)->name);
}

static nas_status parse_options_and_of(nas_parser *parser, const nas_entry *entry,
                                       nas_block *block, yaml_node_t **of)
{
    static const char *const OF[] = {"of", NULL};
    NAS_TRY(find_of(parser, entry, of));
    nas_entry options = *entry;
    if (*of == entry->body)
        options.body = NULL;
    return nas_parse_options(parser, &options, block, OF);
}

static int most_times(const nas_space *space, const nas_setting *times)
{
    if (times->decision < 0)
        return (int)times->value;
    const nas_decision *decision = &space->decisions[times->decision];
    return (int)decision->values[decision->n_values - 1];
}

static nas_status parse_repeat(nas_parser *parser, const nas_entry *entry,
                               nas_block *block)
{
    yaml_node_t *of;
    int tied = 0;
    NAS_TRY(parse_options_and_of(parser, entry, block, &of));
    NAS_TRY(nas_parse_constant(parser, entry, block, REPEAT_TIED, &tied));
    int n = most_times(parser->space, &block->set[REPEAT_TIMES]);
    if (tied && n > 1)
        n = 1;
    NAS_TRY(new_children(parser, block, n));
    for (int i = 0; i < n; i++) {
        char number[16];
        (void)snprintf(number, sizeof number, "%d", i + 1);
        const char *path =
            tied ? block->name : nas_parse_path(parser, block->name, number);
        NAS_TRY_ALLOC(path, parser->err);
        NAS_TRY(nas_parse_body(parser, of, path, &block->children[i]));
    }
    return NAS_OK;
}

static nas_status parse_residual(nas_parser *parser, const nas_entry *entry,
                                 nas_block *block)
{
    yaml_node_t *of;
    NAS_TRY(parse_options_and_of(parser, entry, block, &of));
    NAS_TRY(new_children(parser, block, 1));
    return nas_parse_body(parser, of, block->name, &block->children[0]);
}

static nas_status parse_branches(nas_parser *parser, const nas_entry *entry,
                                 nas_block *block)
{
    yaml_node_t *of;
    NAS_TRY(parse_options_and_of(parser, entry, block, &of));
    int n = nas_doc_count(of);
    if (n < 1 || n > 64)
        return nas_doc_fail(
            &parser->doc, of, parser->err,
            "branches: expected 1 to 64 blocks, a list or {label: block}");
    const char **labels = NAS_NEW(parser->space->arena, const char *, n);
    NAS_TRY_ALLOC(labels, parser->err);
    NAS_TRY(label_alternatives(parser, of, labels, n));
    NAS_TRY(new_children(parser, block, n));
    for (int i = 0; i < n; i++)
        NAS_TRY(parse_member(parser, of, i,
                             nas_parse_path(parser, block->name, labels[i]),
                             &block->children[i]));
    return NAS_OK;
}

static nas_status parse_inside(nas_parser *parser, const nas_entry *entry,
                               nas_block *block)
{
    static const char *const NO_EXTRA[] = {NULL};
    switch (entry->kind) {
    case NAS_BLOCK_CHAIN:
        return parse_chain(parser, entry, block);
    case NAS_BLOCK_CHOOSE:
        if (entry->body == NULL)
            return nas_doc_fail(&parser->doc, entry->at, parser->err,
                                "choose: expected blocks, a list or {label: block}");
        return parse_alternatives(parser, entry->body, block);
    case NAS_BLOCK_REPEAT:
        return parse_repeat(parser, entry, block);
    case NAS_BLOCK_RESIDUAL:
        return parse_residual(parser, entry, block);
    case NAS_BLOCK_BRANCHES:
        return parse_branches(parser, entry, block);
    case NAS_BLOCK_CELL:
        return nas_parse_cell(parser, entry, block);
    default:
        return nas_parse_options(parser, entry, block, NO_EXTRA);
    }
}

/* A block with `share` is named by that word alone, wherever it stands, so that all
 * blocks with the same word have the same decisions. */
static nas_status parse_entry(nas_parser *parser, const nas_entry *entry,
                              const char *path, nas_block **out)
{
    if (parser->depth == SPACE_MAX_DEPTH)
        return nas_doc_fail(&parser->doc, entry->at, parser->err,
                            "more than %d blocks inside each other", SPACE_MAX_DEPTH);
    bool outer = parser->shared;
    parser->shared = outer || entry->share != NULL;
    parser->depth++;
    NAS_TRY(nas_parse_new_block(parser, entry->at, entry->kind,
                                entry->share == NULL ? path : entry->share, out));
    NAS_TRY(parse_inside(parser, entry, *out));
    parser->depth--;
    parser->shared = outer;
    return NAS_OK;
}

nas_status nas_parse_body(nas_parser *parser, yaml_node_t *node, const char *path,
                          nas_block **out)
{
    nas_entry entry;
    NAS_TRY(read_entry(parser, node, &entry));
    if (entry.name != NULL)
        path = nas_parse_path(parser, path, entry.name);
    return parse_entry(parser, &entry, path, out);
}
