/* Files that the build puts inside the program (cmake/embed.cmake).
 *
 * A layer that embeds a directory as NAME declares
 * `extern const nas_embedded nas_embedded_NAME[];` where it reads the table. */
#ifndef NASMITH_BASE_EMBED_H
#define NASMITH_BASE_EMBED_H

#include <stddef.h>

/* One file. Tables are sorted by name and end with an entry whose name is NULL. */
typedef struct nas_embedded {
    const char *name; /* without directory */
    const char *data; /* `bytes` bytes, then a NUL that is not counted */
    size_t bytes;
} nas_embedded;

#endif
