/* Writing one finalist out and running it again. */
#ifndef NASMITH_SEARCH_EXPORT_H
#define NASMITH_SEARCH_EXPORT_H

#include "search/run.h"

/* Raw validation rows and the engine's answers for one model. */
typedef struct check_rows {
    float *inputs;   /* [n][C*H*W] */
    float *expected; /* [n][n_outputs] */
    int64_t n;
} check_rows;

/* Write ROLE.nasm, ROLE.onnx and ROLE_c/ into the output folder; a path is set in
 * `finalist` only after the file gave the engine's answers.
 * @param workspace  of the caller
 * @return NAS_E_VERIFY when a file differs (it is removed again); NAS_E_IO */
nas_status nas_export_finalist(const search_run *run, const nas_model *model,
                               nas_workspace *workspace, nas_finalist *finalist,
                               nas_err *err);

#endif
