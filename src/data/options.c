#include "data/options.h"

#include "data/folds.h"
#include "data/names.h"

#include "nasmith/text.h"

#include <stdio.h>
#include <string.h>

enum {
    MAX_IMAGE_SIDE = 4096,
    MAX_RATE = 1 << 20,
    MAX_STEPS = 1 << 24,
    MAX_HORIZON = 4096
};

nas_data_options nas_data_options_default(void)
{
    return (nas_data_options){.validation = 0.15, .test = 0.15};
}

nas_status nas_data_tell(const nas_data_options *options, nas_data_progress progress,
                         nas_err *err)
{
    if (options->progress == NULL ||
        options->progress(options->progress_context, &progress))
        return NAS_OK;
    return nas_fail(err, NAS_E_INTERRUPTED, "stopped while the data was read");
}

static nas_status check_fraction(const char *what, double value, nas_err *err)
{
    if (value > 0.0 && value < 1.0)
        return NAS_OK;
    return nas_fail(err, NAS_E_USAGE,
                    "%s fraction is %g, expected a number between 0 and 1", what, value);
}

nas_status nas_image_size_parse(const char *text, int64_t *height, int64_t *width,
                                nas_err *err)
{
    char first[16] = "";
    *height = *width = 0;
    if (text == NULL)
        return NAS_OK;
    size_t n = strcspn(text, "xX");
    const char *second = text[n] != '\0' ? text + n + 1 : text;
    if (n < sizeof first)
        memcpy(first, text, n);
    if (nas_parse_int(first, height, NULL) == NAS_OK &&
        nas_parse_int(second, width, NULL) == NAS_OK && *height >= 1 && *width >= 1 &&
        *height <= MAX_IMAGE_SIDE && *width <= MAX_IMAGE_SIDE)
        return NAS_OK;
    return nas_fail(err, NAS_E_USAGE,
                    "image size `%s`: expected HEIGHTxWIDTH or one number, 1 to %d, such "
                    "as 32x48",
                    text, MAX_IMAGE_SIDE);
}

static nas_status check_count(const char *what, int64_t value, int64_t most, nas_err *err)
{
    if (value >= 0 && value <= most)
        return NAS_OK;
    return nas_fail(err, NAS_E_USAGE, "%s is %lld, expected 1 to %lld", what,
                    (long long)value, (long long)most);
}

static nas_status check_image_options(const nas_data_options *options, nas_err *err)
{
    int64_t height, width;
    const char *fit = options->image_fit;
    NAS_TRY(nas_image_size_parse(options->image_size, &height, &width, err));
    if (fit != NULL && strcmp(fit, "letterbox") != 0 && strcmp(fit, "crop") != 0)
        return nas_fail(err, NAS_E_USAGE, "image fit `%s`, expected letterbox or crop",
                        fit);
    return NAS_OK;
}

static nas_status check_series_options(const nas_data_options *options, nas_err *err)
{
    NAS_TRY(check_count("sample rate", options->sample_rate, MAX_RATE, err));
    NAS_TRY(check_count("length", options->length, MAX_STEPS, err));
    NAS_TRY(check_count("window", options->window, MAX_STEPS, err));
    NAS_TRY(check_count("step", options->step, MAX_STEPS, err));
    NAS_TRY(check_count("horizon", options->horizon, MAX_HORIZON, err));
    if (options->horizon > 0 && options->length > 0)
        return nas_fail(err, NAS_E_USAGE,
                        "--length and --horizon exclude each other: the past of a "
                        "forecast is --window steps");
    if (options->window == 0 && options->step > 0 && options->horizon == 0)
        return nas_fail(err, NAS_E_USAGE, "a step needs a window: --window N --step %lld",
                        (long long)options->step);
    if (options->window > 0 && options->length > 0)
        return nas_fail(err, NAS_E_USAGE,
                        "--length and --window exclude each other: windows all have one "
                        "length");
    return NAS_OK;
}

nas_status nas_data_options_check(const nas_data_options *options, nas_err *err)
{
    static const char *const tasks[] = {"classification", "regression", "multilabel",
                                        "anomaly"};
    nas_task task;
    NAS_TRY(check_fraction("validation", options->validation, err));
    if (options->test_path == NULL)
        NAS_TRY(check_fraction("test", options->test, err));
    if (options->test_path == NULL && options->validation + options->test >= 1.0)
        return nas_fail(
            err, NAS_E_USAGE,
            "validation (%g) and test (%g) fractions leave nothing to train on",
            options->validation, options->test);
    if (options->normal != NULL &&
        (options->task == NULL || strcmp(options->task, "anomaly") != 0))
        return nas_fail(err, NAS_E_USAGE, "--normal %s goes with --task anomaly",
                        options->normal);
    NAS_TRY(check_count("folds", options->folds, NAS_MAX_FOLDS, err));
    NAS_TRY(check_count("repeats", options->repeats, NAS_MAX_FOLDS, err));
    NAS_TRY(check_image_options(options, err));
    NAS_TRY(check_series_options(options, err));
    if (options->task == NULL || nas_task_parse(options->task, &task))
        return NAS_OK;
    nas_status status =
        nas_fail(err, NAS_E_USAGE,
                 "unknown task `%s`, expected classification, regression, multilabel "
                 "or anomaly",
                 options->task);
    const char *nearest = nas_text_nearest(options->task, tasks, 4);
    if (nearest != NULL)
        nas_err_hint(err, "did you mean `%s`?", nearest);
    return status;
}
