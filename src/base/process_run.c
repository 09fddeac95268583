/* Running another program to its end, with a time limit. */
#include "nasmith/clock.h"
#include "nasmith/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

extern char **environ;

/* Its own process group, so that a compiler dies with its passes. */
static int spawn(const nas_process *process, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    const char *out = process->out == NULL ? "/dev/null" : process->out;
    const int flags = O_WRONLY | O_CREAT | O_TRUNC;
    int code = posix_spawn_file_actions_init(&actions);
    if (code != 0)
        return code;
    code = posix_spawnattr_init(&attributes);
    if (code != 0) {
        (void)posix_spawn_file_actions_destroy(&actions);
        return code;
    }
    code = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (code == 0)
        code = posix_spawn_file_actions_addopen(&actions, 1, out, flags, 0600);
    if (code == 0)
        code = posix_spawn_file_actions_adddup2(&actions, 1, 2);
    if (code == 0)
        code = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    if (code == 0) {
        char *const *argv = NULL; /* execve never writes to it */
        memcpy(&argv, &process->argv, sizeof argv);
        code = posix_spawnp(pid, argv[0], &actions, &attributes, argv, environ);
    }
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    return code;
}

static int exit_code(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Poll: the library installs no signal handlers, and 2 ms are nothing beside a compiler.
 */
static nas_status wait_for(pid_t pid, double timeout_seconds, nas_process_result *out,
                           nas_err *err)
{
    const double start = nas_clock_monotonic_s();
    for (;;) {
        int status = 0;
        const pid_t done = waitpid(pid, &status, WNOHANG);
        if (done == pid) {
            out->exit_code = exit_code(status);
            return NAS_OK;
        }
        if (done < 0 && errno != EINTR)
            return nas_fail(err, NAS_E_IO, "waiting for process %ld: %s", (long)pid,
                            strerror(errno));
        if (!out->timed_out && nas_clock_monotonic_s() - start > timeout_seconds) {
            out->timed_out = true;
            (void)kill(-pid, SIGKILL);
        }
        nas_clock_sleep_s(0.002);
    }
}

nas_status nas_process_run(const nas_process *process, nas_process_result *out,
                           nas_err *err)
{
    pid_t pid = 0;
    *out = (nas_process_result){0};
    const int code = spawn(process, &pid);
    if (code == ENOENT)
        return NAS_OK;
    if (code != 0)
        return nas_fail(err, NAS_E_IO, "cannot start %s: %s", process->argv[0],
                        strerror(code));
    out->found = true;
    return wait_for(pid, process->timeout_seconds, out, err);
}
