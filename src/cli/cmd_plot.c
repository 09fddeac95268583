/* nasmith plot NAME [STUDY]: one plot of the report as an SVG file. */
#include "cli.h"

#include "nasmith/report.h"
#include "nasmith/search.h"

static const nas_param PARAMS[] = {
    {.name = "output",
     .type = NAS_PARAM_STRING,
     .doc = "file to write; default: NAME.svg"},
    {.name = NULL},
};

static nas_status draw(nas_cli *cli, nas_study *study, const char *name, nas_err *err)
{
    const char *path = nas_cli_string(cli, "output");
    if (path == NULL)
        path = nas_arena_printf(cli->arena, "%s.svg", name);
    NAS_TRY_ALLOC(path, err);
    nas_search_result result = {0};
    nas_status status = nas_search_read_result(study, &result, err);
    if (status == NAS_OK)
        status = nas_report_write_plot(study, &result, name, path, err);
    nas_search_result_free(&result);
    NAS_TRY(status);
    printf("Wrote %s\n", path);
    return NAS_OK;
}

static void list_plots(void)
{
    for (int i = 0; nas_report_plot_name(i) != NULL; i++)
        printf("%-12s %s\n", nas_report_plot_name(i), nas_report_plot_summary(i));
}

static nas_status run(nas_cli *cli, nas_err *err)
{
    if (cli->n_args == 0) {
        list_plots();
        return NAS_OK;
    }
    const char *path;
    NAS_TRY(
        nas_cli_default_study(cli, cli->n_args > 1 ? cli->args[1] : NULL, &path, err));
    nas_study *study = NULL;
    NAS_TRY(nas_study_open(path, &study, err));
    nas_status status = draw(cli, study, cli->args[0], err);
    nas_study_close(study);
    return status;
}

const nas_command nas_cmd_plot = {
    .name = "plot",
    .summary = "one plot of the report as an SVG file; without NAME, their list",
    .arguments = "[NAME] [STUDY]",
    .examples = "  nasmith plot\n  nasmith plot front --output front.svg",
    .max_args = 2,
    .params = PARAMS,
    .run = run,
};
