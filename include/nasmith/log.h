/* The library never prints: it hands lines to a sink that the program sets. */
#ifndef NASMITH_LOG_H
#define NASMITH_LOG_H

#include "nasmith/err.h"

typedef enum nas_log_level {
    NAS_LOG_DEBUG,
    NAS_LOG_INFO,
    NAS_LOG_WARNING,
} nas_log_level;

/* Where lines go: a value passed down, zero-initialised = discarded. */
typedef struct nas_log {
    void (*line)(void *context, nas_log_level level, const char *text);
    void *context;
} nas_log;

/* printf one line to the sink, cut at 2,047 bytes. `log` may be NULL. */
void nas_logf(const nas_log *log, nas_log_level level, const char *fmt, ...)
    NAS_PRINTF(3, 4);

#endif
