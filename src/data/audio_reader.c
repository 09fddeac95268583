/* Reader of sound: WAV, FLAC and what else libsndfile knows, in one folder per class or
 * listed in a CSV, as one channel of 16-bit samples at one rate. */
#include "data/items.h"
#include "data/resample.h"
#include "data/series.h"

#include <sndfile.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* FLAC stores up to 65,535 equal samples in a frame of at least 8 bytes; no format holds
 * more in a byte. */
enum {
    CHUNK_FRAMES = 1024,
    MAX_CHANNELS = 64,
    MAX_RATE = 1 << 20,
    MAX_FRAMES_PER_BYTE = 8192
};

/* Sound is kept as the integers that most files hold. */
static const float full_scale = 32768.0f;

typedef struct audio_state {
    nas_items items;
    nas_series series;
    int32_t *rates; /* [items.n] of each file */
    int64_t rate;   /* of the rows */
} audio_state;

/* ---- which files ----------------------------------------------------------------- */

static bool is_sound(const unsigned char *head, size_t n)
{
    if (n < 12)
        return false;
    bool wave = (memcmp(head, "RIFF", 4) == 0 || memcmp(head, "RF64", 4) == 0) &&
                memcmp(head + 8, "WAVE", 4) == 0;
    bool aiff = memcmp(head, "FORM", 4) == 0 && memcmp(head + 8, "AIF", 3) == 0;
    return wave || aiff || memcmp(head, "fLaC", 4) == 0 || memcmp(head, "OggS", 4) == 0 ||
           memcmp(head, "caff", 4) == 0;
}

static const char *const extensions[] = {".wav", ".flac", ".aiff", ".aif", ".ogg", NULL};
static const nas_item_kind kind = {
    .what = "recording", .extensions = extensions, .is_magic = is_sound};

static bool probe(const char *path, const nas_data_options *options)
{
    (void)options;
    return nas_items_probe_tree(&kind, path) || nas_items_probe_list(&kind, path);
}

static nas_status audio_open(nas_source *source, nas_err *err)
{
    audio_state *state = NAS_NEW(source->arena, audio_state, 1);
    NAS_TRY_ALLOC(state, err);
    state->items.kind = &kind;
    source->state = state;
    return nas_items_open(source, &state->items, err);
}

static const char *path_of(const nas_source *source, int64_t i)
{
    const audio_state *state = source->state;
    return source->files[state->items.first_file + i].path;
}

/* ---- headers --------------------------------------------------------------------- */

/* Headers may promise anything; rows are counted from it before a sample is read. */
static nas_status check_frames(const char *path, int64_t frames, nas_err *err)
{
    struct stat st;
    if (frames < 1)
        return nas_fail(err, NAS_E_DATA, "`%s` holds no samples", path);
    if (stat(path, &st) == 0 && frames / MAX_FRAMES_PER_BYTE <= (int64_t)st.st_size)
        return NAS_OK;
    return nas_fail(err, NAS_E_DATA,
                    "`%s` is damaged: it says %lld samples, more than it can hold", path,
                    (long long)frames);
}

static nas_status open_sound(const char *path, SF_INFO *info, SNDFILE **out, nas_err *err)
{
    *info = (SF_INFO){.frames = 0};
    *out = sf_open(path, SFM_READ, info);
    if (*out == NULL) {
        const char *reason = sf_strerror(NULL);
        return nas_fail(err, NAS_E_DATA, "`%s` is no readable recording: %.*s", path,
                        (int)strcspn(reason, "\n"), reason);
    }
    nas_status status = NAS_OK;
    if (info->channels < 1 || info->channels > MAX_CHANNELS || info->samplerate < 1 ||
        info->samplerate > MAX_RATE)
        status = nas_fail(err, NAS_E_DATA, "`%s` has %d channels at %d Hz", path,
                          info->channels, info->samplerate);
    else
        status = check_frames(path, info->frames, err);
    if (status != NAS_OK)
        (void)sf_close(*out);
    return status;
}

/* Frames and rate of every file; the lowest rate is that of the rows. */
static nas_status read_headers(nas_source *source, nas_err *err)
{
    audio_state *state = source->state;
    int64_t n = state->items.n;
    int64_t n_mixed = 0;
    state->rates = NAS_NEW(source->arena, int32_t, n);
    state->series = (nas_series){.n = n, .channels = 1};
    state->series.steps = NAS_NEW(source->arena, int64_t, n);
    NAS_TRY_ALLOC(state->rates, err);
    NAS_TRY_ALLOC(state->series.steps, err);
    state->rate = INT32_MAX;
    for (int64_t i = 0; i < n; i++) {
        SF_INFO info;
        SNDFILE *file = NULL;
        NAS_TRY(nas_items_tell(source, &state->items, i, err));
        NAS_TRY(open_sound(path_of(source, i), &info, &file, err));
        (void)sf_close(file);
        state->rates[i] = info.samplerate;
        state->series.steps[i] = info.frames;
        n_mixed += info.channels > 1;
        state->rate = info.samplerate < state->rate ? info.samplerate : state->rate;
    }
    if (n_mixed > 0)
        nas_source_warn(source, "%lld recording%s several channels: their mean is used",
                        (long long)n_mixed, n_mixed == 1 ? " has" : "s have");
    return NAS_OK;
}

