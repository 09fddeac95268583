/* covers: audio_reader.c, items_names.c */
#include "data/read.h"

#include <math.h>
#include <sndfile.h>

typedef struct sound {
    int format, rate, channels, frames;
} sound;

static const sound wav = {SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, 100};

/* Sample i of channel c is (base + 3 i + 100 c) / 32768. */
static const char *make_sound(const char *folder, const char *name, sound s, int base)
{
    nas_err err = {0};
    SF_INFO info = {.samplerate = s.rate, .channels = s.channels, .format = s.format};
    char parent[1024];
    const char *path = make_path(folder, name);
    (void)snprintf(parent, sizeof parent, "%s", path);
    *strrchr(parent, '/') = '\0';
    check_ok(nas_file_make_directory(parent, &err), err);
    SNDFILE *file = sf_open(path, SFM_WRITE, &info);
    assert_non_null(file);
    for (int i = 0; i < s.frames; i++) {
        float frame[2];
        for (int c = 0; c < s.channels; c++)
            frame[c] = (float)(base + 3 * i + 100 * c) / 32768.0f;
        assert_int_equal(sf_writef_float(file, frame, 1), 1);
    }
    assert_int_equal(sf_close(file), 0);
    return path;
}

static void samples_are_kept_exactly(void **state)
{
    sound flac = wav;
    flac.format = SF_FORMAT_FLAC | SF_FORMAT_PCM_16;
    flac.frames = 80;
    make_sound(*state, "one/a.wav", wav, -5000);
    make_sound(*state, "two/b.flac", flac, 7000);
    make_text(*state, "two/b.txt", "words");
    read_set set = read_plain(*state);
    assert_string_equal(set.source->reader->name, "audio");
    assert_string_equal(set.source->kind, "sound, 1 channel × 100 steps at 8000 Hz");
    assert_int_equal(set.source->element, NAS_ELEMENT_I16);
    check_shape(&set, 2, 1, 1, 100);
    for (int i = 0; i < 100; i++) {
        assert_true(set.values[i] == (float)(-5000 + 3 * i));
        assert_true(set.values[100 + i] == (i < 80 ? (float)(7000 + 3 * i) : 0.0f));
    }
    assert_string_equal(set.source->label_names[1], "two");
    check_warned(&set, "1 of 2 recordings are shorter");
    check_warned(&set, "1 file skipped");
    read_free(&set);
}

static void channels_and_rates_become_one(void **state)
{
    sound stereo = wav;
    sound fast = wav;
    nas_data_options options = nas_data_options_default();
    stereo.channels = 2;
    fast.rate = 16000;
    fast.frames = 200;
    make_sound(*state, "one/a.wav", stereo, 0);
    make_sound(*state, "two/b.wav", fast, 1000);
    read_set set = read_plain(*state);
    check_shape(&set, 2, 1, 1, 100);
    assert_true(set.values[10] == 80.0f); /* the mean of 30 and 130 */
    assert_true(fabsf(set.values[150] - 1300.0f) < 3.0f);
    check_warned(&set, "1 recording has several channels");
    check_warned(&set, "1 of 2 recordings are resampled to 8000 Hz");
    read_free(&set);
    options.sample_rate = 4000;
    set = read_all(*state, &options);
    check_shape(&set, 2, 1, 1, 50);
    read_free(&set);
    options.sample_rate = 100;
    check_refused(*state, &options, NAS_E_DATA, "has 8000 Hz, too far from 100 Hz", "");
}

static void loud_floats_are_clipped(void **state)
{
    sound loud = wav;
    loud.format = SF_FORMAT_WAV | SF_FORMAT_FLOAT;
    make_sound(*state, "one/a.wav", loud, 32600);
    make_sound(*state, "two/b.wav", wav, 0);
    read_set set = read_plain(*state);
    assert_true(set.values[99] == 32767.0f);
    check_warned(&set, "44 samples beyond full scale are clipped");
    read_free(&set);
}

static void windows_are_cut(void **state)
{
    nas_data_options options = nas_data_options_default();
    options.window = 40;
    options.step = 30;
    make_sound(*state, "one/a.wav", wav, 0);
    make_sound(*state, "two/b.wav", wav, 1000);
    read_set set = read_all(*state, &options);
    check_shape(&set, 6, 1, 1, 40);
    assert_true(set.values[40] == 90.0f);
    assert_int_equal(set.source->rows.groups[2], 0);
    assert_int_equal(set.source->rows.groups[3], 1);
    assert_true(set.source->own_groups);
    read_free(&set);
}

