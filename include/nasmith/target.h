/* Devices that networks are made for: what fits, in which numbers, and how long it takes.
 *
 * The build puts targets/<name>.yaml inside the program; a file of the user's has the
 * same form (docs/targets.md). */
#ifndef NASMITH_TARGET_H
#define NASMITH_TARGET_H

#include "nasmith/cost.h"
#include "nasmith/err.h"
#include "nasmith/param.h"

#include <stddef.h>
#include <stdint.h>

typedef struct nas_target {
    char name[32]; /* "" : none */
    char summary[96];
    int64_t ram_bytes, flash_bytes; /* 0: as much as you like */
    nas_dtype dtype;
    nas_device device; /* without a clock: this machine, which is measured */
    char flags[120];   /* of gcc for this core; "" */
} nas_target;

/* Keys of a target file, and those below `cycles:`. */
extern const nas_param nas_target_params[];
extern const nas_param nas_target_cycle_params[];

/* Those inside the program, sorted by name; the text is the file. */
int nas_target_count(void);
void nas_target_name(int index, char *out, size_t size);
const char *nas_target_text(int index);

/* Read a target from its text.
 * @param name  of the file, for messages; the target gets it without folder and ending
 * @return NAS_E_CONFIG with name:line:column */
nas_status nas_target_parse(const char *text, size_t bytes, const char *name,
                            nas_target *out, nas_err *err);

/* A target by name, or from the file at a path.
 * @return NAS_E_CONFIG, NAS_E_IO */
nas_status nas_target_load(const char *what, nas_target *out, nas_err *err);

#endif
