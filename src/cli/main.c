/* The program: find the verb, parse its options, run it, turn the status into one message
 * and an exit code. */
#include "cli.h"

#include "nasmith/text.h"
#include "nasmith/version.h"

#include <string.h>

extern const nas_command nas_cmd_search, nas_cmd_trials, nas_cmd_show, nas_cmd_report;
extern const nas_command nas_cmd_train, nas_cmd_eval, nas_cmd_export, nas_cmd_data;
extern const nas_command nas_cmd_compare, nas_cmd_plot, nas_cmd_bench, nas_cmd_proxies;
extern const nas_command nas_cmd_targets;
extern const nas_command nas_cmd_space, nas_cmd_worker, nas_cmd_version, nas_cmd_help;

static const nas_command *const COMMANDS[] = {
    &nas_cmd_search,  &nas_cmd_trials,  &nas_cmd_show, &nas_cmd_report, &nas_cmd_train,
    &nas_cmd_eval,    &nas_cmd_export,  &nas_cmd_data, &nas_cmd_space,  &nas_cmd_targets,
    &nas_cmd_worker,  &nas_cmd_compare, &nas_cmd_plot, &nas_cmd_bench,  &nas_cmd_proxies,
    &nas_cmd_version, &nas_cmd_help,    NULL,
};

const nas_command *const *nas_cli_commands(void)
{
    return COMMANDS;
}

const nas_command *nas_cli_find_command(const char *name)
{
    for (int i = 0; COMMANDS[i] != NULL; i++)
        if (strcmp(COMMANDS[i]->name, name) == 0)
            return COMMANDS[i];
    return NULL;
}

static nas_status unknown_verb(const char *word, nas_err *err)
{
    const char *names[32];
    size_t n = 0;
    for (int i = 0; COMMANDS[i] != NULL; i++)
        if (!COMMANDS[i]->hidden)
            names[n++] = COMMANDS[i]->name;
    nas_fail(err, NAS_E_USAGE, "unknown verb `%s`", word);
    const char *near = nas_text_nearest(word, names, n);
    if (near != NULL)
        nas_err_hint(err, "did you mean `nasmith %s`?", near);
    else
        nas_err_hint(err, "`nasmith help` lists all verbs");
    return NAS_E_USAGE;
}

/* The verb is the first word that is no option. @return its index in argv, or 0 */
static int find_verb(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (argv[i][0] != '-')
            return i;
    return 0;
}

static bool has_word(int argc, char **argv, const char *a, const char *b)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], a) == 0 || strcmp(argv[i], b) == 0)
            return true;
    return false;
}

/* Move the verb to the front so that the rest is options and arguments. */
static void drop_verb(int *argc, char **argv, int verb)
{
    for (int i = verb; i + 1 < *argc; i++)
        argv[i] = argv[i + 1];
    (*argc)--;
}

static nas_status run(nas_cli *cli, int argc, char **argv, nas_err *err)
{
    int verb = find_verb(argc, argv);
    if (verb == 0 && has_word(argc, argv, "--version", "-V")) {
        printf("nasmith %s\n", NASMITH_VERSION);
        return NAS_OK;
    }
    if (verb == 0 && (argc == 1 || has_word(argc, argv, "--help", "-h"))) {
        nas_cli_print_overview(stdout);
        return NAS_OK;
    }
    if (verb == 0) {
        nas_fail(err, NAS_E_USAGE, "no verb given, only `%s`", argv[1]);
        nas_err_hint(err, "`nasmith help` lists all verbs");
        return NAS_E_USAGE;
    }
    cli->command = nas_cli_find_command(argv[verb]);
    if (cli->command == NULL)
        return unknown_verb(argv[verb], err);
    drop_verb(&argc, argv, verb);

    bool help = false;
    NAS_TRY(nas_cli_parse(cli, argc, argv, &help, err));
    if (help) {
        nas_cli_print_help(cli->command, stdout);
        return NAS_OK;
    }
    return cli->command->run(cli, err);
}

int main(int argc, char **argv)
{
    nas_err err = {0};
    nas_cli cli = {.arena = nas_arena_new()};
    if (cli.arena == NULL)
        return nas_status_exit_code(NAS_E_NOMEM);
    nas_status status = run(&cli, argc, argv, &err);
    if (status != NAS_OK)
        nas_cli_print_error(&cli, &err);
    if (fflush(stdout) != 0 && status == NAS_OK) {
        fprintf(stderr, "error: cannot write to standard output\n");
        status = NAS_E_IO;
    }
    nas_arena_free(cli.arena);
    return cli.exit_code > 0 ? cli.exit_code : nas_status_exit_code(status);
}
