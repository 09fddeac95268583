/* Code and stack of the generated C, measured with the compilers named in code_table.c by
 * tools/measure-code. */
#ifndef NASMITH_COST_CODE_H
#define NASMITH_COST_CODE_H

#include "nasmith/cost.h"
#include "nasmith/export.h"

enum { NAS_CODE_COLUMNS = 9 };

/* A file of the runtime; "run": what all networks have; "call3" to "call6": a call of a
 * kernel with so many arguments. Bytes. */
typedef struct nas_code_row {
    const char *part; /* NULL ends the table */
    nas_dtype dtype;
    uint16_t flash[NAS_CODE_COLUMNS], stack[NAS_CODE_COLUMNS];
} nas_code_row;

extern const nas_code_row nas_code_rows[];
/* Version of each column's compiler, as `gcc -dumpfullversion` says it. */
extern const char *const nas_code_compilers[];

typedef struct nas_code {
    int64_t flash_bytes; /* code and the constants of calls; without tables */
    int64_t stack_bytes;
} nas_code;

/* @param column  of nas_code_columns; any other: x86-64 */
nas_code nas_code_of(const nas_c_size *size, nas_dtype dtype, const char *column);

#endif
