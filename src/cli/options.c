/* Options: flags over environment over configuration files over defaults. */
#include "cli.h"

#include "nasmith/file.h"
#include "nasmith/text.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const COLOR_CHOICES[] = {"auto", "always", "never", NULL};

const nas_param nas_cli_common_params[] = {
    {.name = "json",
     .type = NAS_PARAM_BOOL,
     .default_text = "false",
     .doc = "print exactly one JSON document to standard output (docs/json.md)"},
    {.name = "quiet",
     .type = NAS_PARAM_BOOL,
     .default_text = "false",
     .doc = "no progress, notes or warnings"},
    {.name = "verbose",
     .type = NAS_PARAM_BOOL,
     .default_text = "false",
     .doc = "say more"},
    {.name = "color",
     .type = NAS_PARAM_CHOICE,
     .default_text = "auto",
     .choices = COLOR_CHOICES,
     .doc = "colours; auto: on a terminal, unless NO_COLOR is set"},
    {.name = "config",
     .type = NAS_PARAM_STRING,
     .doc = "file of options, one `name: value` a line; default ./search.yaml if there"},
    {.name = NULL},
};

/* One-letter forms. */
static const struct {
    char letter;
    const char *name;
} SHORT[] = {
    {'j', "workers"}, {'o', "output"},  {'q', "quiet"},
    {'v', "verbose"}, {'n', "dry_run"}, {'h', "help"},
};

static const char *short_name(char letter)
{
    for (size_t i = 0; i < sizeof SHORT / sizeof SHORT[0]; i++)
        if (SHORT[i].letter == letter)
            return SHORT[i].name;
    return NULL;
}

static int index_of(const nas_cli *cli, const char *name)
{
    int index = nas_param_find(cli->params, name);
    assert(index >= 0 && "option not in the verb's table");
    return index;
}

int64_t nas_cli_int(const nas_cli *cli, const char *name)
{
    return cli->values[index_of(cli, name)].i;
}

double nas_cli_real(const nas_cli *cli, const char *name)
{
    return cli->values[index_of(cli, name)].f;
}

bool nas_cli_bool(const nas_cli *cli, const char *name)
{
    return cli->values[index_of(cli, name)].i != 0;
}

const char *nas_cli_string(const nas_cli *cli, const char *name)
{
    return cli->values[index_of(cli, name)].s;
}

bool nas_cli_given(const nas_cli *cli, const char *name)
{
    return cli->sources[index_of(cli, name)] != NAS_CLI_DEFAULT;
}

/* The verb's table followed by the common one. */
static nas_status merge_tables(nas_cli *cli, nas_err *err)
{
    const nas_param *tables[] = {cli->command->params, cli->command->more,
                                 nas_cli_common_params};
    int n = 0;
    for (int t = 0; t < 3; t++)
        n += tables[t] != NULL ? nas_param_count(tables[t]) : 0;
    nas_param *all = NAS_NEW(cli->arena, nas_param, n + 1);
    cli->values = NAS_NEW(cli->arena, nas_value, n);
    cli->texts = NAS_NEW(cli->arena, const char *, n);
    cli->sources = NAS_NEW(cli->arena, nas_cli_source, n);
    NAS_TRY_ALLOC(all, err);
    NAS_TRY_ALLOC(cli->values, err);
    NAS_TRY_ALLOC(cli->texts, err);
    NAS_TRY_ALLOC(cli->sources, err);
    cli->params = all;
    for (int t = 0; t < 3; t++)
        for (const nas_param *p = tables[t]; p != NULL && p->name != NULL; p++) {
            assert(nas_param_find(cli->params, p->name) < 0 && "two options of a name");
            *all++ = *p;
        }
    nas_param_defaults(cli->params, cli->values);
    return NAS_OK;
}

