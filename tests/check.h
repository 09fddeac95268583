/* What tests of every layer share: cmocka, the place of the shared data, temporary
 * directories. Include it instead of cmocka.h. */
#ifndef NASMITH_TESTS_CHECK_H
#define NASMITH_TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "nasmith/err.h"

/* The call must succeed; otherwise the test fails with the error's text. `err` names the
 * nas_err that the call fills. */
#define check_ok(expr, err)                                                              \
    do {                                                                                 \
        nas_status check_status_ = (expr);                                               \
        if (check_status_ != NAS_OK)                                                     \
            fail_msg("%s: %s", #expr, (err).text);                                       \
    } while (0)

/* @return path of a file of the shared data sets (environment NASMITH_DATA, or
 *         ../shared/data beside the repository). Skips the running test where the file is
 *         absent. The string lives until the next call. */
__attribute__((unused)) static const char *nas_test_data(const char *name)
{
    static char path[2048];
    const char *root = getenv("NASMITH_DATA");
    if (root == NULL)
        root = NASMITH_SOURCE_DIR "/../shared/data";
    (void)snprintf(path, sizeof path, "%s/%s", root, name);
    if (access(path, R_OK) != 0) {
        print_message("skipped: %s is absent (set NASMITH_DATA)\n", path);
        skip();
    }
    return path;
}

/* @return path of a file of the repository; lives until the next call */
__attribute__((unused)) static const char *nas_test_source(const char *name)
{
    static char path[2048];
    (void)snprintf(path, sizeof path, "%s/%s", NASMITH_SOURCE_DIR, name);
    return path;
}

/* Make a fresh temporary directory. Remove it with nas_file_remove.
 * @param out  its path, at least 64 bytes */
__attribute__((unused)) static void nas_test_tmpdir(char *out, size_t size)
{
    (void)snprintf(out, size, "/tmp/nasmith-test-XXXXXX");
    assert_non_null(mkdtemp(out));
}

#endif