static nas_status plan_rate(nas_source *source, nas_err *err)
{
    audio_state *state = source->state;
    int64_t n_other = 0;
    if (source->options->sample_rate > 0)
        state->rate = source->options->sample_rate;
    for (int64_t i = 0; i < state->items.n; i++) {
        int64_t rate = state->rates[i];
        if (rate > NAS_RESAMPLE_MAX_RATIO * state->rate ||
            state->rate > NAS_RESAMPLE_MAX_RATIO * rate)
            return nas_fail(err, NAS_E_DATA,
                            "`%s` has %lld Hz, too far from %lld Hz to resample",
                            path_of(source, i), (long long)rate, (long long)state->rate);
        n_other += rate != state->rate;
        state->series.steps[i] =
            nas_resample_length(state->series.steps[i], rate, state->rate);
    }
    if (n_other > 0)
        nas_source_warn(source, "%lld of %lld recordings are resampled to %lld Hz",
                        (long long)n_other, (long long)state->items.n,
                        (long long)state->rate);
    return NAS_OK;
}

static nas_status describe(nas_source *source, const nas_schema *schema, nas_err *err)
{
    audio_state *state = source->state;
    char shape[64];
    NAS_TRY(read_headers(source, err));
    NAS_TRY(plan_rate(source, err));
    NAS_TRY(nas_series_plan(source, &state->series, schema, err));
    NAS_TRY(nas_items_describe(source, &state->items, schema, state->series.n_rows, err));
    source->element = NAS_ELEMENT_I16;
    source->sample_rate = state->rate;
    nas_series_describe(&state->series, shape, sizeof shape);
    (void)snprintf(source->kind, sizeof source->kind, "sound, %s at %lld Hz", shape,
                   (long long)state->rate);
    return NAS_OK;
}

/* ---- rows ------------------------------------------------------------------------ */

typedef struct audio_stream {
    nas_series_writer writer;
    nas_resampler resampler;
    float *chunk; /* heap, [CHUNK_FRAMES][MAX_CHANNELS] */
} audio_stream;

static nas_status take_sample(void *context, float sample, nas_err *err)
{
    audio_stream *stream = context;
    float value = sample * full_scale;
    return nas_series_put(&stream->writer, &value, err);
}

static nas_status take_frames(audio_stream *stream, const SF_INFO *info, int64_t n,
                              bool resample, nas_err *err)
{
    for (int64_t i = 0; i < n; i++) {
        float sum = 0.0f;
        for (int c = 0; c < info->channels; c++)
            sum += stream->chunk[i * info->channels + c];
        float mean = sum / (float)info->channels;
        if (resample)
            NAS_TRY(nas_resampler_put(&stream->resampler, mean, err));
        else
            NAS_TRY(take_sample(stream, mean, err));
    }
    return NAS_OK;
}

static nas_status read_sound(audio_stream *stream, SNDFILE *file, const SF_INFO *info,
                             int64_t rate, nas_err *err)
{
    int64_t total = 0;
    bool resample = info->samplerate != rate;
    if (resample)
        NAS_TRY(nas_resampler_begin(&stream->resampler, info->samplerate, rate, err));
    for (;;) {
        int64_t n = sf_readf_float(file, stream->chunk, CHUNK_FRAMES);
        if (n <= 0)
            break;
        total += n;
        NAS_TRY(take_frames(stream, info, n, resample, err));
    }
    if (total < info->frames)
        return nas_fail(err, NAS_E_DATA, "it ends after %lld of %lld samples",
                        (long long)total, (long long)info->frames);
    if (resample)
        NAS_TRY(nas_resampler_end(&stream->resampler, err));
    return nas_series_end(&stream->writer, err);
}

static nas_status stream_sounds(nas_source *source, audio_stream *stream, nas_err *err)
{
    const audio_state *state = source->state;
    for (int64_t i = 0; i < state->items.n; i++) {
        SF_INFO info;
        SNDFILE *file = NULL;
        NAS_TRY(open_sound(path_of(source, i), &info, &file, err));
        nas_status status = read_sound(stream, file, &info, state->rate, err);
        (void)sf_close(file);
        if (status == NAS_E_DATA)
            nas_err_context(err, "`%s`", path_of(source, i));
        NAS_TRY(status);
    }
    if (stream->writer.n_clipped > 0)
        nas_source_warn(source, "%lld samples beyond full scale are clipped",
                        (long long)stream->writer.n_clipped);
    return NAS_OK;
}

static nas_status stream_rows(nas_source *source, const nas_sink *sink, nas_err *err)
{
    const audio_state *state = source->state;
    audio_stream stream = {.resampler = {.out = take_sample, .context = &stream}};
    NAS_TRY(nas_series_writer_init(&stream.writer, source, &state->series, sink, err));
    stream.chunk = nas_heap_alloc(CHUNK_FRAMES * MAX_CHANNELS, sizeof(float));
    NAS_TRY_ALLOC(stream.chunk, err);
    nas_status status = stream_sounds(source, &stream, err);
    nas_resampler_free(&stream.resampler);
    nas_heap_free(stream.chunk);
    return status;
}

const nas_reader nas_reader_audio = {
    .name = "audio",
    .summary = "sound (WAV, FLAC, AIFF, Ogg) in one folder per class, or listed in a CSV",
    .probe = probe,
    .open = audio_open,
    .describe = describe,
    .rows = stream_rows,
};
