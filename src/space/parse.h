/* From YAML to the tree of blocks. Every function reports through parser->err. */
#ifndef NASMITH_SPACE_PARSE_H
#define NASMITH_SPACE_PARSE_H

#include "base/doc.h"
#include "space/space.h"

typedef struct nas_parser {
    nas_space *space;
    nas_doc doc;
    nas_err *err;
    int depth, n_blocks;
    int64_t n_values;
    bool shared;  /* inside a block with `share` */
    bool in_cell; /* inside an operation of a cell */
} nas_parser;

/* What the user wrote for one block. */
typedef struct nas_entry {
    nas_block_kind kind;
    yaml_node_t *at;          /* for messages */
    yaml_node_t *body;        /* options; NULL for a bare word */
    const char *name, *share; /* or NULL */
} nas_entry;

/* One value, a list or range of values (a decision named `name`), or {share, values}. */
nas_status nas_parse_setting(nas_parser *parser, yaml_node_t *node,
                             const nas_param *param, const char *name, nas_setting *out);
/* The default of an option; `*missing` when it has none. */
nas_status nas_parse_default(nas_parser *parser, const nas_param *param, nas_setting *out,
                             bool *missing);

/* Add a decision, or find the shared one of the same name and values. One value makes a
 * constant.
 * @param draft  name, values, texts (in the space's arena), ordered, shared */
nas_status nas_parse_decision(nas_parser *parser, const yaml_node_t *at,
                              const nas_decision *draft, nas_setting *out);

/* Check a `name`, `share` or label: letters, digits, `_` and `-`. */
nas_status nas_parse_word(nas_parser *parser, const yaml_node_t *node, const char *what,
                          const char **out);

/* `path`.`part`, or `part` below the root. NULL when memory is out. */
const char *nas_parse_path(const nas_parser *parser, const char *path, const char *part);

/* A block, or a list of blocks (a chain). */
nas_status nas_parse_body(nas_parser *parser, yaml_node_t *node, const char *path,
                          nas_block **out);
/* What a `choose:` holds, also the `ops:` of a cell. */
nas_status nas_parse_choose(nas_parser *parser, yaml_node_t *node, const char *path,
                            nas_block **out);
/* A block without settings. Counts towards the cap. */
nas_status nas_parse_new_block(nas_parser *parser, const yaml_node_t *at,
                               nas_block_kind kind, const char *path, nas_block **out);
/* The options of a mapping into block->set, other keys must be in `extra`.
 * @param extra  NULL-terminated, at most 4 words */
nas_status nas_parse_options(nas_parser *parser, const nas_entry *entry, nas_block *block,
                             const char *const *extra);
/* A setting that must not be a decision. */
nas_status nas_parse_constant(nas_parser *parser, const nas_entry *entry,
                              const nas_block *block, int option, int *out);

nas_status nas_parse_cell(nas_parser *parser, const nas_entry *entry, nas_block *block);
nas_status nas_parse_train(nas_parser *parser, yaml_node_t *node);

#endif
