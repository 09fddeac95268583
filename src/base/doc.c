#include "base/doc.h"

#include "nasmith/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* "NAME:LINE:COLUMN: message"; a long name keeps its end. */
static nas_status fail_at(const nas_doc *doc, yaml_mark_t mark, nas_err *err,
                          const char *message)
{
    size_t length = strlen(doc->name);
    const char *name = length > 200 ? doc->name + length - 200 : doc->name;
    return nas_fail(err, NAS_E_CONFIG, "%s:%zu:%zu: %s", name, mark.line + 1,
                    mark.column + 1, message);
}

/* Bytes of the first `characters` characters of a line. */
static size_t bytes_of(const char *line, const char *end, size_t characters)
{
    const char *p = line;
    for (size_t i = 0; i < characters && p < end && *p != '\n'; i++) {
        p++;
        while (p < end && ((unsigned char)*p & 0xc0) == 0x80)
            p++;
    }
    return (size_t)(p - line);
}

/* libyaml counts columns in characters, the quoting in bytes. */
static void quote(const nas_doc *doc, yaml_mark_t mark, size_t width, nas_err *err)
{
    const char *line = doc->text;
    const char *end = doc->text + doc->bytes;
    for (size_t i = 0; i < mark.line && line < end; i++) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        line = newline == NULL ? end : newline + 1;
    }
    size_t before = bytes_of(line, end, mark.column);
    nas_err_source(err, doc->text, doc->bytes, mark.line + 1, before + 1,
                   bytes_of(line + before, end, width));
}

static nas_status check_scalar(const nas_doc *doc, const yaml_node_t *node, nas_err *err)
{
    if (strlen((const char *)node->data.scalar.value) != node->data.scalar.length)
        return nas_doc_fail(doc, node, err, "a text that contains a zero byte");
    return NAS_OK;
}

/* Keys are few per mapping, so each is compared with those before it. */
static nas_status check_mapping(nas_doc *doc, const yaml_node_t *node, nas_err *err)
{
    int n = nas_doc_count(node);
    if (n > 256)
        return nas_doc_fail(doc, node, err, "%d keys in one place, at most 256", n);
    for (int i = 0; i < n; i++) {
        const yaml_node_t *key = nas_doc_key(doc, node, i);
        const char *word = nas_doc_scalar(key);
        if (word == NULL)
            return nas_doc_fail(doc, key, err, "a key that is not a plain word");
        for (int j = 0; j < i; j++)
            if (strcmp(word, nas_doc_scalar(nas_doc_key(doc, node, j))) == 0)
                return nas_doc_fail(doc, key, err, "key `%s` twice", word);
    }
    return NAS_OK;
}

static nas_status check_nodes(nas_doc *doc, nas_err *err)
{
    for (int i = 1; yaml_document_get_node(&doc->document, i) != NULL; i++) {
        const yaml_node_t *node = yaml_document_get_node(&doc->document, i);
        if (node->type == YAML_SCALAR_NODE)
            NAS_TRY(check_scalar(doc, node, err));
    }
    for (int i = 1; yaml_document_get_node(&doc->document, i) != NULL; i++) {
        const yaml_node_t *node = yaml_document_get_node(&doc->document, i);
        if (node->type == YAML_MAPPING_NODE)
            NAS_TRY(check_mapping(doc, node, err));
    }
    return NAS_OK;
}

static nas_status fail_parser(const nas_doc *doc, const yaml_parser_t *parser,
                              nas_err *err)
{
    if (parser->error == YAML_MEMORY_ERROR)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    char message[256];
    (void)snprintf(message, sizeof message, "not valid YAML: %s%s%s",
                   parser->problem == NULL ? "unreadable" : parser->problem,
                   parser->context == NULL ? "" : " ",
                   parser->context == NULL ? "" : parser->context);
    if (parser->error == YAML_READER_ERROR)
        return nas_fail(err, NAS_E_CONFIG, "%s: %s (byte %zu)", doc->name, message,
                        parser->problem_offset);
    (void)fail_at(doc, parser->problem_mark, err, message);
    quote(doc, parser->problem_mark, 1, err);
    size_t at = parser->problem_mark.index;
    if (at < doc->bytes && doc->text[at] == '\t')
        nas_err_hint(err, "indent with spaces, not with tabs");
    return NAS_E_CONFIG;
}

