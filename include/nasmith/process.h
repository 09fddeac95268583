/* Processes: limits of one's own, starting and watching others, running one to its end.
 */
#ifndef NASMITH_PROCESS_H
#define NASMITH_PROCESS_H

#include "nasmith/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Die when the process that started this one dies, whatever the way.
 * @return false when it is already gone */
bool nas_process_follow(int64_t parent_pid);

/* Let this process allocate `bytes` more than it has now; 0 = no limit. Does nothing
 * under AddressSanitizer, whose shadow counts as data. */
void nas_process_limit_memory(int64_t bytes);

/* Bytes of memory that new processes can have. */
int64_t nas_process_available_memory(void);

/* Cores this process may use, at least 1. */
int nas_process_cores(void);

/* Start `program` with arguments in a process group of its own, so that Ctrl-C reaches
 * the supervisor alone.
 * @param argv  NULL-terminated, argv[0] included
 * @param said  where its output and its errors go, -1 = where ours go
 * @return NAS_E_IO */
nas_status nas_process_spawn(const char *program, const char *const *argv, int said,
                             pid_t *out, nas_err *err);

typedef struct nas_process_end {
    int exit_code; /* 0 = well; -1 = by a signal, or lost */
    char how[96];  /* "killed by signal 9 (Killed)", "exit code 1" */
} nas_process_end;

/* @return whether a child has ended, and then how */
bool nas_process_ended(pid_t pid, nas_process_end *out);

/* A file in memory for what children print; close it. @return -1: none */
int nas_process_open_said(void);

/* TEXT of the last line "error: TEXT" in such a file.
 * @param prefix  "error: " or "warning: "
 * @param out     "" when there is none */
void nas_process_last_said(int said, const char *prefix, char *out, size_t size);

/* Kill and wait. */
void nas_process_kill(pid_t pid);

/* "host/INDEX": the name of a worker in a study. */
void nas_process_worker_name(int index, char *out, size_t size);

/* ---- running another program and waiting for it ------------------------------------ */

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
