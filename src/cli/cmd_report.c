/* nasmith report [STUDY]: write the report of a study. */
#include "cli.h"

#include "nasmith/explain.h"
#include "nasmith/file.h"
#include "nasmith/report.h"
#include "nasmith/search.h"

static const nas_param PARAMS[] = {
    {.name = "output",
     .type = NAS_PARAM_STRING,
     .doc = "file to write; default: report.html in the study's folder"},
    {.name = "examples",
     .type = NAS_PARAM_BOOL,
     .default_text = "false",
     .doc = "pictures of single rows"},
    {.name = "explain",
     .type = NAS_PARAM_SECONDS,
     .default_text = "4s",
     .doc = "time for looking at the chosen network again; 0: not"},
    {.name = "ablate",
     .type = NAS_PARAM_SECONDS,
     .default_text = "0",
     .doc = "time for taking the chosen network apart, block by block, and for its "
            "learning curve"},
    {.name = "seeds",
     .type = NAS_PARAM_SECONDS,
     .default_text = "0",
     .doc = "time for training the chosen network again with other seeds"},
    {.name = NULL},
};

/* The data may be gone: then the report shows what was explained before. */
static nas_status explain(nas_cli *cli, nas_study *study, nas_err *err)
{
    nas_explain_options options = {.seconds = nas_cli_real(cli, "explain")};
    nas_err failure = {0};
    if (options.seconds <= 0)
        return NAS_OK;
    nas_status status = nas_explain_network(study, &options, &failure);
    double seconds = nas_cli_real(cli, "ablate");
    if (status == NAS_OK && seconds > 0)
        status = nas_explain_ablation(study, seconds, &failure);
    seconds = nas_cli_real(cli, "seeds");
    if (status == NAS_OK && seconds > 0)
        status = nas_explain_seeds(study, seconds, &failure);
    if (status == NAS_E_IO || status == NAS_E_DATA) {
        nas_cli_warn(cli, "the network was not looked at again: %s", failure.text);
        return NAS_OK;
    }
    if (status != NAS_OK && err != NULL)
        *err = failure;
    return status;
}

static nas_status write_report(nas_cli *cli, nas_study *study, nas_err *err)
{
    const char *path = nas_cli_string(cli, "output");
    if (path == NULL)
        path = nas_file_join(cli->arena, nas_study_folder(study), "report.html");
    NAS_TRY_ALLOC(path, err);
    nas_report_options options = {.examples = nas_cli_bool(cli, "examples")};
    nas_search_result result = {0};
    NAS_TRY(explain(cli, study, err));
    nas_status status = nas_search_read_result(study, &result, err);
    if (status == NAS_OK)
        status = nas_report_write(study, &result, &options, path, err);
    nas_search_result_free(&result);
    NAS_TRY(status);
    printf("Wrote %s\n", path);
    return NAS_OK;
}

static nas_status run(nas_cli *cli, nas_err *err)
{
    const char *path;
    NAS_TRY(
        nas_cli_default_study(cli, cli->n_args > 0 ? cli->args[0] : NULL, &path, err));
    nas_study *study = NULL;
    NAS_TRY(nas_study_open(path, &study, err));
    nas_status status = write_report(cli, study, err);
    nas_study_close(study);
    return status;
}

const nas_command nas_cmd_report = {
    .name = "report",
    .summary = "write the report of a study: one HTML file, offline",
    .arguments = "[STUDY]",
    .max_args = 1,
    .params = PARAMS,
    .run = run,
};
