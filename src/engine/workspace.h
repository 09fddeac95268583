/* The memory block of a workspace. */
#ifndef NASMITH_ENGINE_WORKSPACE_H
#define NASMITH_ENGINE_WORKSPACE_H

#include "nasmith/net.h"

/* Make the block at least `bytes` long; what it held is lost when it must grow.
 * @param out  the block, page-aligned; its contents are undefined
 * @return NAS_E_NOMEM */
nas_status nas_workspace_reserve(nas_workspace *workspace, int64_t bytes, void **out,
                                 nas_err *err);

#endif
