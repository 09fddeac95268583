/* Running another program and waiting for it, with a time limit. */
#ifndef NASMITH_EXPORT_PROCESS_H
#define NASMITH_EXPORT_PROCESS_H

#include "nasmith/err.h"

#include <stdbool.h>

typedef struct nas_process {
    const char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH */
    const char *out;         /* file for its output and messages, or NULL: nowhere */
    double timeout_seconds;
} nas_process;

typedef struct nas_process_result {
    bool found;     /* false: no such program */
    bool timed_out; /* it was killed, with the processes it had started */
    int exit_code;  /* 128 + signal if it died of one */
} nas_process_result;

/* Run a program to its end. Its input is empty.
 * @return NAS_E_IO when the system refuses to start one */
nas_status nas_process_run(const nas_process *process, nas_process_result *out,
                           nas_err *err);

#endif
