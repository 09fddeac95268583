/* Sequential reading of a file that may be gzipped, with one-line errors. */
#ifndef NASMITH_DATA_STREAM_H
#define NASMITH_DATA_STREAM_H

#include "nasmith/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct nas_stream {
    void *gz;         /* zlib's gzFile; NULL = closed */
    const char *path; /* borrowed */
    int64_t disk_bytes;
    bool compressed;
} nas_stream;

/* @return NAS_E_DATA naming the path and the system's reason */
nas_status nas_stream_open(nas_stream *stream, const char *path, nas_err *err);
void nas_stream_close(nas_stream *stream); /* a zeroed or closed stream is fine */

/* Read up to `bytes`. @param got  out; less than bytes only at the end of the file
 * @return NAS_E_DATA when the gzip data is damaged or cut off */
nas_status nas_stream_read(nas_stream *stream, void *out, size_t bytes, size_t *got,
                           nas_err *err);

/* Read exactly `bytes`. @param what  being read, for the message ("item 17 of 20") */
nas_status nas_stream_read_exact(nas_stream *stream, void *out, size_t bytes,
                                 const char *what, nas_err *err);

/* @return the most bytes the file can hold when decompressed: a bound to check sizes
 *         promised by a header against, before allocating */
int64_t nas_stream_bound(const nas_stream *stream);

/* @return bytes of the file that were read so far, as they are on disk */
int64_t nas_stream_offset(const nas_stream *stream);

/* First bytes of a file, decompressed; for probes. @return how many, 0 on any error */
size_t nas_stream_peek(const char *path, void *out, size_t bytes);

/* First bytes of a file as they are on disk. @return how many, 0 on any error */
size_t nas_stream_peek_raw(const char *path, void *out, size_t bytes);

#endif
