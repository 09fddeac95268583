/* nasmith version, nasmith help */
#include "cli.h"

#include "nasmith/json.h"
#include "nasmith/net.h"
#include "nasmith/study.h"
#include "nasmith/version.h"

static const nas_param NO_PARAMS[] = {{.name = NULL}};

static nas_status run_version(nas_cli *cli, nas_err *err)
{
    if (!nas_cli_bool(cli, "json")) {
        printf("nasmith %s\n", NASMITH_VERSION);
        return NAS_OK;
    }
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_json_object_begin(&json);
    nas_json_key_int(&json, "schema", 1);
    nas_json_key_string(&json, "version", NASMITH_VERSION);
    nas_json_key_int(&json, "study_schema", NAS_STUDY_SCHEMA);
    nas_json_key_string(&json, "instructions", nas_isa_name(nas_isa_best()));
    nas_json_object_end(&json);
    printf("%s\n", nas_text_string(&text));
    nas_status status = nas_text_status(&text, err);
    nas_text_free(&text);
    return status;
}

const nas_command nas_cmd_version = {
    .name = "version",
    .summary = "print the version",
    .arguments = "",
    .params = NO_PARAMS,
    .run = run_version,
};

static nas_status run_help(nas_cli *cli, nas_err *err)
{
    if (cli->n_args == 0) {
        nas_cli_print_overview(stdout);
        return NAS_OK;
    }
    const nas_command *command = nas_cli_find_command(cli->args[0]);
    if (command == NULL)
        return nas_fail(err, NAS_E_USAGE, "unknown verb `%s`", cli->args[0]);
    nas_cli_print_help(command, stdout);
    return NAS_OK;
}

const nas_command nas_cmd_help = {
    .name = "help",
    .summary = "list verbs, or explain one",
    .arguments = "[VERB]",
    .max_args = 1,
    .params = NO_PARAMS,
    .run = run_help,
};
