#include "nasmith/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 1 << 20, MAX_CALL = 1 << 30 };

static _Atomic int64_t fail_countdown;

void nas_file_fail_nth(int64_t nth)
{
    atomic_store(&fail_countdown, nth);
}

static bool must_fail(void)
{
    if (atomic_load_explicit(&fail_countdown, memory_order_relaxed) <= 0 ||
        atomic_fetch_sub(&fail_countdown, 1) != 1)
        return false;
    errno = ENOSPC;
    return true;
}

static nas_status io_error(nas_err *err, const char *verb, const char *path)
{
    int code = errno;
    nas_status status =
        nas_fail(err, NAS_E_IO, "cannot %s `%s`: %s", verb, path, strerror(code));
    if (code == ENOSPC || code == EDQUOT)
        nas_err_hint(err, "free some space or choose another directory");
    else if (code == EACCES || code == EPERM || code == EROFS)
        nas_err_hint(err, "check the permissions or choose another directory");
    return status;
}

/* ---- reading ---- */

/* Read to the end of `fd`, which may be a pipe of unknown length.
 * @param guess  expected length */
static nas_status read_all(int fd, const char *path, size_t guess, size_t max_bytes,
                           char **out, size_t *bytes, nas_err *err)
{
    size_t capacity = guess + 2; /* the NUL, and one more byte to see the end */
    char *data = nas_heap_alloc(capacity, 1);
    size_t used = 0;
    ssize_t n = data != NULL ? 1 : 0;
    while (data != NULL && n > 0) {
        if (used + 1 == capacity) {
            char *more = nas_heap_grow(data, capacity, capacity * 2 + CHUNK, 1);
            if (more == NULL)
                nas_heap_free(data);
            data = more;
            capacity = capacity * 2 + CHUNK;
            continue;
        }
        size_t room = capacity - used - 1;
        n = read(fd, data + used, room < MAX_CALL ? room : MAX_CALL);
        if (n < 0 && errno == EINTR)
            n = 1;
        else if (n > 0)
            used += (size_t)n;
        if (max_bytes > 0 && used > max_bytes)
            break;
    }
    if (data == NULL)
        return nas_fail(err, NAS_E_NOMEM, "out of memory reading `%s`", path);
    if (n < 0 || (max_bytes > 0 && used > max_bytes)) {
        nas_status status =
            n < 0 ? io_error(err, "read", path)
                  : nas_fail(err, NAS_E_IO,
                             "`%s` is larger than %zu bytes, the most allowed", path,
                             max_bytes);
        nas_heap_free(data);
        return status;
    }
    data[used] = '\0';
    *out = data;
    *bytes = used;
    return NAS_OK;
}

nas_status nas_file_read(const char *path, size_t max_bytes, char **out, size_t *bytes,
                         nas_err *err)
{
    *out = NULL;
    *bytes = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return io_error(err, "read", path);
    struct stat info;
    nas_status status = NAS_OK;
    if (fstat(fd, &info) != 0)
        status = io_error(err, "read", path);
    else if (S_ISREG(info.st_mode) && max_bytes > 0 && (size_t)info.st_size > max_bytes)
        status = nas_fail(err, NAS_E_IO, "`%s` has %lld bytes, at most %zu are allowed",
                          path, (long long)info.st_size, max_bytes);
    else
        status = read_all(fd, path, S_ISREG(info.st_mode) ? (size_t)info.st_size : 0,
                          max_bytes, out, bytes, err);
    (void)close(fd);
    return status;
}

nas_status nas_file_map_open(const char *path, nas_file_map *out, nas_err *err)
{
    *out = (nas_file_map){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return io_error(err, "open", path);
    struct stat info;
    nas_status status = NAS_OK;
    if (fstat(fd, &info) != 0) {
        status = io_error(err, "open", path);
    } else if (!S_ISREG(info.st_mode)) {
        status = nas_fail(err, NAS_E_IO, "`%s` is not a regular file", path);
    } else if (info.st_size == 0) {
        out->data = ""; /* mmap refuses length 0 */
    } else {
        void *data = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_SHARED, fd, 0);
        if (data == MAP_FAILED)
            status = io_error(err, "map", path);
        else
            *out = (nas_file_map){data, (size_t)info.st_size};
    }
    (void)close(fd);
    return status;
}

