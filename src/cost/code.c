#include "cost/code.h"

#include <stdio.h>
#include <string.h>

/* Of a part that has no row: more than nearly all have. */
enum { UNKNOWN_FLASH = 640, UNKNOWN_STACK = 128 };

static int column_of(const char *name)
{
    int last = 0;
    for (int i = 0; nas_code_columns[i] != NULL; i++) {
        if (strcmp(nas_code_columns[i], name) == 0)
            return i;
        last = i;
    }
    return last;
}

static const nas_code_row *row_of(const char *part, nas_dtype dtype)
{
    for (const nas_code_row *row = nas_code_rows; row->part != NULL; row++)
        if (row->dtype == dtype && strcmp(row->part, part) == 0)
            return row;
    return NULL;
}

static nas_code part_of(const char *part, nas_dtype dtype, int column)
{
    const nas_code_row *row = row_of(part, dtype);
    if (row == NULL)
        return (nas_code){UNKNOWN_FLASH, UNKNOWN_STACK};
    return (nas_code){row->flash[column], row->stack[column]};
}

/* Kernels do not call each other: the stack is that of the start, of all helpers, and of
 * the kernel that needs most. */
nas_code nas_code_of(const nas_c_size *size, nas_dtype dtype, const char *column)
{
    const int at = column_of(column);
    nas_code out = part_of("run", dtype, at);
    int64_t most = 0;
    /* gcc for x86 aligns constants for its vectors. */
    out.flash_bytes += strncmp(nas_code_columns[at], "x86", 3) == 0
                           ? size->parameter_bytes_32
                           : size->parameter_bytes;
    for (int i = 0; i < size->n_parts; i++) {
        nas_code part = part_of(size->parts[i], dtype, at);
        out.flash_bytes += part.flash_bytes;
        if (i < size->helpers)
            out.stack_bytes += part.stack_bytes;
        else
            most = part.stack_bytes > most ? part.stack_bytes : most;
    }
    for (int n = 0; n <= NAS_C_MOST_ARGUMENTS; n++) {
        char name[16];
        (void)snprintf(name, sizeof name, "call%d", n);
        if (size->calls[n] > 0)
            out.flash_bytes += size->calls[n] * part_of(name, dtype, at).flash_bytes;
    }
    out.stack_bytes += most;
    return out;
}
