#include "nasmith/process.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

bool nas_process_follow(int64_t parent_pid)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    return (int64_t)getppid() == parent_pid; /* it may have died before the call */
}

/* A number of kB behind a name in a file of /proc; 0 when it is not there. */
static int64_t proc_kib(const char *path, const char *name)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return 0;
    char line[256];
    long long kib = 0;
    size_t length = strlen(name);
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, length) == 0 && sscanf(line + length, "%lld", &kib) == 1)
            break;
    (void)fclose(file);
    return (int64_t)kib;
}

void nas_process_limit_memory(int64_t bytes)
{
    if (bytes == 0 || SANITIZED)
        return;
    int64_t now = proc_kib("/proc/self/status", "VmData:") * 1024;
    struct rlimit limit;
    if (getrlimit(RLIMIT_DATA, &limit) != 0)
        return;
    rlim_t wanted = (rlim_t)(now + bytes);
    if (limit.rlim_max == RLIM_INFINITY || wanted < limit.rlim_max)
        limit.rlim_cur = wanted;
    (void)setrlimit(RLIMIT_DATA, &limit);
}

int64_t nas_process_available_memory(void)
{
    return proc_kib("/proc/meminfo", "MemAvailable:") * 1024;
}

int nas_process_cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return CPU_COUNT(&set);
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (int)n : 1;
}

/* @return 0 or an errno */
static int spawn(const char *program, const char *const *argv, int said,
                 const posix_spawnattr_t *attributes, pid_t *out)
{
    posix_spawn_file_actions_t actions;
    int code = posix_spawn_file_actions_init(&actions);
    if (code != 0)
        return code;
    if (said >= 0)
        code = posix_spawn_file_actions_adddup2(&actions, said, STDERR_FILENO);
    if (said >= 0 && code == 0)
        code = posix_spawn_file_actions_adddup2(&actions, said, STDOUT_FILENO);
    if (code == 0) /* posix_spawn changes no argument; its type is from before const */
        code = posix_spawn(out, program, &actions, attributes,
                           (char *const *)(uintptr_t)argv, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    return code;
}

nas_status nas_process_spawn(const char *program, const char *const *argv, int said,
                             pid_t *out, nas_err *err)
{
    posix_spawnattr_t attributes;
    sigset_t none;
    (void)sigemptyset(&none);
    int code = posix_spawnattr_init(&attributes);
    if (code == 0) {
        (void)posix_spawnattr_setflags(&attributes,
                                       POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
        (void)posix_spawnattr_setpgroup(&attributes, 0);
        (void)posix_spawnattr_setsigmask(&attributes, &none);
        code = spawn(program, argv, said, &attributes, out);
        (void)posix_spawnattr_destroy(&attributes);
    }
    if (code != 0)
        return nas_fail(err, NAS_E_IO, "cannot start %s: %s", program, strerror(code));
    return NAS_OK;
}

bool nas_process_ended(pid_t pid, nas_process_end *out)
{
    int status = 0;
    pid_t got = waitpid(pid, &status, WNOHANG);
    if (got == 0 || (got < 0 && errno == EINTR))
        return false;
    *out = (nas_process_end){.exit_code = -1, .how = "lost"};
    if (got > 0 && WIFSIGNALED(status))
        (void)snprintf(out->how, sizeof out->how, "killed by signal %d (%s)",
                       WTERMSIG(status), strsignal(WTERMSIG(status)));
    else if (got > 0 && WIFEXITED(status)) {
        out->exit_code = WEXITSTATUS(status);
        (void)snprintf(out->how, sizeof out->how, "exit code %d", out->exit_code);
    }
    return true;
}

int nas_process_open_said(void)
{
    return memfd_create("said", MFD_CLOEXEC);
}

void nas_process_last_said(int said, const char *prefix, char *out, size_t size)
{
    char text[4096];
    struct stat file;
    out[0] = '\0';
    if (said < 0 || fstat(said, &file) != 0)
        return;
    off_t from = file.st_size > (off_t)sizeof text - 1
                     ? file.st_size - ((off_t)sizeof text - 1)
                     : 0;
    ssize_t n = pread(said, text, sizeof text - 1, from);
    text[n > 0 ? n : 0] = '\0';
    for (const char *at = strstr(text, prefix); at != NULL; at = strstr(at, prefix)) {
        at += strlen(prefix);
        (void)snprintf(out, size, "%.*s", (int)strcspn(at, "\n"), at);
    }
}

void nas_process_kill(pid_t pid)
{
    (void)kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

void nas_process_worker_name(int index, char *out, size_t size)
{
    char host[65] = "localhost";
    if (gethostname(host, sizeof host - 1) != 0)
        (void)snprintf(host, sizeof host, "localhost");
    (void)snprintf(out, size, "%s/%d", host, index);
}
