#include "data/options.h"

#include "data/names.h"

nas_data_options nas_data_options_default(void)
{
    return (nas_data_options){.validation = 0.15, .test = 0.15};
}

static nas_status check_fraction(const char *what, double value, nas_err *err)
{
    if (value > 0.0 && value < 1.0)
        return NAS_OK;
    return nas_fail(err, NAS_E_USAGE,
                    "%s fraction is %g, expected a number between 0 and 1", what, value);
}

nas_status nas_data_options_check(const nas_data_options *options, nas_err *err)
{
    static const char *const tasks[] = {"classification", "regression"};
    nas_task task;
    NAS_TRY(check_fraction("validation", options->validation, err));
    NAS_TRY(check_fraction("test", options->test, err));
    if (options->validation + options->test >= 1.0)
        return nas_fail(
            err, NAS_E_USAGE,
            "validation (%g) and test (%g) fractions leave nothing to train on",
            options->validation, options->test);
    if (options->task == NULL || nas_task_parse(options->task, &task))
        return NAS_OK;
    nas_status status = nas_fail(
        err, NAS_E_USAGE, "unknown task `%s`, expected classification or regression",
        options->task);
    const char *nearest = nas_text_nearest(options->task, tasks, 2);
    if (nearest != NULL)
        nas_err_hint(err, "did you mean `%s`?", nearest);
    return status;
}
