/* A YAML document with places, for messages that point at what the user wrote. */
#ifndef NASMITH_BASE_DOC_H
#define NASMITH_BASE_DOC_H

#include "nasmith/err.h"

#include <stdbool.h>
#include <stddef.h>

#include <yaml.h>

typedef struct nas_doc {
    const char *name, *text; /* borrowed */
    size_t bytes;
    yaml_document_t document;
    bool loaded;
} nas_doc;

/* Parse exactly one document. `doc` need not be initialised.
 * @return NAS_E_CONFIG with the place */
nas_status nas_doc_load(nas_doc *doc, const char *name, const char *text, size_t bytes,
                        nas_err *err);
void nas_doc_free(nas_doc *doc);

yaml_node_t *nas_doc_root(nas_doc *doc);

/* @return the text of a scalar, or NULL for other nodes */
const char *nas_doc_scalar(const yaml_node_t *node);

/* Number of items of a sequence or pairs of a mapping; 0 for scalars. */
int nas_doc_count(const yaml_node_t *node);
yaml_node_t *nas_doc_item(nas_doc *doc, const yaml_node_t *sequence, int index);
/* Keys are scalars and distinct: nas_doc_load has checked it. */
yaml_node_t *nas_doc_key(nas_doc *doc, const yaml_node_t *mapping, int index);
yaml_node_t *nas_doc_value(nas_doc *doc, const yaml_node_t *mapping, int index);
/* The value of a key, or NULL. */
yaml_node_t *nas_doc_get(nas_doc *doc, const yaml_node_t *mapping, const char *key);

/* Fill `err` with "NAME:LINE:COLUMN: message" and the quoted line.
 * @return NAS_E_CONFIG */
nas_status nas_doc_fail(const nas_doc *doc, const yaml_node_t *at, nas_err *err,
                        const char *fmt, ...) NAS_PRINTF(4, 5);

/* "unknown WHAT `key`, expected one of ..." with did-you-mean.
 * @param words  `n` accepted words */
nas_status nas_doc_fail_unknown(const nas_doc *doc, const yaml_node_t *at, nas_err *err,
                                const char *what, const char *const *words, size_t n);

#endif
