#include "nasmith/log.h"

#include <stdarg.h>
#include <stdio.h>

void nas_logf(const nas_log *log, nas_log_level level, const char *fmt, ...)
{
    if (log == NULL || log->line == NULL)
        return;
    char text[2048];
    va_list args;
    va_start(args, fmt);
    int length = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (length >= 0)
        log->line(log->context, level, text);
}
