/* Configuration files: a flat YAML mapping of option names to values. */
#include "cli.h"

#include "nasmith/file.h"
#include "nasmith/text.h"

#include <string.h>
#include <yaml.h>

#define CONFIG_MAX_BYTES (1u << 20)

/* What a file is read with. */
typedef struct reader {
    nas_cli *cli;
    const char *path;
    nas_cli_source source;
    const char *text;
    size_t bytes;
    yaml_document_t *document;
} reader;

static nas_status fail_at(const reader *r, yaml_mark_t mark, const char *message,
                          nas_err *err)
{
    nas_fail(err, NAS_E_CONFIG, "%s:%zu:%zu: %s", r->path, mark.line + 1, mark.column + 1,
             message);
    nas_err_source(err, r->text, r->bytes, mark.line + 1, mark.column + 1, 1);
    return NAS_E_CONFIG;
}

static nas_status unknown_key(const reader *r, const yaml_node_t *key, const char *name,
                              nas_err *err)
{
    const char *names[96];
    size_t n = 0;
    for (int i = 0; r->cli->params[i].name != NULL && n < 96; i++)
        names[n++] = r->cli->params[i].name;
    char message[160];
    (void)snprintf(message, sizeof message, "unknown key `%.80s`", name);
    fail_at(r, key->start_mark, message, err);
    const char *near = nas_text_nearest(name, names, n);
    if (near != NULL)
        nas_err_hint(err, "did you mean `%s`?", near);
    return NAS_E_CONFIG;
}

/* A key of another verb is fine in a shared file. */
static bool known_elsewhere(const char *name)
{
    const nas_command *const *commands = nas_cli_commands();
    for (int i = 0; commands[i] != NULL; i++)
        if (nas_param_find(commands[i]->params, name) >= 0 ||
            (commands[i]->more != NULL && nas_param_find(commands[i]->more, name) >= 0))
            return true;
    return false;
}

static nas_status read_pair(const reader *r, const yaml_node_pair_t *pair, nas_err *err)
{
    const yaml_node_t *key = yaml_document_get_node(r->document, pair->key);
    const yaml_node_t *value = yaml_document_get_node(r->document, pair->value);
    if (key->type != YAML_SCALAR_NODE)
        return fail_at(r, key->start_mark, "expected `name: value`", err);
    const char *name = (const char *)key->data.scalar.value;
    int index = nas_param_find(r->cli->params, name);
    if (index < 0)
        return known_elsewhere(name) ? NAS_OK : unknown_key(r, key, name, err);
    if (value->type != YAML_SCALAR_NODE)
        return fail_at(r, value->start_mark, "expected one value", err);
    const char *text =
        nas_arena_strdup(r->cli->arena, (const char *)value->data.scalar.value);
    NAS_TRY_ALLOC(text, err);
    nas_err inner = {0};
    if (nas_cli_set(r->cli, index, text, r->source, &inner) != NAS_OK) {
        fail_at(r, value->start_mark, inner.text, err);
        nas_err_hint(err, "%s", inner.hint);
        return NAS_E_CONFIG;
    }
    return NAS_OK;
}

static nas_status read_document(const reader *r, nas_err *err)
{
    const yaml_node_t *root = yaml_document_get_root_node(r->document);
    if (root == NULL)
        return NAS_OK;
    if (root->type != YAML_MAPPING_NODE)
        return fail_at(r, root->start_mark, "expected lines of `name: value`", err);
    const yaml_node_pair_t *pair = root->data.mapping.pairs.start;
    for (; pair < root->data.mapping.pairs.top; pair++)
        NAS_TRY(read_pair(r, pair, err));
    return NAS_OK;
}

static nas_status parse_text(reader *r, nas_err *err)
{
    yaml_parser_t parser;
    if (yaml_parser_initialize(&parser) == 0)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    yaml_parser_set_input_string(&parser, (const unsigned char *)r->text, r->bytes);
    yaml_document_t document;
    nas_status status;
    if (yaml_parser_load(&parser, &document) == 0) {
        status = fail_at(r, parser.problem_mark,
                         parser.problem != NULL ? parser.problem : "not valid YAML", err);
    } else {
        r->document = &document;
        status = read_document(r, err);
        r->document = NULL;
        yaml_document_delete(&document);
    }
    yaml_parser_delete(&parser);
    return status;
}

nas_status nas_cli_read_config(nas_cli *cli, const char *path, nas_cli_source source,
                               bool required, nas_err *err)
{
    if (!required && !nas_file_exists(path))
        return NAS_OK;
    char *text = NULL;
    size_t bytes = 0;
    NAS_TRY(nas_file_read(path, CONFIG_MAX_BYTES, &text, &bytes, err));
    reader r = {.cli = cli, .path = path, .source = source, .text = text, .bytes = bytes};
    nas_status status = parse_text(&r, err);
    nas_heap_free(text);
    return status;
}
