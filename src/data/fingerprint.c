#include "data/fingerprint.h"

#include "nasmith/rng.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

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

static nas_status add_content(const nas_source *source, uint64_t *hash, nas_err *err)
{
    for (int64_t i = 0; i < source->n_files; i++) {
        nas_file_map map = {0};
        if (nas_file_map_open(source->files[i].path, &map, err) != NAS_OK)
            return nas_fail(err, NAS_E_DATA, "cannot read `%s`: %s",
                            source->files[i].path, strerror(errno));
        *hash = hash_text(source->files[i].name, *hash);
        *hash = nas_hash64(map.data, map.bytes, *hash);
        nas_file_unmap(&map);
    }
    return NAS_OK;
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