void nas_file_unmap(nas_file_map *map)
{
    if (map->bytes > 0)
        (void)munmap((void *)(uintptr_t)map->data, map->bytes);
    *map = (nas_file_map){0};
}

/* ---- writing ---- */

static nas_status sync_fd(int fd, const char *path, nas_err *err)
{
    if (must_fail() || fsync(fd) != 0)
        return io_error(err, "write", path);
    return NAS_OK;
}

/* Make the rename itself survive a power cut. */
static nas_status sync_parent(const char *path, nas_err *err)
{
    char parent[1024];
    (void)snprintf(parent, sizeof parent, "%s", path);
    char *slash = strrchr(parent, '/');
    if (slash == NULL)
        (void)snprintf(parent, sizeof parent, ".");
    else
        slash[slash == parent ? 1 : 0] = '\0';
    int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return io_error(err, "open", parent);
    nas_status status = sync_fd(fd, parent, err);
    (void)close(fd);
    return status;
}

/* A writer holds a lock on its temporary file, which the system lets go of when the
 * process ends, however it ends. Where locks do not work none is ever found stale.
 * @return whether nas_file_remove_stale was quicker than the lock; closes `fd` then */
static bool was_removed(int fd)
{
    struct stat info;
    if (fd < 0)
        return false;
    while (flock(fd, LOCK_EX) != 0 && errno == EINTR) {
    }
    if (fstat(fd, &info) != 0 || info.st_nlink > 0)
        return false;
    (void)close(fd);
    return true;
}

