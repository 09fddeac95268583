/* nasmith worker --study FILE: join a study. The supervisor starts these by itself. */
#include "cli.h"

#include "nasmith/search.h"

static const nas_param PARAMS[] = {
    {.name = "study", .type = NAS_PARAM_STRING, .doc = "the study to work for"},
    {.name = "index",
     .type = NAS_PARAM_INT,
     .default_text = "0",
     .max = 1e6,
     .doc = "number of this worker, for the timeline"},
    {.name = "supervisor",
     .type = NAS_PARAM_INT,
     .default_text = "0",
     .max = 2147483647.0,
     .doc = "process to follow; 0: none"},
    {.name = NULL},
};

static nas_status run(nas_cli *cli, nas_err *err)
{
    nas_cli_catch_signals();
    const char *study;
    NAS_TRY(nas_cli_default_study(cli, nas_cli_string(cli, "study"), &study, err));
    return nas_search_worker(study, (int)nas_cli_int(cli, "index"),
                             nas_cli_int(cli, "supervisor"), &nas_cli_interrupted, err);
}

const nas_command nas_cmd_worker = {
    .name = "worker",
    .summary = "join a study from this machine",
    .arguments = "",
    .details = "Claims queued trainings of the study until it is over. `nasmith search` "
               "starts its own\nworkers; further ones may join and leave at any time.",
    .examples = "  nasmith worker --study digits.nas.db",
    .params = PARAMS,
    .run = run,
};
