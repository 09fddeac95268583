/* Status codes and one-line error messages.
 *
 * Three kinds are kept apart: a programmer's mistake is an assert, a failure is a
 * `nas_status` with a `nas_err`, an outcome of a trial (diverged, out of time, ...) is a
 * field of that trial and never a status. */
#ifndef NASMITH_ERR_H
#define NASMITH_ERR_H

#include <stdbool.h>
#include <stddef.h>

/* code, name of the kind as shown by --json, exit code of the program */
#define NAS_STATUS_LIST(X)                                                               \
    X(NAS_OK, "ok", 0)                                                                   \
    X(NAS_E_USAGE, "usage", 2)          /* flag, key or value the user wrote */          \
    X(NAS_E_CONFIG, "configuration", 2) /* YAML or JSON file the user wrote */           \
    X(NAS_E_GRAPH, "graph", 2)          /* a network that cannot exist */                \
    X(NAS_E_LIMIT, "limit", 1)          /* no network meets the limits */                \
    X(NAS_E_DATA, "data", 3)            /* data unreadable or unusable */                \
    X(NAS_E_STUDY, "study", 4)          /* study locked, unreachable, newer, corrupt */  \
    X(NAS_E_IO, "io", 5)                /* disk full, permission, missing file */        \
    X(NAS_E_NOMEM, "memory", 5)                                                          \
    X(NAS_E_UNSUPPORTED, "unsupported",                                                  \
      5) /* feature not built in or machine lacks it */                                  \
    X(NAS_E_INTERRUPTED, "interrupted", 130) /* by the user */                           \
    X(NAS_E_VERIFY, "verification", 70) /* an exported file differs from the network */  \
    X(NAS_E_INTERNAL, "internal", 70)

typedef enum nas_status {
#define NAS_STATUS_ENUM(code, name, exit_code) code,
    NAS_STATUS_LIST(NAS_STATUS_ENUM)
#undef NAS_STATUS_ENUM
        NAS_STATUS_COUNT
} nas_status;

/* What went wrong, owned by the caller; zero-initialise it. `text` is one line: what was
 * found, what was expected, where (file:line:column for anything the user wrote). `hint`
 * is what to do, or empty. `source` quotes the wrong line of a file the user wrote, with
 * carets below it, ready to print after `text` and a newline; or is empty. */
typedef struct nas_err {
    nas_status code;
    char text[1024];
    char hint[512];
    char source[400];
} nas_err;

#if defined(__GNUC__)
#define NAS_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define NAS_WARN_UNUSED __attribute__((warn_unused_result))
#else
#define NAS_PRINTF(fmt, args)
#define NAS_WARN_UNUSED
#endif

/* Fill `err` (may be NULL) and return `code`, so that `return nas_fail(...)` is the
 * idiom.
 * @param code  not NAS_OK
 * @return code */
nas_status nas_fail(nas_err *err, nas_status code, const char *fmt, ...) NAS_PRINTF(3, 4);

#ifdef __clang_analyzer__
/* Tells the static analyser, which does not see the body, that failing is not NAS_OK. */
#define nas_fail(err, code, ...) (nas_fail((err), (code), __VA_ARGS__), (code))
#endif

/* Set the hint of an error already filled. `err` may be NULL. */
void nas_err_hint(nas_err *err, const char *fmt, ...) NAS_PRINTF(2, 3);

/* Quote the place of an error already filled:
 *
 *      |
 *    2 | batchsize: 64
 *      | ^^^^^^^^^
 *
 * Long lines are cut around the place. `err` may be NULL.
 * @param text    the whole file, `bytes` long
 * @param line    counted from 1
 * @param column  in bytes of the line, counted from 1
 * @param width   bytes to mark; cut at the end of the line */
void nas_err_source(nas_err *err, const char *text, size_t bytes, size_t line,
                    size_t column, size_t width);

/* Prepend "CONTEXT: " to an error already filled, at a module border. `err` may be NULL.
 * @return err->code, or NAS_E_INTERNAL if err is NULL */
void nas_err_context(nas_err *err, const char *fmt, ...) NAS_PRINTF(2, 3);

/* @return the stable short name of a status ("data", "study", ...) */
const char *nas_status_name(nas_status code);

/* @return the exit code of the program for a status (docs/exit-codes.md) */
int nas_status_exit_code(nas_status code);

/* The first status with this exit code; NAS_E_INTERNAL when there is none. */
nas_status nas_status_of_exit_code(int exit_code);

/* Pass a failure up. */
#define NAS_TRY(expr)                                                                    \
    do {                                                                                 \
        nas_status nas_try_status_ = (expr);                                             \
        if (nas_try_status_ != NAS_OK)                                                   \
            return nas_try_status_;                                                      \
    } while (0)

/* Return NAS_E_NOMEM with a message when a pointer from an allocator is NULL. */
#define NAS_TRY_ALLOC(ptr, err)                                                          \
    do {                                                                                 \
        if ((ptr) == NULL)                                                               \
            return nas_fail((err), NAS_E_NOMEM, "out of memory");                        \
    } while (0)

#endif
