/* nasmith data check DATA: what was understood of a data set. */
#include "cli.h"
#include "progress.h"

#include "nasmith/data.h"
#include "nasmith/text.h"

#include <string.h>

static const nas_param PARAMS[] = {NAS_CLI_DATA_PARAMS, {.name = NULL}};

static nas_status print_summary(nas_cli *cli, const nas_data_summary *summary,
                                nas_err *err)
{
    nas_text text = {0};
    if (nas_cli_bool(cli, "json")) {
        nas_json json = nas_json_writer(&text, 0);
        nas_data_summary_json(summary, &json);
        nas_text_putc(&text, '\n');
    } else {
        nas_data_summary_text(summary, &text);
    }
    fputs(nas_text_string(&text), stdout);
    nas_status status = nas_text_status(&text, err);
    nas_text_free(&text);
    return status;
}

static nas_status run(nas_cli *cli, nas_err *err)
{
    if (strcmp(cli->args[0], "check") != 0) {
        nas_fail(err, NAS_E_USAGE, "unknown action `%s` of `nasmith data`", cli->args[0]);
        nas_err_hint(err, "nasmith data check DATA");
        return NAS_E_USAGE;
    }
    nas_data_options options;
    NAS_TRY(nas_cli_data_options(cli, &options, err));
    nas_progress_view view = nas_progress_new(cli, NAS_PROGRESS_AUTO);
    nas_progress_watch_data(&view, &options);
    nas_data_summary summary = {0};
    nas_status status = nas_data_check(cli->args[1], &options, &summary, err);
    nas_progress_end(&view);
    if (status == NAS_OK)
        status = print_summary(cli, &summary, err);
    nas_data_summary_free(&summary);
    return status;
}

const nas_command nas_cmd_data = {
    .name = "data",
    .summary = "what is understood of a data set: task, classes, shapes, split, doubts",
    .arguments = "check DATA",
    .details =
        "DATA is a file or folder, found by content: IDX (MNIST-style names), CSV with a "
        "header\nline, NumPy (.npz, .npy), CIFAR binary, UCR (.ts, .arff, text), or "
        "folders "
        "of images,\nsound or CSV recordings, one for each class. See docs/data.md.",
    .examples = "  nasmith data check /usr/share/datasets/fashion-mnist\n"
                "  nasmith data check houses.csv --label price",
    .min_args = 2,
    .max_args = 2,
    .params = PARAMS,
    .run = run,
};