nas_status nas_file_writer_open(nas_file_writer *writer, const char *path, nas_err *err)
{
    static _Atomic unsigned serial;

    *writer = (nas_file_writer){.fd = -1};
    if (strlen(path) >= sizeof writer->path)
        return nas_fail(err, NAS_E_IO, "path of %zu bytes is too long: at most %zu",
                        strlen(path), sizeof writer->path - 1);
    (void)snprintf(writer->path, sizeof writer->path, "%s", path);
    do { /* a crashed process may have left a file of this name: take the next number */
        (void)snprintf(writer->temporary, sizeof writer->temporary, "%s.%ld.%u.tmp", path,
                       (long)getpid(), atomic_fetch_add(&serial, 1));
        writer->fd =
            open(writer->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while ((writer->fd < 0 && errno == EEXIST) || was_removed(writer->fd));
    if (writer->fd < 0)
        return io_error(err, "write", path);
    writer->open = true;
    return NAS_OK;
}

nas_status nas_file_writer_put(nas_file_writer *writer, const void *data, size_t bytes,
                               nas_err *err)
{
    const char *p = data;
    while (bytes > 0) {
        size_t chunk = bytes < MAX_CALL ? bytes : MAX_CALL;
        ssize_t n = must_fail() ? -1 : write(writer->fd, p, chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return io_error(err, "write", writer->path);
        p += n;
        bytes -= (size_t)n;
    }
    return NAS_OK;
}

nas_status nas_file_writer_commit(nas_file_writer *writer, nas_err *err)
{
    nas_status status = sync_fd(writer->fd, writer->path, err);
    if (status == NAS_OK && close(writer->fd) != 0)
        status = io_error(err, "write", writer->path);
    else if (status == NAS_OK)
        writer->fd = -1;
    if (status == NAS_OK && rename(writer->temporary, writer->path) != 0)
        status = io_error(err, "write", writer->path);
    if (status != NAS_OK) {
        nas_file_writer_abort(writer);
        return status;
    }
    writer->open = false;
    return sync_parent(writer->path, err);
}

void nas_file_writer_abort(nas_file_writer *writer)
{
    if (!writer->open)
        return;
    if (writer->fd >= 0)
        (void)close(writer->fd);
    (void)unlink(writer->temporary);
    *writer = (nas_file_writer){.fd = -1};
}

nas_status nas_file_write(const char *path, const void *data, size_t bytes, nas_err *err)
{
    nas_file_writer writer = {0};
    NAS_TRY(nas_file_writer_open(&writer, path, err));
    nas_status status = nas_file_writer_put(&writer, data, bytes, err);
    if (status != NAS_OK) {
        nas_file_writer_abort(&writer);
        return status;
    }
    return nas_file_writer_commit(&writer, err);
}

/* "search.nasd.2385.0.tmp": name, process, number. */
static bool is_temporary(const char *name)
{
    static const char suffix[] = ".tmp";
    size_t at = strlen(name);
    if (at < sizeof suffix || strcmp(name + at - (sizeof suffix - 1), suffix) != 0)
        return false;
    at -= sizeof suffix - 1;
    for (int part = 0; part < 2; part++) {
        size_t end = at;
        while (at > 0 && name[at - 1] >= '0' && name[at - 1] <= '9')
            at--;
        if (at == end || at < 2 || name[--at] != '.')
            return false;
    }
    return true;
}

static void remove_if_stale(int directory, const char *name)
{
    int fd = openat(directory, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        (void)unlinkat(directory, name, 0);
    (void)close(fd);
}

void nas_file_remove_stale(const char *path)
{
    DIR *directory = opendir(path);
    if (directory == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;)
        if (is_temporary(entry->d_name))
            remove_if_stale(dirfd(directory), entry->d_name);
    (void)closedir(directory);
}

/* ---- directories ---- */

bool nas_file_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

bool nas_file_is_directory(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

nas_status nas_file_make_directory(const char *path, nas_err *err)
{
    char partial[1024];
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof partial)
        return nas_fail(err, NAS_E_IO,
                        "cannot create a directory: path has %zu bytes, expected 1..%zu",
                        length, sizeof partial - 1);
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(partial, path, i);
        partial[i] = '\0';
        if (mkdir(partial, 0777) != 0 && !nas_file_is_directory(partial)) {
            errno = errno == EEXIST ? ENOTDIR : errno;
            return io_error(err, "create", partial);
        }
    }
    return NAS_OK;
}

static int remove_entry(const char *path, const struct stat *info, int type,
                        struct FTW *where)
{
    (void)info;
    (void)type;
    (void)where;
    return remove(path);
}

nas_status nas_file_remove(const char *path, nas_err *err)
{
    enum { OPEN_DIRECTORIES = 16 };

    if (nftw(path, remove_entry, OPEN_DIRECTORIES, FTW_DEPTH | FTW_PHYS) != 0 &&
        errno != ENOENT)
        return io_error(err, "remove", path);
    return NAS_OK;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Append every name of an open directory to a heap array. */
static nas_status collect_names(DIR *directory, nas_arena *arena, char ***names,
                                int64_t *n)
{
    int64_t capacity = 0;
    const struct dirent *entry;
    while ((errno = 0, entry = readdir(directory)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (*n == capacity) {
            int64_t larger = capacity * 2 + 64;
            char **grown =
                nas_heap_grow(*names, (size_t)capacity, (size_t)larger, sizeof(char *));
            if (grown == NULL)
                return NAS_E_NOMEM;
            *names = grown;
            capacity = larger;
        }
        char *name = nas_arena_strdup(arena, entry->d_name);
        if (name == NULL)
            return NAS_E_NOMEM;
        (*names)[(*n)++] = name;
    }
    return errno == 0 ? NAS_OK : NAS_E_IO;
}

nas_status nas_file_list(const char *path, nas_arena *arena, char ***out, int64_t *n,
                         nas_err *err)
{
    *out = NULL;
    *n = 0;
    DIR *directory = opendir(path);
    if (directory == NULL)
        return io_error(err, "list", path);
    char **names = NULL;
    int64_t count = 0;
    nas_status status = collect_names(directory, arena, &names, &count);
    if (status == NAS_E_IO)
        status = io_error(err, "list", path);
    if (status == NAS_OK) {
        if (count > 0)
            qsort(names, (size_t)count, sizeof *names, compare_names);
        *out = nas_arena_copy(arena, names, (size_t)count * sizeof *names);
        status = *out != NULL ? NAS_OK : NAS_E_NOMEM;
    }
    if (status == NAS_E_NOMEM)
        status = nas_fail(err, NAS_E_NOMEM, "out of memory listing `%s`", path);
    else if (status == NAS_OK)
        *n = count;
    nas_heap_free(names);
    (void)closedir(directory);
    return status;
}

char *nas_file_join(nas_arena *arena, const char *directory, const char *name)
{
    size_t length = strlen(directory);
    bool bare = length == 0 || directory[length - 1] == '/';
    return nas_arena_printf(arena, "%s%s%s", directory, bare ? "" : "/", name);
}
