/* The memory block and the threads of a workspace. */
#ifndef NASMITH_ENGINE_WORKSPACE_H
#define NASMITH_ENGINE_WORKSPACE_H

#include "engine/crew.h"
#include "nasmith/net.h"

/* Make the block at least `bytes` long; what it held is lost when it must grow.
 * @param out  the block, page-aligned; its contents are undefined
 * @return NAS_E_NOMEM */
nas_status nas_workspace_reserve(nas_workspace *workspace, int64_t bytes, void **out,
                                 nas_err *err);

/* Threads for nets of this workspace, kept from net to net.
 * @param out  borrowed @return NAS_E_NOMEM; NAS_E_IO when the system refuses a thread */
nas_status nas_workspace_crew(nas_workspace *workspace, int threads, nas_crew **out,
                              nas_err *err);

#endif
