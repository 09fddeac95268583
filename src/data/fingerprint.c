#include "data/fingerprint.h"

#include "data/options.h"

#include "nasmith/rng.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER_BYTES = 1 << 20 };

/* All files of a source, one after the other. */
typedef struct reading {
    nas_hasher *hasher;
    char *buffer;
    int64_t done, total; /* bytes */
} reading;

static uint64_t hash_text(const char *text, uint64_t seed)
{
    return text == NULL ? nas_hash64("", 0, seed)
                        : nas_hash64(text, strlen(text) + 1, seed);
}

static uint64_t hash_options(const nas_data_options *options)
{
    uint64_t hash = hash_text("nasmith data 1", 0);
    hash = hash_text(options->label, hash);
    hash = hash_text(options->task, hash);
    if (options->drop != NULL)
        hash = hash_text(options->drop, hash_text("drop", hash));
    if (options->missing != NULL)
        hash = hash_text(options->missing, hash_text("missing", hash));
    if (options->categories != NULL)
        hash = hash_text(options->categories, hash_text("categories", hash));
    if (options->decimal_comma)
        hash = hash_text("decimal comma", hash);
    hash = nas_hash64(&options->validation, sizeof options->validation, hash);
    hash = nas_hash64(&options->test, sizeof options->test, hash);
    if (options->normal != NULL)
        hash = hash_text(options->normal, hash_text("normal", hash));
    if (options->horizon > 0)
        hash = nas_hash64(&options->horizon, sizeof options->horizon,
                          hash_text("horizon", hash));
    if (options->folds > 0)
        hash =
            nas_hash64(&options->folds, sizeof options->folds, hash_text("folds", hash));
    if (options->repeats > 0)
        hash = nas_hash64(&options->repeats, sizeof options->repeats,
                          hash_text("repeats", hash));
    hash = hash_text(options->group, hash);
    hash = hash_text(options->time, hash);
    hash = hash_text(options->image_size, hash);
    hash = hash_text(options->image_fit, hash);
    hash = hash_text(options->names, hash);
    hash = nas_hash64(&options->sample_rate, sizeof options->sample_rate, hash);
    hash = nas_hash64(&options->length, sizeof options->length, hash);
    hash = nas_hash64(&options->window, sizeof options->window, hash);
    hash = nas_hash64(&options->step, sizeof options->step, hash);
    return nas_hash64(&options->seed, sizeof options->seed, hash);
}

static nas_status stat_file(const nas_source_file *file, struct stat *st, nas_err *err)
{
    if (stat(file->path, st) != 0)
        return nas_fail(err, NAS_E_DATA, "cannot read `%s`: %s", file->path,
                        strerror(errno));
    return NAS_OK;
}

static nas_status add_quick(const nas_source *source, uint64_t *hash, nas_err *err)
{
    for (int64_t i = 0; i < source->n_files; i++) {
        struct stat st;
        NAS_TRY(stat_file(&source->files[i], &st, err));
        int64_t facts[3] = {(int64_t)st.st_size, (int64_t)st.st_mtim.tv_sec,
                            (int64_t)st.st_mtim.tv_nsec};
        *hash = hash_text(source->files[i].name, *hash);
        *hash = nas_hash64(facts, sizeof facts, *hash);
    }
    return NAS_OK;
}

static nas_status fail_read(const nas_source_file *file, nas_err *err)
{
    return nas_fail(err, NAS_E_DATA, "cannot read `%s`: %s", file->path, strerror(errno));
}

/* Read, not mapped: pages of a map count as memory of the process, and a file that gets
 * shorter meanwhile would end it. */
static nas_status add_bytes(const nas_source *source, int fd, const nas_source_file *file,
                            reading *r, nas_err *err)
{
    for (;;) {
        ssize_t n = read(fd, r->buffer, BUFFER_BYTES);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_read(file, err);
        if (n == 0)
            return NAS_OK;
        nas_hasher_add(r->hasher, r->buffer, (size_t)n);
        r->done += n;
        NAS_TRY(nas_data_tell(source->options,
                              (nas_data_progress){.step = NAS_DATA_COMPARE,
                                                  .bytes = true,
                                                  .done = r->done,
                                                  .total = r->total},
                              err));
    }
}

static nas_status add_file(const nas_source *source, const nas_source_file *file,
                           reading *r, uint64_t *hash, nas_err *err)
{
    int fd = open(file->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail_read(file, err);
    r->hasher = nas_hasher_new(hash_text(file->name, *hash));
    nas_status status = r->hasher != NULL ? add_bytes(source, fd, file, r, err)
                                          : nas_fail(err, NAS_E_NOMEM, "out of memory");
    if (status == NAS_OK)
        *hash = nas_hasher_value(r->hasher);
    nas_hasher_free(r->hasher);
    (void)close(fd);
    return status;
}

static nas_status add_content(const nas_source *source, uint64_t *hash, nas_err *err)
{
    reading r = {.buffer = nas_heap_alloc(1, BUFFER_BYTES)};
    nas_status status = NAS_OK;
    NAS_TRY_ALLOC(r.buffer, err);
    for (int64_t i = 0; i < source->n_files && status == NAS_OK; i++) {
        struct stat st;
        status = stat_file(&source->files[i], &st, err);
        r.total += status == NAS_OK ? (int64_t)st.st_size : 0;
    }
    for (int64_t i = 0; i < source->n_files && status == NAS_OK; i++)
        status = add_file(source, &source->files[i], &r, hash, err);
    nas_heap_free(r.buffer);
    return status;
}

typedef nas_status (*add_function)(const nas_source *source, uint64_t *hash,
                                   nas_err *err);

static nas_status fingerprint(const nas_source *source, const nas_source *test,
                              const nas_data_options *options, add_function add,
                              uint64_t *out, nas_err *err)
{
    *out = hash_options(options);
    NAS_TRY(add(source, out, err));
    if (test == NULL)
        return NAS_OK;
    *out = hash_text("test", *out);
    return add(test, out, err);
}

nas_status nas_fingerprint_quick(const nas_source *source, const nas_source *test,
                                 const nas_data_options *options, uint64_t *out,
                                 nas_err *err)
{
    return fingerprint(source, test, options, add_quick, out, err);
}

nas_status nas_fingerprint_content(const nas_source *source, const nas_source *test,
                                   const nas_data_options *options, uint64_t *out,
                                   nas_err *err)
{
    return fingerprint(source, test, options, add_content, out, err);
}