static nas_status unknown_flag(const nas_cli *cli, const char *flag, nas_err *err)
{
    const char *names[96];
    size_t n = 0;
    for (int i = 0; cli->params[i].name != NULL && n < 96; i++)
        names[n++] = cli->params[i].name;
    nas_fail(err, NAS_E_USAGE, "unknown option `--%s` of `nasmith %s`", flag,
             cli->command->name);
    const char *near = nas_text_nearest(flag, names, n);
    if (near == NULL) {
        nas_err_hint(err, "`nasmith %s --help` lists them", cli->command->name);
        return NAS_E_USAGE;
    }
    char dashed[64];
    (void)snprintf(dashed, sizeof dashed, "%s", near);
    for (char *c = dashed; *c != '\0'; c++)
        if (*c == '_')
            *c = '-';
    nas_err_hint(err, "did you mean `--%s`?", dashed);
    return NAS_E_USAGE;
}

nas_status nas_cli_set(nas_cli *cli, int index, const char *text, nas_cli_source source,
                       nas_err *err)
{
    if (cli->sources[index] > source)
        return NAS_OK;
    NAS_TRY(nas_param_parse(cli->params, index, text, cli->values, err));
    cli->texts[index] = text;
    cli->sources[index] = source;
    return NAS_OK;
}

/* --name, --name=value, --name value, --no-name.
 * @param next  the following word or NULL; @param used  out: it was taken */
static nas_status parse_long(nas_cli *cli, const char *word, const char *next, bool *used,
                             nas_err *err)
{
    char name[64];
    const char *equals = strchr(word, '=');
    size_t length = equals != NULL ? (size_t)(equals - word) : strlen(word);
    if (length >= sizeof name)
        return unknown_flag(cli, word, err);
    memcpy(name, word, length);
    name[length] = '\0';

    int index = nas_param_find(cli->params, name);
    if (index < 0 && strncmp(name, "no-", 3) == 0) {
        index = nas_param_find(cli->params, name + 3);
        if (index >= 0 && cli->params[index].type == NAS_PARAM_BOOL && equals == NULL)
            return nas_cli_set(cli, index, "false", NAS_CLI_FLAG, err);
        index = -1;
    }
    if (index < 0)
        return unknown_flag(cli, name, err);
    if (equals != NULL)
        return nas_cli_set(cli, index, equals + 1, NAS_CLI_FLAG, err);
    if (cli->params[index].type == NAS_PARAM_BOOL)
        return nas_cli_set(cli, index, "true", NAS_CLI_FLAG, err);
    if (next == NULL)
        return nas_fail(err, NAS_E_USAGE, "option `--%s` needs a value", name);
    *used = true;
    return nas_cli_set(cli, index, next, NAS_CLI_FLAG, err);
}

/* -j 4, -j4, -q */
static nas_status parse_short(nas_cli *cli, const char *word, const char *next,
                              bool *used, nas_err *err)
{
    const char *name = short_name(word[0]);
    int index = name != NULL ? nas_param_find(cli->params, name) : -1;
    if (index < 0) {
        nas_fail(err, NAS_E_USAGE, "unknown option `-%c` of `nasmith %s`", word[0],
                 cli->command->name);
        nas_err_hint(err, "`nasmith %s --help` lists them", cli->command->name);
        return NAS_E_USAGE;
    }
    bool is_bool = cli->params[index].type == NAS_PARAM_BOOL;
    if (is_bool) {
        NAS_TRY(nas_cli_set(cli, index, "true", NAS_CLI_FLAG, err));
        return word[1] != '\0' ? parse_short(cli, word + 1, NULL, used, err) : NAS_OK;
    }
    if (word[1] != '\0')
        return nas_cli_set(cli, index, word + 1, NAS_CLI_FLAG, err);
    if (next == NULL)
        return nas_fail(err, NAS_E_USAGE, "option `-%c` needs a value", word[0]);
    *used = true;
    return nas_cli_set(cli, index, next, NAS_CLI_FLAG, err);
}

static nas_status parse_words(nas_cli *cli, int argc, char **argv, bool *help,
                              nas_err *err)
{
    bool options = true;
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        const char *next = i + 1 < argc ? argv[i + 1] : NULL;
        bool used = false;
        if (!options || word[0] != '-' || word[1] == '\0') {
            cli->args[cli->n_args++] = word;
        } else if (strcmp(word, "--") == 0) {
            options = false;
        } else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            *help = true;
        } else if (word[1] == '-') {
            NAS_TRY(parse_long(cli, word + 2, next, &used, err));
        } else {
            NAS_TRY(parse_short(cli, word + 1, next, &used, err));
        }
        i += used;
    }
    return NAS_OK;
}