static nas_status load(nas_doc *doc, yaml_parser_t *parser, nas_err *err)
{
    if (!yaml_parser_load(parser, &doc->document))
        return fail_parser(doc, parser, err);
    doc->loaded = true;
    yaml_document_t second;
    if (!yaml_parser_load(parser, &second))
        return fail_parser(doc, parser, err);
    const yaml_node_t *more = yaml_document_get_root_node(&second);
    nas_status status = NAS_OK;
    if (more != NULL)
        status = nas_doc_fail(doc, more, err, "a second document, expected one");
    yaml_document_delete(&second);
    NAS_TRY(status);
    return check_nodes(doc, err);
}

nas_status nas_doc_load(nas_doc *doc, const char *name, const char *text, size_t bytes,
                        nas_err *err)
{
    *doc = (nas_doc){.name = name, .text = text, .bytes = bytes};
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, bytes);
    nas_status status = load(doc, &parser, err);
    yaml_parser_delete(&parser);
    if (status != NAS_OK)
        nas_doc_free(doc);
    return status;
}

void nas_doc_free(nas_doc *doc)
{
    if (doc->loaded)
        yaml_document_delete(&doc->document);
    doc->loaded = false;
}

yaml_node_t *nas_doc_root(nas_doc *doc)
{
    return yaml_document_get_root_node(&doc->document);
}

const char *nas_doc_scalar(const yaml_node_t *node)
{
    return node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

int nas_doc_count(const yaml_node_t *node)
{
    if (node->type == YAML_SEQUENCE_NODE)
        return (int)(node->data.sequence.items.top - node->data.sequence.items.start);
    if (node->type == YAML_MAPPING_NODE)
        return (int)(node->data.mapping.pairs.top - node->data.mapping.pairs.start);
    return 0;
}

yaml_node_t *nas_doc_item(nas_doc *doc, const yaml_node_t *sequence, int index)
{
    return yaml_document_get_node(&doc->document,
                                  sequence->data.sequence.items.start[index]);
}

yaml_node_t *nas_doc_key(nas_doc *doc, const yaml_node_t *mapping, int index)
{
    return yaml_document_get_node(&doc->document,
                                  mapping->data.mapping.pairs.start[index].key);
}

yaml_node_t *nas_doc_value(nas_doc *doc, const yaml_node_t *mapping, int index)
{
    return yaml_document_get_node(&doc->document,
                                  mapping->data.mapping.pairs.start[index].value);
}

yaml_node_t *nas_doc_get(nas_doc *doc, const yaml_node_t *mapping, const char *key)
{
    if (mapping->type != YAML_MAPPING_NODE)
        return NULL;
    for (int i = 0; i < nas_doc_count(mapping); i++)
        if (strcmp(nas_doc_scalar(nas_doc_key(doc, mapping, i)), key) == 0)
            return nas_doc_value(doc, mapping, i);
    return NULL;
}

nas_status nas_doc_fail(const nas_doc *doc, const yaml_node_t *at, nas_err *err,
                        const char *fmt, ...)
{
    char message[640];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    (void)fail_at(doc, at->start_mark, err, message);
    bool scalar =
        at->type == YAML_SCALAR_NODE && at->end_mark.index > at->start_mark.index;
    quote(doc, at->start_mark, scalar ? at->end_mark.index - at->start_mark.index : 1,
          err);
    return NAS_E_CONFIG;
}

nas_status nas_doc_fail_unknown(const nas_doc *doc, const yaml_node_t *at, nas_err *err,
                                const char *what, const char *const *words, size_t n)
{
    nas_text list = {0};
    for (size_t i = 0; i < n; i++)
        nas_text_printf(&list, "%s%s", i == 0 ? "" : ", ", words[i]);
    const char *word = nas_doc_scalar(at);
    if (word == NULL)
        word = "";
    (void)nas_doc_fail(doc, at, err, "unknown %s `%.60s`, expected one of %s", what, word,
                       nas_text_string(&list));
    const char *nearest = nas_text_nearest(word, words, n);
    if (nearest != NULL)
        nas_err_hint(err, "did you mean `%s`?", nearest);
    nas_text_free(&list);
    return NAS_E_CONFIG;
}