/* DIGIT_SPEAKER_INDEX.wav, of which indices 0 to 4 are for the test. */
static void names_say_class_group_and_part(void **state)
{
    nas_data_options options = nas_data_options_default();
    static const char *const names[] = {"0_ann_0", "0_ann_7", "0_bob_4", "1_bob_5",
                                        "10_ann_40"};
    for (int i = 0; i < 5; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "wav/%s.wav", names[i]);
        make_sound(*state, name, wav, i);
    }
    check_refused(make_path(*state, "wav"), &options, NAS_E_DATA, "no class folders",
                  "--names class_*");
    options.names = "class_group_test=0-4";
    read_set set = read_all(make_path(*state, "wav"), &options);
    static const uint8_t parts[5] = {NAS_PART_TEST, NAS_PART_TRAIN, NAS_PART_TEST,
                                     NAS_PART_TRAIN, NAS_PART_TRAIN};
    check_shape(&set, 5, 1, 1, 100);
    assert_int_equal(set.source->n_outputs, 3);
    assert_string_equal(set.source->label_names[2], "10"); /* by number */
    assert_int_equal(set.source->rows.labels[3], 2);
    assert_memory_equal(set.source->rows.part, parts, sizeof parts);
    assert_true(set.source->rows.groups[0] == set.source->rows.groups[3]);
    assert_true(set.source->rows.groups[0] != set.source->rows.groups[2]);
    read_free(&set);
}

static void bad_patterns_are_explained(void **state)
{
    static const struct {
        const char *names;
        nas_status status;
        const char *words;
    } cases[] = {
        {"class_who_*", NAS_E_USAGE, "`who` is none of class"},
        {"class_*_*_*", NAS_E_DATA, "1_bob_5.wav` does not fit"},
        {"class_group", NAS_E_DATA, "1_bob_5.wav` does not fit"},
        {"group_*", NAS_E_USAGE, "no word is called class"},
        {"class_part=1_*", NAS_E_USAGE, "`part=1` is none of"},
    };
    nas_data_options options = nas_data_options_default();
    make_sound(*state, "1_bob_5.wav", wav, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        options.names = cases[i].names;
        check_refused(*state, &options, cases[i].status, cases[i].words, "");
    }
    make_sound(*state, "other/x-1-b.wav", wav, 0);
    options.names = "*-class-test=b";
    read_set set = read_all(make_path(*state, "other"), &options);
    assert_int_equal(set.source->rows.part[0], NAS_PART_TEST);
    assert_string_equal(set.source->label_names[0], "1");
    read_free(&set);
}

static void damaged_recordings_are_named(void **state)
{
    nas_err err = {0};
    char *bytes = NULL;
    size_t n = 0;
    const nas_data_options options = nas_data_options_default();
    sound none = wav;
    none.frames = 0;
    make_sound(*state, "one/a.wav", wav, 0);
    make_sound(*state, "one/b.wav", none, 0);
    make_sound(*state, "two/a.wav", wav, 50);
    make_sound(*state, "two/b.wav", wav, 70);
    check_refused(*state, &options, NAS_E_DATA, "one/b.wav` holds no samples", "");
    make_text(*state, "one/b.wav", "RIFF nothing more");
    check_refused(*state, &options, NAS_E_DATA, "one/b.wav` is no readable recording",
                  "");
    sound flac = wav;
    flac.format = SF_FORMAT_FLAC | SF_FORMAT_PCM_16;
    flac.frames = 8000;
    check_ok(
        nas_file_read(make_sound(*state, "one/b.wav", flac, -20000), 0, &bytes, &n, &err),
        err);
    make_file(*state, "one/b.wav", bytes, n / 2);
    check_refused(*state, &options, NAS_E_DATA, "one/b.wav`: it ends after ", "");
    nas_heap_free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        data_test(samples_are_kept_exactly),
        data_test(channels_and_rates_become_one),
        data_test(loud_floats_are_clipped),
        data_test(windows_are_cut),
        data_test(names_say_class_group_and_part),
        data_test(bad_patterns_are_explained),
        data_test(damaged_recordings_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