static nas_status read_environment(nas_cli *cli, nas_err *err)
{
    for (int i = 0; cli->params[i].name != NULL; i++) {
        char name[96] = "NASMITH_";
        size_t n = strlen(name);
        for (const char *c = cli->params[i].name; *c != '\0' && n + 1 < sizeof name; c++)
            name[n++] = (char)toupper((unsigned char)*c);
        name[n] = '\0';
        const char *text = getenv(name);
        if (text == NULL || text[0] == '\0')
            continue;
        nas_status status = nas_cli_set(cli, i, text, NAS_CLI_ENVIRONMENT, err);
        if (status != NAS_OK) {
            nas_err_context(err, "environment variable %s", name);
            return status;
        }
    }
    return NAS_OK;
}

static nas_status read_configs(nas_cli *cli, nas_err *err)
{
    const char *given = nas_cli_string(cli, "config");
    NAS_TRY(nas_cli_read_config(cli, given != NULL ? given : "search.yaml",
                                NAS_CLI_CONFIG, given != NULL, err));
    const char *home = getenv("XDG_CONFIG_HOME");
    const char *user = getenv("HOME");
    const char *path = NULL;
    if (home != NULL && home[0] != '\0')
        path = nas_arena_printf(cli->arena, "%s/nasmith/config.yaml", home);
    else if (user != NULL)
        path = nas_arena_printf(cli->arena, "%s/.config/nasmith/config.yaml", user);
    if (path == NULL)
        return NAS_OK;
    return nas_cli_read_config(cli, path, NAS_CLI_USER_CONFIG, false, err);
}

static nas_status check_count(const nas_cli *cli, nas_err *err)
{
    const nas_command *command = cli->command;
    if (cli->n_args < command->min_args) {
        nas_fail(err, NAS_E_USAGE, "`nasmith %s` needs %s", command->name,
                 command->arguments);
        nas_err_hint(err, "`nasmith %s --help` explains it", command->name);
        return NAS_E_USAGE;
    }
    if (cli->n_args > command->max_args)
        return nas_fail(err, NAS_E_USAGE, "unexpected argument `%s` of `nasmith %s`",
                        cli->args[command->max_args], command->name);
    return NAS_OK;
}

static void set_streams(nas_cli *cli)
{
    int64_t choice = nas_cli_int(cli, "color");
    const char *no_color = getenv("NO_COLOR");
    bool automatic = no_color == NULL || no_color[0] == '\0';
    cli->tty_err = isatty(STDERR_FILENO) != 0;
    cli->color_err = choice == 1 || (choice == 0 && automatic && cli->tty_err);
    cli->color_out = choice == 1 || (choice == 0 && automatic && isatty(STDOUT_FILENO));
}

/* The command as typed, with quotes where a shell needs them. */
static const char *join_words(nas_arena *arena, const char *verb, int argc, char **argv)
{
    nas_text text = {0};
    nas_text_printf(&text, "nasmith %s", verb);
    for (int i = 1; i < argc; i++) {
        bool plain =
            argv[i][0] != '\0' && strpbrk(argv[i], " \t\n'\"\\$&|;<>()*?") == NULL;
        nas_text_printf(&text, plain ? " %s" : " '%s'", argv[i]);
    }
    const char *copy = nas_arena_strdup(arena, nas_text_string(&text));
    nas_text_free(&text);
    return copy != NULL ? copy : "nasmith";
}

nas_status nas_cli_parse(nas_cli *cli, int argc, char **argv, bool *help, nas_err *err)
{
    NAS_TRY(merge_tables(cli, err));
    cli->args = NAS_NEW(cli->arena, const char *, argc + 1);
    NAS_TRY_ALLOC(cli->args, err);
    cli->command_line = join_words(cli->arena, cli->command->name, argc, argv);
    NAS_TRY(parse_words(cli, argc, argv, help, err));
    set_streams(cli);
    if (*help)
        return NAS_OK;
    NAS_TRY(read_environment(cli, err));
    NAS_TRY(read_configs(cli, err));
    set_streams(cli);
    return check_count(cli, err);
}
