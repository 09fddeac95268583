#include "data/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* deflate cannot do better than 1032:1 (zlib's technical details). */
enum {
    MAX_DEFLATE_RATIO = 1032,
    BUFFER_BYTES = 1 << 18,
    PEEK_BYTES = 1 << 12,
    MAX_CHUNK = 1 << 30
};

static nas_status open_buffered(nas_stream *stream, const char *path, unsigned buffer,
                                nas_err *err)
{
    struct stat st;
    *stream = (nas_stream){.path = path};
    if (stat(path, &st) != 0)
        return nas_fail(err, NAS_E_DATA, "cannot read `%s`: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return nas_fail(err, NAS_E_DATA, "cannot read `%s`: not a regular file", path);
    errno = 0;
    gzFile file = gzopen(path, "rb");
    if (file == NULL && errno == 0)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    if (file == NULL)
        return nas_fail(err, NAS_E_DATA, "cannot read `%s`: %s", path, strerror(errno));
    (void)gzbuffer(file, buffer);
    stream->gz = file;
    stream->disk_bytes = (int64_t)st.st_size;
    stream->compressed = gzdirect(file) == 0;
    return NAS_OK;
}

nas_status nas_stream_open(nas_stream *stream, const char *path, nas_err *err)
{
    return open_buffered(stream, path, BUFFER_BYTES, err);
}

void nas_stream_close(nas_stream *stream)
{
    if (stream->gz != NULL)
        (void)gzclose(stream->gz);
    stream->gz = NULL;
}

/* zlib reports a file that ends early only after it handed out what it had. */
static nas_status check_state(nas_stream *stream, nas_err *err)
{
    int code = Z_OK;
    const char *text = gzerror(stream->gz, &code);
    if (code == Z_OK || code == Z_STREAM_END)
        return NAS_OK;
    if (code == Z_ERRNO)
        return nas_fail(err, NAS_E_DATA, "cannot read `%s`: %s", stream->path,
                        strerror(errno));
    if (code == Z_MEM_ERROR)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    if (code == Z_BUF_ERROR)
        return nas_fail(err, NAS_E_DATA, "`%s` is cut off: its gzip data ends early",
                        stream->path);
    const char *reason = strrchr(text, ':'); /* zlib puts the path before it */
    return nas_fail(err, NAS_E_DATA, "`%s` is damaged: gzip%s", stream->path,
                    reason != NULL ? reason : " data error");
}

nas_status nas_stream_read(nas_stream *stream, void *out, size_t bytes, size_t *got,
                           nas_err *err)
{
    *got = 0;
    while (*got < bytes) {
        size_t chunk = bytes - *got < MAX_CHUNK ? bytes - *got : MAX_CHUNK;
        int n = gzread(stream->gz, (char *)out + *got, (unsigned)chunk);
        if (n > 0)
            *got += (size_t)n;
        if (n < (int)chunk)
            return check_state(stream, err);
    }
    return NAS_OK;
}

nas_status nas_stream_read_exact(nas_stream *stream, void *out, size_t bytes,
                                 const char *what, nas_err *err)
{
    size_t got = 0;
    NAS_TRY(nas_stream_read(stream, out, bytes, &got, err));
    if (got < bytes)
        return nas_fail(err, NAS_E_DATA, "`%s` is cut off: it ends inside %s",
                        stream->path, what);
    return NAS_OK;
}

int64_t nas_stream_bound(const nas_stream *stream)
{
    if (!stream->compressed)
        return stream->disk_bytes;
    if (stream->disk_bytes > INT64_MAX / MAX_DEFLATE_RATIO)
        return INT64_MAX;
    return stream->disk_bytes * MAX_DEFLATE_RATIO;
}

int64_t nas_stream_offset(const nas_stream *stream)
{
    const int64_t offset = (int64_t)gzoffset(stream->gz);
    return offset > 0 ? offset : 0;
}

size_t nas_stream_peek(const char *path, void *out, size_t bytes)
{
    nas_stream stream;
    size_t got = 0;
    if (open_buffered(&stream, path, PEEK_BYTES, NULL) != NAS_OK)
        return 0;
    if (nas_stream_read(&stream, out, bytes, &got, NULL) != NAS_OK)
        got = 0;
    nas_stream_close(&stream);
    return got;
}

size_t nas_stream_peek_raw(const char *path, void *out, size_t bytes)
{
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) /* a pipe would block */
        return 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, out, bytes);
    (void)close(fd);
    return n > 0 ? (size_t)n : 0;
}
